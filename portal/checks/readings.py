"""Readings as JSON, their parts, and the verdict over all of them. No table, no policy."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.areas import Reading, Verdict
from portal.metrics.services import group_key

WORST_FIRST = (
    Verdict.BREACH,
    Verdict.WARN,
    Verdict.ERROR,
    Verdict.INSUFFICIENT,
    Verdict.NO_DATA,
    Verdict.OK,
)
BAD = frozenset({Verdict.BREACH, Verdict.WARN, Verdict.ERROR})
JUDGED = frozenset({Verdict.OK, Verdict.WARN, Verdict.BREACH})
"""Verdicts that say something about the subject, rather than about the measurement."""

FIELDS = (
    "metric",
    "feature",
    "group",
    "segment",
    "value",
    "low",
    "high",
    "limit_warn",
    "limit_breach",
    "critical",
    "p",
    "p_adjusted",
    "n",
    "n_reference",
    "verdict",
    "reason",
)
NUMBERS = frozenset({"value", "low", "high", "limit_warn", "limit_breach", "critical", "p", "p_adjusted"})


class Readings(list[Reading]):
    """What a measure may return in place of a plain list: readings, and how they came about.

    ``engine`` is the runner that counted; ``state`` is that of the window, open, maturing or mature: only a
    mature one raises and closes findings.
    """

    def __init__(
        self, readings: Iterable[Reading] = (), *, engine: str = "local", state: str = "mature"
    ) -> None:
        super().__init__(readings)
        self.engine = engine
        self.state = state


def part_of(reading: Reading) -> str:
    """Which part of the subject a reading speaks of, as one text; empty for the whole.

    >>> part_of(Reading("psi", 0.3, Verdict.BREACH, feature="tenure", segment="region=north"))
    'tenure, region=north'
    """
    return ", ".join(filter(None, [reading.feature, group_key(reading.group), reading.segment]))


def part_of_json(reading: Mapping[str, Any]) -> str:
    """The same of a reading as it is stored."""
    return ", ".join(filter(None, [reading["feature"], group_key(reading["group"]), reading["segment"]]))


def by_part(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    """Readings by the part they speak of, in the order in which the parts first appear."""
    parts: dict[str, list[Reading]] = {}
    for reading in readings:
        parts.setdefault(part_of(reading), []).append(reading)
    return parts


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that counts among several; ``no_data`` for none.

    >>> worst([Verdict.OK, Verdict.INSUFFICIENT]).value
    'insufficient'
    """
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), Verdict.NO_DATA)


def worst_reading(readings: Iterable[Reading]) -> Reading | None:
    """The first reading with the verdict that counts; None for none."""
    return min(readings, key=lambda reading: WORST_FIRST.index(reading.verdict), default=None)


def overall(readings: Sequence[Reading]) -> Verdict:
    """The verdict of an evaluation.

    The worst bad one of any part counts. Without any, the readings of the whole decide if there are any:
    so a measure can say that all is well although some small group could not be judged. Else the worst of
    all parts, so what was not measured is never a green light.
    """
    found = worst(reading.verdict for reading in readings)
    if found in BAD:
        return found
    whole = [reading.verdict for reading in readings if not part_of(reading)]
    return worst(whole) if whole else found


def as_json(reading: Reading) -> dict[str, Any]:
    """A reading in the shape of the API; what is particular to a check stands beside the common fields."""
    shown: dict[str, Any] = {name: _plain(name, getattr(reading, name)) for name in FIELDS}
    return {**shown, **{name: value for name, value in reading.extra.items() if name not in shown}}


def _plain(name: str, value: Any) -> Any:
    if name in NUMBERS and value is not None:
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}: undefined is None with a reason")
        return float(value)
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return None if value is None else (int(value) if name in {"n", "n_reference"} else str(value))


def digest_of(told: Mapping[str, Any]) -> str:
    """The SHA-256 of a mapping as JSON with sorted keys, e.g. ``sha256:9f2c…``."""
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
