"""What pages and other packages read from the audit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Model, QuerySet
from django.utils import timezone

from portal.audit.models import VERIFIED, Effect, Entry, Pending, Seal
from portal.audit.personal import disclosed

State = dict[str, Any]


def entries_for(obj: Model, limit: int = 50) -> list[Entry]:
    """The newest entries about an object, or about anything of a system, with their actors. One query."""
    return list(Entry.objects.about(obj).select_related("actor")[:limit])


def state_as_of(model: type[Model], at: datetime, ids: Iterable[Any] | None = None) -> dict[Any, State]:
    """The rows of a model as they stood at an instant, by primary key, as ``snapshot`` gave them.

    Read from the entries: the last whole picture of each object up to then, with later partial ones laid
    over it. Objects that had ended by then, or that nobody recorded, are absent; erased personal values are
    None. At most three queries.
    """
    entries = Entry.objects.filter(object_type=model._meta.label_lower, happened_at__lte=at)  # noqa: SLF001 - documented
    if ids is not None:
        entries = entries.filter(object_id__in=[str(key) for key in ids])
    pictures = _last_pictures(entries)
    for object_id, when, after in _changes(entries, pictures):
        if when > pictures[object_id][0]:
            pictures[object_id][1].update(after)
    states = {object_id: state for object_id, (_, state) in pictures.items() if state}
    to_key = model._meta.pk.to_python  # noqa: SLF001 - documented
    return dict(zip(map(to_key, states), disclosed(list(states.values())), strict=True))


Moment = tuple[datetime, int]
"""When an entry took effect, and its number where two did at once."""


def _last_pictures(entries: QuerySet[Entry]) -> dict[str, tuple[Moment, State]]:
    """The last whole picture of each object; an empty one where the object ended."""
    last = (
        entries.filter(effect__in=[Effect.STATED, Effect.ENDED])
        .order_by("object_id", "-happened_at", "-id")
        .distinct("object_id")
    )
    rows = Entry.objects.filter(pk__in=last.values("pk")).order_by()
    return {
        object_id: ((happened_at, number), json.loads(body)["after"] or {})
        for object_id, happened_at, number, body in rows.values_list("object_id", "happened_at", "id", "body")
    }


def _changes(
    entries: QuerySet[Entry], pictures: dict[str, tuple[Moment, State]]
) -> Iterator[tuple[str, Moment, State]]:
    """The partial pictures of these objects, in the order of their effect."""
    standing = {object_id: when for object_id, (when, state) in pictures.items() if state}
    if not standing:
        return
    rows = entries.filter(
        effect=Effect.CHANGED, object_id__in=standing, happened_at__gte=min(standing.values())[0]
    )
    for object_id, happened_at, number, body in rows.order_by("happened_at", "id").values_list(
        "object_id", "happened_at", "id", "body"
    ):
        yield object_id, (happened_at, number), json.loads(body)["after"]


@dataclass(frozen=True, slots=True)
class AuditState:
    """How the audit stands: the newest seal, what waits for the next, what the last verification found."""

    seal: Seal | None
    waiting: int
    waiting_since: datetime | None
    verified: Entry | None


def audit_state() -> AuditState:
    """Three queries, each of a row or of what waits."""
    waiting = Entry.objects.filter(pk__in=Pending.objects.values("pk")).order_by()
    told = waiting.aggregate(count=Count("pk"), since=Min("recorded_at"))
    return AuditState(
        seal=Seal.objects.first(),
        waiting=told["count"],
        waiting_since=told["since"],
        verified=Entry.objects.filter(action=VERIFIED).first(),
    )


def readiness() -> dict[str, Any]:
    """What /readyz tells of the audit: how many entries wait for a seal, and for how many seconds already."""
    state = audit_state()
    since = state.waiting_since
    return {
        "audit_waiting": state.waiting,
        "audit_waiting_seconds": 0 if since is None else round((timezone.now() - since).total_seconds()),
    }
