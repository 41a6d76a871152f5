"""Forms of the scorecard."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.areas import declared
from portal.metrics.models import Kpi
from portal.metrics.models.kpis import Aggregation, Source
from portal.registry.forms import SystemPick
from portal.registry.models import System
from portal.web.forms import DayInput


class PillarForm(forms.Form):
    name = forms.CharField(max_length=120)
    slug = forms.SlugField(max_length=80, help_text=_("Short name in addresses, e.g. lower-cost"))
    description = forms.CharField(widget=forms.Textarea, required=False, max_length=2000)
    order = forms.IntegerField(initial=100, min_value=0, max_value=30_000, help_text=_("Lower comes first"))


class KpiChange(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What may change of a KPI."""

    class Meta:
        model = Kpi
        fields = [
            "name",
            "pillar",
            "description",
            "unit",
            "decimals",
            "tolerance",
            "owner",
            "deputy",
            "formula",
            "interval_method",
            "order",
        ]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "formula": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "unit": _(
                "% takes rates of 0 to 1; EUR and other codes are money; anything else follows the number"
            ),
            "tolerance": _(
                "How far past its target it is at risk rather than off track: 0.1 is ten per cent"
            ),
            "formula": _("In words, for whoever asks how it is computed"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("owner", "deputy"):
            people = self.fields[name]
            assert isinstance(people, forms.ModelChoiceField)
            people.queryset = User.objects.filter(is_active=True).order_by("name")

    def _post_clean(self) -> None:
        """The service checks and stores; a form of ours never touches its instance."""


class KpiDefinition(KpiChange):
    """A new KPI: also what its values will mean."""

    metric = forms.ChoiceField(required=False, help_text=_("Only for a computed KPI"))
    aggregation = forms.ChoiceField(choices=[("", "—"), *Aggregation.choices], required=False)
    source = forms.ChoiceField(choices=Source.choices)

    class Meta(KpiChange.Meta):
        fields = ["slug", *KpiChange.Meta.fields, "direction", "period", "source", "metric", "aggregation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metric = self.fields["metric"]
        assert isinstance(metric, forms.ChoiceField)
        metric.choices = [("", "—"), *((kind.slug, kind.title) for kind in declared("metrics"))]


class TargetForm(forms.Form):
    value = forms.FloatField(help_text=_("Rates run from 0 to 1"))
    starts_on = forms.DateField(widget=DayInput, label=_("From"))
    reason = forms.CharField(max_length=500, help_text=_("The decision that sets it"))


class ValueForm(forms.Form):
    day = forms.DateField(widget=DayInput, help_text=_("Any day of the period it is for"))
    value = forms.FloatField(help_text=_("Rates run from 0 to 1"))
    low = forms.FloatField(required=False, label=_("Lower end of the 95 % interval"))
    high = forms.FloatField(required=False, label=_("Upper end of the 95 % interval"))
    n = forms.IntegerField(required=False, min_value=0, label=_("Number of rows behind it"))


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("With a head: day, value, and if known low, high, n. Days as 2026-10-01."),
    )


class CheckInForm(forms.Form):
    text = forms.CharField(widget=forms.Textarea, label=_("How does it stand?"), max_length=2000)


class ContributionForm(forms.Form):
    system = SystemPick(System.objects.none())
    share = forms.FloatField(
        required=False, min_value=0, max_value=1, help_text=_("Of the value, 0 to 1; empty if unknown")
    )

    def __init__(self, *args: Any, systems: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        system = self.fields["system"]
        assert isinstance(system, forms.ModelChoiceField)
        system.queryset = systems
