"""The components as template tags; the settings load them into every template.

Each tag draws one template of ``templates/components/`` or one chart. Charts are drawn at their final width:
pass ``width`` where the panel is not the usual one, and ``narrow`` (px) to have it drawn again for phones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portal.areas import Verdict
from portal.web import charts, figures, status
from portal.web import icons as drawn
from portal.web.parts import (
    ApprovalView,
    Event,
    EvidenceItem,
    Fact,
    GateRow,
    JobView,
    KpiView,
    Pillar,
    Tab,
)

register = template.Library()
SHORT_NOTE = 12
"""Characters of a panel's note that fit beside its title on a phone."""

# --- Status ---------------------------------------------------------------------------------------------


@register.simple_block_tag
def pill(content: str, tone: str) -> SafeString:
    """``{% pill "good" %}On target{% endpill %}``: word, shape and tint."""
    return status.pill(tone, mark_safe(content.strip()))  # noqa: S308 - block content is escaped by the template


@register.simple_tag
def state(value: Any) -> SafeString:
    """``{% state finding.severity %}``: the pill of a declared verdict, severity or gate state."""
    tone, word = status.words_of(value)
    return status.pill(tone, word)


@register.simple_tag
def verdict(value: str) -> SafeString:
    """``{% verdict reading.verdict %}``: the pill of a verdict as it is stored; a dash for none."""
    return (
        status.pill(*status.words_of(Verdict(value)))
        if value
        else status.pill(status.Tone.NONE, figures.MISSING)
    )


@register.simple_tag
def rate(reading: Any, unit: str = "%") -> SafeString | str:
    """``{% rate row.tpr %}``: a reading's value with its interval under it; a dash where it is undefined."""
    if not reading or reading["value"] is None:
        return figures.MISSING
    value = figures.quantity(reading["value"], unit)
    if reading["low"] is None:
        return value
    between = figures.interval(reading["low"], reading["high"], unit)
    return format_html('{}<span class="sub">{}</span>', value, between)


@register.simple_tag
def mark(tone: str, label: str = "") -> SafeString:
    """``{% mark "bad" %}``: a shape of 14 px at the head of a row; name it where no word stands beside it."""
    return status.mark(tone, label)


@register.simple_tag
def shape(tone: str) -> SafeString:
    """``{% shape "bad" %}``: the bare shape of a tone in the colour of the text."""
    return status.shape(tone)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """``{% icon "search" %}``: a line icon, decorative unless it has a label."""
    return drawn.icon(name, label)


# --- Numbers, money, days -------------------------------------------------------------------------------


@register.simple_tag
def qty(x: Any, unit: str = "", places: int | None = None, *, sign: bool = False) -> str:
    """``{% qty 410 "ms" %}``: a number with its unit."""
    return figures.quantity(x, unit, places, sign=sign)


@register.simple_tag
def pct(rate: Any, places: int | None = None) -> str:
    """``{% pct 0.918 %}``: a rate of 0 to 1 as per cent."""
    return figures.pct(rate, places)


@register.simple_tag
def pp(difference: Any, places: int | None = None) -> str:
    """``{% pp -0.04 %}``: a difference of rates in percentage points."""
    return figures.pp(difference, places)


@register.simple_tag
def interval(low: Any, high: Any, unit: str = "", places: int | None = None) -> str:
    """``{% interval 0.78 0.84 %}``: both ends, the unit once."""
    return figures.interval(low, high, unit, places)


@register.simple_tag
def money(
    amount: Any, currency: str, places: int | None = None, *, compact: bool = False, sign: bool = False
) -> SafeString | str:
    """``{% money line.cost line.currency compact=True %}``: what was rounded shows in full on hover."""
    text = figures.money(amount, currency, places, compact=compact, sign=sign)
    if amount is None or not compact:
        return text
    return format_html('<data value="{}" title="{} {}">{}</data>', amount, amount, currency, text)


@register.simple_tag
def when(value: date | datetime | None, style: str = "") -> SafeString | str:
    """``{% when case.due_on %}``: a day or a moment with its zone, in ``<time>``.

    ``style="ago"`` is relative under seven days, ``"day"`` leaves the hour away, ``"hour"`` keeps only it.
    """
    if value is None:
        return figures.MISSING
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), figures.day(value))
    exact = figures.moment(value)
    shown = {
        "ago": lambda: figures.ago(value),
        "day": lambda: figures.day(value),
        "hour": lambda: f"{timezone.localtime(value):%H:%M}",
    }.get(style, lambda: exact)()
    hover = format_html(' title="{}"', exact) if shown != exact else ""
    return format_html('<time datetime="{}"{}>{}</time>', value.isoformat(), hover, shown)


@register.filter
def unbroken(text: str) -> str:
    """``{{ model.name|unbroken }}``: never cut at the end of a line."""
    return figures.unbroken(str(text))


