"""Where a row of whatever table stands: its system and its unit decide who sees what is kept about it."""

from __future__ import annotations

from django.db.models import Model

from portal.accounts.models import Unit
from portal.registry.models import System


def system_of(row: Model | None) -> System | None:
    """The row itself or the system it names; None for a row of no system."""
    return row if isinstance(row, System) else getattr(row, "system", None)


def unit_of(row: Model | None, system: System | None) -> Unit:
    """The unit of the system, else that of the row, else the whole organisation."""
    own: Unit | None = system.unit if system is not None else getattr(row, "unit", None)
    return own or Unit.objects.get(parent=None)
