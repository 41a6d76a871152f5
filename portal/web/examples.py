"""What the gallery and the tests show: invented data that brings every component into every state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.areas import GateState, Severity, Verdict
from portal.web import charts
from portal.web.forms import DayInput
from portal.web.icons import ICONS
from portal.web.parts import (
    ApprovalView,
    Event,
    EvidenceItem,
    Fact,
    GateRow,
    JobView,
    KpiView,
    Pillar,
    SavedView,
    Tab,
    Voter,
)
from portal.web.status import Tone
from portal.web.tables import (
    MoneyColumn,
    NameColumn,
    NumberColumn,
    PersonColumn,
    PillColumn,
    PortalTable,
    WhenColumn,
)

TONES = (
    (Tone.GOOD, _("On target")),
    (Tone.WARN, _("At risk")),
    (Tone.BAD, _("Off track")),
    (Tone.INFO, _("In session")),
    (Tone.WAIT, _("Waiting")),
    (Tone.NONE, _("Not measured")),
)
NOON = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)

RETENTION = (0.022, 0.024, 0.022, 0.021, 0.0215, 0.027, 0.025, 0.0255, 0.029, 0.0285, 0.031, 0.031)
CONTACT = (4.3, 4.2, 4.12, 4.02, 3.94, 3.84, 3.76, 3.68, 3.6, 3.66, 3.8, 3.84)


def kpis() -> tuple[KpiView, ...]:
    """Tiles in each state: on target, at risk, off track, stale, without a target, not measured."""
    return (
        KpiView(
            "Retention uplift",
            "#kpi",
            0.031,
            "pp",
            0.03,
            "up",
            0.004,
            "good",
            RETENTION,
            "95 % interval 2.4 to 3.8",
            "M. Okafor",
            NOON,
            Tone.GOOD,
            places=1,
            delta_since="Q3",
        ),
        KpiView(
            "Loss on new limits",
            "#kpi",
            0.0136,
            "%",
            0.015,
            "down",
            -0.0005,
            "good",
            [0.021, 0.019, 0.019, 0.018, 0.018, 0.016, 0.016, 0.015, 0.0145, 0.014, 0.0138, 0.0136],
            "95 % interval 1.28 to 1.44",
            "T. Haddad",
            NOON,
            Tone.GOOD,
            places=2,
            delta_since="Q3",
        ),
        KpiView(
            "Cost per contact",
            "#kpi",
            Decimal("3.84"),
            "EUR",
            Decimal("3.60"),
            "down",
            Decimal("0.26"),
            "bad",
            CONTACT,
            "95 % interval 3.71 to 3.97",
            "S. Iyer",
            NOON,
            Tone.WARN,
            delta_since="Q3",
        ),
        KpiView(
            "Settled without rework",
            "#kpi",
            0.918,
            "%",
            0.9,
            "up",
            0.006,
            "good",
            [0.87, 0.875, 0.868, 0.88, 0.884, 0.896, 0.892, 0.904, 0.901, 0.906, 0.912, 0.918],
            "95 % interval 91.2 to 92.4",
            "F. Jansen",
            NOON,
            Tone.GOOD,
            places=1,
            delta_since="Q3",
        ),
        KpiView(
            "Bias audits in date",
            "#kpi",
            0.92,
            "%",
            1.0,
            "",
            -0.04,
            "bad",
            [0.9, 0.94, 0.97, 1.0, 1.0, 0.98, 1.0, 1.0, 0.97, 0.98, 0.96, 0.92],
            "exact count, 23 of 25",
            "A. Novak",
            NOON,
            Tone.BAD,
            delta_since="Q3",
        ),
        KpiView(
            "Disputes in time",
            "#kpi",
            0.964,
            "%",
            None,
            "up",
            None,
            "",
            [0.9, 0.91, 0.93, None, 0.94, 0.964],
            "exact count, 81 of 84",
            "C. Duarte",
            NOON,
            Tone.NONE,
            "No target",
            target_url="#kpi",
        ),
        KpiView(
            "Spend against budget",
            "#kpi",
            1.04,
            "%",
            1.0,
            "down",
            0.03,
            "bad",
            [0.96, 0.97, 0.95, 0.98, 0.96, 0.99, 0.98, 1.0, 0.99, 1.01, 1.0, 1.04],
            "",
            "N. Fischer",
            NOON,
            Tone.WARN,
            delta_since="Oct",
            stale_since=date(2026, 11, 2),
        ),
        KpiView(
            "Time to hire",
            "#kpi",
            None,
            "days",
            30,
            "down",
            None,
            "",
            (),
            "",
            "B. Reyes",
            None,
            Tone.NONE,
            reason="first value in December",
        ),
    )


def pillars() -> tuple[Pillar, ...]:
    found = kpis()
    titles = ("Grow revenue", "Lower cost to serve", "Trust and compliance", "Run it well")
    return tuple(Pillar(title, found[2 * i : 2 * i + 2]) for i, title in enumerate(titles))


def months(count: int) -> list[str]:
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    first = 11 - (count - 1) % 12 - 1
    return [names[(first + i) % 12] for i in range(count)]


def cost_line() -> charts.LineChart:
    values = [
        4.21,
        4.18,
        4.22,
        4.15,
        4.12,
        4.14,
        4.08,
        4.09,
        4.05,
        4.06,
        4.01,
        4.04,
        4.02,
        3.95,
        3.9,
        3.92,
        3.84,
        3.78,
        3.72,
        3.66,
        3.58,
        3.64,
        3.79,
        3.84,
    ]
    return charts.LineChart(
        label="Cost per contact fell for 20 months to €3.58 and is €3.84 now, above its target of €3.60.",
        labels=["Dec 24", *months(23)],
        lines=(
            charts.Line(
                "Cost per contact",
                values,
                [v - 0.13 for v in values],
                [v + 0.13 for v in values],
                Tone.WARN,
                "€3.84",
                dotted_from=23,
            ),
        ),
        limits=(charts.Limit("Target €3.60", [3.9] * 13 + [3.6] * 11),),
        notes=(charts.Note(22, "12 Oct: new parcel carrier"),),
        unit="EUR",
    )


def ratio_lines() -> charts.LineChart:
    return charts.LineChart(
        label="The ratio of applicants aged 18 to 29 fell below four fifths in week 44 and is 0.74.",
        labels=[f"W{w}" for w in range(36, 48)],
        lines=(
            charts.Line(
                "18 to 29",
                [0.86, 0.87, 0.85, 0.86, 0.88, 0.86, 0.85, 0.86, 0.78, 0.76, 0.75, 0.74],
                end=Tone.BAD,
            ),
            charts.Line(
                "60 to 74",
                [0.9, 0.88, 0.91, 0.87, 0.9, 0.92, 0.89, 0.9, 0.86, 0.85, 0.82, 0.83],
                end=Tone.WARN,
            ),
            charts.Line(
                "30 to 44",
                [0.97, 0.98, 0.96, 0.97, 0.98, 0.97, 0.97, 0.98, 0.96, 0.95, 0.96, 0.95],
                end=Tone.GOOD,
            ),
        ),
        limits=(charts.Limit("four fifths", 0.8, Tone.BAD),),
        low=0.6,
        high=1.1,
    )


def rerouted() -> charts.ControlChart:
    values = [
        0.1385,
        0.1447,
        0.1368,
        0.14,
        0.1421,
        0.1359,
        0.1402,
        0.1493,
        0.1253,
        0.1347,
        0.1339,
        0.1303,
        0.1342,
        0.1336,
        0.135,
        0.1446,
        0.1363,
        0.1358,
        0.1327,
        0.1411,
        0.1444,
        0.1386,
        0.1382,
        0.1327,
        0.1379,
        0.1422,
        0.1362,
        0.1426,
        0.1389,
        0.1431,
        0.144,
        0.1352,
        0.1394,
        0.1534,
        0.1656,
        0.1602,
        0.1716,
        0.1703,
    ]
    wobble = [0.0002, -0.0003, 0.0004, 0.0, -0.0002, 0.0003]
    smoothed, level = [], 0.1375
    for value in values:
        level = 0.2 * value + 0.8 * level
        smoothed.append(level)
    return charts.ControlChart(
        label="The share of contacts re-routed is above its upper limit of 15.2 % since week 43.",
        labels=[f"W{w}" for w in range(10, 48)],
        values=values,
        center=0.1374,
        lower=[0.1229 - wobble[i % 6] for i in range(38)],
        upper=[0.1519 + wobble[i % 6] for i in range(38)],
        baseline=24,
        signals=tuple(charts.Signal(i, "Rule 1") for i in range(33, 38)),
        notes=(
            charts.Note(30, "28 Sep: feature feed outage"),
            charts.Note(32, "12 Oct: new parcel carrier"),
            charts.Note(33, "19 Oct: re-route button moved"),
        ),
        smoothed=smoothed,
        smoothed_name="EWMA, λ 0.2",
        unit="%",
        places=2,
    )


def drift() -> charts.Heatmap:
    def row(
        name: str, share: float, *values: float, tone: Tone = Tone.GOOD, word: str = "Stable"
    ) -> charts.HeatRow:
        return charts.HeatRow(name, values, share, tone, word)

    return charts.Heatmap(
        label="PSI by feature and week: topic and product line have drifted since week 42.",
        periods=[f"W{w}" for w in range(36, 48)],
        rows=(
            row(
                "Topic",
                0.31,
                0.02,
                0.02,
                0.03,
                0.02,
                0.12,
                0.02,
                0.17,
                0.26,
                0.33,
                0.36,
                0.39,
                0.41,
                tone=Tone.BAD,
                word="Drifted",
            ),
            row(
                "Product line",
                0.13,
                0.02,
                0.03,
                0.02,
                0.02,
                0.1,
                0.02,
                0.08,
                0.19,
                0.24,
                0.26,
                0.27,
                0.28,
                tone=Tone.BAD,
                word="Drifted",
            ),
            row(
                "Message length",
                0.11,
                0.04,
                0.03,
                0.03,
                0.03,
                0.15,
                0.03,
                0.06,
                0.07,
                0.09,
                0.11,
                0.12,
                0.13,
                tone=Tone.WARN,
                word="Warns",
            ),
            row(
                "Wait before contact",
                0.09,
                0.05,
                0.04,
                0.04,
                0.05,
                0.13,
                0.04,
                0.05,
                0.06,
                0.07,
                0.07,
                0.08,
                0.07,
            ),
            row("Language", 0.08, 0.02, 0.02, 0.02, 0.02, 0.13, 0.02, 0.02, 0.01, 0.03, 0.02, 0.02, 0.03),
        ),
        sizes=(5157, 5000, 4923, 4314, 142, 5154, 4450, 4386, 5192, 5113, 5129, 5125),
        sizes_name="Contacts, n",
        few=frozenset({4}),
    )


def topic() -> charts.Distribution:
    return charts.Distribution(
        label="Parcel questions grew from 6 % of contacts in the reference to 19 % in week 47.",
        labels=("Billing", "Delivery", "Parcel", "Returns", "Account", "Other"),
        reference=(0.31, 0.22, 0.06, 0.18, 0.14, 0.09),
        window=(0.24, 0.2, 0.19, 0.16, 0.13, 0.08),
        window_name="Week 47",
        moved=frozenset({2}),
    )


def ages() -> charts.GroupChart:
    state = charts.GroupState
    return charts.GroupChart(
        label="Of five age groups one is below four fifths, one crosses the line and one has too few people.",
        groups=(
            charts.Group("18 to 29", 1842, state.BELOW, 0.74, 0.69, 0.79, "0.74, below"),
            charts.Group("30 to 44", 2764, state.GOOD, 0.95, 0.91, 1.0, "0.95, above"),
            charts.Group("45 to 59", 2215, state.REFERENCE, 1.0, None, None, "reference group"),
            charts.Group("60 to 74", 268, state.CROSSES, 0.83, 0.73, 0.95, "0.83, interval crosses"),
            charts.Group("75 and over", 24, state.FEW, None, 0.53, 1.27, "too few (24), no verdict"),
            charts.Group("Not stated", None, state.HIDDEN, words="fewer than 10, hidden"),
        ),
        low=0.5,
        high=1.2,
    )


def value_and_cost() -> charts.Bars:
    return charts.Bars(
        label="Value grew from 2.1 to 6.2 million a quarter, cost from 1.3 to 2.4; 6.7 and 2.6 are forecast.",
        labels=("Q1 25", "Q2", "Q3", "Q4", "Q1 26", "Q2", "Q3", "Q4"),
        series=(
            charts.Series("Value", (2.1, 2.8, 3.6, 4.3, 4.9, 5.6, 6.2, 6.7)),
            charts.Series("Run cost", (1.3, 1.5, 1.7, 1.9, 2.1, 2.3, 2.4, 2.6)),
        ),
        forecast=1,
        low=6.3,
        high=7.1,
    )


def build_or_buy() -> charts.Tornado:
    rows = (
        ("Benefits", 38_000, 330_000, "−20 %", "+20 %", True),
        ("Running cost", 271_000, 97_000, "−20 %", "+20 %", False),
        ("Chance of the benefit", 111_000, 236_000, "72 %", "100 %", True),
        ("Discount rate", 206_000, 163_000, "6.4 %", "9.6 %", False),
        ("Months until it works", 189_000, 179_000, "2.4 months", "3.6 months", False),
    )
    return charts.Tornado(
        label="The value of buying hangs on the benefits most: €38 k to €330 k for 20 % either way.",
        rows=tuple(charts.TornadoRow(*row[:5], turns=row[5]) for row in rows),
        base=184_000,
        unit="EUR",
        base_name="As entered",
        low_name="Input low",
        high_name="Input high",
    )


def bill() -> charts.Allocation:
    parts = (
        ("Retail Banking", 0.353, "€247 806"),
        ("Customer Service", 0.215, "€150 902"),
        ("Stores and Supply", 0.213, "€149 311"),
        ("Insurance", 0.144, "€100 866"),
        ("Group Functions", 0.016, "€11 120"),
    )
    return charts.Allocation(
        label="Of the bill 35.3 % goes to Retail Banking; 6.0 % has no owner.",
        parts=tuple(charts.Part(name, share, text.replace(" ", "\u202f")) for name, share, text in parts),
        rest=charts.Part("Unallocated", 0.06, "€42\u202f313"),
    )


def spend() -> charts.LineChart:
    days = 30
    actual: list[float | None] = [30_500.0 * d for d in range(24)]
    forecast: list[float | None] = [None] * 23 + [30_500.0 * d for d in range(23, days)]
    low = [None if v is None else v - 3_500 * (i - 23) for i, v in enumerate(forecast)]
    high = [None if v is None else v + 3_500 * (i - 23) for i, v in enumerate(forecast)]
    return charts.LineChart(
        label="Spend is heading for €884 k in November, 4 % over the budget of €850 k.",
        labels=[str(d) for d in range(1, days + 1)],
        lines=(
            charts.Line("Spent", [*actual, *([None] * 6)]),
            charts.Line("Forecast", forecast, low, high, Tone.WARN, "Forecast €884 k", dotted_from=23),
        ),
        limits=(charts.Limit("Budget €850 k", 850_000.0),),
        unit="EUR",
        low=0,
    )


def calibrated() -> charts.Calibration:
    pairs = (
        (0.05, 0.04),
        (0.15, 0.13),
        (0.25, 0.24),
        (0.35, 0.31),
        (0.45, 0.47),
        (0.55, 0.6),
        (0.65, 0.71),
        (0.75, 0.83),
        (0.85, 0.9),
        (0.95, 0.97),
    )
    return charts.Calibration(
        label="The model is too cautious between 55 and 85 %: more came true than it predicted.",
        bins=tuple(charts.Bin(p, o, max(0, o - 0.04), min(1, o + 0.04), 400) for p, o in pairs),
    )


def graph() -> charts.Lineage:
    node = charts.Node
    return charts.Lineage(
        label="Lineage of credit-limit v5 from two data sets to the decision on a limit.",
        kinds=("Data", "Features", "Training", "Model", "Decision"),
        nodes=(
            node("a", "Data", "bureau feed v9", "61 004 rows", "#lineage", Tone.WARN),
            node("b", "Data", "account flows", "2.1 m rows", "#lineage"),
            node("c", "Features", "income estimate", "3 columns", "#lineage"),
            node("d", "Features", "payment history", "12 columns", "#lineage"),
            node("e", "Training", "run 4c1f9e2", "19 Oct 2026", "#lineage"),
            node("f", "Model", "credit-limit v5", "canary 10 %", "#lineage", Tone.BAD),
            node("g", "Decision", "Limit for new applicants", "7 120 so far", "#lineage"),
        ),
        edges=(("a", "d"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e"), ("e", "f"), ("f", "g")),
    )


def gates() -> tuple[GateRow, ...]:
    return (
        GateRow("Code review", Tone.GOOD, "Passed", "2 approvals on 4c1f9e2", "#gate"),
        GateRow(
            "Fairness",
            Tone.BAD,
            "Failed",
            "18 to 29: 0.74, limit 0.80",
            "#gate",
            "Open fairness",
            primary=True,
        ),
        GateRow("Ethics board", Tone.WAIT, "Waiting", "4 of 6 votes in, due 27 Nov", "#gate", "Open case"),
        GateRow("Model card", Tone.BAD, "Failed", "2 required fields empty", "#gate", "Fill 2 fields"),
        GateRow("Edge-case tests", Tone.INFO, "Waived", "Until 1 Feb, A. Novak", "#gate"),
    )


def votes() -> ApprovalView:
    return ApprovalView(
        voters=(
            Voter("A. Novak", Tone.GOOD, "Voted", "chair"),
            Voter("M. Okafor", Tone.GOOD, "Voted"),
            Voter("E. Costa", Tone.GOOD, "Voted"),
            Voter("R. Sato", Tone.WAIT, "Not yet", "you"),
            Voter("T. Haddad", Tone.NONE, "Conflict", "owner"),
        ),
        cast=3,
        entitled=5,
        quorum=4,
        rule="simple majority",
        note="A tie is decided by the chair. One more vote reaches quorum.",
        blocked="T. Haddad proposed it and cannot vote.",
    )


def events() -> tuple[Event, ...]:
    now = timezone.now()
    return (
        Event(
            now - timedelta(hours=2),
            actor="K. Lin",
            verb="sent 10 % of traffic to",
            object="version 5",
            url="#t",
        ),
        Event(
            now - timedelta(days=3),
            actor="J. Berg",
            verb="approved the code review of",
            object="4c1f9e2",
            digest="9f2c4e07a1d2b71e",
        ),
        Event(datetime(2026, 10, 27, 7, tzinfo=UTC), "Opinion fell due. The case went up to A. Novak."),
    )


def proofs() -> tuple[EvidenceItem, ...]:
    return (
        EvidenceItem(
            "Bias audit, Arden Audit",
            "uploaded",
            "e3a94f0b1122334440",
            date(2026, 6, 3),
            date(2026, 11, 3),
            "#evidence",
            "#verify",
            expired=True,
        ),
        EvidenceItem(
            "Fairness run 18190",
            "computed",
            "07fc9911aabbccb2",
            date(2026, 11, 23),
            None,
            "#evidence",
            "#verify",
        ),
    )


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the example list; ``pk`` as a table's rows have one."""

    pk: int
    name: str
    system: str
    stage: str
    owner: str
    seen: date
    cost: Decimal | None
    psi: float | None
    health: tuple[str, str]

    def __str__(self) -> str:
        return self.name


