"""The sentence on top of each home: how things stand and what needs this person, built by rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import User
from portal.areas import Role, Severity
from portal.cases.selectors.waiting import waiting_for
from portal.dashboards.selectors import blocked_versions, my_models, tile_pillars
from portal.findings.models import Finding
from portal.jobs.models import Run, RunState, Worker
from portal.web.parts import KpiView
from portal.web.status import Tone


@dataclass(frozen=True, slots=True)
class Headline:
    """The title of a home and the line under it."""

    sentence: str
    summary: str


def headline(user: User, role: Role, at: datetime) -> Headline:
    """What a role's home says first."""
    return HEADLINES.get(role, _by_findings)(user, at)


def kpi_sentence(kpis: list[KpiView]) -> str:
    """How many KPIs stand where; what is not measured is said too."""
    if not kpis:
        return "No KPI has been set up yet"
    tones = [kpi.status for kpi in kpis]
    parts = [f"{tones.count(Tone.GOOD)} of {len(kpis)} KPIs are on target"]
    parts += [
        f"{count} {words}"
        for tone, words in ((Tone.WARN, "at risk"), (Tone.BAD, "off track"), (Tone.NONE, "not measured"))
        if (count := tones.count(tone))
    ]
    return ", ".join(parts)


def _executive(user: User, at: datetime) -> Headline:
    kpis = [kpi for pillar in tile_pillars(at) for kpi in pillar.kpis]
    return Headline(kpi_sentence(kpis), _waiting(user, at))


def _committee(user: User, at: datetime) -> Headline:
    cases = waiting_for(user, limit=100)
    if not cases:
        return Headline("No decision waits for you", _open_findings(user))
    noun = "decision waits" if len(cases) == 1 else "decisions wait"
    return Headline(f"{len(cases)} {noun} for your vote", _waiting(user, at))


def _engineer(user: User, at: datetime) -> Headline:  # noqa: ARG001 - one signature for all
    models = my_models(user)
    count = models.count()
    if not count:
        return Headline("You have no models yet", "Register the first one from code, in three lines.")
    blocked = blocked_versions(user)
    if not blocked:
        running = models.exclude(serving=None).count()  # type: ignore[misc]  # annotated
        return Headline(f"Nothing blocks you; {running} of your {count} models serve", _open_findings(user))
    first = blocked[0]
    gates = "one gate" if len(first.rows) == 1 else f"{len(first.rows)} gates"
    others = "" if len(blocked) == 1 else f", and {len(blocked) - 1} more of your versions wait"
    return Headline(
        f"{first.version} is blocked by {gates}{others}", f"Open what failed first. {_open_findings(user)}"
    )


def _administrator(user: User, at: datetime) -> Headline:  # noqa: ARG001 - one signature for all
    dead = Run.objects.filter(state=RunState.DEAD).count()
    queued = Run.objects.filter(state=RunState.QUEUED).count()
    if dead:
        sentence = f"{dead} run{'s' if dead > 1 else ''} gave up and need{'' if dead > 1 else 's'} you"
    elif not Worker.objects.alive().exists():
        sentence = "No worker is running, so no job is done"
    else:
        sentence = "Everything runs"
    return Headline(sentence, f"{queued} run{'s' if queued != 1 else ''} queued.")


def _employee(user: User, at: datetime) -> Headline:
    if not waiting_for(user, limit=1):
        return Headline("Nothing waits for you", "What you are asked to decide will stand here.")
    return _committee(user, at)


def _by_findings(user: User, at: datetime) -> Headline:  # noqa: ARG001 - one signature for all
    count = Finding.objects.visible_to(user).unclosed().count()
    sentence = "Nothing is open" if not count else f"{count} finding{'s are' if count > 1 else ' is'} open"
    return Headline(sentence, _open_findings(user))


def _waiting(user: User, at: datetime) -> str:
    cases = waiting_for(user, limit=100)
    overdue = [case for case in cases if case.due_on < at.date()]
    if overdue:
        return f"{len(overdue)} overdue: {overdue[0].title}."
    if cases:
        return f"Next: {cases[0].title}, due {cases[0].due_on:%-d %b %Y}."
    return "No decision waits for you."


def _open_findings(user: User) -> str:
    urgent = (
        Finding.objects.visible_to(user)
        .unclosed()
        .filter(severity__in=[Severity.HIGH, Severity.CRITICAL])
        .count()
    )
    if not urgent:
        return "No finding of high severity is open."
    return (
        f"{urgent} finding{'s' if urgent > 1 else ''} of high severity {'are' if urgent > 1 else 'is'} open."
    )


HEADLINES: dict[Role, Callable[[User, datetime], Headline]] = {
    Role.EXECUTIVE: _executive,
    Role.COMMITTEE: _committee,
    Role.ETHICS: _committee,
    Role.ENGINEER: _engineer,
    Role.ADMINISTRATOR: _administrator,
    Role.EMPLOYEE: _employee,
    Role.REPRESENTATIVE: _employee,
}
