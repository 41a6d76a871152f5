"""Every page-shaped read of the registry."""

from __future__ import annotations

from portal.accounts.models import User
from portal.registry.models import System
from portal.rights import may


def can_change(user: User, system: System, action: str) -> bool:
    """Whether this person may do the action on this very system."""
    return may(user, action) and System.objects.visible_to(user, action).filter(pk=system.pk).exists()
