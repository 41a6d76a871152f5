"""The declared kinds of jobs, and what of a subject the ledger keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache

from django.db.models import Model

from portal.areas import JobKind, declared
from portal.errors import Missing

LONGEST = timedelta(hours=6)
"""After which Celery ends a process, whatever it does; a single run's limit is its kind's, and not longer."""


@cache
def kinds() -> Mapping[str, JobKind]:
    """Every declared kind by its slug, from the ground floor up.

    Raises ValueError on a double, and on a limit longer than a process is allowed to live.
    """
    known: dict[str, JobKind] = {}
    for kind in declared("jobs"):
        if kind.slug in known:
            raise ValueError(f"job {kind.slug!r} is declared twice")
        if kind.limit > LONGEST:
            raise ValueError(f"job {kind.slug!r} may not take longer than {LONGEST}")
        known[kind.slug] = kind
    return known


def kind_of(slug: str) -> JobKind:
    """The kind of that slug. Raises Missing with the known ones."""
    try:
        return kinds()[slug]
    except KeyError:
        raise Missing(f"There is no job {slug!r}. The jobs are {', '.join(sorted(kinds()))}.") from None


def title_of(slug: str) -> str:
    """What a job is called; the slug of one that this release no longer declares."""
    kind = kinds().get(slug)
    return kind.title if kind else slug


def variants_of(kind: JobKind) -> Sequence[str]:
    """What the kind runs per subject; one nameless variant where it declares none."""
    return kind.variants() if kind.variants else [""]


def system_id_of(subject: Model | None) -> int | None:
    """The system a subject belongs to, where it belongs to one."""
    return getattr(subject, "audit_system_id", None)
