"""Whatever way a bill is written, its sums are exact, and however many pieces it is read in."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv

from costs.calc import exact_sum
from costs.focus import Summed, reading, sum_bill
from costs.focus.amounts import amounts_of
from costs.focus.problems import Problems
from costs.focus.summing import group
from portal.errors import Unprocessable
from tests.costs.conftest import LINE, Writes

AMOUNTS = st.one_of(
    st.decimals(-(10**13), 10**13, places=2),
    st.decimals(-1, 1, places=24),
    st.decimals(0, 10, places=6),
    st.integers(-(10**13), 10**13).map(Decimal),
)
TAGS = ("", '{"system": "churn"}', '{"system":"churn"}', '{"team": "b"}')


def by_tags(summed: Summed) -> dict[str, Decimal]:
    """What each set of tags is billed."""
    amounts = summed.amounts["billed"].decimals()
    return {tags: cost for tags, cost in zip(summed.values("tags"), amounts, strict=True) if cost is not None}


def written(amount: Decimal) -> str:
    return format(amount, "f")


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(TAGS)), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_have_every_digit_of_their_parts(writes: Writes, lines: list[tuple[Decimal, str]]) -> None:
    path = writes(*({"BilledCost": written(cost), "Tags": tags} for cost, tags in lines))
    expected: dict[str, list[Decimal]] = defaultdict(list)
    for cost, tags in lines:
        expected[tags.replace(" ", "")].append(Decimal(written(cost)))
    found = by_tags(sum_bill(path))
    assert {tags: written(cost) for tags, cost in found.items()} == {
        tags: written(exact_sum(costs)) for tags, costs in expected.items()
    }


@given(st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=30))
@settings(deadline=None)
def test_binary_numbers_count_as_their_shortest_decimal(values: list[float]) -> None:
    problems = Problems(0)
    units = amounts_of("x", pa.array(values, pa.float64()), problems, may_lack=False)
    refused = {each.pointer for each in problems.found}
    found = [
        Decimal((int(unit < 0), tuple(map(int, str(abs(unit)))), -units.scale))
        for unit in units.values.tolist()
    ]
    for row, (value, amount) in enumerate(zip(values, found, strict=True)):
        if f"/{row}/x" in refused:
            assert 0 < abs(value) < 1e-24  # more digits after the point than an amount may have
        else:
            assert amount == Decimal(repr(value))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.decimal128(38, 15), Decimal("14.665985475210000"), "14.665985475210000"),
        (pa.decimal128(18, 6), Decimal("-0.000001"), "-0.000001"),
        (pa.int64(), 7, "7"),
        (pa.float64(), 1.2e-05, "0.000012"),
        (pa.float64(), 0.1 + 0.2, "0.30000000000000004"),
        (pa.string(), "1.5e-07", "0.00000015"),
        (pa.string(), ".5", "0.5"),
        (pa.string(), "2e3", "2000"),
    ],
)
def test_parquet_may_hold_amounts_in_any_type(
    tmp_path: Path, writes: Writes, kind: pa.DataType, value: Any, expected: str
) -> None:
    table = arrow_csv.read_csv(writes({}))
    column = pa.array([value], kind)
    path = tmp_path / "bill.parquet"
    pq.write_table(table.drop_columns(["BilledCost"]).append_column("BilledCost", column), path)
    assert written(sum_bill(path).amounts["billed"].whole()) == expected


def test_sums_beyond_64_bits_stay_exact(writes: Writes) -> None:
    one = "99999999999999." + "9" * 24
    summed = sum_bill(writes(*[{"BilledCost": one}] * 5, {"BilledCost": "0.1"}))
    assert summed.amounts["billed"].whole() == exact_sum([Decimal(one)] * 5 + [Decimal("0.1")])


def test_a_bill_read_in_many_pieces_is_the_same(
    tmp_path: Path, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 7)
    lines = [
        {"BilledCost": f"{n}.{n:02}", "Tags": TAGS[n % 4], "ResourceId": f"r{n % 5}"} for n in range(1, 90)
    ]
    path = tmp_path / "bill.parquet"
    types = dict.fromkeys(LINE, pa.string())
    pq.write_table(
        arrow_csv.read_csv(writes(*lines), convert_options=arrow_csv.ConvertOptions(column_types=types)),
        path,
        row_group_size=20,
    )
    heard: list[tuple[float, int]] = []
    summed = sum_bill(path, tell=lambda share, rows: heard.append((share, rows)))
    assert summed.rows == sum(summed.lines.tolist()) == 89
    assert summed.amounts["billed"].whole() == exact_sum(Decimal(line["BilledCost"]) for line in lines)
    assert len(summed) == 15
    assert heard[-1] == (1.0, 89)
    assert len(heard) > 10


def test_what_is_wrong_in_a_later_piece_is_named_by_its_row_in_the_file(
    tmp_path: Path, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 4)
    lines: list[dict[str, str]] = [{} for _ in range(10)]
    lines[9] = {"BilledCost": "ten", "Tags": "[1]"}
    types = dict.fromkeys(LINE, pa.string())
    table = arrow_csv.read_csv(writes(*lines), convert_options=arrow_csv.ConvertOptions(column_types=types))
    pq.write_table(table, tmp_path / "bill.parquet")
    with pytest.raises(Unprocessable, match="Row 9: ") as refused:
        sum_bill(tmp_path / "bill.parquet")
    assert {each.pointer for each in refused.value.errors} == {"/9/BilledCost", "/9/Tags"}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=60),
    st.sampled_from([6, 2**40]),
)
def test_rows_are_grouped_by_all_columns(rows: list[tuple[int, int, int]], wide: int) -> None:
    columns = [np.array(column, np.int32) for column in zip(*rows, strict=True)]
    inverse, first = group(columns, [4, wide, wide])
    keys = [rows[place] for place in first.tolist()]
    assert len(set(keys)) == len(keys)
    assert [keys[place] for place in inverse.tolist()] == rows