@register.filter
def unlocalised(value: Any) -> str:
    """``{{ fraction|unlocalised }}``: a number as machines read it, for attributes."""
    return "" if value is None else str(value)


@register.filter
def digest(value: str) -> SafeString:
    """``{{ file.sha256|digest }}``: the ends of a digest, the whole on hover."""
    return format_html('<code title="{}">{}</code>', value, figures.short_digest(value))


# --- Boxes ----------------------------------------------------------------------------------------------


@register.simple_block_tag
def panel(
    content: str,
    title: str = "",
    *,
    note: Any = "",
    link: str = "",
    url: str = "",
    tone: str = "",
    name: str = "",
    flush: bool = False,
    wide: str = "",
) -> SafeString:
    """``{% panel title="Versions" note="4" link="Compare" url=compare_url %}…{% endpanel %}``.

    ``flush`` lets tables and rows reach the border. ``wide`` is a column class of the grid, e.g. "w8".
    ``name`` is the id of the heading.
    """
    return _component(
        "panel",
        content=mark_safe(content),  # noqa: S308 - block content is escaped by the template
        title=title,
        note=note,
        short=len(str(note)) <= SHORT_NOTE,
        link=link,
        url=url,
        tone=tone,
        name=name,
        flush=flush,
        wide=wide,
    )


@register.simple_block_tag
def scroll(content: str, label: str) -> SafeString:
    """``{% scroll "Versions" %}<table class="table">…{% endscroll %}``: scrolls sideways, by keyboard too."""
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">{}</div>',
        label,
        mark_safe(content),  # noqa: S308 - block content is escaped by the template
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "") -> SafeString:
    """``{% notice "warn" title="The approval is stale." %}…{% endnotice %}``: across the page, outlined."""
    return _component("notice", content=mark_safe(content), tone=tone, title=title)  # noqa: S308 - as above


@register.simple_tag
def facts(pairs: Sequence[Fact | Sequence[Any]], layout: str = "row") -> SafeString:
    """``{% facts pairs %}``: one row under the title; ``layout="list"`` or ``"two"`` inside a panel."""
    found = [pair if isinstance(pair, Fact) else Fact(*pair) for pair in pairs]
    return _component("facts", pairs=found, layout=layout)


@register.filter
def shown(value: Any) -> Any:
    """``{{ fact.value|shown }}``: a day, number or nothing as the portal writes it; text as it is."""
    if value is None:
        return figures.MISSING
    if isinstance(value, datetime | date):
        return when(value, "day")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return figures.number(value)
    return value


@register.simple_tag
def tabs(items: Sequence[Tab], label: str = "") -> SafeString:
    """``{% tabs tabs %}``: links with the current one marked."""
    return _component("tabs", items=items, label=label)


@register.simple_tag
def timeline(events: Sequence[Event]) -> SafeString:
    """``{% timeline events %}``: actor, verb, object, time, digest."""
    return _component("timeline", events=events)


@register.simple_tag
def gate(rows: Sequence[GateRow], *, buttons: bool = False) -> SafeString:
    """``{% gate rows %}``: failed, waiting, passed; ``buttons`` draws each fix as a button."""
    order = {status.Tone.BAD: 0, status.Tone.WARN: 1, status.Tone.WAIT: 2}
    return _component("gate", rows=sorted(rows, key=lambda row: order.get(row.tone, 3)), buttons=buttons)


@register.simple_tag
def approval(view: ApprovalView) -> SafeString:
    """``{% approval view %}``: who has answered, the quorum, and why a button is absent."""
    return _component("approval", a=view)


@register.simple_tag
def evidence(items: Sequence[EvidenceItem]) -> SafeString:
    """``{% evidence items %}``: what each proves, its source and digest, until when."""
    return _component("evidence", items=items)


@register.simple_tag
def empty(title: str, text: str = "", action: str = "", url: str = "") -> SafeString:
    """``{% empty "No findings" "Checks run nightly." action="What is checked" url=help %}``."""
    return _component("empty", title=title, text=text, action=action, url=url)


@register.simple_tag
def job(view: JobView) -> SafeString:
    """``{% job view %}``: progress that renders itself again until the run ends."""
    return _component("job", j=view)


@register.simple_tag
def person(name: str, role: str = "") -> SafeString:
    """``{% person "K. Lin" %}``: initials and name."""
    return format_html(
        '<span class="inline"><span class="avatar" aria-hidden="true">{}</span>{}{}</span>',
        figures.initials(name),
        figures.unbroken(name),
        format_html(' <span class="muted small">{}</span>', role) if role else "",
    )


