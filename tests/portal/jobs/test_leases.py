"""The life of a claimed run: who gets it, for how long, and what the fence keeps out."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.audit.models import Entry
from portal.errors import Busy
from portal.jobs.models import Outcome, Run, RunState
from portal.jobs.services import LeaseLost, claim, fail, finish, heartbeat, progress, request
from portal.jobs.services.leases import LONGEST_PAUSE, pause_after
from portal.registry.models import System
from tests.portal.jobs.conftest import Marks
from tests.portal.jobs.threads import in_threads
from tests.portal.jobs.yard.work import NOTE, TROUBLE, WORK, mark

pytestmark = pytest.mark.django_db


def claimed(worker: str = "one") -> Run:
    run = claim(worker)
    assert run is not None
    return run


def lose_lease(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def outcomes(run: Run) -> list[tuple[str, str]]:
    return list(run.attempts.values_list("worker", "outcome"))


def test_the_most_urgent_run_is_claimed_first_and_each_once() -> None:
    later, first, urgent = (
        request(NOTE),
        request(WORK, arguments={"seconds": 0}),
        request(TROUBLE, priority=1),
    )
    Run.objects.filter(pk=first.pk).update(available_at=timezone.now() - timedelta(hours=1))
    assert [claimed().pk for _ in range(3)] == [urgent.pk, first.pk, later.pk]
    assert claim("one") is None


def test_what_is_not_yet_due_is_not_claimed() -> None:
    run = request(NOTE)
    Run.objects.update(available_at=timezone.now() + timedelta(hours=1))
    assert claim("one") is None
    assert claim("one", run=run) is not None, "unless a person wants exactly this one now"


def test_a_worker_leaves_jobs_alone_that_it_does_not_know() -> None:
    request(NOTE)
    Run.objects.update(job="of-the-next-release")
    assert claim("one") is None


def test_a_claim_opens_an_attempt_and_leases_for_the_time_of_the_kind() -> None:
    request(NOTE)
    run = claimed()
    assert (run.state, run.attempt, run.worker) == (RunState.RUNNING, 1, "one")
    assert run.lease_until is not None
    assert run.started_at is not None
    assert run.lease_until - run.started_at == NOTE.lease
    assert outcomes(run) == [("one", "")]


def test_a_heartbeat_extends_the_lease() -> None:
    request(NOTE)
    run = claimed()
    lose_lease(run)
    assert heartbeat(run, log="still here")
    assert claim("two") is None
    run.refresh_from_db()
    assert run.log == "still here"


def test_a_run_whose_worker_is_gone_is_taken_over_and_the_old_worker_can_write_nothing() -> None:
    request(NOTE)
    ghost = claimed("ghost")
    lose_lease(ghost)
    heir = claimed("heir")
    assert (heir.pk, heir.attempt) == (ghost.pk, 2)
    assert outcomes(heir) == [("ghost", Outcome.LOST), ("heir", "")]
    committed: list[str] = []
    with pytest.raises(LeaseLost):
        finish(ghost, lambda: committed.append("ghost"))
    with pytest.raises(LeaseLost):
        fail(ghost, RuntimeError())
    with pytest.raises(LeaseLost):
        progress(ghost, 1, 2)
    assert not heartbeat(ghost)
    finish(heir, lambda: committed.append("heir"))
    assert committed == ["heir"]
    heir.refresh_from_db()
    assert heir.state == RunState.DONE


def test_a_late_worker_may_commit_while_nobody_took_over() -> None:
    request(NOTE)
    run = claimed()
    lose_lease(run)
    finish(run, None)
    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_what_a_commit_returns_is_kept_with_counts_and_an_audit_entry(churn: System) -> None:
    request(NOTE, churn)
    run = claimed()
    run.counts["rows"] = 12
    run.input_digest = "sha256:abc"
    finish(run, lambda: {"psi": 0.1}, log="all well")
    run.refresh_from_db()
    assert (run.result, run.counts, run.input_digest, run.log) == (
        {"psi": 0.1},
        {"rows": 12},
        "sha256:abc",
        "all well",
    )
    assert (run.token, run.lease_until) == (None, None)
    assert run.ended_at is not None
    assert outcomes(run) == [("one", Outcome.DONE)]
    assert Entry.objects.get(action="run.finished").system_id == churn.pk


def test_a_commit_may_return_a_row_which_is_no_result(churn: System) -> None:
    request(NOTE)
    run = claimed()
    finish(run, lambda: churn)
    run.refresh_from_db()
    assert (run.state, run.result) == (RunState.DONE, None)


def test_a_passing_trouble_is_tried_again_later_and_later() -> None:
    request(NOTE)
    run = claimed()
    before = timezone.now()
    fail(run, ConnectionError("no route"))
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.QUEUED, "ConnectionError: no route")
    assert timedelta(seconds=7) < run.available_at - before < timedelta(seconds=13)
    assert outcomes(run) == [("one", Outcome.RETRY)]
    pauses = [pause_after(attempt) for attempt in range(1, 200)]
    assert all(early * 2 < late for early, late in zip(pauses[:4], pauses[2:6], strict=True))
    assert max(pauses) <= LONGEST_PAUSE * 1.2


def test_a_job_can_name_the_time_to_come_back() -> None:
    request(NOTE)
    run = claimed()
    fail(run, Busy("The cluster is full.", seconds=7200))
    run.refresh_from_db()
    assert run.available_at - timezone.now() > timedelta(seconds=7100)


def test_a_run_is_dead_when_workers_kept_dying_on_it() -> None:
    run = request(TROUBLE, arguments={"how": "die"})
    for number in range(TROUBLE.attempts):
        lose_lease(claimed(f"victim {number}"))
    assert claim("survivor") is None
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DEAD, TROUBLE.attempts)
    assert "lost" in run.error
    assert outcomes(run) == [("victim 0", Outcome.LOST), ("victim 1", Outcome.LOST)]
    assert Entry.objects.filter(action="run.given_up").count() == 1


def test_progress_is_kept_while_the_job_works() -> None:
    request(NOTE)
    run = claimed()
    assert run.percent is None
    progress(run, 3, 4, "Reading row groups")
    fresh = Run.objects.get(pk=run.pk)
    assert (fresh.percent, fresh.message) == (75, "Reading row groups")


# --- Real commits ---------------------------------------------------------------------------------------


@pytest.mark.real_commits
def test_eight_workers_at_once_claim_every_run_exactly_once(marks: Marks) -> None:
    wanted = {request(NOTE, arguments={"n": n}).pk for n in range(60)}
    together = threading.Barrier(8)

    def greedy() -> None:
        together.wait()
        while (run := claim("greedy")) is not None:
            finish(run, lambda run=run: mark(run))  # type: ignore[misc]

    in_threads([greedy] * 8)
    assert marks.counts() == dict.fromkeys(wanted, 1)


@pytest.mark.real_commits
def test_a_commit_that_fails_leaves_nothing_and_the_run_unended(marks: Marks) -> None:
    request(NOTE)
    run = claimed()

    def breaks() -> None:
        mark(run)
        raise RuntimeError("after the first row")

    with pytest.raises(RuntimeError):
        finish(run, breaks)
    assert marks.counts() == {}
    run.refresh_from_db()
    assert run.state == RunState.RUNNING


@pytest.mark.real_commits
def test_a_run_that_is_committing_is_not_taken_over_though_its_lease_ran_out() -> None:
    request(NOTE)
    run = claimed()
    lose_lease(run)
    taken: list[Run | None] = []
    finish(run, lambda: in_threads([lambda: taken.append(claim("impatient"))]))
    assert taken == [None]
