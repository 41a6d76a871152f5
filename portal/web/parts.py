"""What the components take: frozen dataclasses, filled by selectors, drawn by templates.

A selector decides what is true; a part only carries it to the page. Values travel as numbers, not as text,
so that
one module (``figures.py``) decides how they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from portal.areas import GateAnswer, GateState
from portal.web.figures import MISSING, initials, quantity, split_quantity
from portal.web.status import KPI_WORDS, Tone, words_of

Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the path above the title; the last one carries no link."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab is an address of its own. ``count`` is what its page lists."""

    title: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; ``qualifier`` is the muted rest of the line, ``tone`` makes the value a pill."""

    label: str
    value: object
    qualifier: object = ""
    tone: Tone | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class KpiView:
    """A KPI tile. Rates run from 0 to 1 under unit "%"; ``delta`` is in the unit of ``delta_unit``.

    ``target_dir`` is "up" (at least), "down" (at most) or "" (exactly). ``delta_sense`` is "good", "bad" or
    "": what the change means, not where it goes. Without a value ``reason`` says why. ``points`` are at most
    24 past values, oldest first, None where one is missing.
    """

    name: str
    url: str
    value: Number | None
    unit: str = ""
    target: Number | None = None
    target_dir: str = ""
    delta: Number | None = None
    delta_sense: str = ""
    points: Sequence[float | None] = ()
    interval_text: str = ""
    owner: str = ""
    as_of: date | datetime | None = None
    status: Tone = Tone.NONE
    status_text: str = ""
    places: int | None = None
    delta_unit: str = ""
    delta_since: str = ""
    stale_since: date | datetime | None = None
    reason: str = ""
    target_url: str = ""

    @property
    def word(self) -> str:
        return self.status_text or str(KPI_WORDS[Tone(self.status)])

    @property
    def digits(self) -> str:
        return split_quantity(self.value, self.unit, self.places, compact=True)[0]

    @property
    def suffix(self) -> str:
        return split_quantity(self.value, self.unit, self.places, compact=True)[1]

    @property
    def exact(self) -> str:
        """The whole value, for whoever points at the rounded one."""
        return MISSING if self.value is None else f"{self.value} {self.unit}".strip()

    @property
    def target_text(self) -> str:
        if self.target is None:
            return ""
        unit = self.unit if self.unit != "pp" else ""
        text = quantity(self.target, unit, self.places)
        if self.unit == "pp":
            text = quantity(self.target, "pp", self.places).lstrip("+")
        return {"up": "≥ ", "down": "≤ "}.get(self.target_dir, "").replace(" ", "\u00a0") + text

    @property
    def delta_text(self) -> str:
        unit = self.delta_unit or ("pp" if self.unit == "%" else self.unit)
        return "" if self.delta is None else quantity(self.delta, unit, sign=True)

    @property
    def sentence(self) -> str:
        """What the sparkline shows, for whoever does not see it."""
        known = [point for point in self.points if point is not None]
        if not known:
            return f"{self.name}: {MISSING}"
        first, last = quantity(known[0], self.unit), quantity(known[-1], self.unit)
        return f"{self.name}: {len(known)} values, {first} → {last}. {self.word}."


@dataclass(frozen=True, slots=True)
class Pillar:
    """A column of tiles under one heading."""

    title: str
    kpis: Sequence[KpiView]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a timeline: when, and who did what to which. ``text`` alone may say it all."""

    at: datetime | date
    text: object = ""
    actor: str = ""
    verb: str = ""
    object: str = ""
    url: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class GateRow:
    """A row of a release gate or of a readiness list."""

    name: str
    tone: Tone
    state: str
    detail: str = ""
    fix_url: str = ""
    fix_label: str = ""
    primary: bool = False

    @classmethod
    def of(cls, name: str, answer: GateAnswer, *, primary: bool = False) -> GateRow:
        """A row for the answer of a declared gate."""
        tone, word = words_of(answer.state)
        return cls(name, tone, word, answer.reason, answer.fix_url, answer.fix_label, primary=primary)

    @property
    def needs_work(self) -> bool:
        return self.tone in {Tone.BAD, Tone.WAIT, Tone.WARN}


GATE_ORDER = {GateState.FAILED: 0, GateState.WAITING: 1, GateState.WAIVED: 2, GateState.PASSED: 3}
"""How a gate is read: failed first, passed last."""


@dataclass(frozen=True, slots=True)
class Voter:
    """One who must answer. The answer stays hidden: ``state`` says voted, not yet, conflict or absent."""

    name: str
    tone: Tone
    state: str
    role: str = ""

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """Who must agree, how many have, and why a button is absent.

    ``cast`` of ``entitled`` votes are in, ``quorum`` decide. ``stale`` says what changed since an earlier
    decision; ``blocked`` is the sentence in place of a button.
    """

    voters: Sequence[Voter]
    cast: int
    entitled: int
    quorum: int
    rule: str = ""
    note: str = ""
    stale: str = ""
    blocked: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """What a file or a computed result proves. ``source`` is "computed" or "uploaded"."""

    claim: str
    source: str
    sha256: str
    at: datetime | date | None = None
    valid_until: date | None = None
    url: str = ""
    verify_url: str = ""
    expired: bool = False


@dataclass(frozen=True, slots=True)
class JobView:
    """A run as a page shows it. ``fraction`` runs from 0 to 1, None while unknown.

    ``fragment_url`` renders this component again; it re-arms itself until ``done``. ``delay`` is the wait
    before the next look, in seconds.
    """

    title: str
    url: str
    fragment_url: str = ""
    fraction: float | None = None
    step: str = ""
    started_at: datetime | None = None
    left: str = ""
    done: bool = False
    tone: Tone = Tone.INFO
    state: str = ""
    delay: int = 2

    @property
    def percent(self) -> int | None:
        return None if self.fraction is None else round(self.fraction * 100)

    @property
    def next_delay(self) -> int:
        """Seconds until the look after the next: grows to ten."""
        return min(10, self.delay + 2)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named query string of a list: mine, shared or the default."""

    title: str
    query: str
    count: int | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class KeptViews:
    """The views of one list that people have kept, and where one keeps another."""

    views: Sequence[SavedView] = ()
    save_url: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """Why there is nothing, and the one thing to do about it."""

    title: str
    text: str = ""
    action: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the command palette."""

    title: str
    url: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    title: str
    hits: Sequence[Hit] = field(default_factory=tuple)
