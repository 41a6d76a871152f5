"""Planning the windows that are due, so that every one runs exactly once or is shown as skipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model

from portal.areas import JobKind
from portal.jobs import doorbell
from portal.jobs.kinds import kinds, system_id_of, variants_of
from portal.jobs.models import Schedule

ORIGIN = datetime(2001, 1, 1, tzinfo=UTC)
"""A Monday, midnight: windows of hours, days and weeks fall on whole ones counted from here."""
LOCK = 2_026_112_401
"""The advisory lock of the planner, so that one plans and the others pass by."""
CHUNK = 5_000
"""Subjects a statement."""
BEHIND = 50
"""How far behind the newest window the older ones queue."""

Place = tuple[int | None, int | None, int | None]
"""A subject as the ledger keeps it: content type, id, system."""

INSERT = """
INSERT INTO jobs_run (
    job, variant, subject_type_id, subject_id, system_id, window_start, window_end, revision, arguments,
    counts, state, priority, available_at, ended_at, attempt, step, steps, worker, message, input_digest,
    error, log, dismissed_reason)
SELECT %(job)s, variant, subject.type, subject.id, subject.system, start, start + %(every)s, 1,
       '{}', '{}', CASE WHEN skipped THEN 'skipped' ELSE 'queued' END,
       CASE WHEN start = %(newest)s THEN %(priority)s ELSE %(priority)s + %(behind)s END,
       start + %(every)s + %(delay)s, CASE WHEN skipped THEN statement_timestamp() END, 0, 0, 0, '',
       CASE WHEN skipped THEN %(reason)s ELSE '' END, '', '', '', ''
FROM unnest(%(types)s::int[], %(ids)s::bigint[], %(systems)s::bigint[]) AS subject (type, id, system)
CROSS JOIN unnest(%(variants)s::text[]) AS variant
CROSS JOIN LATERAL (
    SELECT coalesce(max(window_start) + %(every)s, %(newest)s) AS first FROM jobs_run
    WHERE job = %(job)s AND jobs_run.variant = variant.variant AND window_end - window_start = %(every)s
      AND THE_SUBJECT
) AS planned
CROSS JOIN LATERAL generate_series(planned.first, %(newest)s, %(every)s) AS start
CROSS JOIN LATERAL (SELECT start < %(oldest)s AS skipped) AS lateness
ON CONFLICT DO NOTHING
RETURNING state
"""
OF_SUBJECTS = INSERT.replace("THE_SUBJECT", "subject_type_id = subject.type AND subject_id = subject.id")
OF_NOTHING = INSERT.replace("THE_SUBJECT", "subject_type_id IS NULL AND subject_id IS NULL")
"""Apart, since "equal or both missing" finds no index."""


def plan(at: datetime | None = None) -> int:
    """Insert the windows due at an instant, by default now by the database's clock; how many were queued.

    For each kind, subject and variant: those after the last planned one, oldest first behind the newest. More
    than the kind's ``catch_up`` are inserted as skipped, with the reason. A subject without any window
    starts with the newest. Does nothing while another process plans.
    """
    with transaction.atomic():
        if not _alone():
            return 0
        now = at or _database_time()
        until = dict(Schedule.objects.values_list("job", "planned_until"))
        due = [(kind, end) for kind in kinds().values() if (end := newest_end(kind, now)) is not None]
        queued = sum(_plan_kind(kind, end, now) for kind, end in due if until.get(kind.slug, ORIGIN) < end)
        if queued:
            doorbell.ring_on_commit(queued)
    return queued


def newest_end(kind: JobKind, now: datetime) -> datetime | None:
    """The end of the newest window that is due; None for a kind that runs on request only."""
    if kind.every is None:
        return None
    return ORIGIN + (now - kind.delay - ORIGIN) // kind.every * kind.every


def _plan_kind(kind: JobKind, end: datetime, now: datetime) -> int:
    every = kind.every or timedelta(0)
    fixed = {
        "job": kind.slug,
        "variants": list(variants_of(kind)),
        "every": every,
        "delay": kind.delay,
        "newest": end - every,
        "oldest": end - every * kind.catch_up,
        "priority": kind.priority,
        "behind": BEHIND,
        "reason": f"Not run: more than {kind.catch_up} windows were due at once.",
    }
    statement = OF_NOTHING if kind.subjects is None else OF_SUBJECTS
    queued = 0
    places = _places(kind, now)
    while chunk := list(islice(places, CHUNK)):
        types, ids, systems = (list(column) for column in zip(*chunk, strict=True))
        queued += _insert(statement, {**fixed, "types": types, "ids": ids, "systems": systems})
    Schedule.objects.update_or_create(job=kind.slug, defaults={"planned_until": end})
    return queued


def _places(kind: JobKind, now: datetime) -> Iterator[Place]:
    if kind.subjects is None:
        yield None, None, None
        return
    for subject in kind.subjects(now):
        yield _place(subject)


def _place(subject: Model) -> Place:
    return ContentType.objects.get_for_model(subject).pk, subject.pk, system_id_of(subject)


def _insert(statement: str, parameters: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return sum(state == "queued" for (state,) in cursor.fetchall())


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
