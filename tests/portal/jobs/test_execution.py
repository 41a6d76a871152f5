"""Executing a run: what a job tells, how it fails, and how it is stopped."""

import logging
import os
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.jobs.models import Outcome, Run, RunState
from portal.jobs.services import claim, drain, execute, finish, request, run_now, watch
from portal.registry.models import System
from tests.portal.jobs.conftest import Marks
from tests.portal.jobs.threads import in_threads
from tests.portal.jobs.yard.work import NOTE, SHORT, TROUBLE, WORK
from tests.portal.log_lines import Lines

pytestmark = pytest.mark.django_db


def executed(run: Run) -> Run:
    taken = claim("test", run=run)
    assert taken is not None
    execute(taken)
    return Run.objects.get(pk=run.pk)


def trouble(how: str) -> Run:
    return executed(request(TROUBLE, arguments={"how": how}))


def test_wrong_input_fails_at_once() -> None:
    run = trouble("refuse")
    assert (run.state, run.error) == (RunState.FAILED, "Column age is missing.")
    assert Entry.objects.filter(action="run.failed").exists()


def test_a_defect_is_tried_again_and_then_dead_with_its_trace_in_the_log() -> None:
    run = trouble("raise")
    assert (run.state, run.attempt) == (RunState.QUEUED, 1)
    run = executed(run)
    assert (run.state, run.attempt, run.error) == (RunState.DEAD, 2, "RuntimeError: The disk is on fire.")
    assert "Traceback" in run.log
    assert [a.outcome for a in run.attempts.all()] == [Outcome.RETRY, Outcome.FAILED]


def test_every_line_of_a_run_carries_its_name(lines: Lines) -> None:
    taken = claim("test", run=request(TROUBLE, arguments={"how": "raise"}))
    assert taken is not None
    name = f"run-{taken.token}"
    execute(taken)
    assert {line["request_id"] for line in lines()} == {name}


@pytest.mark.real_commits
def test_a_result_that_is_not_a_number_is_refused_and_nothing_of_it_stays() -> None:
    run = trouble("nan")
    assert run.state == RunState.QUEUED
    assert run.result is None
    assert "DataError" in run.error


def test_a_job_that_takes_too_long_is_interrupted() -> None:
    started = time.monotonic()
    run = executed(request(SHORT, arguments={"how": "hang"}))
    assert time.monotonic() - started < 5
    assert (run.state, run.error[:9]) == (RunState.QUEUED, "OutOfTime")


def test_the_end_of_the_jobs_log_is_kept_and_of_nobody_elses() -> None:
    logger = logging.getLogger("portal.yard")
    taken = claim("test", run=request(TROUBLE, arguments={"how": "talk"}))
    assert taken is not None
    chatter = threading.Event()

    def chat() -> None:
        while not chatter.wait(0.001):
            logger.warning("from another thread")

    thread = threading.Thread(target=chat)
    thread.start()
    execute(taken)
    chatter.set()
    thread.join()
    lines = Run.objects.get(pk=taken.pk).log.splitlines()
    assert len(lines) == watch.LogTail.LINES
    assert lines[-1].endswith("WARNING row group 299")
    assert not any("another thread" in line for line in lines)


@pytest.mark.real_commits
def test_a_lease_is_kept_for_as_long_as_the_job_works(marks: Marks) -> None:
    """Three seconds of work on a lease of two."""
    run = request(WORK, arguments={"seconds": 3})
    rivals: list[Run | None] = []

    def rival() -> None:
        for _ in range(15):
            time.sleep(0.2)
            rivals.append(claim("rival"))

    in_threads([rival, lambda: drain("owner")])
    assert not any(rivals)
    assert marks.of(run.pk) == [(1, os.getpid())]


@pytest.mark.real_commits
def test_a_job_that_lost_its_lease_stops_in_the_middle(marks: Marks) -> None:
    run = request(WORK, arguments={"seconds": 30})
    taken = claim("owner")
    assert taken is not None

    def thief() -> None:
        time.sleep(0.3)
        Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert claim("thief") is not None

    started = time.monotonic()
    in_threads([thief, lambda: execute(taken)])
    assert time.monotonic() - started < 5
    assert marks.counts() == {}


@pytest.mark.real_commits
def test_a_job_asleep_in_the_main_thread_is_woken_when_its_lease_is_lost() -> None:
    request(TROUBLE, arguments={"how": "hang"})
    taken = claim("owner")
    assert taken is not None
    Run.objects.update(token=None, state=RunState.DONE, ended_at=timezone.now())
    started = time.monotonic()
    execute(taken)
    assert time.monotonic() - started < 1.5


def test_draining_does_everything_that_waits() -> None:
    for n in range(5):
        request(TROUBLE, arguments={"how": "talk", "n": n})
    assert drain("test") == 5
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.DONE}


def test_draining_stops_between_two_runs_when_told() -> None:
    for n in range(2):
        request(TROUBLE, arguments={"how": "talk", "n": n})
    answers = iter([False, True])
    assert drain("test", stop=lambda: next(answers)) == 1


@pytest.mark.real_commits
def test_a_run_by_hand_is_done_here_and_kept_in_the_ledger(marks: Marks, churn: System, erin: User) -> None:
    run = run_now(NOTE, churn, actor=erin)
    assert (run.state, run.result, run.counts) == (RunState.DONE, {"marked": True}, {"notes": 1})
    assert marks.of(run.pk) == [(1, os.getpid())]
    assert run_now(NOTE, churn, actor=erin).revision == 2


@pytest.mark.real_commits
def test_a_run_by_hand_waits_for_the_worker_that_was_quicker(churn: System, erin: User) -> None:
    run = request(NOTE, churn)
    ready = threading.Event()

    def quicker() -> None:
        with transaction.atomic():
            held = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
            ready.set()
            time.sleep(0.4)
            lease = timezone.now() + timedelta(minutes=1)
            Run.objects.update(state=RunState.RUNNING, token=uuid4(), lease_until=lease, worker="quick")
        held.refresh_from_db()
        time.sleep(0.4)
        finish(held, lambda: {"by": "quick"})

    thread = threading.Thread(target=lambda: in_threads([quicker]))
    thread.start()
    ready.wait()
    assert run_now(NOTE, churn, actor=erin).result == {"by": "quick"}
    thread.join()
