"""How a value stands to its target. Plain arithmetic: no table, no query."""

from __future__ import annotations

from enum import StrEnum

from portal.web.status import Tone


class Standing(StrEnum):
    """The words of a KPI's status."""

    ON_TARGET = "on_target"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    STALE = "stale"
    NO_TARGET = "no_target"
    NOT_MEASURED = "not_measured"


WORDS: dict[Standing, tuple[Tone, str]] = {
    Standing.ON_TARGET: (Tone.GOOD, "On target"),
    Standing.AT_RISK: (Tone.WARN, "At risk"),
    Standing.OFF_TRACK: (Tone.BAD, "Off track"),
    Standing.STALE: (Tone.WAIT, "Stale"),
    Standing.NO_TARGET: (Tone.INFO, "No target"),
    Standing.NOT_MEASURED: (Tone.NONE, "Not measured"),
}


def standing_of(
    value: float | None, target: float | None, *, direction: str, tolerance: float, stale: bool = False
) -> Standing:
    """On target, at risk up to ``tolerance`` of the target past it, off track beyond.

    ``tolerance`` is a share of the target's size, so a target of 0 has none. An old value is stale, however
    it stands: nobody knows how it is now.

    >>> standing_of(3.84, 3.60, direction="down", tolerance=0.1).value
    'at_risk'
    >>> standing_of(0.92, 1.0, direction="up", tolerance=0.05).value
    'off_track'
    """
    if value is None:
        return Standing.NOT_MEASURED
    if stale:
        return Standing.STALE
    if target is None:
        return Standing.NO_TARGET
    past = target - value if direction == "up" else value - target
    if past <= 0:
        return Standing.ON_TARGET
    return Standing.AT_RISK if past <= tolerance * abs(target) else Standing.OFF_TRACK
