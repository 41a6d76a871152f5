"""The lists of entries and seals, and what entries are filtered by, on pages and over the API alike."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.audit import reading
from portal.audit.models import SYSTEM_MODEL, Entry, Seal
from portal.web import figures
from portal.web.forms import DayInput
from portal.web.status import Tone
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn
from portal.web.templatetags import components

OUTCOMES = {False: (Tone.GOOD, _("Done")), True: (Tone.BAD, _("Refused"))}


class EntryTable(PortalTable):
    """Entries, the newest first."""

    deed = NameColumn(
        accessor="action", linkify=lambda record: record.get_absolute_url(), verbose_name=_("What")
    )
    object = tables.Column(accessor="label", empty_values=(), verbose_name=_("Object"), orderable=False)
    system_name = tables.Column(verbose_name=_("System"), orderable=False)
    actor = PersonColumn(verbose_name=_("Who"), orderable=False, default=_("The portal"))
    happened_at = WhenColumn(verbose_name=_("When"), style="")
    denied = PillColumn(words=OUTCOMES, verbose_name=_("Outcome"), orderable=False)
    via = tables.Column(verbose_name=_("Through"), orderable=False)

    phone = ("deed", "happened_at", "object", "actor")

    class Meta:
        model = Entry
        fields = ("deed", "object", "system_name", "actor", "happened_at", "denied", "via")
        order_by = "-happened_at"

    def render_deed(self, record: Entry) -> str:
        return reading.deed(record)

    def render_object(self, record: Entry) -> str:
        return reading.thing(record) or figures.MISSING

    def render_via(self, record: Entry) -> str:
        return reading.through(record)

    def order_happened_at(self, rows: QuerySet[Entry], is_descending: bool) -> tuple[QuerySet[Entry], bool]:  # noqa: FBT001 - the library's signature
        sign = "-" if is_descending else ""
        return rows.order_by(f"{sign}happened_at", f"{sign}id"), True


class HexColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """The ends of a digest, the whole on hover and in exports."""

    def render(self, value: str) -> SafeString:
        return components.digest(value)

    def value(self, value: str) -> str:
        return value


class SealTable(PortalTable):
    """Seals, the newest first."""

    number = NumberColumn(verbose_name=_("Seal"))
    sealed_at = WhenColumn(verbose_name=_("Sealed"), style="", orderable=False)
    size = NumberColumn(verbose_name=_("Entries"), orderable=False)
    root = HexColumn(verbose_name=_("Root"), orderable=False)
    digest = HexColumn(verbose_name=_("Digest"), orderable=False)
    key_id = tables.Column(verbose_name=_("Key"), orderable=False)

    phone = ("number", "sealed_at", "size", "digest")

    class Meta:
        model = Seal
        fields = ("number", "sealed_at", "size", "root", "digest", "key_id")
        order_by = "-number"


class MomentField(forms.Field):
    """A day of the organisation, from its start or to its end, or an instant with its zone in ISO 8601."""

    def __init__(self, *, end: bool, **extra: Any) -> None:
        super().__init__(**extra)
        self.end = end

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            day = parse_date(value)
            moment = parse_datetime(value)
        except ValueError:
            day = moment = None
        if day is not None:
            return timezone.make_aware(datetime.combine(day, time.max if self.end else time.min))
        if moment is None or moment.tzinfo is None:
            raise ValidationError(_("Give a day, or an instant with its zone, in ISO 8601."))
        return moment


class MomentFilter(django_filters.Filter):  # type: ignore[misc]  # django-filter has no types
    """Entries that took effect from or up to a moment, the moment included."""

    field_class = MomentField


class EntryFilter(django_filters.FilterSet):  # type: ignore[misc]  # as above
    """By object, request, person, action, system, outcome, origin and time."""

    q = django_filters.CharFilter(method="by_object", label=_("Find an object or a request"))
    actor = django_filters.CharFilter(method="by_actor", label=_("Who"))
    action = django_filters.CharFilter(lookup_expr="startswith", label=_("Action"))
    system = django_filters.CharFilter(method="by_system", label=_("System"))
    denied = django_filters.ChoiceFilter(
        choices=[("false", _("Done")), ("true", _("Refused"))],
        method="by_outcome",
        label=_("Outcome"),
        empty_label=_("Any"),
    )
    via = django_filters.ChoiceFilter(
        choices=list(reading.ORIGINS.items()), label=_("Through"), empty_label=_("Anything")
    )
    since = MomentFilter(
        field_name="happened_at", lookup_expr="gte", label=_("From"), widget=DayInput, end=False
    )
    until = MomentFilter(
        field_name="happened_at", lookup_expr="lte", label=_("To"), widget=DayInput, end=True
    )

    class Meta:
        model = Entry
        fields: list[str] = []

    def by_object(self, rows: QuerySet[Entry], _name: str, value: str) -> QuerySet[Entry]:
        return rows.filter(Q(label__istartswith=value) | Q(request_id=value))

    def by_actor(self, rows: QuerySet[Entry], _name: str, value: str) -> QuerySet[Entry]:
        """A log-in or a part of a name."""
        named = Q(username__iexact=value) | Q(name__icontains=value)
        people = get_user_model()._default_manager.filter(named)  # noqa: SLF001 - documented
        return rows.filter(actor__in=people.order_by().values("pk"))

    def by_system(self, rows: QuerySet[Entry], _name: str, value: str) -> QuerySet[Entry]:
        """A reference such as SYS-12, or the beginning of a name."""
        digits = value.upper().removeprefix("SYS-")
        if digits.isascii() and digits.isdecimal() and len(digits) < LONGEST_NUMBER:
            return rows.filter(system_id=int(digits))
        systems = apps.get_model(SYSTEM_MODEL)._default_manager.filter(name__istartswith=value)  # noqa: SLF001 - documented
        return rows.filter(system_id__in=systems.order_by().values("pk"))

    def by_outcome(self, rows: QuerySet[Entry], _name: str, value: str) -> QuerySet[Entry]:
        return rows.filter(denied=value == "true")


class ProgramFilter(EntryFilter):
    """The same, and by the exact object, which people find by its name."""

    object_type = django_filters.CharFilter(label=_("Kind of object"))
    object_id = django_filters.CharFilter(label=_("Number of the object"))


LONGEST_NUMBER = 19
"""Digits of PostgreSQL's largest bigint."""
