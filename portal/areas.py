"""Everything an area can declare, on one page.

An area is a Python package with an ``area.py`` that binds ``AREA``. The portal finds it by name, reads it
once and derives navigation, routes, rights, schedule, checks, gates, dashboards and documents from it.
Declarations hold references to functions, so "go to definition" works; only page names and codes are strings.

The dataclasses live below the kernel packages that use them, so they know no table: where a function takes
a row, the annotation says ``Any`` and the docstring says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings


class Role(StrEnum):
    """What a membership makes of a person. Terms such as chair or secretary belong to a body, not here."""

    EXECUTIVE = "executive"
    COMMITTEE = "committee"
    ETHICS = "ethics"
    ENGINEER = "engineer"
    STEWARD = "steward"
    OPERATIONS = "operations"
    FINANCE = "finance"
    EMPLOYEE = "employee"
    REPRESENTATIVE = "representative"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


EVERYONE = frozenset(Role)
"""Any signed-in person with at least one membership."""


class Verdict(StrEnum):
    """The outcome of a measurement. ``no_data`` and ``insufficient`` are verdicts, never green lights."""

    OK = "ok"
    WARN = "warn"
    BREACH = "breach"
    NO_DATA = "no_data"
    INSUFFICIENT = "insufficient"
    ERROR = "error"


class Severity(StrEnum):
    """How soon a finding must be answered."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Feature:
    """One of the 63 capabilities, and where a person meets it.

    ``state`` is "works" or "partly"; a capability nobody declares is listed as missing.
    ``tests`` names the files that prove its acceptance.
    """

    code: str
    title: str
    page: str
    does: str
    state: str = "works"
    api: str = ""
    job: str = ""
    tests: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    """A line of the navigation. Absent for whoever lacks the action ``does``."""

    title: str
    page: str
    group: str
    does: str
    order: int = 100


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """Parameters that are in force from one day to another.

    ``parameters`` is a frozen dataclass whose defaults are the shipped version 1; its ``__post_init__``
    raises ValueError on nonsense.
    """

    slug: str
    title: str
    parameters: type[Any]


