"""One mail a day with what is new, only when something is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import ngettext

from portal.findings.models import AlertRoute, Channel, Notification
from portal.jobs.services import enqueue_mail
from portal.web.figures import day


@transaction.atomic
def send_digests(*, key: str, at: datetime | None = None) -> int:
    """Mail everybody what waits for their digest; answers how many mails.

    Who has said "inbox only" for everything gets none. The same key mails nobody twice.
    """
    at = at or timezone.now()
    without = AlertRoute.objects.filter(kind="", system=None, channel=Channel.INBOX).values("user")
    lines = (
        Notification.objects.unsettled()
        .select_for_update(of=("self",))
        .select_related("user")
        .filter(Q(snoozed_until=None) | Q(snoozed_until__lte=at), digest=True, user__is_active=True)
        .exclude(user__in=without)
        .order_by("user", "-needs_action", "due_on", "-created_at")
    )
    mails = 0
    for user, mine in groupby(lines, key=lambda line: line.user):
        told = list(mine)
        enqueue_mail(user.email, _subject(told), _text(told), key=f"digest-{key}-{user.pk}")
        mails += 1
    Notification.objects.filter(pk__in=[line.pk for line in lines]).update(digest=False)
    return mails


def _subject(lines: Sequence[Notification]) -> str:
    acts = sum(line.needs_action for line in lines)
    if acts:
        return ngettext("%d thing needs you", "%d things need you", acts) % acts
    return ngettext("%d thing to know", "%d things to know", len(lines)) % len(lines)


def _text(lines: Sequence[Notification]) -> str:
    """Each line with its day and address, what needs an act first."""
    told = []
    for line in lines:
        due = f" (by {day(line.due_on)})" if line.due_on else ""
        told.append(f"{line.title}{due}\n{settings.PORTAL_PUBLIC_URL}{line.url}\n")
    return "\n".join([*told, f"{settings.PORTAL_PUBLIC_URL}/inbox/"])
