"""What a finding of a check says, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from portal.areas import Check, MetricKind, Reading, Verdict, Window
from portal.checks.measuring import Measurement
from portal.checks.models import Evaluation
from portal.checks.readings import part_of, worst_reading
from portal.web.figures import day, number, quantity
from portal.web.status import words_of

TITLE = 300


def sentence_of_part(measured: Measurement, readings: Sequence[Reading]) -> str:
    """What is wrong with one part. A check that knows better puts a ``sentence`` into ``extra``."""
    reading = worst_reading(readings)
    assert reading is not None
    if told := reading.extra.get("sentence"):
        return str(told)[:TITLE]
    kind = kind_of(measured.check, reading.metric)
    part = part_of(reading)
    where = f"{part} in {measured.subject}" if part else str(measured.subject)
    return f"{kind.title} of {where} is {quantity(reading.value, kind.unit)}"[:TITLE]


def sentence_of_many(measured: Measurement, count: int) -> str:
    return f"{count} parts of {measured.subject} breach the limits of {measured.check.title.lower()}"[:TITLE]


def sentence_of_silence(measured: Measurement, *, windows: int) -> str:
    return (f"{measured.check.title} of {measured.subject} has had no result for {windows} windows in a row")[
        :TITLE
    ]


def sentence_of_evaluation(evaluation: Evaluation, check: Check | None) -> str:
    """The finding of one evaluation: "Feature shift of churn v1: breached in 2 of 14 readings"."""
    told = {
        "check": check.title if check else evaluation.check_slug,
        "subject": evaluation.subject,
        "word": words_of(Verdict(evaluation.verdict))[1].lower(),
        "count": sum(reading["verdict"] == evaluation.verdict for reading in evaluation.readings),
        "all": len(evaluation.readings),
    }
    if len(evaluation.readings) < 2 or evaluation.verdict == Verdict.OK:
        return _("%(check)s of %(subject)s: %(word)s") % told
    return _("%(check)s of %(subject)s: %(word)s in %(count)d of %(all)d readings") % told


def days_of(window: Window) -> str:
    """The days a window covers: "23 Nov 2026" for one, else its first and its last."""
    last = window.end - timedelta(microseconds=1)
    if window.start.date() == last.date():
        return day(window.start)
    return _("%(first)s to %(last)s") % {"first": day(window.start), "last": day(last)}


def summary_of(readings: Sequence[Reading]) -> str:
    """The figures of the worst reading: value, limit, n; else the reason why there are none."""
    reading = worst_reading(readings)
    if reading is None:
        return "There was nothing to measure."
    if reading.value is None:
        return f"{(reading.reason or reading.verdict.value).rstrip('.')}."
    limit = limit_of(reading)
    told = [
        f"{reading.metric} {number(reading.value)}",
        f"limit {number(limit)}" if limit is not None else "",
        f"n {number(reading.n)}" if reading.n is not None else "",
    ]
    return ", ".join(filter(None, told)) + "."


def limit_of(reading: Reading) -> float | None:
    """The limit a reading is held against: that of a warning for a warning, else that of a breach."""
    return reading.limit_warn if reading.verdict == Verdict.WARN else reading.limit_breach


def kind_of(check: Check, metric: str) -> MetricKind:
    """The declared metric of a reading; a nameless one for a reading nobody declared."""
    known = {kind.slug: kind for kind in check.metrics}
    return known.get(metric) or MetricKind(metric, metric.replace("_", " ").capitalize(), "", "none")
