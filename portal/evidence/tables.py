"""The lists of evidence and holds."""

from __future__ import annotations

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.evidence.models import Evidence, Kind, LegalHold
from portal.web.status import Tone
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn
from portal.web.templatetags import components

STATES = {"in_force": (Tone.INFO, _("In force")), "released": (Tone.NONE, _("Released"))}


class DigestColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """The ends of a digest, the whole on hover and in exports."""

    def render(self, value: str) -> SafeString:
        return components.digest(value)

    def value(self, value: str) -> str:
        return f"sha256:{value}"


class EvidenceTable(PortalTable):
    """Evidence, the newest first."""

    title = NameColumn(linkify=True, verbose_name=_("Evidence"), under="claim")
    system = tables.Column(linkify=True, verbose_name=_("System"))
    kind = tables.Column(verbose_name=_("Source"))
    added_at = WhenColumn(verbose_name=_("Added"))
    added_by = PersonColumn(verbose_name=_("By"))
    valid_until = WhenColumn(verbose_name=_("Valid until"))
    blob_id = DigestColumn(verbose_name=_("Digest"), orderable=False)

    phone = ("title", "valid_until", "system", "added_at")

    class Meta:
        model = Evidence
        fields = ("title", "system", "kind", "added_at", "added_by", "valid_until", "blob_id")
        order_by = "-added_at"


class EvidenceFilter(django_filters.FilterSet):  # type: ignore[misc] # an untyped package
    """By words, source and whether it still holds."""

    q = django_filters.CharFilter(method="by_words", label=_("Find"))
    kind = django_filters.ChoiceFilter(choices=Kind.choices, label=_("Source"), empty_label=_("Any source"))

    class Meta:
        model = Evidence
        fields: list[str] = []

    def by_words(self, rows: QuerySet[Evidence], name: str, value: str) -> QuerySet[Evidence]:  # noqa: ARG002 - django-filter's signature
        words = Q(title__icontains=value) | Q(claim__icontains=value) | Q(system__name__icontains=value)
        return rows.filter(words | Q(blob__sha256__startswith=value.lower().removeprefix("sha256:")))


class HoldTable(PortalTable):
    """Holds, the newest first."""

    matter = NameColumn(linkify=True, verbose_name=_("Matter"))
    named = NumberColumn(verbose_name=_("Names"))
    placed_by = PersonColumn(verbose_name=_("Placed by"))
    placed_at = WhenColumn(verbose_name=_("Placed"))
    state = PillColumn(words=STATES, verbose_name=_("State"), orderable=False)

    phone = ("matter", "state", "placed_by", "placed_at")

    class Meta:
        model = LegalHold
        fields = ("matter", "named", "placed_by", "placed_at", "state")
        order_by = "-placed_at"
