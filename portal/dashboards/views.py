"""The first page a person sees, one for each of their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Role, declared
from portal.dashboards.headlines import Headline, headline
from portal.errors import Missing
from portal.web.pages import Page
from portal.web.parts import Crumb

ORDER = (
    Role.EXECUTIVE,
    Role.COMMITTEE,
    Role.ETHICS,
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.FINANCE,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.REPRESENTATIVE,
    Role.EMPLOYEE,
)
"""Which home comes first for a person of several roles who has chosen none."""


class Home(Page):
    """The home of a role: a sentence, then the panels that areas declare for it."""

    does = "signed_in"
    title = "Home"
    nav = "dashboards:home"
    template_name = "dashboards/home.html"

    @cached_property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @cached_property
    def roles(self) -> Sequence[Role]:
        return [role for role in ORDER if role in self.user.roles]

    @cached_property
    def role(self) -> Role | None:
        """The role of the address, else the one chosen last, else the first in order."""
        if "role" in self.kwargs:
            if self.kwargs["role"] not in self.roles:
                raise Missing("You have no such home.")
            return Role(self.kwargs["role"])
        if self.user.home in self.roles:
            return Role(self.user.home)
        return self.roles[0] if self.roles else None

    @cached_property
    def words(self) -> Headline:
        if self.role is None:
            return Headline("You have no role yet", "Ask an administrator to give you one.")
        return headline(self.user, self.role, timezone.now())

    def heading(self) -> str:
        return self.words.sentence

    def summary(self) -> str:
        return self.words.summary

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Home"),)

    def context(self) -> Mapping[str, Any]:
        now = timezone.now()
        panels = sorted((p for p in declared("panels") if self.role in p.homes), key=lambda p: p.order)
        shown = [(panel, panel.context(self.user, now)) for panel in panels]
        drawn = [(panel, context) for panel, context in shown if context is not None]
        return {
            "panels": drawn,
            "has_wide": any(panel.wide and not panel.full for panel, _ in drawn),
            "homes": [
                (role.name.capitalize(), reverse("dashboards:role-home", args=[role]), role == self.role)
                for role in self.roles
            ],
        }
