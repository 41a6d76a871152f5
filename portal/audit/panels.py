"""What the home of an auditor says of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.areas import Panel, Role
from portal.audit import reading
from portal.audit.selectors import audit_state
from portal.rights import may


def state(user: Any, _at: datetime | None) -> Mapping[str, Any] | None:
    """Up to which seal everything was verified, and what waits."""
    if not may(user, "audit.read"):
        return None
    now = audit_state()
    return {"state": now, "verification": reading.verification(now.verified)}


AUDIT_STATE = Panel(
    slug="audit-state",
    homes=frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    template="audit/panel.html",
    context=state,
    order=10,
)
