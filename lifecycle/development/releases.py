"""A version goes to production when the governance committee has said so, about this very version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from portal.accounts.models import User
from portal.areas import CaseKind, Gate, GateAnswer, Role
from portal.cases.models import Case
from portal.cases.selectors import gate_answer
from portal.registry.models import ModelVersion, State
from portal.registry.services import set_state


def what_is_released(version: ModelVersion) -> Mapping[str, Any]:
    """What the decision is bound to: change any of it, and the approval is stale."""
    system = version.system
    return {
        "Model": version.model.name,
        "Version": version.number,
        "Source": version.source,
        "Run": version.run_id,
        "Declared inputs": version.schema,
        "System": system.name,
        "Purpose": system.purpose,
        "Population": system.population,
        "Risk tier": system.risk_tier,
        "Affects rights": system.affects_rights,
    }


def apply_release(case: Case, *, actor: User) -> None:
    """An approved version may be promoted; a rejected one goes back to its makers."""
    version = ModelVersion.objects.select_related("model").get(pk=case.subject_id)
    state = State.APPROVED if case.approved else State.REGISTERED
    if version.state == State.IN_VALIDATION:
        set_state(version, state, actor=actor, reason=case.ref)


RELEASE = CaseKind(
    slug="release",
    title="Release to production",
    prefix="REL",
    roles=frozenset({Role.COMMITTEE}),
    quorum=2,
    days=7,
    snapshot=what_is_released,
    on_decided=apply_release,
    opens="development.request_release",
    votes="development.vote_release",
)


def is_released(version: ModelVersion) -> GateAnswer:
    """Two members of the committee have approved what the version is now."""
    ask = reverse("development:request-release", args=[version.model.name, version.number])
    return gate_answer(RELEASE, version, ask_url=ask, ask_label="Request release")


RELEASE_APPROVED = Gate("release-approval", "Release approval", is_released, order=20)
