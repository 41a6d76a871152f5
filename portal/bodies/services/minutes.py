"""Minutes: written from the record, corrected in new versions, approved by a later session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import denial_recorded, record
from portal.bodies.models import Item, Minutes, Session, State
from portal.bodies.selectors.minutes import minutes_text
from portal.bodies.services.guards import locked, require_leader
from portal.cases.snapshots import digest_of
from portal.errors import Invalid, Refused, blank

LONGEST = 100_000


def write_minutes(session: Session, *, actor: User | None, at: datetime) -> Minutes:
    """The first version, from the record alone."""
    return _keep(session, minutes_text(session), None, "", actor=actor, at=at)


def edit_minutes(
    session: Session, *, actor: User, text: str, reason: str, at: datetime | None = None
) -> Minutes:
    """A corrected version, for chair and secretary; the earlier ones stay. It waits for approval again.

    Raises Refused while the minutes lie before a session that is frozen or running.
    """
    at = at or timezone.now()
    with denial_recorded("minutes.written", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        if session.state != State.CLOSED:
            raise Refused("Minutes are written when the session is closed.")
        if not text.strip() or len(text) > LONGEST:
            raise Invalid(
                "The minutes say something, in at most 100 000 characters.", errors=[blank("/text")]
            )
        if not reason.strip():
            raise Invalid("Say what was changed, and why.", errors=[blank("/reason")])
        last = session.minutes.last()
        assert last is not None
        planned = _planned(last)
        if any(item.session.state not in (State.DRAFT, State.CALLED) for item in planned):
            raise Refused("These minutes lie before a session; it approves them or sends them back.")
        made = _keep(session, _lines(text), actor, reason.strip(), actor=actor, at=at)
        for item in planned:
            item.subject_id = made.pk
            item.save(update_fields=["subject_id"])
        return made


def approve_minutes(item: Item, *, actor: User | None) -> None:
    """What the approval of an item about minutes means: that version holds."""
    found = item.subject
    if item.outcome != "approved" or not isinstance(found, Minutes) or found.approved_at is not None:
        return
    found.approved_in, found.approved_at = item, item.closed_at
    found.save(update_fields=["approved_in", "approved_at"])
    record("minutes.approved", found, actor=actor, at=item.closed_at, digest=found.digest, item=item.pk)


def _keep(
    session: Session, text: str, author: User | None, reason: str, *, actor: User | None, at: datetime
) -> Minutes:
    last = session.minutes.last()
    made = Minutes.objects.create(
        session=session,
        number=last.number + 1 if last is not None else 1,
        text=text,
        digest=digest_of(text),
        written_by=author,
        written_at=at,
        reason=reason,
    )
    facts: dict[str, Any] = {"ref": session.ref, "version": made.number, "digest": made.digest}
    record("minutes.written", made, actor=actor, reason=reason, at=at, **facts)
    return made


def _planned(minutes: Minutes) -> list[Item]:
    """The items on which these minutes wait for approval, in sessions that are not over."""
    kind = ContentType.objects.get_for_model(Minutes)
    items = Item.objects.filter(topic="minutes", subject_type=kind, subject_id=minutes.pk)
    return list(
        items.exclude(state="closed").select_related("session").exclude(session__state=State.CANCELLED)
    )


def _lines(text: str) -> str:
    """The text with plain line ends and one at the end."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
