"""Every read of analyses: one of them, its like, several side by side, and what its levers would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from portal import areas
from portal.accounts.models import User
from portal.analyses.models import Analysis
from portal.analyses.typed import Input, decode, described, encode
from portal.areas import AnalysisKind
from portal.errors import Invalid, Missing
from portal.rights import may
from portal.web.figures import MISSING, day, is_currency, money, number, pct

MOST = 4
"""How many stand side by side."""
FOUND = 5


def kind_named(slug: str) -> AnalysisKind:
    """The declared kind of that slug. Raises Missing."""
    try:
        kind: AnalysisKind = areas.find("analyses", slug)
    except KeyError as error:
        raise Missing from error
    return kind


def analysis_named(user: User, ref: str, action: str = "analyses.read") -> Analysis:
    """The analysis of a reference such as ANL-3, if this person may do the action on it. Raises Missing."""
    rows = Analysis.objects.visible_to(user, action).with_ref(ref)
    found = rows.select_related("system__unit", "created_by", "based_on").first()
    if found is None:
        raise Missing
    return found


def analyses_for_list(user: User) -> QuerySet[Analysis]:
    return Analysis.objects.visible_to(user).select_related("system", "created_by")


def like(analysis: Analysis, user: User) -> QuerySet[Analysis]:
    """The other analyses of its kind that this person may see: those of its system first."""
    rows = Analysis.objects.visible_to(user).filter(kind=analysis.kind).exclude(pk=analysis.pk)
    return rows.select_related("system").order_by("-updated_at")


# --- Levers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lever:
    """An input that may be tried at another value: as people write it, per cent for a share."""

    name: str
    label: str
    unit: str
    value: str
    step: str
    least: str
    most: str
    moved: bool


def levers_of(kind: AnalysisKind, inputs: Any, tried: Any) -> list[Lever]:
    """The levers of a page: ``inputs`` as saved, ``tried`` as asked for."""
    told = {each.name: each for each in described(kind.inputs)}
    return [_lever(told[name], getattr(inputs, name), getattr(tried, name)) for name in kind.levers]


def _lever(told: Input, saved: Any, tried: Any) -> Lever:
    share = told.unit == "%"
    return Lever(
        name=told.name,
        label=told.label,
        unit=told.unit if told.unit != "money" else "",
        value=as_typed(tried, told.unit),
        step="any",
        least="" if told.least is None else as_typed(told.least, "%" if share else ""),
        most="" if told.most is None else as_typed(told.most, "%" if share else ""),
        moved=saved != tried,
    )


def as_typed(value: Decimal | int, unit: str) -> str:
    """A number as a person types it: 0.08 under "%" is 8.

    >>> as_typed(Decimal("0.085"), "%"), as_typed(Decimal("1200.00"), "money")
    ('8.5', '1200')
    """
    exact = Decimal(value) * 100 if unit == "%" else Decimal(value)
    return f"{exact.normalize():f}"


def tried(kind: AnalysisKind, inputs: Any, asked: Mapping[str, str]) -> Any:
    """The inputs with the levers as asked for, e.g. {"rate": "12"}. Raises Invalid for what cannot be."""
    told = {each.name: each for each in described(kind.inputs)}
    changed = {
        name: as_meant(asked[name], told[name].unit) for name in kind.levers if asked.get(name, "").strip()
    }
    if not changed:
        return inputs
    return decode(kind.inputs, {**encode(inputs), **changed})


def as_meant(text: str, unit: str) -> str:
    """A typed number as it is kept: 8 under "%" is 0.08. What is no number stays for the codec to refuse."""
    plain = text.strip().replace(",", ".").replace("\u202f", "").replace(" ", "")
    if unit != "%":
        return plain
    try:
        return f"{Decimal(plain) / 100:f}"
    except (ArithmeticError, ValueError):
        return plain


# --- Side by side ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison; ``differs`` where the analyses do not agree."""

    label: str
    cells: Sequence[str]
    differs: bool


def side_by_side(analyses: Sequence[Analysis]) -> list[Row]:
    """What several analyses of one kind say, line by line; a dash where one has no such line.

    Raises Invalid where their kinds differ.
    """
    if len({analysis.kind for analysis in analyses}) > 1:
        raise Invalid("Only analyses of one kind stand side by side.")
    columns = [
        {label: written(value, unit) for label, value, unit in rows_of(analysis)} for analysis in analyses
    ]
    labels = dict.fromkeys(label for column in columns for label in column)
    return [_row(label, [column.get(label, MISSING) for column in columns]) for label in labels]


def _row(label: str, cells: list[str]) -> Row:
    return Row(label, cells, differs=len(set(cells)) > 1)


def rows_of(analysis: Analysis) -> Sequence[tuple[str, Any, str]]:
    """Label, value and unit of each line; of an earlier engine the result as it is stored."""
    kind = analysis.declared_kind
    if not analysis.readable:
        return [("Engine", analysis.engine, ""), ("Choice", analysis.choice or None, "")]
    return kind.rows(analysis.typed_inputs(), analysis.typed_result())


def written(value: Any, unit: str = "") -> str:
    """A value of a comparison as people read it.

    >>> written(Decimal("0.08"), "%").replace(chr(8239), " "), written(None)
    ('8 %', '—')
    """
    if value is None or value == "":
        return MISSING
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if is_currency(unit):
            return money(value, unit, 0)
        if unit == "%":
            return pct(value)
        return number(value, sign=False) + (f" {unit}" if unit else "")
    return day(value) if hasattr(value, "isoformat") else str(value)


def search(user: User, text: str) -> list[dict[str, str]]:
    """The analyses whose title holds the text."""
    if not may(user, "analyses.read"):
        return []
    rows = Analysis.objects.visible_to(user).filter(title__icontains=text).select_related("system")[:FOUND]
    return [
        {"title": row.title, "url": row.get_absolute_url(), "detail": f"{row.ref}, {row.system.name}"}
        for row in rows
    ]


def without_part(inputs: Any, part: str, place: int) -> Any:
    """The inputs without one entry of their part. Raises Missing where there is none."""
    kept = list(getattr(inputs, part))
    if not 0 <= place < len(kept):
        raise Missing
    del kept[place]
    return replace(inputs, **{part: tuple(kept)})
