"""Page-shaped reads of strategy: where the decision on an analysis stands, and what bills say of it since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from governance.strategy.checks import FORECAST, milestones_of
from governance.strategy.services import DECISION
from portal.accounts.models import User
from portal.analyses.models import Analysis, State
from portal.areas import Verdict
from portal.cases.models import Case
from portal.cases.selectors.standing import is_stale
from portal.checks.models import Evaluation
from portal.findings.models import Finding
from portal.rights import may


@dataclass(frozen=True, slots=True)
class Asked:
    """The newest case about an analysis, and whether, while open, it is no longer about what is there."""

    case: Case
    stale: bool


def case_of(analysis: Analysis, user: User) -> Asked | None:
    """The newest case that decides on an analysis, if this person may read it."""
    rows = Case.objects.visible_to(user).about(analysis).filter(kind=DECISION.slug)
    case = rows.order_by("-opened_at", "-pk").first()
    return Asked(case, stale=case.open and is_stale(case)) if case is not None else None


def may_propose(analysis: Analysis, user: User, asked: Asked | None) -> bool:
    """Whether this person may put an option to the committee now."""
    waits = asked is not None and asked.case.open and not asked.stale
    if not analysis.is_draft or waits or not may(user, DECISION.opens):
        return False
    return Analysis.objects.visible_to(user, DECISION.opens).filter(pk=analysis.pk).exists()


@dataclass(frozen=True, slots=True)
class Held:
    """One milestone: what was expected and billed until a day. ``verdict`` is None before that day.

    ``off`` is billed less expected as a share; None where it is not known, and ``reason`` says why.
    """

    days: int
    until: date
    expected: Decimal | None = None
    actual: Decimal | None = None
    off: float | None = None
    verdict: Verdict | None = None
    reason: str = ""


def held(analysis: Analysis) -> list[Held]:
    """An accepted analysis against what happened, milestone by milestone. One query; none for a draft."""
    if analysis.state != State.ACCEPTED:
        return []
    rows = Evaluation.objects.current().of(analysis).filter(check_slug=FORECAST.slug)
    newest = rows.order_by("-window_end").first()
    measured = {reading.get("days"): reading for reading in newest.readings} if newest else {}
    due: Iterable[tuple[int, date]] = milestones_of(analysis, analysis.typed_inputs())
    return [_held(days, until, measured.get(days)) for days, until in due]


def _held(days: int, until: date, reading: dict[str, Any] | None) -> Held:
    if reading is None:
        return Held(days, until)
    actual = reading.get("actual")
    return Held(
        days,
        until,
        expected=Decimal(reading["expected"]),
        actual=None if actual is None else Decimal(actual),
        off=reading["value"],
        verdict=Verdict(reading["verdict"]),
        reason=reading["reason"] or "",
    )


def finding_of(analysis: Analysis, user: User) -> Finding | None:
    """The open finding about an analysis, if there is one this person may see."""
    keys = f"check:{FORECAST.slug}:analyses.analysis:{analysis.pk}:"
    rows = Finding.objects.visible_to(user).unclosed().filter(dedupe_key__startswith=keys)
    return rows.order_by("-opened_at").first()
