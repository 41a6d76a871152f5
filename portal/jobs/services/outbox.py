"""The outbox: mail and webhooks, written with what they tell about, sent at least once.

What is sent is never lost and may be sent twice, under the same key: a receiver that keeps the keys it has
seen sees each event once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from smtplib import SMTPRecipientsRefused
from time import monotonic
from typing import Any
from uuid import uuid4

from django.core.mail import EmailMessage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Now
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Invalid, Problem, Refused, Unprocessable
from portal.jobs import doorbell
from portal.jobs.models import AllowedTarget, Channel, Delivery, DeliveryState
from portal.jobs.services.leases import pause_after
from portal.jobs.webhooks.call import NotTaken, post
from portal.jobs.webhooks.guard import judge

ATTEMPTS = 10
"""Then it is dead; with the pauses between them that is about two hours."""
LEASE = timedelta(seconds=60)
AT_ONCE = 8
"""Deliveries under way at the same time, so that slow receivers hold up neither jobs nor each other."""
BUDGET = 20.0


def enqueue_mail(to: str, subject: str, text: str, key: str) -> None:
    """Put a mail into the outbox, in the caller's transaction. A key that was used before adds nothing.

    Somebody without an address gets no mail, which is no error.
    """
    if to:
        _enqueue(Channel.MAIL, to, " ".join(subject.split())[:250], text, key)


def enqueue_webhook(
    url: str, event: str, payload: Mapping[str, Any], key: str, *, at: datetime | None = None
) -> None:
    """Put a webhook call into the outbox, in the caller's transaction. A key used before adds nothing.

    The body is ``{"type": event, "timestamp": …, "data": payload}``; ``at`` is when the event happened.
    Raises ValueError for a payload that is not JSON, such as one with NaN.
    """
    told = {"type": event, "timestamp": at or timezone.now(), "data": dict(payload)}
    body = json.dumps(told, cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    _enqueue(Channel.WEBHOOK, url, event, body, key)


def _enqueue(channel: Channel, target: str, title: str, body: str, key: str) -> None:
    row = Delivery(key=key, channel=channel, target=target, title=title, body=body)
    with transaction.atomic():
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
        doorbell.deliver_on_commit()


def dispatch(*, budget: float = BUDGET) -> int:
    """Send what is due until nothing is or the seconds are over; how many were delivered."""
    until = monotonic() + budget
    sent = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox") as threads:
        while monotonic() < until and (batch := _claim()):
            allowed = frozenset(AllowedTarget.objects.values_list("host", "port"))
            troubles = threads.map(partial(_send, allowed=allowed), batch)
            for delivery, trouble in zip(batch, troubles, strict=True):
                _settle(delivery, trouble)
                sent += trouble is None
    return sent


@transaction.atomic
def _claim() -> list[Delivery]:
    """Lease what is due, new ones first, as far as fewer than AT_ONCE are under way."""
    under_way = Delivery.objects.filter(state=DeliveryState.QUEUED, lease_until__gt=Now()).count()
    due = Delivery.objects.claimable().select_for_update(skip_locked=True).order_by("attempt", "available_at")
    batch = list(due[: max(0, AT_ONCE - under_way)])
    token = uuid4()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in batch]).update(
        token=token, attempt=F("attempt") + 1, lease_until=Now() + Value(LEASE)
    )
    for delivery in batch:
        delivery.token, delivery.attempt = token, delivery.attempt + 1
    return batch


def _send(delivery: Delivery, allowed: frozenset[tuple[str, int]]) -> Exception | None:
    """Send one; None when it was taken. Runs in a thread and touches no database."""
    try:
        if delivery.channel == Channel.MAIL:
            EmailMessage(
                delivery.title, delivery.body, to=[delivery.target], headers={"X-Portal-Key": delivery.key}
            ).send()
        else:
            post(judge(delivery.target, allowed), delivery.target, key=delivery.key, body=delivery.body)
    except Exception as trouble:  # noqa: BLE001 - whatever it was is kept in the outbox
        return trouble
    return None


@transaction.atomic
def _settle(delivery: Delivery, trouble: Exception | None) -> None:
    """Write down what became of it, unless the lease went to somebody else meanwhile."""
    mine = Delivery.objects.filter(pk=delivery.pk, token=delivery.token, state=DeliveryState.QUEUED)
    free: dict[str, Any] = {"token": None, "lease_until": None}
    if trouble is None:
        mine.update(**free, state=DeliveryState.SENT, ended_at=Now(), error="")
        return
    error = f"{type(trouble).__name__}: {trouble}"[:2000]
    if not _final(trouble) and delivery.attempt < ATTEMPTS:
        mine.update(**free, available_at=Now() + Value(pause_after(delivery.attempt)), error=error)
    elif mine.update(**free, state=DeliveryState.DEAD, ended_at=Now(), error=error):
        record("delivery.given_up", delivery, actor=None, attempts=delivery.attempt)


def _final(trouble: Exception) -> bool:
    """Whether trying again would give the same answer."""
    gone = isinstance(trouble, NotTaken) and trouble.final
    return gone or isinstance(trouble, Unprocessable | SMTPRecipientsRefused)


@transaction.atomic
def send_again(delivery: Delivery, *, actor: User) -> Delivery:
    """Try a dead delivery again at once, under its old key."""
    held = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if held.state != DeliveryState.DEAD:
        raise Refused("Only a dead delivery can be sent again.")
    Delivery.objects.filter(pk=held.pk).update(
        state=DeliveryState.QUEUED, attempt=0, available_at=Now(), ended_at=None, error=""
    )
    held.refresh_from_db()
    record("delivery.requeued", held, actor=actor)
    doorbell.deliver_on_commit()
    return held


@transaction.atomic
def allow_target(host: str, port: int, *, actor: User, reason: str) -> AllowedTarget:
    """Vouch for a host and port that the guard would refuse, such as a receiver inside the network."""
    host = host.strip().rstrip(".").lower()
    if not host or not 1 <= port <= 65535:
        sentence = "A target is a host and a port from 1 to 65535."
        raise Invalid(sentence, errors=[Problem("/host", sentence)])
    if not reason.strip():
        sentence = "Say why this target may be called."
        raise Invalid(sentence, errors=[Problem("/reason", sentence)])
    target, made = AllowedTarget.objects.get_or_create(
        host=host, port=port, defaults={"reason": reason.strip(), "allowed_by": actor}
    )
    if made:
        record("target.allowed", target, actor=actor, after=snapshot(target), reason=reason)
    return target


@transaction.atomic
def withdraw_target(target: AllowedTarget, *, actor: User) -> None:
    """Vouch for it no longer."""
    record("target.withdrawn", target, actor=actor, before=snapshot(target))
    target.delete()
