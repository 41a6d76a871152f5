"""The list of analyses."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from portal.analyses.models import Analysis, State
from portal.areas import declared
from portal.web.status import Tone
from portal.web.tables import NameColumn, PersonColumn, PillColumn, PortalTable, WhenColumn

STATE_WORDS = {
    State.DRAFT.value: (Tone.WAIT, State.DRAFT.label),
    State.ACCEPTED.value: (Tone.GOOD, State.ACCEPTED.label),
    State.SET_ASIDE.value: (Tone.NONE, State.SET_ASIDE.label),
}


class KindColumn(NameColumn):
    """The title of a kind in place of its slug."""

    def render(self, value: Any, record: Any) -> Any:
        return super().render(self.value(value), record)

    def value(self, value: Any) -> Any:
        return next((kind.title for kind in declared("analyses") if kind.slug == value), value)


class AnalysisTable(PortalTable):
    """Analyses, what changed last first."""

    title = NameColumn(linkify=True, verbose_name=_("Analysis"), under="ref")
    kind = KindColumn(verbose_name=_("Kind"), attrs={})
    system = NameColumn(accessor="system__name", verbose_name=_("System"), attrs={})
    choice = NameColumn(verbose_name=_("Chosen"), attrs={})
    created_by = PersonColumn(accessor="created_by", order_by="created_by__name", verbose_name=_("By"))
    updated_at = WhenColumn(verbose_name=_("Changed"))
    state = PillColumn(words=STATE_WORDS, verbose_name=_("State"))

    phone = ("title", "state", "system", "updated_at")

    class Meta:
        model = Analysis
        fields = ("title", "kind", "system", "choice", "created_by", "updated_at", "state")
        order_by = "-updated_at"


def kinds(*_args: Any) -> list[tuple[str, str]]:
    return [(kind.slug, kind.title) for kind in declared("analyses")]


class AnalysisFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """What the list of analyses is narrowed by."""

    q = filters.CharFilter(method="by_words", label=_("Title, question or system"))
    kind = filters.ChoiceFilter(choices=kinds, label=_("Kind"), empty_label=_("Any kind"))
    state = filters.ChoiceFilter(choices=State.choices, label=_("State"), empty_label=_("Any state"))

    class Meta:
        model = Analysis
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[Analysis], _name: str, value: str) -> QuerySet[Analysis]:
        words = Q(title__icontains=value) | Q(question__icontains=value) | Q(system__name__icontains=value)
        return rows.filter(words)
