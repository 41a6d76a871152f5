"""What is in force, what was, and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from portal.accounts.models import Unit, User
from portal.areas import PolicyKind, declared, find
from portal.errors import Missing
from portal.policies.models import PolicyVersion
from portal.policies.parameters import Change, changes, encode, restore
from portal.registry.models import System

SHIPPED = 1
"""The number of the version that comes with the code."""


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The parameters that hold at an instant, and which version says so.

    ``parameters`` is an instance of the kind's dataclass; ``row`` is None for the shipped version.
    """

    name: str
    version: int
    parameters: Any
    row: PolicyVersion | None = None

    def snapshot(self) -> dict[str, Any]:
        """What a computed result keeps of the policy it was judged by."""
        return {"name": self.name, "version": self.version, "parameters": encode(self.parameters)}


def in_force(kind: PolicyKind, at: datetime | None = None, system: System | None = None) -> PolicyInForce:
    """The policy at an instant, by default now: the system's own, else the general, else the shipped one.

    One query.
    """
    rows = PolicyVersion.objects.adopted(at).filter(kind=kind.slug)
    general = Q(system=None)
    newest: dict[int | None, PolicyVersion] = {}
    for row in rows.filter(general | Q(system=system) if system else general):
        newest.setdefault(row.system_id, row)
    own = newest.get(system.pk) if system else None
    chosen = own if own is not None and own.parameters is not None else newest.get(None)
    if chosen is None or chosen.parameters is None:
        return PolicyInForce(kind.slug, SHIPPED, kind.parameters())
    return PolicyInForce(kind.slug, chosen.number or SHIPPED, restore(kind, chosen.parameters), chosen)


def all_in_force(at: datetime | None = None) -> list[tuple[PolicyKind, PolicyInForce, int]]:
    """Every declared kind, its general policy, and how many systems have their own. Two queries at most."""
    general: dict[str, PolicyVersion] = {}
    own: dict[str, dict[int, bool]] = {}
    for row in PolicyVersion.objects.adopted(at):
        if row.system_id is None:
            general.setdefault(row.kind, row)
        else:
            own.setdefault(row.kind, {}).setdefault(row.system_id, row.parameters is not None)
    return [
        (kind, _of_row(kind, general.get(kind.slug)), sum(own.get(kind.slug, {}).values()))
        for kind in declared("policies")
    ]


def kind_named(slug: str) -> PolicyKind:
    """The declared policy of that slug. Raises Missing."""
    try:
        kind: PolicyKind = find("policies", slug)
    except KeyError as error:
        raise Missing from error
    return kind


def own_policies(kind: PolicyKind, user: User, at: datetime | None = None) -> list[PolicyVersion]:
    """The versions in force that systems of this person have for themselves. One query."""
    mine = System.objects.visible_to(user, "policies.read")
    rows = PolicyVersion.objects.adopted(at).filter(kind=kind.slug, system__in=mine)
    newest: dict[int | None, PolicyVersion] = {}
    for row in rows.select_related("system", "decided_by"):
        newest.setdefault(row.system_id, row)
    return [row for row in newest.values() if row.parameters is not None]


def history(kind: PolicyKind, user: User) -> QuerySet[PolicyVersion]:
    """Every version this person may see, the newest first: general ones and those of their systems."""
    mine = System.objects.visible_to(user, "policies.read")
    return (
        PolicyVersion.objects.filter(Q(system=None) | Q(system__in=mine), kind=kind.slug)
        .select_related("system", "proposed_by", "decided_by")
        .order_by("-proposed_at", "-pk")
    )


def versions_with_changes(kind: PolicyKind, user: User) -> list[tuple[PolicyVersion, list[Change]]]:
    """Every visible version with what it changed against the one before it. One query."""
    listed: list[tuple[PolicyVersion, list[Change]]] = []
    before: dict[int | None, Any] = {}
    for version in reversed(history(kind, user)):
        general = before.get(None, kind.parameters())
        old = before.get(version.system_id) or general
        new = general if version.parameters is None else restore(kind, version.parameters)
        listed.append((version, changes(kind, old, new)))
        if version.number is not None:
            before[version.system_id] = None if version.parameters is None else new
    return listed[::-1]


def decidable(user: User) -> QuerySet[PolicyVersion]:
    """Proposals within this person's reach, their own among them: on their systems, and general ones."""
    mine = Q(system__in=System.objects.visible_to(user, "policies.decide"))
    if reaches_everything(user, "policies.decide"):
        mine |= Q(system=None)
    return PolicyVersion.objects.waiting().filter(mine).select_related("system", "proposed_by")


def waiting(user: User) -> QuerySet[PolicyVersion]:
    """Proposals that wait for this person: within reach, and not their own."""
    return decidable(user).exclude(proposed_by=user)


def reaches_everything(user: User, action: str) -> bool:
    """Whether a person may do the action in the whole organisation, as a general policy needs."""
    root = Unit.objects.filter(parent=None).values_list("path", flat=True).first()
    return root is not None and root in user.places(action)


def _of_row(kind: PolicyKind, row: PolicyVersion | None) -> PolicyInForce:
    if row is None or row.parameters is None:
        return PolicyInForce(kind.slug, SHIPPED, kind.parameters())
    return PolicyInForce(kind.slug, row.number or SHIPPED, restore(kind, row.parameters), row)
