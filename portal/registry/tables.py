"""The lists of systems and models."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters as filters
from django.http import QueryDict

from portal.accounts.services import organisation
from portal.registry.models import Assignment, Environment, RegisteredModel, Stage, System, Tier
from portal.registry.selectors import STAGE_TONES, serving_on
from portal.registry.services import PRODUCTION
from portal.web.forms import DayInput
from portal.web.tables import NameColumn, NumberColumn, PersonColumn, PillColumn, PortalTable, WhenColumn

TIER_WORDS = {tier.value: tier.label for tier in Tier}
STAGE_WORDS = {stage.value: (STAGE_TONES[stage], stage.label) for stage in Stage}


class SystemTable(PortalTable):
    """Systems."""

    phone = ("name", "stage", "owner", "risk_tier")

    name = NameColumn(linkify=True, under="ref")
    unit = NameColumn(accessor="unit__name", verbose_name="Unit", attrs={})
    risk_tier = NameColumn(
        accessor="get_risk_tier_display", order_by="risk_tier", verbose_name="Risk tier", attrs={}
    )
    model_count = NumberColumn(verbose_name="Models")
    owner = PersonColumn(accessor="owner", order_by="owner__name")
    deputy = PersonColumn(accessor="deputy", order_by="deputy__name")
    created_at = WhenColumn(verbose_name="Proposed")
    stage = PillColumn(words=STAGE_WORDS)


class ModelTable(PortalTable):
    """Registered models."""

    phone = ("name", "serving", "owner", "tier")

    name = NameColumn(linkify=True, under="system__name")
    unit = NameColumn(accessor="system__unit__name", verbose_name="Unit", attrs={})
    tier = NameColumn(
        accessor="system__get_risk_tier_display",
        order_by="system__risk_tier",
        verbose_name="Risk tier",
        attrs={},
    )
    serving = NumberColumn(verbose_name="In production")
    version_count = NumberColumn(verbose_name="Versions")
    owner = PersonColumn(accessor="system__owner", order_by="system__owner__name")
    updated_at = WhenColumn(verbose_name="Changed")


class AssignmentTable(PortalTable):
    """What served where, from when to when."""

    phone = ("version", "role", "started_at", "ended_at")

    version = NameColumn(
        linkify=lambda record: record.version.get_absolute_url(),
        order_by=("model__name", "version__number"),
        under="model__system__name",
    )
    unit = NameColumn(accessor="model__system__unit__name", verbose_name="Unit", attrs={})
    environment = NameColumn(accessor="environment__name", verbose_name="Environment", attrs={})
    role = NameColumn(accessor="get_role_display", order_by="role", attrs={})
    share = NumberColumn(unit="%", verbose_name="Traffic")
    started_at = WhenColumn(verbose_name="From", style="")
    ended_at = WhenColumn(verbose_name="Until", style="")
    assigned_by = PersonColumn(order_by="assigned_by__name", verbose_name="By")


class SystemFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """What the list of systems is narrowed by."""

    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name")
    stage = filters.ChoiceFilter(choices=Stage.choices, empty_label="Any stage")
    risk_tier = filters.ChoiceFilter(choices=Tier.choices, empty_label="Any tier")

    class Meta:
        model = System
        fields: tuple[str, ...] = ()


class ModelFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """What the list of models is narrowed by."""

    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name")
    tier = filters.ChoiceFilter(field_name="system__risk_tier", choices=Tier.choices, empty_label="Any tier")
    serving = filters.BooleanFilter(method="by_serving", label="In production")

    class Meta:
        model = RegisteredModel
        fields: tuple[str, ...] = ()

    def by_serving(self, rows: Any, _name: str, value: bool) -> Any:  # noqa: FBT001 - django-filter's call
        return rows.filter(serving__isnull=not value)


class AssignmentFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """A day and an environment; without them today, and production."""

    q = filters.CharFilter(field_name="model__name", lookup_expr="icontains", label="Model")
    on = filters.DateFilter(method="by_day", label="Day", widget=DayInput)
    environment = filters.ModelChoiceFilter(
        queryset=Environment.objects.all(), to_field_name="slug", empty_label="Any environment"
    )

    class Meta:
        model = Assignment
        fields: tuple[str, ...] = ()

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        asked = data.copy() if data else QueryDict(mutable=True)
        asked["on"] = asked.get("on") or organisation().today().isoformat()
        asked.setdefault("environment", PRODUCTION)
        super().__init__(asked, *args, **kwargs)

    def by_day(self, rows: Any, _name: str, value: date) -> Any:
        return serving_on(rows, value)
