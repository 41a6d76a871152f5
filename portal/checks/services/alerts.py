"""From readings to findings: one per part of the subject, one for all when many break, closed by a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from portal.accounts.models import User
from portal.areas import Reading, Severity, Verdict
from portal.checks.measuring import Measurement
from portal.checks.models import Evaluation
from portal.checks.pages import page_of
from portal.checks.policies import ALERTING, Alerting
from portal.checks.readings import JUDGED, as_json, by_part, part_of, part_of_json, worst, worst_reading
from portal.checks.words import limit_of, sentence_of_many, sentence_of_part, sentence_of_silence, summary_of
from portal.findings.models import Finding
from portal.findings.services import close_finding, raise_finding
from portal.jobs.models import Run
from portal.policies.selectors import in_force

MANY = "\u2026many"
SILENT = "\u2026silent"
"""The parts of findings about many parts at once, and about a check without results."""
TREND = 24
"""How many windows the line of a finding shows."""
SILENCE = frozenset({Verdict.NO_DATA, Verdict.ERROR})


@dataclass(slots=True)
class Said:
    """What an evaluation led to."""

    raised: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)


def speak(
    measured: Measurement, evaluation: Evaluation, *, at: datetime, run: Run | None, actor: User | None
) -> Said:
    """Raise and close findings, as the alerting policy in force says.

    A window whose outcomes are not in yet says nothing, and an old window says nothing about now.
    """
    if measured.state != "mature" or _is_history(evaluation):
        return Said()
    rules: Alerting = in_force(ALERTING, at, measured.system).parameters
    voice = _Voice(measured, evaluation, rules, at, run, actor)
    voice.tell_silence()
    voice.tell_breaches()
    voice.close_what_passed()
    return voice.said


def key_of(check: str, subject: tuple[str, int], part: str) -> str:
    """What "the same finding" is: check, subject and part."""
    name, pk = subject
    tail = part if len(part) <= 150 else f"{part[:100]}:{sha256(part.encode()).hexdigest()[:16]}"
    return f"check:{check}:{name}:{pk}:{tail}"


@dataclass
class _Voice:
    """One evaluation on its way to the people."""

    measured: Measurement
    evaluation: Evaluation
    rules: Alerting
    at: datetime
    run: Run | None
    actor: User | None
    said: Said = field(default_factory=Said)

    def tell_silence(self) -> None:
        """Say that a check has had no result for several windows, or that it has one again."""
        if Verdict(self.evaluation.verdict) not in SILENCE:
            self._close([SILENT], "It has a result again.")
            return
        before = self._before(self.rules.silent_windows - 1)
        if len(before) == self.rules.silent_windows - 1 and all(e.verdict in SILENCE for e in before):
            title = sentence_of_silence(self.measured, windows=self.rules.silent_windows)
            self._raise(SILENT, Severity.MEDIUM, title, self.measured.readings)

    def tell_breaches(self) -> None:
        """One finding per part in breach; one for all of them when there are more than the policy bears."""
        bad = self._confirmed(self._bad_parts())
        if not bad:
            return
        severity = self._severity(bad)
        if len(bad) > self.rules.together or self._open([MANY]):
            readings = [reading for part in bad.values() for reading in part]
            self._raise(MANY, severity, sentence_of_many(self.measured, len(bad)), readings)
            return
        for part, readings in bad.items():
            title = sentence_of_part(self.measured, readings)
            self._raise(part, self._severity({part: readings}), title, readings)

    def close_what_passed(self) -> None:
        parts = by_part(self.measured.readings)
        passed = [part for part, found in parts.items() if worst(r.verdict for r in found) == Verdict.OK]
        if Verdict(self.evaluation.verdict) == Verdict.OK:
            passed.append(MANY)
        self._close(passed, f"Within limits in {self.measured.window}.")

    def _bad_parts(self) -> dict[str, list[Reading]]:
        counts = {Verdict.BREACH, Verdict.WARN} if self.rules.warns else {Verdict.BREACH}
        parts = by_part(self.measured.readings)
        return {part: found for part, found in parts.items() if worst(r.verdict for r in found) in counts}

    def _confirmed(self, bad: dict[str, list[Reading]]) -> dict[str, list[Reading]]:
        """Those that were bad in the windows before too, as many as the policy asks for."""
        needed = self.rules.confirm_windows - 1
        before = self._before(needed) if bad and needed else []
        if len(before) < needed:
            return {}
        return {part: found for part, found in bad.items() if all(_was_bad(e, part) for e in before)}

    def _before(self, count: int) -> Sequence[Evaluation]:
        """That many evaluations of the windows before this one, the newest first."""
        earlier = Evaluation.objects.current().beside(self.evaluation)
        return list(earlier.filter(window_end__lt=self.evaluation.window_end).order_by("-window_end")[:count])

    def _severity(self, bad: Mapping[str, Sequence[Reading]]) -> Severity:
        verdict = worst(reading.verdict for found in bad.values() for reading in found)
        return self.measured.check.severity if verdict == Verdict.BREACH else Severity.LOW

    def _key(self, part: str) -> str:
        subject = self.measured.subject
        return key_of(self.measured.check.slug, (subject._meta.label_lower, subject.pk), part)  # noqa: SLF001 - Django's documented API

    def _open(self, parts: Iterable[str]) -> list[str]:
        """The keys of those parts that have an open finding."""
        keys = [self._key(part) for part in parts]
        return list(
            Finding.objects.unclosed().filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True)
        )

    def _raise(self, part: str, severity: Severity, title: str, readings: Sequence[Reading]) -> None:
        finding = raise_finding(
            self.measured.system,
            self.measured.check.slug,
            dedupe_key=self._key(part),
            severity=severity,
            title=title,
            summary=summary_of(readings),
            detail={**self._detail(readings), "trend": self._trend(readings)},
            subject=self.measured.subject,
            page=page_of(self.measured.check, self.measured.subject) or self.evaluation.get_absolute_url(),
            run=self.run,
            answer_days=self.rules.answer_days(severity),
            reopen_within=self.rules.reopen_within,
            at=self.at,
            actor=self.actor,
        )
        self.said.raised.append(finding)

    def _detail(self, readings: Sequence[Reading]) -> dict[str, Any]:
        return {
            "check": self.measured.check.slug,
            "evaluation": self.evaluation.pk,
            "policy": {"name": self.measured.policy.name, "version": self.measured.policy.version},
            "window": {
                "start": self.measured.window.start.isoformat(),
                "end": self.measured.window.end.isoformat(),
            },
            "readings": [as_json(reading) for reading in readings],
        }

    def _trend(self, readings: Sequence[Reading]) -> dict[str, Any] | None:
        """The line that led here: the values of the worst reading over the last windows."""
        reading = worst_reading(readings)
        if reading is None or reading.value is None:
            return None
        points = [(evaluation.window_end, _value_of(evaluation, reading)) for evaluation in self._earlier]
        points = [*points[::-1], (self.evaluation.window_end, reading.value)]
        return {
            "metric": reading.metric,
            "limit": limit_of(reading),
            "points": [{"end": end.date().isoformat(), "value": value} for end, value in points],
        }

    @cached_property
    def _earlier(self) -> Sequence[Evaluation]:
        return self._before(TREND - 1)

    def _close(self, parts: Iterable[str], note: str) -> None:
        for key in self._open(parts):
            finding = close_finding(key, run=self.run, note=note, at=self.at, actor=self.actor)
            if finding is not None:
                self.said.closed.append(finding)


def _is_history(evaluation: Evaluation) -> bool:
    """Whether a later window has been judged already."""
    later = (
        Evaluation.objects.current()
        .beside(evaluation)
        .filter(
            window_end__gt=evaluation.window_end,
            verdict__in=JUDGED,
            window_state="mature",
        )
    )
    return later.exists()


def _value_of(evaluation: Evaluation, like: Reading) -> float | None:
    """The value of the same metric and part in an earlier evaluation."""
    for reading in evaluation.readings:
        if reading["metric"] == like.metric and part_of_json(reading) == part_of(like):
            value: float | None = reading["value"]
            return value
    return None


def _was_bad(evaluation: Evaluation, part: str) -> bool:
    return any(
        part_of_json(reading) == part and reading["verdict"] in {Verdict.BREACH, Verdict.WARN}
        for reading in evaluation.readings
    )
