"""Rows that came few at a time move into files: each of them once, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from pyarrow import parquet

from monitoring.jobs.sealing import ORDER_SEALS, SEAL, seal_deliveries
from monitoring.models import Batch, Segment
from monitoring.services.ingestion import touch_days
from monitoring.store import rows_of_day, sealing
from portal.accounts.models import SCOPES
from portal.areas import Window
from portal.audit.models import Entry
from portal.errors import Busy
from portal.evidence import storage
from portal.jobs.models import Run, RunState
from portal.jobs.services import claim, drain, finish, request, run_now
from tests.monitoring.conftest import START, Desk, make_desk, people_of, prediction
from tests.portal.cast import make_cast, program
from tests.portal.jobs.processes import eventually

MANAGE = Path(__file__).parents[2] / "manage.py"


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM monitoring_pending_features")
        found: int = cursor.fetchone()[0]
    return found


def sealed() -> list[str]:
    """The prediction ids in all files of the manifest."""
    ids: list[str] = []
    for segment in Segment.objects.all():
        with storage.reading(segment.path) as file:
            ids += parquet.read_table(file, columns=["prediction_id"]).column(0).to_pylist()
    return sorted(ids)


def read(desk: Desk, day: datetime = START) -> list[str]:
    """The prediction ids that a profile of the day would see."""
    batches = rows_of_day(desk.version, day.date()).read(["prediction_id"])
    return sorted(key for batch in batches for key in batch.column("prediction_id").to_pylist())


def send_singly(desk: Desk, count: int, **changes: object) -> list[str]:
    keys = [f"single-{i}" for i in range(count)]
    for i, key in enumerate(keys):
        desk.stored("predictions", [prediction(key, START + timedelta(minutes=i), **changes)])
    return keys


def ordered(at: datetime) -> int:
    """How many versions are ordered to be sealed in the hour that ends then."""
    run = run_now(ORDER_SEALS, window=Window(at - timedelta(hours=1), at))
    assert run.result is not None
    found: int = run.result["ordered"]
    return found


def midnight_after_today() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@contextmanager
def blocked_removal() -> Iterator[None]:
    """As long as it lasts nobody can remove a row that waits; reading goes on."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE monitoring_pending_features IN SHARE MODE")
        yield


