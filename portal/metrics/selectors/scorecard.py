"""KPIs as tiles, by pillar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.metrics.models import Kpi
from portal.metrics.models.kpis import Source
from portal.metrics.selectors.histories import History, histories
from portal.metrics.standing import WORDS, Standing
from portal.web.figures import interval, number
from portal.web.parts import KpiView, Pillar

TILE_PERIODS = 12
OTHERS = (
    Standing.AT_RISK,
    Standing.OFF_TRACK,
    Standing.STALE,
    Standing.NO_TARGET,
    Standing.NOT_MEASURED,
)


def current_kpis(at: datetime | None = None) -> QuerySet[Kpi]:
    """The KPIs on the scorecard at an instant, in its order."""
    at = at or timezone.now()
    on_it = Kpi.objects.filter(Q(retired_at=None) | Q(retired_at__gt=at), created_at__lte=at)
    return on_it.select_related("pillar", "owner", "deputy").order_by(
        "pillar__order", "pillar__name", "order", "name"
    )


def kpi_views(kpis: Iterable[Kpi], *, at: datetime | None = None) -> list[KpiView]:
    """Tiles of KPIs, in their order. Three queries, however many they are."""
    return [kpi_view(history) for history in histories(kpis, at=at, periods=TILE_PERIODS)]


def scorecard(at: datetime | None = None) -> list[Pillar]:
    """The whole scorecard: the pillars that have KPIs, each with its tiles. Four queries."""
    views = zip(kpis := list(current_kpis(at)), kpi_views(kpis, at=at), strict=True)
    return [
        Pillar(pillar.name, tuple(view for _, view in mine))
        for pillar, mine in groupby(views, key=lambda pair: pair[0].pillar)
    ]


def kpi_view(history: History) -> KpiView:
    """The tile of one KPI."""
    kpi, latest, before = history.kpi, history.latest, history.before
    tone, word = WORDS[history.standing]
    return KpiView(
        name=kpi.name,
        url=kpi.get_absolute_url(),
        value=latest.value if latest else None,
        unit=kpi.unit,
        target=history.target,
        target_dir=kpi.direction,
        delta=history.delta,
        delta_sense=sense(history),
        points=[point.value for point in history.points[-TILE_PERIODS:]],
        interval_text=interval_text(history),
        owner=str(kpi.owner) if kpi.owner else "",
        as_of=latest.sample.recorded_at if latest and latest.sample else None,
        status=tone,
        status_text=_(word),
        places=kpi.decimals,
        delta_since=before.title if before else "",
        stale_since=history.stale_since,
        reason="" if latest else _("no value yet"),
        target_url=reverse("metrics:target", args=[kpi.slug]) if history.target is None else "",
    )


def kpi_sentence(views: Sequence[KpiView]) -> str:
    """How the scorecard stands in one sentence: "4 of 8 KPIs on target, 3 at risk, 1 off track"."""
    if not views:
        return _("No KPI is defined yet")
    words = [view.status_text for view in views]
    told = {"good": words.count(_(WORDS[Standing.ON_TARGET][1])), "all": len(views)}
    parts = [
        ngettext(
            "%(good)d of %(all)d KPI on target",
            "%(good)d of %(all)d KPIs on target",
            told["all"],
        )
        % told
    ]
    for standing in OTHERS:
        word = _(WORDS[standing][1])
        if count := words.count(word):
            parts.append(f"{count} {word[0].lower()}{word[1:]}")
    return ", ".join(parts)


def sense(history: History) -> str:
    """What the last change means: "good", "bad", or "" for none."""
    if not history.delta:
        return ""
    return "good" if (history.delta > 0) == (history.kpi.direction == "up") else "bad"


def interval_text(history: History) -> str:
    """The interval of the latest value, or that it is an exact count; empty where nobody said."""
    sample = history.latest.sample if history.latest else None
    if sample is None:
        return ""
    if sample.low is not None and sample.high is not None:
        ends = interval(sample.low, sample.high, history.kpi.unit, history.kpi.decimals)
        return _("95 %% interval %(ends)s") % {"ends": ends}
    if sample.n is not None and history.kpi.source == Source.ENTERED:
        return _("exact count, n %(n)s") % {"n": number(sample.n)}
    return ""
