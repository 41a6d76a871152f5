"""The newest evaluations of one check."""

from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from portal.checks.models import VERDICTS, Evaluation
from portal.web.status import VERDICTS as VERDICT_WORDS
from portal.web.tables import NameColumn, NumberColumn, PillColumn, PortalTable, WhenColumn


class EvaluationTable(PortalTable):
    """Subjects and how they stand, the worst first."""

    phone = ("subject", "verdict", "system", "window_end")

    subject = NameColumn(orderable=False, verbose_name=_("Subject"), linkify=True)
    system = NameColumn(accessor="system__name", verbose_name=_("System"), attrs={})
    window_end = WhenColumn(verbose_name=_("Window ended"))
    n = NumberColumn(verbose_name="n")
    policy_version = NumberColumn(verbose_name=_("Policy version"))
    computed_at = WhenColumn(style="ago", verbose_name=_("Computed"))
    verdict = PillColumn(words=VERDICT_WORDS, verbose_name=_("Verdict"))

    class Meta:
        model = Evaluation
        fields = ("subject", "system", "window_end", "n", "policy_version", "computed_at", "verdict")


class EvaluationFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """By system and verdict."""

    q = filters.CharFilter("system__name", lookup_expr="icontains", label=_("System"))
    verdict = filters.ChoiceFilter(choices=VERDICTS, label=_("Verdict"), empty_label=_("Any"))

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = ()
