"""How a case stands, in a tone and a word."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from portal.cases.models import Case, State
from portal.web.status import Tone


def status_of(case: Case, today: date) -> tuple[Tone, str]:
    """How a case stands, in a tone and a word."""
    if case.state == State.OPEN:
        if case.reported_at is not None:
            return Tone.INFO, _("Reported done")
        return (Tone.BAD, _("Overdue")) if case.due_on < today else (Tone.WAIT, _("Open"))
    if case.state != State.DECIDED:
        return Tone.NONE, case.outcome_title
    if case.stale_since is not None:
        return Tone.WARN, _("Stale")
    if not case.approved:
        return Tone.BAD, case.outcome_title
    return (Tone.WARN if case.outcome == "conditions" else Tone.GOOD), case.outcome_title
