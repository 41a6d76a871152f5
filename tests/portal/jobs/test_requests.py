"""Asking for runs: joining, opening revisions, replaying, dismissing."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from portal.accounts.models import User
from portal.areas import Window
from portal.audit.models import Entry
from portal.celery import app
from portal.errors import Invalid, Refused
from portal.jobs import doorbell
from portal.jobs.models import Run, RunState
from portal.jobs.services import (
    claim,
    dismiss,
    execute,
    finish,
    order_run,
    replay,
    request,
    request_windows,
)
from portal.registry.models import System
from tests.portal.jobs.threads import in_threads
from tests.portal.jobs.yard.work import DAILY, NOTE, TROUBLE, WORK

pytestmark = pytest.mark.django_db
MONDAY = Window.day_of(datetime(2026, 11, 2, tzinfo=UTC))
TUESDAY = Window.day_of(datetime(2026, 11, 3, tzinfo=UTC))


def claimed() -> Run:
    run = claim("test")
    assert run is not None
    return run


def done(run: Run) -> Run:
    taken = claim("test", run=run)
    assert taken is not None
    finish(taken, None)
    return taken


def test_a_request_writes_one_queued_run_of_the_subjects_system(churn: System, erin: User) -> None:
    run = request(NOTE, churn, MONDAY, actor=erin)
    run.refresh_from_db()
    assert (run.state, run.system, run.subject, run.window) == (RunState.QUEUED, churn, churn, MONDAY)
    assert (run.revision, run.requested_by, run.priority) == (1, erin, NOTE.priority)


def test_asking_again_joins_the_run_that_waits(churn: System) -> None:
    assert request(NOTE, churn, MONDAY) == request(NOTE, churn, MONDAY)
    assert Run.objects.count() == 1


def test_a_job_without_subject_and_window_is_one_run_too(db: None) -> None:
    assert request(NOTE) == request(NOTE)


@pytest.mark.parametrize("begun", [False, True])
def test_late_data_opens_the_next_revision_once_the_run_has_begun(churn: System, *, begun: bool) -> None:
    first = request(NOTE, churn, MONDAY)
    if begun:
        claimed()
    else:
        done(first)
    assert request(NOTE, churn, MONDAY).revision == 2
    assert request(NOTE, churn, MONDAY).revision == 2


def test_other_arguments_are_another_run(churn: System) -> None:
    small = request(NOTE, churn, arguments={"rows": 10})
    assert request(NOTE, churn, arguments={"rows": 99}).revision == 2
    assert small.arguments == {"rows": 10}


def test_a_named_revision_is_that_one_whatever_its_state(churn: System) -> None:
    run = done(request(NOTE, churn, MONDAY, revision=3))
    again = request(NOTE, churn, MONDAY, revision=3)
    assert (again.pk, again.state) == (run.pk, RunState.DONE)


def test_variants_and_windows_are_runs_of_their_own(churn: System) -> None:
    keys = [("drift", MONDAY), ("bias", MONDAY), ("drift", TUESDAY)]
    assert len({request(DAILY, churn, window, variant=variant).pk for variant, window in keys}) == 3


def test_many_windows_cost_as_few_statements_as_one(
    churn: System, django_assert_max_num_queries: object
) -> None:
    year = [Window(MONDAY.start + timedelta(days=n), MONDAY.end + timedelta(days=n)) for n in range(365)]
    waiting = request(NOTE, churn, year[7])
    done(request(NOTE, churn, year[9]))
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        runs = request_windows(NOTE, churn, reversed(year))
    assert [run.window for run in runs] == year
    assert runs[7] == waiting
    assert [run.revision for run in (runs[8], runs[9])] == [1, 2]


def test_a_request_by_hand_says_what_the_job_does_not_run_on(churn: System, erin: User) -> None:
    with pytest.raises(Invalid, match="drift, bias"):
        order_run(DAILY, churn, MONDAY, actor=erin, variant="cost")
    with pytest.raises(Invalid, match="one subject"):
        order_run(DAILY, None, MONDAY, actor=erin, variant="drift")
    with pytest.raises(Invalid, match="System"):
        order_run(DAILY, erin, MONDAY, actor=erin, variant="drift")
    assert not Run.objects.exists()


def test_a_request_by_hand_is_audited(churn: System, erin: User) -> None:
    run = order_run(NOTE, churn, actor=erin)
    entry = Entry.objects.get(action="run.requested")
    assert (entry.actor, entry.object_id, entry.system_id) == (erin, str(run.pk), churn.pk)


def test_a_dead_run_is_replayed_at_once_and_with_all_its_attempts(churn: System, ada: User) -> None:
    run = request(TROUBLE, churn, arguments={"how": "raise"})
    for _ in range(TROUBLE.attempts):
        Run.objects.update(available_at=datetime(2026, 1, 1, tzinfo=UTC))
        execute(claimed())
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DEAD, 2)
    replayed = replay(run, actor=ada)
    assert (replayed.pk, replayed.state, replayed.attempt, replayed.error) == (run.pk, "queued", 0, "")
    assert Entry.objects.get(action="run.replayed").actor == ada
    assert claimed().pk == run.pk


def test_a_replay_of_a_done_run_is_a_new_revision(churn: System, ada: User) -> None:
    run = done(request(NOTE, churn, MONDAY))
    again = replay(run, actor=ada)
    assert (again.revision, again.window, again.state) == (2, MONDAY, RunState.QUEUED)


def test_a_run_at_work_is_not_replayed(churn: System, ada: User) -> None:
    request(NOTE, churn)
    with pytest.raises(Refused):
        replay(claimed(), actor=ada)


def test_a_failure_is_dismissed_once_and_with_a_reason(churn: System, ada: User) -> None:
    run = request(TROUBLE, churn, arguments={"how": "refuse"})
    with pytest.raises(Refused):
        dismiss(run, actor=ada, reason="Not failed yet")
    execute(claimed())
    with pytest.raises(Invalid):
        dismiss(run, actor=ada, reason=" ")
    dismissed = dismiss(run, actor=ada, reason="The file was withdrawn")
    assert (dismissed.dismissed_by, dismissed.dismissed_reason) == (ada, "The file was withdrawn")
    assert not Run.objects.open_failures().exists()
    assert Entry.objects.get(action="run.dismissed").reason == "The file was withdrawn"
    with pytest.raises(Refused):
        dismiss(run, actor=ada, reason="Again")


# --- Real commits ---------------------------------------------------------------------------------------


@pytest.mark.real_commits
def test_a_rolled_back_request_leaves_nothing() -> None:
    with transaction.atomic():
        request(NOTE)
        transaction.set_rollback(True)
    assert not Run.objects.exists()


@pytest.mark.real_commits
def test_a_run_somebody_joins_starts_after_their_commit(churn: System) -> None:
    run = request(NOTE, churn, MONDAY)
    claims: list[Run | None] = []
    with transaction.atomic():
        assert request(NOTE, churn, MONDAY) == run
        in_threads([lambda: claims.append(claim("early"))])
    in_threads([lambda: claims.append(claim("late"))])
    assert claims == [None, run]


@pytest.mark.real_commits
def test_whoever_asks_while_others_ask_gets_the_same_run(churn: System) -> None:
    """Twenty transactions at once, each open for a moment after asking, end with one run."""
    runs: list[Run] = []
    together = threading.Barrier(20)

    def ask() -> None:
        together.wait()
        with transaction.atomic():
            runs.append(request(NOTE, churn, MONDAY))
            time.sleep(0.01)

    in_threads([ask] * 20)
    assert len(runs) == 20
    assert len({run.pk for run in runs}) == 1


@pytest.mark.real_commits
def test_batches_that_touch_the_same_windows_in_other_orders_do_not_lock_each_other_out(
    churn: System,
) -> None:
    weeks = [Window(MONDAY.start + timedelta(days=n), MONDAY.end + timedelta(days=n)) for n in range(14)]
    asked: list[list[Run]] = []
    in_threads(
        [lambda: asked.append(request_windows(NOTE, churn, weeks))] * 4
        + [lambda: asked.append(request_windows(NOTE, churn, weeks[::-1]))] * 4
    )
    assert len(asked) == 8
    assert Run.objects.count() == 14


@pytest.mark.real_commits
def test_an_absent_broker_delays_nobody(churn: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.conf, "broker_url", "redis+socket:///nowhere/valkey.sock")
    monkeypatch.setattr(doorbell, "_quiet_until", 0.0)
    doorbell._pool.cache_clear()
    started = time.monotonic()
    request(NOTE, churn)
    request(WORK, churn)
    assert time.monotonic() - started < 1.0
    assert Run.objects.count() == 2
    assert doorbell._quiet_until > started
    doorbell._pool.cache_clear()
