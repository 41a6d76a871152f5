"""Every write about people, units and tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import SCOPES, ApiToken, Invitation, Membership, Organisation, Unit, User
from portal.api.prepared import Given, Prepared
from portal.areas import Role
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Invalid, Problem, Refused

KEY_PREFIX = "aip_"
MAX_TOKEN_DAYS = 366
INVITATION_DAYS = 7


def digest_of(key: str) -> str:
    """What is stored of a key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def organisation() -> Organisation:
    """The one organisation; an unsaved one with neutral values before it is set up."""
    return Organisation.objects.first() or Organisation(pk=1, name="AI Governance Portal")


@transaction.atomic
def set_up_organisation(
    name: str, *, actor: User | None, time_zone: str = "UTC", currency: str = "EUR", simulated: bool = False
) -> Organisation:
    """Name the organisation and create its root unit. Raises Conflict when that has been done."""
    if Organisation.objects.exists():
        raise Conflict("The organisation is already set up.")
    made = Organisation(pk=1, name=name, time_zone=time_zone, currency=currency, simulated=simulated)
    made.full_clean()
    made.save(force_insert=True)
    record("organisation.set_up", made, actor=actor, after=snapshot(made))
    create_unit(name, slug="organisation", parent=None, actor=actor)
    return made


@transaction.atomic
def update_organisation(*, actor: User, **changes: str | int) -> Organisation:
    """Change name, time zone, currency, first fiscal month or language."""
    found = Organisation.objects.select_for_update().get()
    before = snapshot(found)
    for field, value in changes.items():
        setattr(found, field, value)
    _clean(found)
    found.save()
    record("organisation.changed", found, actor=actor, before=before, after=snapshot(found))
    return found


@transaction.atomic
def create_unit(name: str, *, slug: str, parent: Unit | None, actor: User | None) -> Unit:
    """Add a unit below another; the one without a parent is the root."""
    unit = Unit(name=name, slug=slug, parent=parent, path=f"new-{secrets.token_hex(8)}")
    unit.full_clean(exclude=["path"])
    unit.save()
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.save(update_fields=["path"])
    record("unit.created", unit, actor=actor, after=snapshot(unit))
    return unit


@transaction.atomic
def create_user(
    username: str, *, name: str, email: str = "", password: str | None = None, actor: User | None
) -> User:
    """Add a person. Without a password they set one through an invitation."""
    user = User(username=username, name=name, email=email.lower())
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    _clean(user)
    user.save()
    record("person.created", user, actor=actor, after=snapshot(user, ["username", "name", "email"]))
    return user


@transaction.atomic
def invite(user: User, *, actor: User | None) -> str:
    """Make a one-time link key with which the person sets a password. Earlier links end."""
    Invitation.objects.filter(user=user, used_at=None).update(used_at=timezone.now())
    key = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        user=user, digest=digest_of(key), expires_at=timezone.now() + timedelta(days=INVITATION_DAYS)
    )
    record("person.invited", user, actor=actor, expires_at=made.expires_at.isoformat())
    return key


@transaction.atomic
def invite_person(
    username: str, *, name: str, email: str, role: Role, unit: Unit, actor: User
) -> tuple[User, str]:
    """Add a person with a role, and make the key of the link with which they set a password."""
    person = create_user(username, name=name, email=email, actor=actor)
    add_membership(person, role, unit, actor=actor)
    return person, invite(person, actor=actor)


