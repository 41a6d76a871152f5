"""The box of analyses on the page of a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from portal.accounts.models import User
from portal.analyses.models import Analysis
from portal.analyses.tables import STATE_WORDS
from portal.areas import EVERYONE, Panel, declared
from portal.registry.models import System
from portal.rights import may

SHOWN = 4


def of_system(user: User, system: System) -> Mapping[str, Any] | None:
    """The newest analyses of a system; absent where there is none and this person could not make one."""
    if not may(user, "analyses.read"):
        return None
    rows = list(Analysis.objects.visible_to(user).filter(system=system)[:SHOWN])
    kinds = declared("analyses") if may(user, "analyses.write") and not system.unassigned else ()
    if not rows and not kinds:
        return None
    return {
        "rows": [(row, *STATE_WORDS[row.state]) for row in rows],
        "new": [(kind, f"{reverse('analyses:new', args=[kind.slug])}?system={system.ref}") for kind in kinds],
        "url": reverse("analyses:analyses"),
    }


SYSTEM_ANALYSES = Panel(
    "system-analyses",
    homes=EVERYONE,
    template="analyses/panels/system.html",
    context=of_system,
    order=70,
)