@register.simple_tag(takes_context=True)
def pick(
    context: template.Context, label: str, name: str, choices: Sequence[tuple[Any, Any]], current: Any
) -> SafeString:
    """``{% pick "Period" "period" periods period %}``: a choice that is part of the address.

    Changing it loads the page anew; the other parameters stay, except the page number.
    """
    query = context["request"].GET
    keep = [(key, value) for key in query if key not in {name, "page"} for value in query.getlist(key)]
    return _component("pick", label=label, name=name, choices=choices, current=str(current), keep=keep)


@register.simple_tag
def share(fraction: float, label: str) -> SafeString:
    """``{% share 0.46 "Contact routing" %}``: a bar of 6 px; the number is printed beside it by the page."""
    return format_html('<progress value="{}" max="1" aria-label="{}"></progress>', round(fraction, 4), label)


KEYWORDS = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<string>&quot;.*?&quot;|&#x27;.*?&#x27;)"
    r"|\b(?P<keyword>import|from|as|def|return|if|for|in|with|class|None|True|False|curl|pip|export)\b"
)


@register.simple_block_tag
def snippet(content: str, title: str = "", name: str = "snippet") -> SafeString:
    """``{% snippet title="Register" %}code{% endsnippet %}``: code with a button that copies it."""
    text = conditional_escape(content.strip("\n"))

    def paint(match: re.Match[str]) -> str:
        kind = match.lastgroup
        return match[0] if kind == "string" else f'<span class="{kind}">{match[0]}</span>'

    painted = KEYWORDS.sub(paint, text)
    return _component("snippet", code=mark_safe(painted), title=title, name=name)  # noqa: S308 - escaped above


# --- Tiles ----------------------------------------------------------------------------------------------


@register.simple_tag
def kpi(view: KpiView) -> SafeString:
    """``{% kpi view %}``: one tile; several belong into ``{% tiles %}``."""
    return _component("kpi", k=view)


@register.simple_tag
def tiles(pillars: Sequence[Pillar]) -> SafeString:
    """``{% tiles pillars %}``: all tiles in one panel cut by hairlines, a column per pillar."""
    rows = max((len(pillar.kpis) for pillar in pillars), default=0)
    return _component("tiles", pillars=pillars, columns=min(4, len(pillars)), rows=rows + 1)


@register.simple_tag
def spark(points: Sequence[Any], target: Any = None, tone: str = "none", label: str = "") -> SafeString:
    """``{% spark points target "good" "one sentence" %}``: 132 × 34."""
    values = [None if point is None else float(point) for point in points]
    limit = None if target is None else float(target)
    return charts.sparkline(charts.Spark(values, label, limit, status.Tone(tone)))


# --- Charts ---------------------------------------------------------------------------------------------


@register.simple_tag
def line_chart(
    data: charts.LineChart, width: int = 718, height: int = 264, narrow: int = 0, *, table: bool = False
) -> SafeString:
    """``{% line_chart data width=430 %}``: lines, bands, stepped targets, notes."""

    def draw(px: int) -> SafeString:
        return charts.line_chart(data, width=px, height=height)

    below = _line_values(data) if table else SafeString("")
    return _box(data.label, draw, width, narrow) + below


@register.simple_tag
def control_chart(
    data: charts.ControlChart, width: int = 1102, height: int = 348, narrow: int = 0, *, table: bool = True
) -> SafeString:
    """``{% control_chart data %}``: limits, phases, signals, and the values as a table below."""

    def draw(px: int) -> SafeString:
        return charts.control_chart(data, width=px, height=height)

    below = _control_values(data) if table else SafeString("")
    return _box(data.label, draw, width, narrow) + below


@register.simple_tag
def control_key(data: charts.ControlChart) -> SafeString:
    """``{% control_key data %}``: what its marks mean; first in the panel of the chart."""
    return charts.control_key(data)


@register.simple_tag
def group_chart(data: charts.GroupChart, width: int = 718, narrow: int = 0) -> SafeString:
    """``{% group_chart data %}``: a dot and an interval per group."""
    return _box(data.label, lambda px: charts.group_chart(data, width=px), width, narrow)


@register.simple_tag
def bars(data: charts.Bars, width: int = 622, height: int = 212, narrow: int = 0) -> SafeString:
    """``{% bars data narrow=300 %}``: one or two series, the forecast dashed."""
    return _box(data.label, lambda px: charts.bars(data, width=px, height=height), width, narrow)


@register.simple_tag
def tornado(data: charts.Tornado, width: int = 718, narrow: int = 0) -> SafeString:
    """``{% tornado data narrow=318 %}``: what each input does to an answer; the values as a table below."""
    drawn = _box(data.label, lambda px: charts.tornado(data, width=px), width, narrow)
    return drawn + _tornado_values(data)


@register.simple_tag
def distribution(data: charts.Distribution, width: int = 430, narrow: int = 0) -> SafeString:
    """``{% distribution data %}``: reference against window, bin by bin."""
    return _box(data.label, lambda px: charts.distribution(data, width=px), width, narrow)


