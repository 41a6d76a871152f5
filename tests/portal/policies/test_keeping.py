"""The ledger forgets what ended long ago, and nothing that anybody still points at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.api.models import IdempotencyKey, RateCounter
from portal.areas import Severity
from portal.audit.models import Entry
from portal.checks.models import Evaluation
from portal.evidence.services import store
from portal.findings.services import raise_finding
from portal.jobs.kinds import kind_of
from portal.jobs.models import Attempt, Run, RunState
from portal.jobs.services import plan, run_now
from portal.policies.keeping import KEEPING, PRUNE_RUNS, Keeping
from portal.policies.selectors import in_force
from portal.policies.services import decide_policy, propose_policy
from tests.portal.cast import Cast

LONG_AGO = timedelta(days=500)
Ended = Callable[..., Run]


@pytest.fixture
def ended(cast: Cast) -> Ended:
    """A run of the check of churn that ended so long ago; each call makes the next window's."""
    made = 0

    def run(ago: timedelta = LONG_AGO, **facts: Any) -> Run:
        nonlocal made
        made += 1
        start = datetime(2024, 1, 1, tzinfo=timezone.now().tzinfo) + timedelta(days=made)
        subject = {"subject": cast.churn_v1, "system": cast.churn}
        told = {"job": "run-check", "variant": "drift", "state": RunState.DONE, **subject, **facts}
        window = {"window_start": start, "window_end": start + timedelta(days=1)}
        when = timezone.now() - ago
        row: Run = Run.objects.create(**window, ended_at=when, **told)
        Attempt.objects.create(run=row, number=1, worker="w", started_at=when, ended_at=when, outcome="done")
        return row

    return run


def prune() -> Run:
    done = run_now(PRUNE_RUNS)
    assert done.state == RunState.DONE, done.error
    return done


def kept(*runs: Run) -> list[bool]:
    there = set(Run.objects.values_list("pk", flat=True))
    return [run.pk in there for run in runs]


def test_what_ended_before_the_policys_days_goes_with_its_attempts(ended: Ended) -> None:
    old, young, newest = ended(), ended(timedelta(days=399)), ended(timedelta(days=1))
    done = prune()
    assert kept(old, young, newest) == [False, True, True]
    assert not Attempt.objects.filter(run=old.pk).exists()
    assert done.result == {"pruned": 1}
    entry = Entry.objects.get(action="runs.pruned")
    assert entry.told["facts"]["runs"] == 1


def test_the_newest_run_of_a_job_and_subject_stays_for_the_planner_to_count_on(
    ended: Ended, cast: Cast
) -> None:
    old, newest = ended(), ended()
    alone = [
        ended(variant="fairness"),
        ended(job="other"),
        ended(subject=None, system=None),
        ended(subject=cast.routing, system=cast.routing),
    ]
    prune()
    assert kept(old, newest, *alone) == [False, True, True, True, True, True]


def test_what_waits_or_failed_and_was_not_dealt_with_stays(ended: Ended, cast: Cast) -> None:
    failed, dead = ended(state=RunState.FAILED), ended(state=RunState.DEAD)
    dismissed = ended(
        state=RunState.DEAD, dismissed_at=timezone.now(), dismissed_by=cast.erin, dismissed_reason="Known."
    )
    skipped = ended(state=RunState.SKIPPED)
    waiting = ended(state=RunState.QUEUED, available_at=timezone.now() + timedelta(days=1))
    ended()
    prune()
    assert kept(failed, dead, dismissed, skipped, waiting) == [True, True, False, False, True]


def test_a_run_that_an_evaluation_a_finding_or_evidence_refers_to_stays(
    ended: Ended, cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.PORTAL_STORAGE = f"file://{tmp_path}"
    judged, noticed, proven, plain = ended(), ended(), ended(), ended()
    ended()
    assert judged.window is not None
    Evaluation.objects.create(
        check_slug="drift",
        system=cast.churn,
        subject=cast.churn_v1,
        window_start=judged.window.start,
        window_end=judged.window.end,
        verdict="ok",
        policy_name="drift",
        policy_version=1,
        policy_parameters={},
        run=judged,
        digest="sha256:0",
    )
    raise_finding(cast.churn, "shift", dedupe_key="k", severity=Severity.LOW, title="It moved", run=noticed)
    store(b"numbers", filename="n.txt", title="Numbers", subject=proven, actor=cast.erin)
    prune()
    assert kept(judged, noticed, proven, plain) == [True, True, True, False]


def test_fewer_days_are_a_policy_that_somebody_else_decides(ended: Ended, cast: Cast) -> None:
    old = ended(timedelta(days=100))
    ended()
    proposed = propose_policy(KEEPING, Keeping(90), actor=cast.maya, reason="The disk is small.")
    prune()
    assert kept(old) == [True]
    decide_policy(proposed, actor=cast.chen, approve=True, reason="Fine.")
    assert in_force(KEEPING).parameters.run_days == 90
    prune()
    assert kept(old) == [False]
    with pytest.raises(ValueError, match="90 days at least"):
        Keeping(30)


@pytest.mark.parametrize("slug", ["prune-runs", "purge-idempotency-keys", "purge-rate-counters"])
def test_the_housekeeping_is_planned_and_runs(cast: Cast, slug: str) -> None:
    plan()
    planned = Run.objects.get(job=slug)
    done = run_now(kind_of(slug), window=planned.window)
    assert (done.pk, done.state) == (planned.pk, RunState.DONE)


def test_answers_of_yesterday_and_callers_long_silent_are_forgotten(cast: Cast) -> None:
    before = timezone.now() - timedelta(days=2)
    for key, at in (("old", before), ("new", timezone.now())):
        IdempotencyKey.objects.create(principal="p", key=key, fence="0" * 32, claimed_at=at, lease_until=at)
        RateCounter.objects.create(subject=key, used=1, ends_at=at)
    for slug in ("purge-idempotency-keys", "purge-rate-counters"):
        run_now(kind_of(slug))
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
    assert list(RateCounter.objects.values_list("subject", flat=True)) == ["new"]
