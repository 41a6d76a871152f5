"""The list of people."""

from __future__ import annotations

from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.db.models import Q

from portal.accounts.models import ROLES, User
from portal.web.status import Tone
from portal.web.tables import NameColumn, PillColumn, PortalTable, WhenColumn

STATES = {True: (Tone.GOOD, "Active"), False: (Tone.NONE, "Deactivated")}


class PeopleTable(PortalTable):
    """People and what they are."""

    phone = ("name", "is_active", "roles")

    name = NameColumn(linkify=("accounts:person", {"username": tables.A("username")}), under="username")
    roles = tables.Column(accessor="membership_words", orderable=False)
    email = tables.Column(verbose_name="Mail address")
    last_login = WhenColumn(verbose_name="Last seen", style="ago")
    is_active = PillColumn(words=STATES, verbose_name="State")


class PeopleFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """What the list of people is narrowed by."""

    q = filters.CharFilter(method="by_text", label="Name or log-in")
    role = filters.ChoiceFilter(choices=ROLES, method="by_role", empty_label="Any role")
    is_active = filters.BooleanFilter(label="Active")

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def by_text(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(Q(name__icontains=value) | Q(username__icontains=value))

    def by_role(self, rows: Any, _name: str, value: str) -> Any:
        return rows.filter(memberships__role=value, memberships__ended_at=None).distinct()
