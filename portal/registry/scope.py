"""On which systems a person may do an action: by their units, or by an unexpired grant.

The one row scope of the code, as SQL: ``visible_to`` of systems, models and versions stand on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.expressions import RawSQL
from django.utils import timezone

from portal.api.prepared import Slot

if TYPE_CHECKING:
    from portal.accounts.models import User

SYSTEMS = """
SELECT system.id
FROM registry_system AS system JOIN accounts_unit AS unit ON unit.id = system.unit_id
WHERE unit.path ^@ ANY(%s)
UNION ALL
SELECT permitted.content_object_id
FROM registry_systemgrant AS permitted JOIN auth_permission AS permission
    ON permission.id = permitted.permission_id
WHERE permitted.user_id = %s AND permission.codename = ANY(%s) AND permitted.expires_at > %s
"""
READING = ["read_system", "work_on_system"]
WORKING = ["work_on_system"]
NAMES = ("places", "grantee", "codenames", "now")

LATER = RawSQL(SYSTEMS, [Slot(name) for name in NAMES])  # noqa: S611 — the text is a constant
"""The systems of whoever ``scope_of`` is about when a prepared query is asked."""


def scope_of(user: User, action: str) -> dict[str, Any]:
    """The values of the scope. A token narrows places and grants to its unit and its scopes."""
    may_use_grants = user.token is None or user.token.allows(action)
    return {
        "places": user.places(action),
        "grantee": user.pk if may_use_grants else None,
        "codenames": READING if action.endswith(".read") else WORKING,
        "now": timezone.now(),
    }


def systems_of(user: User, action: str) -> RawSQL:
    """The ids of the systems, for ``__in``."""
    scope = scope_of(user, action)
    return RawSQL(SYSTEMS, [scope[name] for name in NAMES])  # noqa: S611 — as above
