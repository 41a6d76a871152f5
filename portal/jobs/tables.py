"""The lists of runs and of deliveries."""

from __future__ import annotations

from typing import Any

import django_filters as filters
import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from portal.jobs.kinds import kinds
from portal.jobs.models import Channel, Delivery, DeliveryState, Run, RunState
from portal.jobs.selectors import duration_of
from portal.jobs.words import DELIVERY_WORDS, RUN_WORDS, span, window_words
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn


class RunTable(PortalTable):
    """Runs, the newest first."""

    phone = ("title", "state", "subject_name", "created_at")

    title = NameColumn(linkify=True, under="variant", order_by="job", verbose_name=_("Job"))
    subject_name = tables.Column(orderable=False, verbose_name=_("Subject"))
    window = tables.Column(accessor="window", order_by="window_start", verbose_name=_("Window"))
    revision = NumberColumn(verbose_name=_("Revision"))
    system = tables.Column(accessor="system", order_by="system__name", verbose_name=_("System"))
    requested_by = PersonColumn(order_by="requested_by__name", verbose_name=_("Asked by"))
    created_at = WhenColumn(style="ago", verbose_name=_("Asked for"))
    attempt = NumberColumn(verbose_name=_("Attempts"))
    took = tables.Column(accessor="pk", orderable=False, verbose_name=_("Took"))
    state = PillColumn(words=RUN_WORDS, verbose_name=_("State"))

    def render_window(self, value: Any) -> str:
        return window_words(value)

    def render_took(self, record: Run) -> str:
        return span(duration_of(record))


class RunFilter(filters.FilterSet):  # type: ignore[misc] # an untyped package
    """What the list of runs is narrowed by."""

    job = filters.ChoiceFilter(choices=lambda: [(k.slug, k.title) for k in kinds().values()], label=_("Job"))
    state = filters.ChoiceFilter(choices=RunState.choices, label=_("State"))
    attention = filters.BooleanFilter(method="by_attention", label=_("Needs attention"))

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()

    def by_attention(self, rows: Any, _name: str, value: bool) -> Any:  # noqa: FBT001 - django-filter's call
        return rows.open_failures() if value else rows


class DeliveryTable(PortalTable):
    """What was sent and what waits to be sent."""

    phone = ("title", "state", "target", "created_at")

    title = NameColumn(under="key", linkify=True, verbose_name=_("Subject or event"))
    channel = tables.Column(accessor="get_channel_display", order_by="channel", verbose_name=_("Channel"))
    target = tables.Column(verbose_name=_("To"))
    attempt = NumberColumn(verbose_name=_("Attempts"))
    created_at = WhenColumn(style="ago", verbose_name=_("Written"))
    ended_at = WhenColumn(style="ago", verbose_name=_("Ended"))
    state = PillColumn(words=DELIVERY_WORDS, verbose_name=_("State"))


class DeliveryFilter(filters.FilterSet):  # type: ignore[misc] # an untyped package
    """What the list of deliveries is narrowed by."""

    q = filters.CharFilter(field_name="target", lookup_expr="icontains", label=_("Address"))
    channel = filters.ChoiceFilter(choices=Channel.choices, label=_("Channel"))
    state = filters.ChoiceFilter(choices=DeliveryState.choices, label=_("State"))

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()
