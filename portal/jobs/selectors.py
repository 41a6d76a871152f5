"""What pages and the API show of the ledger. One list costs a fixed number of statements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db.models import Count, Min, Model, Q
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.areas import JobKind
from portal.errors import Denied, Missing
from portal.jobs.kinds import system_id_of
from portal.jobs.models import UNSUCCESSFUL, WAITING, Run, RunQuerySet, RunState, Worker
from portal.jobs.naming import missing_subject, subject_named
from portal.jobs.services import check_order
from portal.jobs.words import RUN_WORDS, span
from portal.registry.models import ModelVersion, System
from portal.rights import may
from portal.web.parts import JobView

STUCK = timedelta(minutes=5)
"""How long the oldest run may wait before something is wrong."""


def runs_for_list(user: User, action: str = "jobs.read") -> RunQuerySet:
    """The runs a person may see, with what a row of a list shows, without what only its page does."""
    versions = ModelVersion.objects.select_related("model")
    return (
        Run.objects.visible_to(user, action)
        .select_related("system", "requested_by")
        .defer("log", "arguments", "dismissed_reason")
        .prefetch_related(GenericPrefetch("subject", [versions]))
    )


def run_numbered(user: User, number: int, action: str) -> Run:
    """One run on which a person may do the action. Raises Missing for any other."""
    visible = Run.objects.visible_to(user, action).select_related("system", "requested_by", "dismissed_by")
    run = visible.filter(pk=number).first()
    if run is None:
        raise Missing
    return run


def subject_to_run(user: User, kind: JobKind, name: str, variant: str) -> Model | None:
    """The subject of that name, on which the job runs and this person may run it; None for an empty name.

    Raises Missing for one they do not see, Invalid where the job does not run on that, and Denied where only
    an administrator may.
    """
    subject = subject_named(name)
    system = system_id_of(subject)
    if system is not None and not System.objects.visible_to(user, "jobs.run").filter(pk=system).exists():
        raise missing_subject(name)
    check_order(kind, subject, variant)
    if system is None and not may(user, "jobs.portal.run"):
        raise Denied("A run that belongs to no system is started by an administrator.")
    return subject


def job_view(run: Run, *, delay: int = 2) -> JobView:
    """A run as the progress component shows it, on any page."""
    tone, word = RUN_WORDS[RunState(run.state)]
    return JobView(
        title=run.title,
        url=run.get_absolute_url(),
        fragment_url=f"{reverse('jobs:progress', args=[run.pk])}?delay={min(10, delay + 2)}",
        fraction=None if run.percent is None else run.percent / 100,
        step=_step_of(run),
        started_at=run.started_at,
        left=_time_left(run),
        done=run.ended,
        tone=tone,
        state=str(word),
        delay=delay,
    )


def _step_of(run: Run) -> str:
    if run.state == RunState.QUEUED:
        return _("Waits to be tried again") if run.error else _("Waits for a worker")
    return run.message or run.error


def _time_left(run: Run) -> str:
    """How long it will take at the pace so far; nothing before a tenth is done, where it would be a guess."""
    if run.state != RunState.RUNNING or not run.percent or run.percent < 10 or run.started_at is None:
        return ""
    so_far = (timezone.now() - run.started_at).total_seconds()
    left = timedelta(seconds=so_far * (100 - run.percent) / run.percent)
    return _("about %(span)s left") % {"span": span(left)}


def duration_of(run: Run) -> timedelta | None:
    """How long the last attempt took, or has taken so far."""
    if run.started_at is None or run.state == RunState.SKIPPED:
        return None
    return max(timedelta(0), (run.ended_at or timezone.now()) - run.started_at)


@dataclass(frozen=True, slots=True)
class Health:
    """How the ledger does: what waits and since when, who works, what needs somebody."""

    waiting: int
    running: int
    oldest: timedelta | None
    unsuccessful: int
    workers: int

    @property
    def stuck(self) -> bool:
        """Whether work waits although it should not: no worker, or the oldest waits too long."""
        return self.oldest is not None and (self.workers == 0 or self.oldest > STUCK)


def health_of(runs: RunQuerySet | None = None) -> Health:
    """The health of all runs, or of those a person may see."""
    now = timezone.now()
    seen = Run.objects.all() if runs is None else runs
    due = Q(state=RunState.QUEUED, available_at__lte=now)
    facts: dict[str, Any] = seen.filter(
        Q(state__in=WAITING) | Q(state__in=UNSUCCESSFUL, dismissed_at=None)
    ).aggregate(
        waiting=Count("pk", filter=Q(state=RunState.QUEUED)),
        running=Count("pk", filter=Q(state=RunState.RUNNING)),
        since=Min(Greatest("available_at", "created_at"), filter=due),
        unsuccessful=Count("pk", filter=Q(state__in=UNSUCCESSFUL, dismissed_at=None)),
    )
    since: datetime | None = facts.pop("since")
    return Health(
        **facts, oldest=None if since is None else now - since, workers=Worker.objects.alive().count()
    )


def may_act_on(user: User, run: Run, action: str) -> bool:
    """Whether a person may do the action on this run."""
    return may(user, action) and Run.objects.visible_to(user, action).filter(pk=run.pk).exists()


def result_text(run: Run) -> str:
    """The result as text a person reads; empty where there is none."""
    return "" if run.result is None else json.dumps(run.result, ensure_ascii=False, indent=2)