@transaction.atomic
def accept_invitation(key: str, *, password: str) -> User:
    """Set the password of the invited person. Raises Refused when the link is used, over or unknown."""
    found = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(digest=digest_of(key), used_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if found is None or not found.user.is_active:
        raise Refused("This link has been used or is over. Ask an administrator for a new one.")
    try:
        validate_password(password, found.user)
    except ValidationError as error:
        problems = [Problem("/password", message) for message in error.messages]
        raise Invalid("Choose another password.", errors=problems) from error
    found.user.set_password(password)
    found.user.save(update_fields=["password"])
    found.used_at = timezone.now()
    found.save(update_fields=["used_at"])
    record("person.accepted", found.user, actor=found.user)
    return found.user


@transaction.atomic
def add_membership(
    user: User, role: Role, unit: Unit, *, actor: User | None, at: datetime | None = None
) -> Membership:
    """Give a person a role in a unit and its subtree. Raises Refused for somebody who has been erased."""
    if user.erased_at is not None:
        raise Refused("Who has been erased holds no role.")
    try:
        with transaction.atomic():
            made = Membership.objects.create(
                user=user, role=role.value, unit=unit, started_at=at or timezone.now()
            )
    except IntegrityError as error:
        raise Conflict(f"{user} already holds the role {role.value} in {unit}.") from error
    user.__dict__.pop("current_memberships", None)
    record("membership.started", made, actor=actor, after=snapshot(made))
    return made


@transaction.atomic
def end_membership(membership: Membership, *, actor: User, at: datetime | None = None) -> None:
    """Take the role away; its history stays."""
    before = snapshot(membership)
    membership.ended_at = at or timezone.now()
    membership.save(update_fields=["ended_at"])
    record("membership.ended", membership, actor=actor, before=before, after=snapshot(membership))


@transaction.atomic
def set_active(user: User, *, active: bool, actor: User, reason: str = "") -> None:
    """Deactivate or reactivate a person. Deactivation revokes their tokens at once."""
    if user == actor:
        raise Refused("Nobody deactivates themselves.")
    if active and user.erased_at is not None:
        raise Refused("Who has been erased does not come back. Invite them as somebody new.")
    before = snapshot(user, ["is_active"])
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        user.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    record("person.changed", user, actor=actor, before=before, after={"is_active": active}, reason=reason)


@transaction.atomic
def change_preferences(user: User, **changes: str) -> None:
    """Theme, density, language, home: a person's own."""
    allowed = {"theme", "density", "language", "home"}
    if unknown := set(changes) - allowed:
        raise Invalid(f"Unknown preference: {', '.join(sorted(unknown))}.")
    before = snapshot(user, sorted(changes))
    for field, value in changes.items():
        setattr(user, field, value)
    _clean(user)
    user.save(update_fields=list(changes))
    record("person.changed", user, actor=user, before=before, after=snapshot(user, sorted(changes)))


@transaction.atomic
def issue_token(
    user: User, *, name: str, unit: Unit, scopes: Collection[str], days: int, actor: User | None
) -> tuple[ApiToken, str]:
    """Make an API token; the key in the answer is never shown again.

    Raises Invalid for unknown scopes, more than 366 days, or a unit the person has no role in.
    """
    if unknown := set(scopes) - SCOPES.keys():
        raise Invalid(f"Unknown scope: {', '.join(sorted(unknown))}. Known are {', '.join(SCOPES)}.")
    if not scopes:
        raise Invalid("A token needs at least one scope.")
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise Invalid(f"A token lasts 1 to {MAX_TOKEN_DAYS} days.")
    if not any(m.unit.covers(unit) for m in user.current_memberships):
        raise Invalid(f"{user} has no role in {unit}.")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        unit=unit,
        name=name,
        prefix=key[:12],
        digest=digest_of(key),
        scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    record("token.issued", token, actor=actor, after=snapshot(token))
    return token, key


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: User) -> None:
    """End a token now."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record("token.revoked", token, actor=actor)


TOKEN = Prepared(lambda: ApiToken.objects.select_related("user", "unit").filter(digest=Given("digest")))


def token_of(key: str) -> ApiToken | None:
    """The usable token of a key, its user and unit loaded; notes the day it was used."""
    if not key.startswith(KEY_PREFIX):
        return None
    found = TOKEN.first(digest=digest_of(key))
    if found is None or not found.usable or not found.user.is_active:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > timedelta(minutes=10):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _clean(row: User | Organisation) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise Invalid(
            "Some fields are not valid.",
            errors=[
                Problem(f"/{field}", message)
                for field, messages in error.message_dict.items()
                for message in messages
            ],
        ) from error
