"""Who may change what holds for everybody."""

from __future__ import annotations

from portal.accounts.models import User
from portal.errors import Denied
from portal.policies.selectors import reaches_everything
from portal.registry.models import System


def require_reach(user: User, action: str, system: System | None) -> None:
    """Raise Denied where somebody of one unit would change what holds in all of them."""
    if system is None and not reaches_everything(user, action):
        raise Denied("What holds everywhere is changed by people of the whole organisation. Name a system.")
