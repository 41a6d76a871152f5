"""``manage.py welcome``: how to sign in for the first time; nothing once that is done."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from portal.accounts.models import Membership, Unit, User
from portal.accounts.services import add_membership, create_user, invite, organisation, set_up_organisation
from portal.areas import Role

FIRST = "administrator"


class Command(BaseCommand):
    help = "Print the log-ins of the simulated organisation, or the one-time link of the first administrator."

    def handle(self, *_: Any, **__: Any) -> None:
        for line in log_ins() if organisation().simulated else first_link():
            self.stdout.write(line)


def log_ins() -> list[str]:
    """The simulated people, their roles and the one password they share."""
    people = User.objects.filter(is_active=True).order_by("pk")
    lines = [
        f"  {user.username:<6} {', '.join(sorted(user.roles))}"
        for user in people
        if user.has_usable_password()
    ]
    return [f"Everybody's password is {_password()}. Sign in as", *lines]


def first_link() -> list[str]:
    """A new link for the first administrator, as long as no administrator has a password."""
    administrators = Membership.objects.in_force().filter(role=Role.ADMINISTRATOR, user__is_active=True)
    if any(membership.user.has_usable_password() for membership in administrators.select_related("user")):
        return []
    user = User.objects.filter(username=FIRST).first() or _make_first()
    link = settings.PORTAL_PUBLIC_URL + reverse("accounts:accept", args=[invite(user, actor=None)])
    return [f"Set the password of {FIRST} once, here: {link}"]


def _make_first() -> User:
    if not Unit.objects.exists():
        set_up_organisation(organisation().name, actor=None)
    user = create_user(FIRST, name="Administrator", actor=None)
    add_membership(user, Role.ADMINISTRATOR, Unit.objects.get(parent=None), actor=None)
    return user


def _password() -> str:
    kept = settings.PORTAL_HOME / "demo-password"
    return os.environ.get("PORTAL_DEMO_PASSWORD") or (
        kept.read_text().strip() if kept.exists() else "not kept"
    )