@dataclass(frozen=True, slots=True)
class MetricKind:
    """What a sample measures. ``direction`` is "up" or "down" (which way is better) or "none"."""

    slug: str
    title: str
    unit: str
    direction: str
    staleness: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open period ``[start, end)`` of aware instants in UTC; the base window is the UTC day."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs instants with a time zone")
        if self.start >= self.end:
            raise ValueError("a window ends after it starts")

    @classmethod
    def day_of(cls, instant: datetime) -> Window:
        """The UTC day that holds the instant."""
        start = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(start, start + timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}/{self.end:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value with what is needed to judge and to show it.

    ``value`` is None where it is undefined, and ``reason`` then says why. Rates run from 0 to 1.
    """

    metric: str
    value: float | None
    verdict: Verdict
    feature: str | None = None
    group: Mapping[str, str] | None = None
    segment: str | None = None
    low: float | None = None
    high: float | None = None
    limit_warn: float | None = None
    limit_breach: float | None = None
    critical: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    n: int | None = None
    n_reference: int | None = None
    reason: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobKind:
    """Work for a Celery worker, through the ledger: one row per (slug, variant, subject, window, revision).

    ``run(run)`` takes the claimed ledger row and returns ``commit``, a function the ledger calls inside
    the fenced transaction that also ends the run; it may return None when there is nothing to commit.
    ``every`` plans windows of that length for each of ``subjects(at)``; None means on request only.
    ``variants()`` names what one kind runs per subject, e.g. each declared check.
    """

    slug: str
    title: str
    run: Callable[[Any], Callable[[], Any] | None]
    every: timedelta | None = None
    subjects: Callable[[Any], Iterator[Any]] | None = None
    variants: Callable[[], Sequence[str]] | None = None
    delay: timedelta = timedelta(0)
    attempts: int = 5
    lease: timedelta = timedelta(seconds=60)
    limit: timedelta = timedelta(minutes=10)
    catch_up: int = 400
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Check:
    """A machine measures a subject over a window and judges it by a policy.

    ``measure(subject, window, parameters)`` returns readings; it reads summaries, writes nothing.
    ``subjects(at)`` yields what the schedule measures; ``every`` is its grain.
    ``metrics`` are the kinds whose samples the readings become.
    """

    slug: str
    title: str
    measure: Callable[[Any, Any, Any], Sequence[Reading]]
    subjects: Callable[[Any], Iterator[Any]]
    policy: PolicyKind
    metrics: tuple[MetricKind, ...]
    every: timedelta
    severity: Severity = Severity.HIGH
    page: str = ""
    explain: str = ""


class GateState(StrEnum):
    """The answer of one gate."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What a gate says of one version: the state, one sentence why, and the page that mends it."""

    state: GateState
    reason: str
    fix_url: str = ""
    fix_label: str = "Open"


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition for an environment. ``asks(version)`` takes a ``ModelVersion``."""

    slug: str
    title: str
    asks: Callable[[Any], GateAnswer]
    environments: tuple[str, ...] = ("production",)
    order: int = 100


class Stance(StrEnum):
    """Where a choice stands. Only voices for and against count towards a quorum."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a voter can choose. ``outcome`` is the state of a case which this choice decided."""

    slug: str
    title: str
    stance: Stance
    outcome: str
    explain: str = ""


APPROVE = Choice("approve", "Approve", Stance.FOR, "approved")
CONDITIONS = Choice(
    "conditions",
    "Approve with conditions",
    Stance.FOR,
    "conditions",
    "Name them; each gets an owner and a day.",
)
REJECT = Choice("reject", "Reject", Stance.AGAINST, "rejected")
ABSTAIN = Choice("abstain", "Abstain", Stance.ABSTAIN, "", "Recorded, but not counted towards the quorum.")


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One round of votes: ``quorum`` voices by holders of ``roles``."""

    title: str
    roles: frozenset[Role]
    quorum: int


@dataclass(frozen=True, slots=True)
class CaseKind:
    """People decide something by a day.

    ``quorum`` votes by holders of ``roles`` decide; the opener never votes. ``snapshot(subject)`` is the
    canonical picture the decision is bound to: when it changes, the decision is stale.
    ``on_decided(case, actor)`` writes what the decision means, in the same transaction.
    ``opens`` and ``votes`` name the actions a person needs beside the role, "" for none.
    ``choices`` stand in order of strictness: of equally many voices on the winning side the later one holds.
    ``secret`` hides the votes until the case is decided. ``owners_vote`` lets owner and deputy of the system
    and the author of the subject vote; by default they have a conflict from the start.
    ``further`` are the rounds after the first; a rejection in any round decides the case.
    ``private`` cases are read by their opener and by those who decide, by nobody else.
    """

    slug: str
    title: str
    prefix: str
    roles: frozenset[Role]
    quorum: int
    days: int
    snapshot: Callable[[Any], Mapping[str, Any]]
    on_decided: Callable[..., None] | None = None
    opens: str = ""
    votes: str = ""
    choices: tuple[Choice, ...] = (APPROVE, CONDITIONS, REJECT, ABSTAIN)
    secret: bool = False
    owners_vote: bool = False
    private: bool = False
    further: tuple[CaseStep, ...] = ()

    @property
    def steps(self) -> tuple[CaseStep, ...]:
        return (CaseStep(self.title, self.roles, self.quorum), *self.further)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that waits for a body, as an item of its next agenda. ``subject`` is the row it is about."""

    title: str
    why: str
    subject: Any = None
    system: Any = None
    case: Any = None


@dataclass(frozen=True, slots=True)
class Topic:
    """What an item of an agenda can be about.

    ``proposes(body, day)`` yields what waits for a body on the day of its session. ``choices`` are what its
    members vote on; an item without any is noted. ``paper(item)`` returns labels and values, frozen into the
    pack. ``on_closed(item, actor)`` writes what the outcome means, in the same transaction; the actor is None
    where the hour closed the item.
    """

    slug: str
    title: str
    proposes: Callable[[Any, date], Iterator[Proposal]] | None = None
    choices: tuple[Choice, ...] = ()
    paper: Callable[[Any], Sequence[tuple[str, str]]] | None = None
    on_closed: Callable[..., None] | None = None
    minutes: int = 10
    order: int = 100
    by_hand: bool = False
    """Whether people put such an item on an agenda themselves."""


@dataclass(frozen=True, slots=True)
class AnalysisKind:
    """A what-if worth keeping: typed inputs, arithmetic that knows no framework, and its result.

    ``inputs`` is a frozen dataclass, ``compute(inputs)`` returns another, of type ``result``: the same inputs
    give the same result under one ``engine``, a number that rises whenever the arithmetic changes.
    ``headline(inputs, result)`` says the finding, ``choices(result)`` names what can be chosen, and
    ``rows(inputs, result)`` gives label, value and unit of each line that is compared and exported.
    ``show(analysis, inputs, result, user, asked)`` returns what ``template`` needs and ``aside``, the box
    beside it; ``asked`` is the query of the page, ``how`` the template that says how all is computed.
    ``levers`` name the inputs that the page lets people vary without saving, ``part`` the input that is a
    tuple of dataclasses, each entered on a form of its own. ``decide`` is the page on which a choice is put
    to those who decide; it takes the reference.
    """

    slug: str
    title: str
    explain: str
    inputs: type[Any]
    result: type[Any]
    compute: Callable[[Any], Any]
    engine: int
    headline: Callable[[Any, Any], str]
    choices: Callable[[Any], Sequence[str]]
    rows: Callable[[Any, Any], Sequence[tuple[str, Any, str]]]
    template: str
    how: str
    show: Callable[[Any, Any, Any, Any, Mapping[str, str]], Mapping[str, Any]]
    aside: str = ""
    levers: tuple[str, ...] = ()
    part: str = ""
    decide: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day by which somebody must act: column ``day`` of ``model``. A case opens ``notice`` days ahead."""

    model: str
    day: str
    notice: int
    opens: CaseKind | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A box on role homes. ``context(user, at)`` returns what its template needs, or None to stay away."""

    slug: str
    homes: frozenset[Role]
    template: str
    context: Callable[[Any, Any], Mapping[str, Any] | None]
    order: int = 100
    wide: bool = False
    full: bool = False
    """Across the whole page, above the two columns."""


@dataclass(slots=True)
class Story:
    """The simulated organisation while it is made: what one area's part leaves for the next.

    ``today`` is the day the four quarters end on; the seed makes the same story each time.
    """

    today: date
    seed: int = 20261124
    password: str = ""
    units: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    systems: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = print

    @property
    def start(self) -> date:
        """The first day of the history: a year before today."""
        return self.today - timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ModelTab:
    """A tab of the version page: ``title`` and the page name, reversed with model name and number."""

    title: str
    page: str
    does: str
    order: int = 100


@dataclass(frozen=True, slots=True)
class Area:
    """What one package of the portal contributes."""

    slug: str
    title: str
    features: tuple[Feature, ...] = ()
    nav: tuple[NavItem, ...] = ()
    may: Mapping[str, frozenset[Role] | set[Role]] = field(default_factory=dict)
    jobs: tuple[JobKind, ...] = ()
    checks: tuple[Check, ...] = ()
    gates: tuple[Gate, ...] = ()
    case_kinds: tuple[CaseKind, ...] = ()
    analyses: tuple[AnalysisKind, ...] = ()
    topics: tuple[Topic, ...] = ()
    policies: tuple[PolicyKind, ...] = ()
    metrics: tuple[MetricKind, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    panels: tuple[Panel, ...] = ()
    version_panels: tuple[Panel, ...] = ()
    """Boxes of the version page; their ``context(user, version)`` takes a ``ModelVersion``."""
    system_panels: tuple[Panel, ...] = ()
    """Boxes of the system page; their ``context(user, system)`` takes a ``System``."""
    tabs: tuple[ModelTab, ...] = ()
    search: Callable[[Any, str], Sequence[Mapping[str, str]]] | None = None
    simulate: str = ""
    """Dotted path of ``simulate(story)``, the area's part of the demo. A string: no page loads it."""


FLOORS = ("portal", "lifecycle", "costs", "monitoring", "governance")
"""From the ground up; the demo and the documents follow this order."""


@cache
def areas() -> tuple[Area, ...]:
    """Every declared area, from the ground floor up, read once."""
    return tuple(import_module(f"{app}.area").AREA for app in settings.PORTAL_AREAS)


def declared(kind: str) -> tuple[Any, ...]:
    """Everything declared of one kind, e.g. ``declared("checks")``, from the ground floor up."""
    return tuple(item for area in areas() for item in getattr(area, kind))


def find(kind: str, slug: str) -> Any:
    """The declared object of that slug. Raises KeyError with the known slugs."""
    known = {item.slug: item for item in declared(kind)}
    if slug not in known:
        raise KeyError(f"no {kind} named {slug!r}; declared are {', '.join(sorted(known))}")
    return known[slug]
