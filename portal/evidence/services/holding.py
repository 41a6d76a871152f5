"""Legal holds: placed for a matter, extended while it lasts, released by somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Denied, Invalid, Refused, blank
from portal.evidence.models import Evidence, HeldItem, LegalHold
from portal.evidence.services.standing import system_of, unit_of
from portal.registry.models import System


@transaction.atomic
def place_hold(
    matter: str, *, reason: str, items: Sequence[Model], actor: User, at: datetime | None = None
) -> LegalHold:
    """Keep rows of any table from deletion until the hold is released. A system holds all its evidence."""
    for field, text in (("matter", matter), ("reason", reason)):
        if not text.strip():
            raise Invalid(f"Name the {field}.", errors=[blank(f"/{field}")])
    if not items:
        raise Invalid("A hold names at least one thing.", errors=[blank("/items")])
    hold = LegalHold.objects.create(
        matter=matter.strip()[:200], reason=reason.strip(), placed_by=actor, placed_at=at or timezone.now()
    )
    record("hold.placed", hold, actor=actor, after=snapshot(hold), reason=hold.reason, at=at)
    _name(hold, items, actor)
    return hold


@transaction.atomic
def extend_hold(hold: LegalHold, items: Sequence[Model], *, actor: User) -> LegalHold:
    """Name further rows in a hold that is in force."""
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.released_at is not None:
        raise Refused("This hold is released. Place another one.")
    _name(hold, items, actor)
    return hold


@transaction.atomic
def release_hold(hold: LegalHold, *, reason: str, actor: User, at: datetime | None = None) -> LegalHold:
    """Let go of everything a hold names. Whoever placed it cannot release it."""
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.released_at is not None:
        raise Refused("This hold is released already.")
    if hold.placed_by_id == actor.pk:
        raise Denied("Whoever placed a hold does not release it.")
    if not reason.strip():
        raise Invalid("Say why.", errors=[blank("/reason")])
    before = snapshot(hold)
    hold.released_by, hold.released_at, hold.release_reason = actor, at or timezone.now(), reason.strip()
    hold.save(update_fields=["released_by", "released_at", "release_reason"])
    record("hold.released", hold, actor=actor, before=before, after=snapshot(hold), reason=reason, at=at)
    return hold


def hold_on(row: Model) -> LegalHold | None:
    """A hold in force on this row or on the system it stands on, if there is one."""
    named = Q(items__subject_type=ContentType.objects.get_for_model(row), items__subject_id=row.pk)
    system_id = getattr(row, "system_id", None)
    if system_id is not None:
        system_type = ContentType.objects.get_for_model(System)
        named |= Q(items__subject_type=system_type, items__subject_id=system_id)
    return LegalHold.objects.in_force().filter(named).first()


def require_no_hold(row: Model) -> None:
    """Raise Refused, naming the matter, for a row under a hold. The database refuses its deletion as well."""
    if (hold := hold_on(row)) is not None:
        raise Refused(
            f"{row} is under the legal hold “{hold.matter}”, so it stays.", help_url=hold.get_absolute_url()
        )


def _name(hold: LegalHold, items: Sequence[Model], actor: User) -> None:
    made = HeldItem.objects.bulk_create([_item(hold, row) for row in items], ignore_conflicts=True)
    record("hold.extended", hold, actor=actor, items=[f"{item.subject_type}: {item.label}" for item in made])


def _item(hold: LegalHold, row: Model) -> HeldItem:
    system = system_of(row)
    return HeldItem(
        hold=hold,
        system=system,
        unit=unit_of(row, system),
        subject_type=ContentType.objects.get_for_model(row),
        subject_id=row.pk,
        label=_label(row)[:200],
    )


def _label(row: Model) -> str:
    """What every reader of the hold is told of a row: of private evidence no words."""
    return row.ref if isinstance(row, Evidence) and row.private else str(row)
