"""The drift map: a table of features by periods, four tints, the value in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.web.figures import MISSING, number, pct
from portal.web.status import Tone, pill


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A feature: one value per period, None where it was not measured. ``importance`` runs from 0 to 1."""

    name: str
    values: Sequence[float | None]
    importance: float | None = None
    tone: Tone | None = None
    verdict: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Features by periods. ``few`` are periods with too few records for a verdict: dashed, without tint.

    ``cuts`` are the three steps of the policy in force, ``sizes`` the records per period.
    """

    label: str
    periods: Sequence[str]
    rows: Sequence[HeatRow]
    sizes: Sequence[int | None] = ()
    sizes_name: str = ""
    few: frozenset[int] = frozenset()
    cuts: tuple[float, float, float] = (0.05, 0.10, 0.25)
    places: int = 2

    def step(self, value: float) -> int:
        """Which of the four tints a value has, judged on the value as it is printed."""
        return 1 + sum(round(value, self.places) >= cut for cut in self.cuts)


def psi_heatmap(data: Heatmap) -> SafeString:
    """The table. Its key is :func:`heat_key`; the scroll region around it comes with the template tag."""
    verdicts = any(row.verdict for row in data.rows)
    head = format_html(
        '<thead><tr><th scope="col">{}</th>{}{}</tr></thead>',
        _feature_head(data),
        format_html_join("", '<th scope="col">{}</th>', ((period,) for period in data.periods)),
        format_html('<th scope="col" class="verdict">{}</th>', _("Verdict")) if verdicts else "",
    )
    body = format_html_join("", "<tr>{}{}{}</tr>", (_row(data, row, verdicts=verdicts) for row in data.rows))
    return format_html(
        '<table class="heat"><caption class="hide">{}</caption>{}<tbody>{}</tbody>{}</table>',
        data.label,
        head,
        body,
        _foot(data, verdicts=verdicts),
    )


def _feature_head(data: Heatmap) -> SafeString:
    if any(row.importance is not None for row in data.rows):
        return format_html('{} <span class="importance">{}</span>', _("Feature"), _("importance"))
    return format_html("{}", _("Feature"))


def _row(data: Heatmap, row: HeatRow, *, verdicts: bool) -> tuple[SafeString, SafeString, SafeString | str]:
    name = format_html('<a href="{}">{}</a>', row.url, row.name) if row.url else row.name
    share = (
        ""
        if row.importance is None
        else format_html(' <span class="importance">{}</span>', pct(row.importance))
    )
    cells = format_html_join(
        "", "<td{}>{}</td>", (_cell(data, i, value) for i, value in enumerate(row.values))
    )
    verdict = ""
    if verdicts:
        shown = pill(row.tone or Tone.NONE, row.verdict) if row.verdict else ""
        verdict = format_html('<td class="verdict">{}</td>', shown)
    return format_html('<th scope="row">{}{}</th>', name, share), cells, verdict


def _cell(data: Heatmap, index: int, value: float | None) -> tuple[SafeString | str, str]:
    if value is None:
        return "", MISSING
    style = "few" if index in data.few else f"h{data.step(value)}"
    return format_html(' class="{}"', style), number(float(value), data.places)


def _foot(data: Heatmap, *, verdicts: bool) -> SafeString | str:
    if not data.sizes:
        return ""
    return format_html(
        '<tfoot><tr><th scope="row">{}</th>{}{}</tr></tfoot>',
        data.sizes_name or _("Records, n"),
        format_html_join("", "<td>{}</td>", ((number(size),) for size in data.sizes)),
        SafeString("<td></td>") if verdicts else "",
    )


def heat_key(data: Heatmap) -> SafeString:
    """What the tints mean, with the cuts of the policy in force."""
    low, warns, breaches = (number(cut, data.places) for cut in data.cuts)
    steps = [
        ("h1", _("under %(cut)s") % {"cut": low}),
        ("h2", low),
        ("h3", _("%(cut)s warns") % {"cut": warns}),
        ("h4", _("%(cut)s breaches") % {"cut": breaches}),
        *([("few", _("too few"))] if data.few else []),
    ]
    return format_html(
        '<ul class="key">{}</ul>', format_html_join("", '<li><i class="{}"></i>{}</li>', steps)
    )
