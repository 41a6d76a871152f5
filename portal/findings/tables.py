"""The list of findings."""

from __future__ import annotations

from datetime import date

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.accounts.services import organisation
from portal.findings.models import Finding, FindingState
from portal.findings.models.findings import SEVERITIES
from portal.findings.selectors import STATE_WORDS, number_in, time_left
from portal.web.status import SEVERITIES as SEVERITY_WORDS
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn


class FindingTable(PortalTable):
    """Findings, the worst first."""

    phone = ("title", "severity", "owner", "left")

    title = NameColumn(linkify=True, under="summary", verbose_name=_("Finding"))
    ref = NameColumn(order_by="pk", verbose_name=_("Reference"), attrs={})
    system = NameColumn(
        accessor="system__name",
        verbose_name=_("System"),
        attrs={},
        linkify=lambda record: record.system.get_absolute_url(),
    )
    kind = NameColumn(verbose_name=_("Kind"), attrs={})
    owner = PersonColumn(order_by="owner__name", verbose_name=_("Owner"))
    occurrences = NumberColumn(verbose_name=_("Seen"))
    opened_at = WhenColumn(verbose_name=_("Opened"))
    left = NameColumn(
        accessor="due_on",
        order_by="due_on",
        verbose_name=_("To be answered"),
        attrs={"td": {"class": "nobreak"}},
    )
    severity = PillColumn(words=SEVERITY_WORDS, order_by="rank", verbose_name=_("Severity"))
    state = PillColumn(words=STATE_WORDS, verbose_name=_("State"))

    class Meta:
        model = Finding
        fields = (
            "title",
            "ref",
            "system",
            "kind",
            "owner",
            "occurrences",
            "opened_at",
            "left",
            "severity",
            "state",
        )

    @cached_property
    def today(self) -> date:
        return organisation().today()

    def render_left(self, record: Finding) -> str:
        """How long is left, for what still waits for an answer."""
        waits = record.state in {FindingState.OPEN, FindingState.ACKNOWLEDGED}
        return time_left(record.due_on, self.today) if waits else "—"

    def value_left(self, record: Finding) -> date:
        return record.due_on


class FindingFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """By words, state, severity, kind, system, and whose it is."""

    request: HttpRequest

    q = filters.CharFilter(method="by_words", label=_("Filter findings"))
    state = filters.MultipleChoiceFilter(choices=FindingState.choices, label=_("State"))
    severity = filters.MultipleChoiceFilter(choices=SEVERITIES, label=_("Severity"))
    kind = filters.CharFilter(label=_("Kind"))
    system = filters.CharFilter(method="by_system", label=_("System"))
    mine = filters.BooleanFilter(method="by_owner", label=_("Mine"))
    late = filters.BooleanFilter(method="by_lateness", label=_("Late"))

    class Meta:
        model = Finding
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[Finding], _name: str, words: str) -> QuerySet[Finding]:
        fits = Q(title__icontains=words) | Q(summary__icontains=words) | Q(system__name__icontains=words)
        number = number_in(words)
        return rows.filter(fits if number is None else fits | Q(pk=number))

    def by_system(self, rows: QuerySet[Finding], _name: str, ref: str) -> QuerySet[Finding]:
        digits = ref.upper().removeprefix("SYS-")
        if digits.isascii() and digits.isdecimal() and len(digits) < 19:
            return rows.filter(system=int(digits))
        return rows.filter(system__name__icontains=ref)

    def by_owner(self, rows: QuerySet[Finding], _name: str, mine: bool) -> QuerySet[Finding]:  # noqa: FBT001 - django-filter's call
        owned = Q(owner=self.request.user)
        return rows.filter(owned) if mine else rows.exclude(owned)

    def by_lateness(self, rows: QuerySet[Finding], _name: str, late: bool) -> QuerySet[Finding]:  # noqa: FBT001 - django-filter's call
        over = Q(due_on__lt=organisation().today(), state__in=[FindingState.OPEN, FindingState.ACKNOWLEDGED])
        return rows.filter(over) if late else rows.exclude(over)
