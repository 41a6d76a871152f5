"""Bills too large to load before the answer are kept, loaded by a run, once, and whole or not at all."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pyarrow import csv as arrow_csv

from costs.calc import exact_sum
from costs.loading import JOB
from costs.models import Bill, CostLine, Method, Share, Upload
from costs.services import uploads
from costs.services.bills import key_of
from costs.services.rules import Draft, set_rules
from costs.services.uploads import AT_ONCE
from portal.accounts.models import User
from portal.evidence import storage
from portal.jobs.models import Run, RunState
from portal.jobs.services import claim, drain, execute
from tests.costs.conftest import LINE, Writes
from tests.portal.cast import Cast, browser
from tests.portal.cast import program as narrow_program

ROWS = 100_000
"""Of 230 bytes each: more than is loaded before the answer."""


@pytest.fixture
def large() -> bytes:
    """A bill over the limit: one line of 10.00 for churn, and as many without tags."""
    names = ",".join(LINE)
    plain = ",".join([*LINE.values()][:-1]) + f',"{{""note"": ""{"x" * 60}""}}"'
    tagged = ",".join([*LINE.values()][:-1]) + ',"{""system"": ""churn""}"'
    body = "\n".join([names, tagged, *[plain] * (ROWS - 1), ""]).encode()
    assert len(body) > AT_ONCE
    return body


def send(user: User, body: bytes, content_type: str = "text/csv") -> tuple[int, Any]:
    desk = narrow_program(user, "read", "govern", "costs")
    answer = desk.post("/api/v1/bills/?name=october", body, content_type=content_type)
    return answer.status_code, answer.json()


def test_a_large_bill_is_taken_at_once_and_loaded_by_a_run(cast: Cast, fay: User, large: bytes) -> None:
    set_rules([Draft(Method.NAMED, key="system")], starts_on=date(2026, 1, 1), reason="Agreed.", actor=fay)
    status, told = send(fay, large)
    assert status == 202
    assert told["state"] == "queued"
    assert not Bill.objects.exists()
    assert send(fay, large) == (202, told)  # the same file joins the run that waits
    drain("test", budget=300)
    run = narrow_program(fay, "read").get(told["run"]).json()
    assert run["state"] == "done"
    bill = Bill.objects.get()
    assert (bill.rows, bill.billed, bill.name) == (ROWS, Decimal("1000000.00"), "october")
    assert run["result"]["bill"] == bill.pk
    assert Upload.objects.get().bill == bill
    assert storage.holds(key_of(bill.digest))
    assert CostLine.objects.count() == 2
    assert exact_sum(share.billed for share in Share.objects.all()) == bill.billed
    assert Share.objects.get(system=cast.churn).billed == Decimal("10.00")
    status, told = send(fay, large)
    assert status == 200
    assert told["bill"] == bill.pk


def test_a_worker_lost_while_it_loads_leaves_nothing_half_written(fay: User, large: bytes) -> None:
    send(fay, large)
    lost = claim("worker that dies")
    assert lost is not None
    Run.objects.filter(pk=lost.pk).update(lease_until="2026-01-01T00:00:00Z")
    again = claim("worker that lives")
    assert again is not None
    assert again.pk == lost.pk
    execute(lost, limited=False)  # comes back to life, and has no lease any longer
    assert not Bill.objects.exists()
    assert not CostLine.objects.exists()
    execute(again, limited=False)
    assert Bill.objects.get().rows == ROWS
    run = Run.objects.get(pk=again.pk)
    assert run.state == RunState.DONE
    assert (run.message, run.step, run.steps) == (f"{ROWS:,} lines read", 100, 100)


def test_a_large_file_that_is_no_bill_is_refused_by_its_run(fay: User, large: bytes) -> None:
    status, told = send(fay, large.replace(b"10.00", b"ten", 1))
    assert status == 202
    drain("test", budget=300)
    run = narrow_program(fay, "read").get(told["run"]).json()
    assert run["state"] == "failed"
    assert "Row 0: BilledCost is 'ten'" in run["error"]
    assert not Bill.objects.exists()
    assert not storage.holds(key_of(Upload.objects.get().digest))


def test_parquet_of_many_lines_is_loaded_by_a_run_however_small_it_is(fay: User, writes: Writes) -> None:
    one = arrow_csv.read_csv(writes({}))
    sink = io.BytesIO()
    pq.write_table(pa.concat_tables([one] * 3).take([0] * (uploads.LINES_AT_ONCE + 1)), sink)
    status, _ = send(fay, sink.getvalue(), "application/vnd.apache.parquet")
    assert (status, len(sink.getvalue()) < AT_ONCE) == (202, True)


def test_a_large_bill_may_be_brought_on_the_page(fay: User, large: bytes) -> None:
    desk = browser(fay)
    file = SimpleUploadedFile("october.csv", large)
    where = desk.post("/costs/import/", {"file": file, "replaces": ""})["Location"]
    run = Run.objects.get(job=JOB)
    assert where == run.get_absolute_url()
    assert desk.get(where).status_code == 200
    assert "october.csv" in desk.get("/costs/bills/").content.decode()
    drain("test", budget=300)
    assert Bill.objects.get().rows == ROWS


def test_a_body_over_the_cap_is_refused(fay: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    assert send(fay, b"x" * 1001)[0] == 413
    assert not Upload.objects.exists()