def others_at_the_rows(*, held_up: bool) -> bool:
    """Whether another session holds, or waits for, a lock on the waiting rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'monitoring_pending_features'::regclass"
            " AND pid <> pg_backend_pid() AND granted <> %s",
            [held_up],
        )
        found: int = cursor.fetchone()[0]
    return found > 0


# When


def test_rows_are_sealed_once_the_day_they_came_in_is_over(desk: Desk) -> None:
    keys = send_singly(desk, 3)
    midnight = midnight_after_today()
    assert ordered(midnight - timedelta(hours=1)) == 0
    assert ordered(midnight) == 1
    drain("test")
    assert (waiting(), sealed()) == (0, keys)
    assert Segment.objects.get().batch is None
    entry = Entry.objects.get(action="segments.sealed")
    assert entry.system_id == desk.version.audit_system_id
    assert ordered(midnight + timedelta(hours=1)) == 0


def test_a_file_s_worth_of_rows_is_not_kept_waiting_for_midnight(desk: Desk) -> None:
    rows, _ = people_of(1_200, seed=3, days=1)
    desk.stored("predictions", rows[:600])
    assert ordered(midnight_after_today() - timedelta(hours=1)) == 0
    desk.stored("predictions", rows[600:])
    assert ordered(midnight_after_today() - timedelta(hours=1)) == 1
    drain("test")
    assert (waiting(), Segment.objects.get().rows) == (0, 1_200)


def test_a_file_holds_events_of_one_month(desk: Desk) -> None:
    for month in (6, 7, 6):
        at = START.replace(month=month)
        desk.stored("predictions", [prediction(f"{month}-{Batch.objects.count()}", at)])
    run_now(SEAL, desk.version)
    assert sorted((s.first.month, s.last.month, s.rows) for s in Segment.objects.all()) == [
        (6, 6, 2),
        (7, 7, 1),
    ]


def test_what_one_run_does_not_take_is_left_to_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 2)
    monkeypatch.setattr(sealing, "A_RUN", 4)
    keys = send_singly(desk, 7)
    request(SEAL, desk.version)
    drain("test")
    assert (waiting(), sealed()) == (0, keys)
    assert Run.objects.filter(job=SEAL.slug, state=RunState.DONE).count() == 2


# What is counted stays what it was


def test_the_summaries_of_sealed_rows_are_those_of_waiting_ones(desk: Desk) -> None:
    rows, outcomes = people_of(200, seed=4, days=2)
    rows[3]["features"]["tenure"] = 20  # a whole number among others
    rows[4]["features"]["tenure"] = None
    for first in range(0, 200, 20):
        desk.stored("predictions", rows[first : first + 20])
    desk.stored("outcomes", outcomes)
    assert len(desk.count()) == 2
    before = {summary.day: summary.digest for summary in desk.summaries(START)}
    run_now(SEAL, desk.version)
    assert waiting() == 0
    touch_days(desk.version, [START.date(), START.date() + timedelta(days=1)], actor=None)
    assert desk.count() == [], "nothing changed"
    assert {summary.day: summary.digest for summary in desk.summaries(START)} == before


def test_a_day_keeps_its_segments_when_a_later_file_has_none(desk: Desk) -> None:
    desk.stored("predictions", [prediction("a")])
    run_now(SEAL, desk.version)
    desk.stored("predictions", [prediction("b", START + timedelta(days=1), segment={})])
    run_now(SEAL, desk.version)
    desk.count()
    assert [summary.n for summary in desk.summaries(START, "region=north")] == [1]
    assert desk.summaries(START + timedelta(days=1), "region=north") == []


@pytest.mark.django_db
def test_values_of_several_kinds_are_sealed_as_texts() -> None:
    people = make_cast()
    desk = Desk(people, people.churn_v1, program(people.erin, *SCOPES))  # without declared inputs
    for key, value in (("a", 1), ("b", 2.5), ("c", "x"), ("d", True), ("e", None)):
        desk.stored("predictions", [prediction(key, features={"v": value, "whole": 7})])
    run_now(SEAL, desk.version)
    with storage.reading(Segment.objects.get().path) as file:
        table = parquet.read_table(file)
    assert table.column("v").to_pylist() == ["1", "2.5", "x", "true", None]
    assert desk.count() == [START.date()]


# Whatever happens on the way


def test_a_row_that_comes_while_others_are_sealed_waits(desk: Desk) -> None:
    keys = send_singly(desk, 3)
    request(SEAL, desk.version)
    run = claim("test")
    assert run is not None
    commit = seal_deliveries(run)
    desk.stored("predictions", [prediction("late")])
    finish(run, commit)
    assert (waiting(), sealed()) == (1, keys)
    assert read(desk) == sorted([*keys, "late"])


def test_of_two_that_seal_the_same_rows_one_starts_again(desk: Desk) -> None:
    keys = send_singly(desk, 3)
    run = request(SEAL, desk.version)
    first, second = seal_deliveries(run), seal_deliveries(run)
    first()
    with pytest.raises(Busy), transaction.atomic():
        second()
    assert (waiting(), sealed(), read(desk)) == (0, keys, keys)


def test_a_lost_worker_leaves_the_rows_where_they_were(desk: Desk) -> None:
    keys = send_singly(desk, 3)
    request(SEAL, desk.version)
    run = claim("lost")
    assert run is not None
    seal_deliveries(run)
    assert (waiting(), sealed(), read(desk)) == (3, [], keys)
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    drain("other")
    assert (waiting(), sealed(), read(desk)) == (0, keys, keys)
    assert Run.objects.get(pk=run.pk).state == RunState.DONE


@pytest.mark.real_commits
@pytest.mark.django_db
def test_a_process_killed_between_file_and_commit_loses_and_doubles_nothing(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PORTAL_STORAGE = f"file://{tmp_path}"
    monkeypatch.setenv("PORTAL_STORAGE", settings.PORTAL_STORAGE)
    desk = make_desk(make_cast())
    keys = send_singly(desk, 3)
    with blocked_removal():
        kill_while_it_seals(tmp_path)
    eventually(lambda: not others_at_the_rows(held_up=False), 60)
    run = Run.objects.get(job=SEAL.slug)
    assert run.state == RunState.RUNNING
    assert (waiting(), sealed(), read(desk)) == (3, [], keys)

    desk.stored("predictions", [prediction("late", START + timedelta(hours=1))])
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    drain("other")
    everything = sorted([*keys, "late"])
    assert (waiting(), sealed(), read(desk)) == (0, everything, everything)
    assert Run.objects.get(pk=run.pk).state == RunState.DONE


def kill_while_it_seals(storage_root: Path) -> None:
    """A process that seals, killed when its file is written and its commit is held up."""
    doomed = subprocess.Popen(
        [sys.executable, str(MANAGE), "run", SEAL.slug, "--subject", "churn/1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        eventually(lambda: others_at_the_rows(held_up=True) or doomed.poll() is not None, 60)
        assert doomed.poll() is None, doomed.communicate()[0].decode()
        assert len([*storage_root.rglob("*.parquet")]) == 1
    finally:
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.communicate()
