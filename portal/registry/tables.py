"""The lists of systems and models."""

from __future__ import annotations

from typing import Any

import django_filters as filters

from portal.registry.models import RegisteredModel, Stage, System, Tier
from portal.registry.selectors import STAGE_TONES
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
