"""Who hears of a finding and how: its owner always, others as their routes say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import Membership, MembershipQuerySet, User
from portal.areas import Role, Severity
from portal.audit.services import record, snapshot
from portal.errors import Invalid, Problem
from portal.findings.models import AlertRoute, Channel, Finding, SavedView
from portal.findings.models.findings import SEVERITIES
from portal.findings.services.inbox import notify
from portal.jobs.services import enqueue_mail
from portal.registry.models import System
from portal.rights import matrix
from portal.web.figures import day

RANK = {severity: rank for rank, (severity, _) in enumerate(SEVERITIES)}


def default_owner(system: System) -> User | None:
    """Who answers for a system: its owner, its deputy, else the longest-standing engineer nearest to it."""
    for person in (system.owner, system.deputy):
        if person is not None and person.is_active:
            return person
    engineers = _holding([Role.ENGINEER], system).order_by("-unit__path", "started_at")
    nearest = engineers.first()
    return nearest.user if nearest else None


def deciders(finding: Finding, *, but: User) -> list[User]:
    """Who may grant a waiver of a finding, without the person who asks."""
    seats = _holding(matrix()["findings.waive"], finding.system).exclude(user=but)
    return list({seat.user_id: seat.user for seat in seats}.values())


def tell(finding: Finding, *, at: datetime) -> None:
    """Ask the owner to act, and let those watch who want to hear of it."""
    routes = _routes_for(finding, at)
    people = {route.user_id: route.user for route in routes.values() if _may_read(route.user, finding.system)}
    if finding.owner is not None:
        people[finding.owner.pk] = finding.owner
    for channel in (Channel.INBOX, Channel.DIGEST, Channel.MAIL):
        told = [user for pk, user in people.items() if _channel(routes.get(pk)) == channel]
        for needs_action in (True, False):
            _tell(
                [user for user in told if (user.pk == finding.owner_id) == needs_action],
                finding,
                needs_action=needs_action,
                digest=channel == Channel.DIGEST,
                at=at,
            )
        if channel == Channel.MAIL:
            _mail(told, finding)


@transaction.atomic
def set_route(
    user: User,
    *,
    channel: Channel,
    kind: str = "",
    system: System | None = None,
    severity: Severity = Severity.LOW,
    muted_until: datetime | None = None,
) -> AlertRoute:
    """Say how one hears of findings of a kind and a system. Raises Invalid for a mute without an end."""
    if (channel == Channel.MUTED) != (muted_until is not None and muted_until > timezone.now()):
        raise Invalid(
            "Silence needs a day on which it ends, and nothing else has one.",
            errors=[Problem("/muted_until", "A later day for silence, empty for all else.")],
        )
    route, _ = AlertRoute.objects.update_or_create(
        user=user,
        kind=kind,
        system=system,
        defaults={"channel": channel, "severity": severity, "muted_until": muted_until},
    )
    record("alert.route_set", route, actor=user, after=snapshot(route))
    return route


@transaction.atomic
def stop_route(route: AlertRoute, *, actor: User) -> None:
    """Go back to what is usual."""
    record("alert.route_ended", route, actor=actor, before=snapshot(route))
    route.delete()


@transaction.atomic
def save_view(page: str, *, name: str, query: str, actor: User, shared: bool = False) -> SavedView:
    """Keep how a list is filtered and sorted under a name, or change what the name stands for."""
    if not name.strip():
        raise Invalid("A view needs a name.", errors=[Problem("/name", "Empty.")])
    view, _ = SavedView.objects.update_or_create(
        page=page, owner=actor, name=name.strip(), defaults={"query": query, "shared": shared}
    )
    record("view.saved", view, actor=actor, after=snapshot(view))
    return view


@transaction.atomic
def remove_view(view: SavedView, *, actor: User) -> None:
    """Forget a view. Whoever used a shared one loses it."""
    record("view.removed", view, actor=actor, before=snapshot(view))
    view.delete()


def _routes_for(finding: Finding, at: datetime) -> dict[int, AlertRoute]:
    """Per person the most particular route that fits: of this system before of this kind before any."""
    routes = AlertRoute.objects.filter(
        Q(kind="") | Q(kind=finding.kind),
        Q(system=None) | Q(system=finding.system),
        Q(muted_until=None) | Q(muted_until__gt=at),
        user__is_active=True,
    ).select_related("user")
    fitting = [route for route in routes if RANK[route.severity] <= RANK[finding.severity]]
    fitting.sort(key=lambda route: (route.system_id is not None, route.kind != ""))
    return {route.user_id: route for route in fitting}


def _channel(route: AlertRoute | None) -> str:
    return route.channel if route else Channel.DIGEST


def _tell(users: Sequence[User], finding: Finding, *, needs_action: bool, digest: bool, at: datetime) -> None:
    if users:
        notify(
            users,
            finding,
            kind="finding",
            title=finding.title,
            url=finding.get_absolute_url(),
            system=finding.system,
            needs_action=needs_action,
            due_on=finding.due_on if needs_action else None,
            digest=digest,
            at=at,
        )


def _mail(users: Iterable[User], finding: Finding) -> None:
    """One mail with one link, at once."""
    text = "\n".join(
        [
            finding.title,
            finding.summary,
            f"{finding.system}, {finding.severity}, to be answered by {day(finding.due_on)}.",
            "",
            settings.PORTAL_PUBLIC_URL + finding.get_absolute_url(),
        ]
    )
    for user in users:
        enqueue_mail(user.email, finding.title, text, key=f"{finding.ref}-{finding.occurrences}-{user.pk}")


def _may_read(user: User, system: System) -> bool:
    return System.objects.visible_to(user, "findings.read").filter(pk=system.pk).exists()


def _holding(roles: Iterable[Role], system: System) -> MembershipQuerySet:
    """Seats with one of the roles in the system's unit or above it, of active people."""
    steps = system.unit.path.strip("/").split("/")
    above = ["/" + "".join(f"{step}/" for step in steps[: depth + 1]) for depth in range(len(steps))]
    return (
        Membership.objects.in_force()
        .filter(role__in=[role.value for role in roles], unit__path__in=above, user__is_active=True)
        .select_related("user")
    )
