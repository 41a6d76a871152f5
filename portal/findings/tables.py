"""The list of findings."""

from __future__ import annotations

from datetime import date

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.accounts.services import organisation
from portal.areas import declared
from portal.findings.models import Finding, FindingState
from portal.findings.models.findings import SEVERITIES
from portal.findings.selectors import ANSWERABLE, STATE_WORDS, number_in, time_left
from portal.web.status import SEVERITIES as SEVERITY_WORDS
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn


def kinds() -> list[tuple[str, str]]:
    """What findings come from: the declared checks, and whatever else has raised one."""
    known = {check.slug: check.title for check in declared("checks")}
    for kind in Finding.objects.order_by("kind").values_list("kind", flat=True).distinct():
        known.setdefault(kind, kind.replace("-", " ").capitalize())
    return sorted(known.items(), key=lambda pair: pair[1])


class FindingTable(PortalTable):
    """Findings, the worst first."""

    phone = ("title", "severity", "owner", "left")

    title = NameColumn(linkify=True, under="summary", verbose_name=_("Finding"))
    ref = NameColumn(order_by="pk", verbose_name=_("Reference"), attrs={}, visible=False)
    system = NameColumn(
        accessor="system__name",
        verbose_name=_("System"),
        attrs={},
        linkify=lambda record: record.system.get_absolute_url(),
    )
    kind = NameColumn(verbose_name=_("Check"), attrs={}, visible=False)
    owner = PersonColumn(order_by="owner__name", verbose_name=_("Owner"))
    occurrences = NumberColumn(verbose_name=_("Seen"))
    opened_at = WhenColumn(verbose_name=_("Opened"), visible=False)
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
    state = filters.ChoiceFilter(choices=FindingState.choices, label=_("State"), empty_label=_("Any"))
    severity = filters.ChoiceFilter(choices=SEVERITIES, label=_("Severity"), empty_label=_("Any"))
    kind = filters.ChoiceFilter(choices=kinds, label=_("Check"), empty_label=_("Any"))
    system = filters.CharFilter(method="by_system", label=_("System"))
    only = filters.ChoiceFilter(
        choices=[("mine", _("Mine")), ("late", _("Late"))],
        method="by_need",
        label=_("Only"),
        empty_label=_("Any"),
    )

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

    def by_need(self, rows: QuerySet[Finding], _name: str, need: str) -> QuerySet[Finding]:
        """Those of this person, or those whose day has passed without an answer."""
        if need == "mine":
            return rows.filter(owner=self.request.user.pk)
        return rows.filter(due_on__lt=organisation().today(), state__in=ANSWERABLE)
