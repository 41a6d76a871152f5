"""Asking for runs: from a service in its own transaction, or by hand from a page, the API and a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import JobKind, Window
from portal.audit.services import record
from portal.errors import Busy, Invalid, Problem, Refused
from portal.jobs import doorbell
from portal.jobs.kinds import kind_of, system_id_of, variants_of
from portal.jobs.models import UNSUCCESSFUL, Run, RunState

ROUNDS = 20
"""How often others may get in between before a request gives up; one is rare."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for, apart from the windows and the revision."""

    kind: JobKind
    subject: Model | None
    variant: str
    actor: User | None
    priority: int | None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, Any]:
        subject_type = ContentType.objects.get_for_model(self.subject) if self.subject else None
        return {
            "job": self.kind.slug,
            "variant": self.variant,
            "subject_type": subject_type,
            "subject_id": self.subject.pk if self.subject else None,
        }

    def insert(self, revisions: Mapping[Window | None, int]) -> None:
        """Insert one row per window; a row of the same key that somebody else inserted stays as it is."""
        Run.objects.bulk_create(
            (
                Run(
                    **self.key,
                    system_id=system_id_of(self.subject),
                    window_start=window.start if window else None,
                    window_end=window.end if window else None,
                    revision=revision,
                    arguments=dict(self.arguments),
                    requested_by=self.actor,
                    priority=self.kind.priority if self.priority is None else self.priority,
                )
                for window, revision in revisions.items()
            ),
            ignore_conflicts=True,
        )

    def latest(self, windows: Iterable[Window | None]) -> dict[Window | None, Run]:
        """The newest revision of each window that has any."""
        starts = [window.start for window in windows if window]
        runs = Run.objects.filter(
            **self.key, **({"window_start__in": starts} if starts else {"window_start": None})
        )
        newest = runs.order_by("window_start", "window_end", "-revision").distinct(
            "window_start", "window_end"
        )
        return {run.window: run for run in newest}

    def joins(self, run: Run) -> bool:
        return run.state == RunState.QUEUED and run.arguments == dict(self.arguments)


def request(
    kind: JobKind,
    subject: Model | None = None,
    window: Window | None = None,
    *,
    actor: User | None = None,
    variant: str = "",
    revision: int | None = None,
    priority: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Run:
    """Ask for a run in the caller's transaction, and ring a worker when it commits.

    Without a revision: join the run that waits, which then starts only after the caller's transaction and so
    sees its rows; otherwise open the next revision. With one: exactly that revision, whatever its state.
    """
    order = _Order(kind, subject, variant, actor, priority, arguments or {})
    with transaction.atomic():
        if revision is None:
            (run,) = _join_or_open(order, [window])
        else:
            order.insert({window: revision})
            bounds = (window.start, window.end) if window else (None, None)
            run = Run.objects.get(
                **order.key, window_start=bounds[0], window_end=bounds[1], revision=revision
            )
        doorbell.ring_on_commit()
    return run


def request_windows(
    kind: JobKind,
    subject: Model | None,
    windows: Iterable[Window],
    *,
    actor: User | None = None,
    variant: str = "",
    priority: int | None = None,
) -> list[Run]:
    """Ask for one run per window, in a handful of statements however many there are. See ``request``."""
    order = _Order(kind, subject, variant, actor, priority)
    wanted: list[Window | None] = [*sorted(set(windows))]
    if not wanted:
        return []
    with transaction.atomic():
        runs = _join_or_open(order, wanted)
        doorbell.ring_on_commit(len(runs))
    return runs


def _join_or_open(order: _Order, windows: list[Window | None]) -> list[Run]:
    """The waiting run of each window, locked against being claimed before the transaction ends.

    Windows are taken in order, so that two requests never wait for each other.
    """
    held: dict[Window | None, Run] = {}
    for _ in range(ROUNDS):
        missing = [window for window in windows if window not in held]
        if not missing:
            return [held[window] for window in windows]
        latest = order.latest(missing)
        waiting = {w: run for w, run in latest.items() if w in missing and order.joins(run)}
        kept = _keep_from_starting([run.pk for run in waiting.values()])
        held |= {w: run for w, run in waiting.items() if run.pk in kept}
        fresh = {w: latest[w].revision + 1 if w in latest else 1 for w in missing if w not in waiting}
        if fresh:
            order.insert(fresh)
    raise Busy("Others keep asking for the same run.", seconds=1)


def _keep_from_starting(ids: list[int]) -> set[int]:
    """Those of the runs that still wait; none is claimed before this transaction ends.

    FOR KEY SHARE collides with the FOR UPDATE of a claim, not with others who join the same run.
    """
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM jobs_run WHERE id = ANY(%s) AND state = 'queued' ORDER BY id FOR KEY SHARE", [ids]
        )
        return {row[0] for row in cursor.fetchall()}


def order_run(
    kind: JobKind,
    subject: Model | None = None,
    window: Window | None = None,
    *,
    actor: User | None,
    variant: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> Run:
    """A person asks for a run by hand. Raises Invalid when the job does not run on that."""
    check_order(kind, subject, variant)
    with transaction.atomic():
        run = request(kind, subject, window, actor=actor, variant=variant, arguments=arguments)
        record("run.requested", run, actor=actor, job=kind.slug, revision=run.revision)
    return run


def check_order(kind: JobKind, subject: Model | None, variant: str) -> None:
    """Raise Invalid when the job does not run on that."""
    known = variants_of(kind)
    if variant not in known:
        listed = ", ".join(known)
        raise _invalid("variant", f"Its variants are {listed}." if listed else "It has no variants.")
    if kind.subjects is None:
        return
    if subject is None:
        raise _invalid("subject", f"{kind.title} runs on one subject.")
    example = next(iter(kind.subjects(timezone.now())), None)
    if example is not None and type(example) is not type(subject):
        raise _invalid("subject", f"{kind.title} runs on a {type(example).__name__}.")


def _invalid(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[Problem(f"/{field}", detail)])


@transaction.atomic
def replay(run: Run, *, actor: User) -> Run:
    """Try a failed, dead or skipped run again at once; of one that is done, open the next revision."""
    held = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if held.state == RunState.RUNNING:
        raise Refused("This run is at work.")
    if held.state == RunState.DONE:
        return order_run(
            kind_of(held.job),
            held.subject,
            held.window,
            actor=actor,
            variant=held.variant,
            arguments=held.arguments,
        )
    before = held.state
    Run.objects.filter(pk=held.pk).update(
        state=RunState.QUEUED,
        attempt=0,
        available_at=Now(),
        ended_at=None,
        error="",
        message="",
        step=0,
        dismissed_at=None,
        dismissed_by=None,
        dismissed_reason="",
    )
    held.refresh_from_db()
    record("run.replayed", held, actor=actor, before={"state": before}, after={"state": held.state})
    doorbell.ring_on_commit()
    return held


@transaction.atomic
def dismiss(run: Run, *, actor: User, reason: str) -> Run:
    """Say that a failed or dead run needs no more attention, and why."""
    held = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not reason.strip():
        raise _invalid("reason", "Say why it needs no more attention.")
    if held.state not in UNSUCCESSFUL or held.dismissed_at:
        raise Refused("Only a failed or dead run can be dismissed, once.")
    Run.objects.filter(pk=held.pk).update(
        dismissed_at=Now(), dismissed_by=actor, dismissed_reason=reason.strip()
    )
    held.refresh_from_db()
    record("run.dismissed", held, actor=actor, reason=reason)
    return held