HEALTH = (
    ("bad", "Release blocked"),
    ("bad", "Audit overdue"),
    ("bad", "Drifted"),
    ("warn", "Retires 31 Jan"),
    ("warn", "Drift warns"),
    ("good", "Healthy"),
    ("good", "Healthy"),
    ("wait", "Waits for board"),
    ("none", "Retired"),
)
NAMES = (
    "credit-limit",
    "claims-triage",
    "contact-routing",
    "churn",
    "fraud-card",
    "demand",
    "route-plan",
    "shelf-gap",
    "price-elasticity",
)
OWNERS = ("K. Lin", "M. Weiss", "J. Berg", "T. Okada")


class Models(list[Model]):
    """Rows that can be narrowed to the chosen ones, as a queryset can."""

    def filter(self, pk__in: Sequence[str]) -> Models:
        return Models(model for model in self if str(model.pk) in pk__in)


MODELS = Models(
    Model(
        pk=i + 1,
        name=f"{NAMES[i % 9]} v{1 + i // 9}",
        system=NAMES[i % 9].replace("-", " ").capitalize(),
        stage="Production" if i % 4 else "Canary 10\u202f%",
        owner=OWNERS[i % 4],
        seen=date(2026, 11, 24) - timedelta(days=3 * i),
        cost=None if i % 7 == 6 else Decimal("14.80") * (1 + i % 9),
        psi=None if i % 9 > 6 else round(0.41 / (1 + i), 2),
        health=HEALTH[i % 9],
    )
    for i in range(38)
)
VIEWS = (
    SavedView("All", "", 38),
    SavedView("In production", "stage=production", 25),
    SavedView("Needs attention", "health=bad", 7),
    SavedView("High risk", "risk=high", 14, "A. Novak"),
)


