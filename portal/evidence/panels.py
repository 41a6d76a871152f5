"""Boxes on the pages of systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from portal.accounts.models import User
from portal.areas import EVERYONE, Panel
from portal.evidence.models import Evidence
from portal.evidence.selectors import as_items
from portal.registry.models import System
from portal.rights import may

SHOWN = 5


def evidence_of_system(user: User, system: System) -> Mapping[str, Any] | None:
    """The newest evidence on a system. Two queries."""
    if not may(user, "evidence.read"):
        return None
    rows = Evidence.objects.visible_to(user).filter(system=system)[:SHOWN]
    add = f"{reverse('evidence:add')}?{urlencode({'system': system.ref})}"
    return {
        "items": as_items(rows),
        "url": f"{reverse('evidence:items')}?{urlencode({'q': system.name})}",
        "add_url": add if may(user, "evidence.add") else "",
    }


SYSTEM_EVIDENCE = Panel(
    "system-evidence",
    homes=EVERYONE,
    template="evidence/panels/system.html",
    context=evidence_of_system,
    order=60,
)