@register.simple_tag
def calibration(data: charts.Calibration, width: int = 334) -> SafeString:
    """``{% calibration data %}``: observed against predicted."""
    return _box(data.label, lambda px: charts.calibration(data, width=px), width, 0)


@register.simple_tag
def allocation(data: charts.Allocation) -> SafeString:
    """``{% allocation data %}``: the split of a bill, over the full width of its panel."""
    return charts.allocation(data)


@register.simple_tag
def psi_heatmap(data: charts.Heatmap) -> SafeString:
    """``{% psi_heatmap data %}``: the drift map in its scroll region."""
    return _scroll(data.label, charts.psi_heatmap(data))


@register.simple_tag
def heat_key(data: charts.Heatmap) -> SafeString:
    """``{% heat_key data %}``: what the tints mean; first in the panel of the map."""
    return charts.heat_key(data)


@register.simple_tag
def lineage(data: charts.Lineage) -> SafeString:
    """``{% lineage graph %}``: the graph, and the same as a list."""
    picture = _scroll(data.label, charts.lineage(data))
    return picture + _component("lineage_list", rows=data.as_list)


def _box(label: str, draw: Callable[[int], SafeString], width: int, narrow: int) -> SafeString:
    if not narrow:
        return _scroll(label, draw(width))
    return format_html(
        '<div class="only-wide">{}</div><div class="only-narrow">{}</div>',
        _scroll(label, draw(width)),
        _scroll(label, draw(narrow)),
    )


def _scroll(label: str, content: SafeString) -> SafeString:
    return format_html(
        '<div class="chart-box scroll" tabindex="0" role="region" aria-label="{}">{}</div>', label, content
    )


def _line_values(data: charts.LineChart) -> SafeString:
    heads = [_("Period"), *(line.name for line in data.lines)]
    rows = [
        [label, *(figures.quantity(line.values[i], data.unit, data.places) for line in data.lines)]
        for i, label in enumerate(data.labels)
    ]
    return _values_table(_("Show the %(count)s values as a table") % {"count": len(rows)}, heads, rows)


def _tornado_values(data: charts.Tornado) -> SafeString:
    heads = [_("Input"), _("Low"), _("Answer"), _("High"), _("Answer"), _("Best choice")]
    rows = [
        [
            row.name,
            row.low_text,
            figures.quantity(row.low, data.unit, 0),
            row.high_text,
            figures.quantity(row.high, data.unit, 0),
            _("turns") if row.turns else _("stays"),
        ]
        for row in data.rows
    ]
    return _values_table(_("Show the %(count)s inputs as a table") % {"count": len(rows)}, heads, rows)


def _control_values(data: charts.ControlChart) -> SafeString:
    fired: dict[int, list[str]] = {}
    for signal in data.signals:
        fired.setdefault(signal.index, []).append(signal.rule)
    lower, upper = data.limit(data.lower), data.limit(data.upper)
    heads = [_("Period"), _("Value"), _("Lower limit"), _("Upper limit"), _("Rule that fired")]
    rows = [
        [
            label,
            figures.quantity(data.values[i], data.unit, data.places),
            figures.quantity(lower[i] if lower else None, data.unit, data.places),
            figures.quantity(upper[i] if upper else None, data.unit, data.places),
            ", ".join(fired.get(i, ())),
        ]
        for i, label in enumerate(data.labels)
    ]
    caption = _("Show the %(count)s values and limits as a table") % {"count": len(rows)}
    return _values_table(caption, heads, rows)


def _values_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> SafeString:
    head = format_html_join(
        "", '<th scope="col" class="{}">{}</th>', (("num" if i else "", h) for i, h in enumerate(heads))
    )
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        (
            (
                format_html_join(
                    "", '<td class="{}">{}</td>', (("num" if i else "", c) for i, c in enumerate(row))
                ),
            )
            for row in rows
        ),
    )
    return format_html(
        '<details class="values"><summary>{}</summary><div class="scroll" tabindex="0" role="region" '
        'aria-label="{}"><table class="table compact"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
        "</div></details>",
        caption,
        caption,
        head,
        body,
    )


@register.simple_tag
def phone_place(table: Any, column: str) -> str:
    """``{% phone_place table column.name %}``: where a cell stands on a phone."""
    return table.phone_class(column) if hasattr(table, "phone_class") else ""


@register.filter
def toast_tone(level: str) -> str:
    """``{{ message.level_tag|toast_tone }}``: the tone of a message of Django's."""
    return {"error": "bad", "warning": "warn", "success": "good"}.get(level, "info")


@register.filter
def sentence(text: str) -> str:
    """``{{ noun|sentence }}``: the first letter large, the rest as it is."""
    return capfirst(text)


def _component(template_name: str, /, **context: Any) -> SafeString:
    return render_to_string(f"components/{template_name}.html", context)
