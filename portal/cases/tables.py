"""The list of cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.accounts.services import organisation
from portal.areas import declared
from portal.cases.models import Case, State
from portal.cases.selectors.status import status_of
from portal.web.status import pill
from portal.web.tables import NameColumn, PersonColumn, PillColumn, PortalTable, WhenColumn


def kinds() -> list[tuple[str, str]]:
    return [(kind.slug, kind.title) for kind in declared("case_kinds")]


class CaseTable(PortalTable):
    """Cases: the open ones by day, then the closed ones."""

    title = NameColumn(linkify=True, verbose_name=_("Review"), under="ref")
    system = tables.Column(verbose_name=_("System"))
    opened_by = PersonColumn(verbose_name=_("Asked by"), default=_("The portal"))
    opened_at = WhenColumn(verbose_name=_("Asked"))
    due_on = WhenColumn(verbose_name=_("Due"))
    status = PillColumn(verbose_name=_("Status"), empty_values=(), order_by=("state", "outcome"))

    phone = ("title", "status", "system", "due_on")

    class Meta:
        model = Case
        fields = ("title", "system", "opened_by", "opened_at", "due_on", "status")

    @cached_property
    def today(self) -> date:
        return organisation().today()

    def render_status(self, record: Case) -> SafeString:
        return pill(*status_of(record, self.today))

    def value_status(self, record: Case) -> str:
        return status_of(record, self.today)[1]


class CaseFilter(django_filters.FilterSet):  # type: ignore[misc] # an untyped package
    """By words, state, kind, and whether it waits for me."""

    q = django_filters.CharFilter(method="by_words", label=_("Find"))
    state = django_filters.ChoiceFilter(choices=State.choices, label=_("State"), empty_label=_("Any state"))
    kind = django_filters.ChoiceFilter(choices=kinds, label=_("Kind"), empty_label=_("Any kind"))
    waiting = django_filters.ChoiceFilter(
        choices=[("me", _("For my vote"))],
        method="by_voter",
        label=_("Waiting"),
        empty_label=_("For anybody"),
    )

    class Meta:
        model = Case
        fields: list[str] = []

    request: HttpRequest

    def by_words(self, rows: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:  # noqa: ARG002 - django-filter's signature
        words = Q(title__icontains=value) | Q(ref__iexact=value) | Q(system__name__icontains=value)
        return rows.filter(words)

    def by_voter(self, rows: Any, name: str, value: str) -> QuerySet[Case]:  # noqa: ARG002 - django-filter's signature
        waiting: QuerySet[Case] = rows.decidable_by(self.request.user)
        return waiting
