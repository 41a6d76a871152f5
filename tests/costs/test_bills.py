"""Bills come in once, exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from pyarrow import csv as arrow_csv

from costs.models import Bill, CostLine, TagSet
from costs.selectors import totals
from costs.services.bills import import_bill
from portal.accounts.models import User
from portal.errors import Conflict, Unprocessable
from tests.costs.conftest import SAMPLE, Writes


def brought(path: Path, **options: Any) -> Bill:
    return import_bill(path, name=path.name, actor=None, **options).bill


def test_the_real_sample_adds_up_to_its_published_sums(db: None) -> None:
    bill = brought(SAMPLE)
    assert bill.billed == Decimal("14.66598547521")
    assert (bill.rows, bill.currency) == (500, "USD")
    by_provider = {total.key: total for total in totals(bill, "ProviderName")}
    assert round(by_provider["AWS"].billed, 6) == Decimal("14.181931")
    assert round(by_provider["Microsoft"].billed, 6) == Decimal("0.162981")
    assert round(by_provider["Oracle"].billed, 6) == Decimal("0.321074")
    assert round(by_provider["AWS"].effective, 1) == Decimal("13.0")
    assert by_provider["Oracle"].effective == 0
    untagged = next(total for total in totals(bill, "tag:application") if total.key is None)
    assert untagged.rows >= 151
    assert CostLine.objects.filter(tag_set=None).aggregate(rows=Sum("rows"))["rows"] == 151
    assert sum(total.rows for total in totals(bill, "tag:business_unit")) == 500


def test_the_same_file_again_adds_nothing(db: None, writes: Writes) -> None:
    path = writes({}, {})
    first = import_bill(path, name="a.csv", actor=None)
    again = import_bill(path, name="b.csv", actor=None)
    assert first.added
    assert not again.added
    assert again.bill == first.bill
    assert [line.rows for line in CostLine.objects.all()] == [2]


def test_parquet_is_the_same_bill_as_csv(db: None, tmp_path: Path) -> None:
    table = arrow_csv.read_csv(
        SAMPLE, convert_options=arrow_csv.ConvertOptions(column_types={"BilledCost": pa.decimal128(38, 15)})
    )
    path = tmp_path / "bill.parquet"
    pq.write_table(table, path)
    assert brought(path).billed == Decimal("14.66598547521")


def test_binary_numbers_of_parquet_keep_all_their_digits(db: None, tmp_path: Path, writes: Writes) -> None:
    table = arrow_csv.read_csv(writes({"BilledCost": "0.000012"}, {"BilledCost": "1234.5"}))
    path = tmp_path / "bill.parquet"
    pq.write_table(table, path)
    assert brought(path).billed == Decimal("1234.500012")


def test_parquet_tags_may_be_a_map(db: None, tmp_path: Path, writes: Writes) -> None:
    table = arrow_csv.read_csv(writes({}))
    tags = pa.array([[("system", "churn")]], pa.map_(pa.string(), pa.string()))
    path = tmp_path / "bill.parquet"
    pq.write_table(table.drop_columns(["Tags"]).append_column("Tags", tags), path)
    assert [total.key for total in totals(brought(path), "tag:system")] == ["churn"]


def test_names_of_older_versions_are_taken(db: None, writes: Writes) -> None:
    path = writes({})
    path.write_text(path.read_text().replace("ServiceProviderName", "ProviderName"))
    assert totals(brought(path), "ServiceProviderName")[0].key == "Cloud A"


def test_distinct_tags_are_stored_once(db: None, writes: Writes) -> None:
    brought(writes({"Tags": '{"a": "1", "b": true}'}, {"Tags": '{"b":true,"a":"1"}'}, {"Tags": "NULL"}))
    assert [each.tags for each in TagSet.objects.all()] == [{"a": "1", "b": "true"}]


def test_a_missing_column_is_named(db: None, writes: Writes) -> None:
    with pytest.raises(Unprocessable, match="ServiceProviderName or ProviderName"):
        brought(writes({}, without="ServiceProviderName"))
    assert not Bill.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"BilledCost": "$10,000.00"}, "Row 1: BilledCost is '\\$10,000.00', not an amount"),
        ({"BilledCost": "NULL"}, "Row 1: BilledCost is missing"),
        ({"BilledCost": "NaN"}, "not an amount"),
        ({"BilledCost": "1e9999"}, "not an amount"),
        ({"ChargePeriodStart": "5/1/25"}, "Row 1: ChargePeriodStart is '5/1/25', not a time"),
        ({"ChargePeriodEnd": "2026-09-01T00:00:00Z"}, "before the charge begins"),
        ({"BillingCurrency": "USD"}, "one file a currency"),
        ({"ChargeCategory": "Gift"}, "not one of Usage"),
        ({"Tags": "[1, 2]"}, "not a JSON object"),
        ({"BillingAccountId": ""}, "Row 1: BillingAccountId is missing"),
    ],
)
def test_nonsense_is_refused_by_row_and_column(
    db: None, writes: Writes, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(Unprocessable, match=said) as refused:
        brought(writes({}, wrong))
    assert refused.value.errors[0].pointer.startswith("/1/")
    assert not Bill.objects.exists()
    assert not CostLine.objects.exists()


def test_what_is_no_table_is_refused(db: None, tmp_path: Path) -> None:
    for content in (b"", b"PAR1 and then nothing", b"\xff\xfe\x00", b"a,b\n1\n"):
        path = tmp_path / "bill.csv"
        path.write_bytes(content)
        with pytest.raises(Unprocessable):
            brought(path)


def test_a_corrected_bill_takes_the_place_of_the_first(db: None, writes: Writes) -> None:
    first = brought(writes({"BilledCost": "10.00"}))
    second = brought(writes({"BilledCost": "8.00"}, name="corrected.csv"), replaces=first)
    assert list(Bill.objects.valid()) == [second]
    with pytest.raises(Conflict, match="replaced already"):
        brought(writes({"BilledCost": "7.00"}, name="third.csv"), replaces=first)


def test_the_command_answers_as_the_api_does(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_focus", SAMPLE, "--json")
    answer = orjson.loads(capsys.readouterr().out)
    assert answer["billed_cost"] == "14.66598547521"
    assert answer["added"] == answer["rows"] == 500
    with pytest.raises(CommandError, match="no file"):
        call_command("import_focus", "nowhere.csv")


def test_who_imported_it_is_on_record(fay: User, writes: Writes) -> None:
    bill = import_bill(writes({}), name="october.csv", actor=fay).bill
    assert bill.imported_by == fay
