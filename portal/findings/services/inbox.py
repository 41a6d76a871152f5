"""Who is told what: one unsettled line per person and subject, renewed by news."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Denied, Invalid, Problem
from portal.findings.models import Notification
from portal.registry.models import System


@transaction.atomic
def notify(
    users: Iterable[User],
    subject: Model,
    *,
    kind: str,
    title: str,
    url: str,
    system: System | None = None,
    needs_action: bool = True,
    due_on: date | None = None,
    digest: bool = True,
    at: datetime | None = None,
) -> None:
    """Put a line into people's inboxes, or renew the one about the same subject. Three queries.

    With ``digest`` the line is also in their next daily mail, unless it is settled before.
    """
    at = at or timezone.now()
    told = {user.pk: user for user in users if user.is_active}
    news = {
        "kind": kind,
        "title": title,
        "url": url,
        "system": system,
        "needs_action": needs_action,
        "due_on": due_on,
        "created_at": at,
        "snoozed_until": None,
        "digest": digest,
    }
    lines = Notification.objects.of(subject).unsettled().filter(user__in=told)
    known = set(lines.values_list("user", flat=True))
    if known:
        lines.update(**news)
    subject_type = ContentType.objects.get_for_model(subject)
    Notification.objects.bulk_create(
        [
            Notification(user_id=pk, subject_type=subject_type, subject_id=subject.pk, **news)
            for pk in told
            if pk not in known
        ],
        ignore_conflicts=True,
    )


def settle(subject: Model, *, users: Iterable[User] | None = None, at: datetime | None = None) -> int:
    """What had to be done about a subject is done, for everybody or for some; how many lines ended."""
    lines = Notification.objects.of(subject).unsettled()
    if users is not None:
        lines = lines.filter(user__in=list(users))
    return lines.update(done_at=at or timezone.now())


@transaction.atomic
def snooze(line: Notification, *, until: datetime, actor: User) -> Notification:
    """Take a line out of sight until an instant."""
    _own(line, actor)
    if until <= timezone.now():
        raise Invalid("Choose a later day.", errors=[Problem("/until", "This day has passed.")])
    line.snoozed_until = until
    line.save(update_fields=["snoozed_until"])
    record("notification.snoozed", line, actor=actor, until=until.isoformat())
    return line


@transaction.atomic
def finish(line: Notification, *, actor: User) -> Notification:
    """Put a line away."""
    _own(line, actor)
    if line.done_at is None:
        line.done_at = timezone.now()
        line.save(update_fields=["done_at"])
        record("notification.done", line, actor=actor)
    return line


def _own(line: Notification, actor: User) -> None:
    if line.user_id != actor.pk:
        raise Denied("This line is in somebody else's inbox.")
