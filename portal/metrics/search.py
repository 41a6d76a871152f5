"""KPIs in the palette, by name."""

from __future__ import annotations

from portal.accounts.models import User
from portal.metrics.models import Kpi
from portal.rights import may

FOUND = 5


def find(user: User, text: str) -> list[dict[str, str]]:
    """The KPIs whose name holds the text."""
    if not may(user, "metrics.read"):
        return []
    rows = Kpi.objects.filter(name__icontains=text, retired_at=None).select_related("pillar")[:FOUND]
    return [{"title": kpi.name, "url": kpi.get_absolute_url(), "detail": kpi.pillar.name} for kpi in rows]
