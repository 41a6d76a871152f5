"""Findings on homes, and on the pages of systems and versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import EVERYONE, Panel, Role
from portal.findings.models.findings import FindingQuerySet
from portal.findings.selectors import findings_for, time_left, to_triage
from portal.registry.models import ModelVersion, System
from portal.rights import may

SHOWN = 5


def mine(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - the signature of panels
    """What waits for this person's answer."""
    return _shown(to_triage(user), reverse("findings:triage"))


def of_system(user: User, system: System) -> Mapping[str, Any] | None:
    """What is wrong with a system now."""
    if not may(user, "findings.read"):
        return None
    found = findings_for(user).filter(system=system).unclosed().worst_first()
    return _shown(found, f"{reverse('findings:findings')}?system={system.ref}")


def of_version(user: User, version: ModelVersion) -> Mapping[str, Any] | None:
    """What is wrong with a version now."""
    if not may(user, "findings.read"):
        return None
    found = findings_for(user).of(version).unclosed().worst_first()
    return _shown(found, reverse("findings:version", args=[version.model.name, version.number]))


def _shown(found: FindingQuerySet, url: str) -> Mapping[str, Any]:
    today = organisation().today()
    rows = [(finding, time_left(finding.due_on, today), finding.is_late(today)) for finding in found[:SHOWN]]
    return {"rows": rows, "count": found.count(), "url": url}


MY_FINDINGS = Panel(
    "my-findings",
    homes=frozenset({Role.ENGINEER, Role.STEWARD, Role.OPERATIONS, Role.FINANCE}),
    template="findings/panels/mine.html",
    context=mine,
    order=25,
    wide=True,
)
SYSTEM_FINDINGS = Panel(
    "system-findings",
    homes=EVERYONE,
    template="findings/panels/of.html",
    context=of_system,
    order=10,
    wide=True,
)
VERSION_FINDINGS = Panel(
    "version-findings", homes=EVERYONE, template="findings/panels/of.html", context=of_version, order=10
)
