"""The one scale of statuses: five tones with a shape and a tint, and the words that go with what is declared.

Colour never speaks alone: each tone has a shape of its own, and wherever a tone is shown a word stands
beside it.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from portal.areas import GateState, Severity, Verdict


class Tone(StrEnum):
    """How a thing stands. ``wait`` is not decided or not measured yet; ``none`` does not apply."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    WAIT = "wait"
    NONE = "none"


SHAPES: dict[Tone, str] = {
    Tone.GOOD: '<circle cx="6" cy="6" r="6" fill="currentColor"/>'
    '<path class="tick" d="M3.4 6.2 5.3 8l3.4-3.8" '
    'fill="none" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>',
    Tone.WARN: '<path d="M6 .7 12 11.3H0z" fill="currentColor"/>',
    Tone.BAD: '<path d="M.6.6h10.8v10.8H.6z" fill="currentColor"/>',
    Tone.INFO: '<path d="M6 0l6 6-6 6-6-6z" fill="currentColor"/>',
    Tone.WAIT: '<circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" stroke-width="1.6" '
    'stroke-dasharray="2.2 1.727"/>',
    Tone.NONE: '<path d="M1 5h10v2H1z" fill="currentColor"/>',
}
"""Circle with tick, triangle, square, diamond, dashed ring, dash: drawn on a field of 12 by 12."""

KPI_WORDS: dict[Tone, Promise] = {
    Tone.GOOD: _("On target"),
    Tone.WARN: _("At risk"),
    Tone.BAD: _("Off track"),
    Tone.INFO: _("Measured"),
    Tone.WAIT: _("Waiting"),
    Tone.NONE: _("Not measured"),
}

VERDICTS: dict[Verdict, tuple[Tone, Promise]] = {
    Verdict.OK: (Tone.GOOD, _("Within limits")),
    Verdict.WARN: (Tone.WARN, _("Warns")),
    Verdict.BREACH: (Tone.BAD, _("Breached")),
    Verdict.NO_DATA: (Tone.NONE, _("No data")),
    Verdict.INSUFFICIENT: (Tone.WAIT, _("Insufficient data")),
    Verdict.ERROR: (Tone.BAD, _("Failed to run")),
}

SEVERITIES: dict[Severity, tuple[Tone, Promise]] = {
    Severity.CRITICAL: (Tone.BAD, _("Critical")),
    Severity.HIGH: (Tone.BAD, _("High")),
    Severity.MEDIUM: (Tone.WARN, _("Medium")),
    Severity.LOW: (Tone.INFO, _("Low")),
}

GATES: dict[GateState, tuple[Tone, Promise]] = {
    GateState.PASSED: (Tone.GOOD, _("Passed")),
    GateState.FAILED: (Tone.BAD, _("Failed")),
    GateState.WAITING: (Tone.WAIT, _("Waiting")),
    GateState.WAIVED: (Tone.INFO, _("Waived")),
}


def words_of(state: Verdict | Severity | GateState) -> tuple[Tone, str]:
    """The tone and the word of a declared state."""
    if isinstance(state, Verdict):
        tone, word = VERDICTS[state]
    elif isinstance(state, Severity):
        tone, word = SEVERITIES[state]
    else:
        tone, word = GATES[state]
    return tone, str(word)


def shape(tone: Tone | str) -> SafeString:
    """The shape of a tone as SVG, decorative: the word beside it says the same."""
    drawn = SHAPES[Tone(tone)]
    return mark_safe(f'<svg viewBox="0 0 12 12" aria-hidden="true">{drawn}</svg>')  # noqa: S308 - constants above


def mark(tone: Tone | str, label: str = "") -> SafeString:
    """A shape of 14 px at the head of a row. ``label`` names it where no word stands beside it."""
    drawn = mark_safe(SHAPES[Tone(tone)])  # noqa: S308 - constants above
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="mark {}" viewBox="0 0 12 12" {}>{}</svg>', Tone(tone), role, drawn)


def pill(tone: Tone | str, text: object) -> SafeString:
    """A status in a word, a shape and a tint. For tables of many rows: no template is rendered."""
    return format_html('<span class="pill {}">{}{}</span>', Tone(tone), shape(tone), text)
