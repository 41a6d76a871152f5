"""Erasing a person: what speaks of them goes, the number that votes, minutes and entries hold stays.

It cannot be undone. The row of the person remains under a made-up name, so that history stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import end_membership, set_active
from portal.audit.models import Entry, PersonalValue
from portal.audit.services import erase_person as erase_values
from portal.errors import Refused


@dataclass(frozen=True, slots=True)
class Trace:
    """Something the portal holds because of a person, and how much of it."""

    what: str
    count: int


def erased_traces(person: User) -> Sequence[Trace]:
    """What an erasure takes, with counts."""
    counted = {title: sum(rows.count() for rows in tables) for title, tables in _sign_ins(person).items()}
    return (
        Trace("Name, log-in, mail address, password and preferences", 1),
        Trace("Names and addresses kept apart from audit entries", _values(person).count()),
        *(Trace(title, count) for title, count in counted.items()),
        Trace("API tokens, which end at once and lose their names", person.tokens.count()),
    )


def kept_traces(person: User) -> Sequence[Trace]:
    """What stays, under the number of the person and a made-up name."""
    return (
        Trace(
            "Audit entries of what they did; the seals go on holding",
            Entry.objects.filter(actor=person).count(),
        ),
        Trace("Roles with their days; those that still hold end", person.memberships.count()),
    )


@transaction.atomic
def erase(person: User, *, actor: User, reason: str) -> User:
    """Erase what speaks of a person, end all they may do, and leave an entry that says so.

    Raises Refused for oneself and for somebody who has been erased.
    """
    held = User.objects.select_for_update().get(pk=person.pk)
    if held == actor:
        raise Refused("Nobody erases themselves. Ask another administrator.")
    if held.erased_at is not None:
        raise Refused("This person has been erased already.")
    for membership in held.memberships.filter(ended_at=None):
        end_membership(membership, actor=actor)
    set_active(held, active=False, actor=actor)
    _forget_sign_ins(held)
    _give_made_up_name(held)
    erase_values(held, actor=actor, reason=reason)
    return held


def _forget_sign_ins(person: User) -> None:
    keys = UserSession.objects.filter(user=person).values("session_key")
    Session.objects.filter(pk__in=keys).delete()
    for tables in _sign_ins(person).values():
        for rows in tables:
            rows.delete()
    person.invitations.filter(used_at=None).update(used_at=timezone.now())
    person.tokens.update(name="erased")


def _give_made_up_name(person: User) -> None:
    person.username = person.name = f"erased-{person.pk}"
    person.email = person.home = person.language = ""
    person.theme, person.density = "system", "comfortable"
    person.last_login = None
    person.erased_at = timezone.now()
    person.set_unusable_password()
    person.save()


def _values(person: User) -> QuerySet[PersonalValue]:
    return PersonalValue.objects.filter(person_id=person.pk)


def _sign_ins(person: User) -> dict[str, tuple[QuerySet[Any], ...]]:
    """What the packages that sign people in hold of this one, by how a person would call it."""
    named = Q(username__iexact=person.username)
    if person.email:
        named |= Q(username__iexact=person.email)
    of_person = {"user": person}
    return {
        "Sessions and second factors": (
            UserSession.objects.filter(**of_person),
            Authenticator.objects.filter(**of_person),
        ),
        "Accounts and addresses of sign-in services": (
            SocialAccount.objects.filter(**of_person),
            EmailAddress.objects.filter(**of_person),
        ),
        "Attempts to sign in, with network address and browser": (
            AccessAttempt.objects.filter(named),
            AccessLog.objects.filter(named),
        ),
    }
