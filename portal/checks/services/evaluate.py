"""Committing what a check found: evaluation, samples, findings and one audit entry, or none of them."""

from __future__ import annotations

from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Check, Window
from portal.audit.services import record
from portal.checks.measuring import Measurement, measure
from portal.checks.models import Evaluation
from portal.checks.readings import as_json, overall
from portal.checks.services.alerts import speak
from portal.jobs.models import Run
from portal.metrics.services import Measured, record_samples


def run_check(
    check: Check,
    subject: Model,
    window: Window,
    *,
    at: datetime | None = None,
    run: Run | None = None,
    actor: User | None = None,
) -> Evaluation:
    """Measure a subject over a window and commit what was found.

    When readings, policy and state are those of the newest revision, nothing changes and that evaluation is
    the answer.
    """
    return commit(measure(check, subject, window, run=run), at=at, run=run, actor=actor)


@transaction.atomic
def commit(
    measured: Measurement, *, at: datetime | None = None, run: Run | None = None, actor: User | None = None
) -> Evaluation:
    """Store the evaluation as the next revision of its window, its samples, and what follows from it."""
    at = at or timezone.now()
    newest = _newest_revision(measured)
    digest = measured.digest
    if newest is not None and newest.digest == digest:
        return newest
    evaluation = _store(measured, newest, digest, at=at, run=run)
    record_samples(_samples(measured, evaluation.revision), run=run, at=at)
    said = speak(measured, evaluation, at=at, run=run, actor=actor)
    record(
        "check.evaluated",
        evaluation,
        actor=actor,
        at=at,
        check=measured.check.slug,
        window=str(measured.window),
        revision=evaluation.revision,
        verdict=evaluation.verdict,
        digest=digest,
        raised=[finding.ref for finding in said.raised],
        closed=[finding.ref for finding in said.closed],
    )
    return evaluation


def _newest_revision(measured: Measurement) -> Evaluation | None:
    """The newest evaluation of the window, locked."""
    return (
        Evaluation.objects.select_for_update(of=("self",))
        .of(measured.subject)
        .filter(
            check_slug=measured.check.slug,
            window_start=measured.window.start,
            window_end=measured.window.end,
        )
        .order_by("-revision")
        .first()
    )


def _store(
    measured: Measurement, newest: Evaluation | None, digest: str, *, at: datetime, run: Run | None
) -> Evaluation:
    if newest is not None:
        Evaluation.objects.filter(pk=newest.pk).update(superseded=True)
    policy = measured.policy.snapshot()
    sizes = [reading.n for reading in measured.readings if reading.n is not None]
    references = [reading.n_reference for reading in measured.readings if reading.n_reference is not None]
    return Evaluation.objects.create(
        check_slug=measured.check.slug,
        system=measured.system,
        subject_type=ContentType.objects.get_for_model(measured.subject),
        subject_id=measured.subject.pk,
        window_start=measured.window.start,
        window_end=measured.window.end,
        revision=newest.revision + 1 if newest else 1,
        window_state=measured.state,
        verdict=overall(measured.readings),
        readings=[as_json(reading) for reading in measured.readings],
        policy_name=policy["name"],
        policy_version=policy["version"],
        policy_parameters=policy["parameters"],
        n=max(sizes, default=None),
        n_reference=max(references, default=None),
        engine=measured.engine,
        run=run,
        digest=digest,
        computed_at=at,
    )


def _samples(measured: Measurement, revision: int) -> list[Measured]:
    """The readings of the check's declared metrics."""
    kinds = {kind.slug: kind for kind in measured.check.metrics}
    return [
        Measured(
            kinds[reading.metric],
            measured.subject,
            measured.window,
            reading.value,
            feature=reading.feature,
            group=reading.group,
            segment=reading.segment,
            low=reading.low,
            high=reading.high,
            n=reading.n,
            reason=None if reading.value is not None else reading.reason or reading.verdict.value,
            revision=revision,
            system=measured.system,
        )
        for reading in measured.readings
        if reading.metric in kinds
    ]
