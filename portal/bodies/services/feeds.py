"""Addresses for calendar programs: issued, revoked, looked up. The key is shown once."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import digest_of
from portal.audit.services import record, snapshot
from portal.bodies.models import Body, Feed
from portal.errors import Missing, Refused

MOST = 20
"""Feeds one person may have at a time."""
LONGEST_KEY = 100


@transaction.atomic
def issue_feed(person: User, *, body: Body | None, actor: User) -> tuple[Feed, str]:
    """Make an address for one body, or for everything of the person's; the key is never shown again."""
    if body is not None and not Body.objects.visible_to(person).filter(pk=body.pk).exists():
        raise Missing
    if person.feeds.filter(revoked_at=None).count() >= MOST:
        raise Refused(f"You have {MOST} calendar addresses. Revoke one first.")
    key = secrets.token_urlsafe(32)
    feed = Feed.objects.create(person=person, body=body, prefix=key[:6], digest=digest_of(key))
    record("feed.issued", feed, actor=actor, after=snapshot(feed))
    return feed, key


@transaction.atomic
def revoke_feed(feed: Feed, *, actor: User) -> None:
    """End an address now: it answers like one that never was."""
    if feed.revoked_at is None:
        feed.revoked_at = timezone.now()
        feed.save(update_fields=["revoked_at"])
        record("feed.revoked", feed, actor=actor)


def feed_of(key: str) -> Feed | None:
    """The feed of a key, while it is not revoked and its person is active."""
    if not key or len(key) > LONGEST_KEY:
        return None
    return (
        Feed.objects.select_related("person", "body")
        .filter(digest=digest_of(key), revoked_at=None, person__is_active=True)
        .first()
    )