class ModelTable(PortalTable):
    phone = ("name", "health", "stage", "owner")

    name = NameColumn(verbose_name=_("Model"))
    system = tables.Column(verbose_name=_("System"))
    stage = tables.Column(verbose_name=_("Stage"), attrs={"td": {"class": "value"}})
    owner = PersonColumn(verbose_name=_("Owner"))
    seen = WhenColumn(verbose_name=_("Last prediction"))
    cost = MoneyColumn(verbose_name=_("Cost a month"), currency="EUR", places=2)
    psi = NumberColumn(verbose_name=_("Highest PSI"), places=2)
    health = PillColumn(verbose_name=_("Health"), orderable=False)


class EveryField(forms.Form):
    """One of each: the errors show on sending it empty."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As people call it; letters and dashes.")
    )
    purpose = forms.CharField(label=_("Purpose"), widget=forms.Textarea)
    tier = forms.ChoiceField(
        label=_("Risk tier"), choices=[("", "—"), ("high", _("High")), ("limited", _("Limited"))]
    )
    since = forms.DateField(label=_("In use since"), widget=DayInput, required=False)
    budget = forms.DecimalField(label=_("Monthly budget"), min_value=0, required=False)
    answer = forms.ChoiceField(
        label=_("Opinion"),
        choices=[
            ("approve", _("Approve")),
            ("conditions", _("Approve with conditions")),
            ("reject", _("Reject")),
        ],
        widget=forms.RadioSelect,
    )
    notify = forms.BooleanField(
        label=_("Tell the owner"), required=False, help_text=_("One message, no reminders.")
    )


def everything() -> Mapping[str, Any]:
    """The context of the gallery."""
    return {
        "tones": TONES,
        "states": [*Verdict, *Severity, *GateState],
        "icons": sorted(ICONS),
        "pillars": pillars(),
        "facts_row": (
            Fact("Status", "At risk", tone=Tone.WARN),
            Fact("Value, November to date", "€3.84", "95 % interval 3.71 to 3.97"),
            Fact("System", "Credit limit scoring", url="#facts"),
            Fact("Owner", "S. Iyer", "deputy P. Adeyemi"),
        ),
        "facts_list": (
            Fact("Formula", "Staff, licence and run cost ÷ contacts closed"),
            Fact("Interval", "Bootstrap over days, 2 000 draws, seed 42"),
            Fact("Last run", "Run 18 204", url="#facts"),
        ),
        "tab_items": (
            Tab("Overview", "#tabs", current=True),
            Tab("Versions", "#tabs", count=5),
            Tab("Fairness", "#tabs"),
            Tab("Findings", "#tabs", count=2),
        ),
        "cost": cost_line(),
        "ratio": ratio_lines(),
        "spend": spend(),
        "control": rerouted(),
        "drift": drift(),
        "topic": topic(),
        "ages": ages(),
        "bars_data": value_and_cost(),
        "options": build_or_buy(),
        "bill": bill(),
        "calibrated": calibrated(),
        "graph": graph(),
        "gate_rows": gates(),
        "votes": votes(),
        "events": events(),
        "proofs": proofs(),
        "noon": NOON,
        "jobs": (
            JobView(
                "Robustness, credit-limit v5",
                "#job",
                fraction=0.62,
                step="Step 3 of 5: worst case in the ε-box",
                started_at=NOON,
                left="about 2 min left",
            ),
            JobView("Import of November", "#job", step="Waiting for a worker"),
            JobView(
                "Fairness, run 18219",
                "#job",
                done=True,
                tone=Tone.BAD,
                state="Failed",
                step="No outcome joined",
            ),
        ),
    }
