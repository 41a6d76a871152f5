"""Who stands above: the nearest holders of a role, from a unit upwards."""

from __future__ import annotations

from portal.accounts.models import Membership, Unit, User
from portal.areas import Role
from portal.cases.models import paths_above


def holders_above(unit: Unit, role: Role) -> list[User]:
    """The holders of a role in the unit, or in the nearest unit above it that has any."""
    seats = (
        Membership.objects.in_force()
        .filter(role=role.value, unit__path__in=paths_above(unit), user__is_active=True)
        .select_related("user", "unit")
    )
    by_unit: dict[str, list[User]] = {}
    for seat in seats.order_by("user__name"):
        by_unit.setdefault(seat.unit.path, []).append(seat.user)
    return by_unit[max(by_unit, key=len)] if by_unit else []
