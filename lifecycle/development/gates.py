"""What must be known of a version and its system before it serves."""

from __future__ import annotations

from django.urls import reverse

from portal.areas import Gate, GateAnswer, GateState
from portal.registry.models import ModelVersion


def has_accountable_people(version: ModelVersion) -> GateAnswer:
    """Somebody answers for the system, and somebody else when they cannot."""
    system = version.system
    url = system.get_absolute_url()
    if system.unassigned:
        page = reverse("development:assign-system", args=[version.model.name])
        return GateAnswer(GateState.FAILED, "The model belongs to no system.", page, "Assign a system")
    absent = [word for word, person in (("owner", system.owner), ("deputy", system.deputy)) if person is None]
    if absent:
        return GateAnswer(
            GateState.FAILED, f"{system.name} has no {' and no '.join(absent)}.", url, "Name them"
        )
    return GateAnswer(GateState.PASSED, f"{system.owner}, deputy {system.deputy}", url, "View")


ACCOUNTABLE = Gate("accountable", "Accountable people", has_accountable_people, order=30)
