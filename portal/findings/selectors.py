"""Every page-shaped read of findings and of the inbox."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Membership, User
from portal.areas import Severity
from portal.errors import Missing
from portal.findings.models import Finding, FindingState, Notification, SavedView, Waiver
from portal.findings.models.findings import FindingQuerySet
from portal.registry.models import System
from portal.rights import matrix
from portal.web import parts
from portal.web.status import Tone

ANSWERABLE = (FindingState.OPEN, FindingState.ACKNOWLEDGED)
STATE_WORDS: dict[str, tuple[Tone, str]] = {
    FindingState.OPEN: (Tone.BAD, FindingState.OPEN.label),
    FindingState.ACKNOWLEDGED: (Tone.WARN, FindingState.ACKNOWLEDGED.label),
    FindingState.ACCEPTED: (Tone.INFO, FindingState.ACCEPTED.label),
    FindingState.WAIVED: (Tone.NONE, FindingState.WAIVED.label),
    FindingState.CLOSED: (Tone.GOOD, FindingState.CLOSED.label),
}
OLDEST_DONE = timedelta(days=90)


def findings_for(user: User, action: str = "findings.read") -> FindingQuerySet:
    """The findings on which this person may do the action, with what a list shows of them."""
    return Finding.objects.visible_to(user, action).select_related("system", "owner")


def finding_named(user: User, ref: str, action: str = "findings.read") -> Finding:
    """The finding of a reference such as F-12. Raises Missing for any that this person may not see."""
    number = number_in(ref)
    if number is None:
        raise Missing
    rows = findings_for(user, action).select_related("system__unit", "part_of", "run", "closed_by_run")
    found = rows.filter(pk=number).first()
    if found is None:
        raise Missing
    return found


def number_in(ref: str) -> int | None:
    """The number of a reference such as F-12 or 12; None for any other text."""
    digits = ref.strip().upper().removeprefix("F-")
    fits = digits.isascii() and digits.isdecimal() and len(digits) < 19
    return int(digits) if fits else None


def open_findings(system: System) -> FindingQuerySet:
    """What is wrong with a system now, the worst first."""
    return Finding.objects.filter(system=system).unclosed().select_related("owner").worst_first()


def counts_by_state(user: User) -> dict[str, int]:
    """How many findings this person sees in each state. One query."""
    counted = findings_for(user).order_by().values_list("state").annotate(count=Count("pk"))
    return dict.fromkeys(FindingState.values, 0) | dict(counted)


def similar(finding: Finding, limit: int = 3) -> list[Finding]:
    """Closed findings that said the same before: of the same key, newest first."""
    before = Finding.objects.filter(dedupe_key=finding.dedupe_key, state=FindingState.CLOSED)
    return list(before.exclude(pk=finding.pk).order_by("-closed_at")[:limit])


def parents_for(finding: Finding) -> QuerySet[Finding]:
    """What a finding can be part of: others of the system that are open and stand on their own."""
    others = Finding.objects.filter(system=finding.system, part_of=None).unclosed()
    return others.exclude(pk=finding.pk).order_by("-opened_at")[:50]


def owners_for(finding: Finding) -> QuerySet[User]:
    """Who can answer for a finding: its owner, and people with such a role in its unit or above."""
    steps = finding.system.unit.path.strip("/").split("/")
    above = ["/" + "".join(f"{step}/" for step in steps[: depth + 1]) for depth in range(len(steps))]
    seats = Membership.objects.in_force().filter(
        role__in=[role.value for role in matrix()["findings.answer"]], unit__path__in=above
    )
    people = Q(pk__in=seats.values("user")) | Q(pk=finding.owner_id)
    return User.objects.filter(people, is_active=True).order_by("name")


def waiver_asked(finding: Finding) -> Waiver | None:
    """The waiver that waits for a decision."""
    return finding.waivers.filter(granted=None).select_related("asked_by").first()


def waiver_in_force(finding: Finding, at: datetime | None = None) -> Waiver | None:
    """The waiver under which a finding needs no answer now."""
    held = finding.waivers.filter(granted=True, expires_at__gt=at or timezone.now())
    return held.select_related("asked_by", "decided_by").order_by("-expires_at").first()


# --- Inbox ------------------------------------------------------------------------------------------------


def needs_me(user: User, at: datetime | None = None) -> QuerySet[Notification]:
    """What this person has to act on now, by its day."""
    return (
        Notification.objects.needing(user, at)
        .select_related("system")
        .order_by(F("due_on").asc(nulls_last=True), "-created_at")
    )


def watched(user: User) -> QuerySet[Notification]:
    """What this person only watches, and what they have snoozed; the newest first."""
    now = timezone.now()
    lines = Notification.objects.unsettled().filter(user=user)
    return (
        lines.filter(Q(needs_action=False) | Q(snoozed_until__gt=now))
        .select_related("system")
        .order_by("-created_at")
    )


def done(user: User) -> QuerySet[Notification]:
    """What was settled in the last three months, the newest first."""
    since = timezone.now() - OLDEST_DONE
    lines = Notification.objects.filter(user=user, done_at__gt=since)
    return lines.select_related("system").order_by("-done_at")


def to_triage(user: User) -> FindingQuerySet:
    """The findings that wait for this person's answer: their own, the worst first."""
    return findings_for(user).filter(owner=user, state__in=ANSWERABLE).worst_first()


def triage_sentence(user: User) -> str:
    """What waits, in one sentence: "7 findings need you, 2 of them are high"."""
    counted: dict[str, int] = dict(
        to_triage(user).order_by().values_list("severity").annotate(count=Count("pk"))
    )
    total = sum(counted.values())
    if not total:
        return _("No finding needs you")
    text = ngettext("%(total)d finding needs you", "%(total)d findings need you", total) % {"total": total}
    urgent = counted.get(Severity.CRITICAL, 0) + counted.get(Severity.HIGH, 0)
    if not urgent:
        return text
    more = ngettext(
        "%(urgent)d of them is high or critical", "%(urgent)d of them are high or critical", urgent
    )
    return f"{text}, {more % {'urgent': urgent}}"


def time_left(due_on: date | None, today: date) -> str:
    """How long there is: "3 days left", "due today", "2 days late"."""
    if due_on is None:
        return ""
    days = (due_on - today).days
    if days == 0:
        return _("due today")
    if days > 0:
        return ngettext("%d day left", "%d days left", days) % days
    return ngettext("%d day late", "%d days late", -days) % -days


# --- Saved views --------------------------------------------------------------------------------------------


def kept_views(page: str, user: User) -> parts.KeptViews:
    """The views of a list that are this person's own, then those that others share. One query."""
    rows = SavedView.objects.filter(Q(owner=user) | Q(shared=True), page=page).select_related("owner")
    mine = [parts.SavedView(row.name, row.query) for row in rows if row.owner_id == user.pk]
    others = [
        parts.SavedView(row.name, row.query, owner=str(row.owner)) for row in rows if row.owner_id != user.pk
    ]
    return parts.KeptViews(mine + others, reverse("findings:save-view", args=[page]))
