"""A line of the audit names what it is about, in words that people use, and names no person."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.audit.models import Entry
from portal.audit.reading import thing
from portal.registry.models import AssignmentRole, Environment, Mode
from portal.registry.services import (
    assign,
    end_assignment,
    grant_access,
    grant_waiver,
    register_version,
    set_gate_mode,
)
from tests.portal.cast import Cast


def named(action: str) -> str:
    """What the newest entry of an action is about."""
    return thing(Entry.objects.filter(action=action).latest("pk"))


def test_a_version_is_named_by_its_model_and_number(cast: Cast) -> None:
    register_version(cast.churn_v1.model, actor=cast.erin)
    assert named("version.registered") == "churn v2"


def test_an_assignment_is_named_by_what_serves_where(cast: Cast) -> None:
    made = assign(cast.churn_v1, "production", role=AssignmentRole.CANARY, share=0.1, actor=cast.erin)
    assert named("assignment.started") == "churn v1 canary in Production"
    end_assignment(made, actor=cast.erin)
    assert named("assignment.ended") == "churn v1 canary in Production"


def test_a_waiver_and_the_mode_of_a_gate_are_named_by_the_gate(cast: Cast) -> None:
    until = timezone.now() + timedelta(days=3)
    grant_waiver(
        cast.churn_v1, "luck", reason="A test.", expires_at=until, asked_by=cast.erin, granted_by=cast.chen
    )
    assert named("gate.waived") == "waiver of luck for churn v1"
    production = Environment.objects.get(slug="production")
    set_gate_mode(production, "luck", Mode.WARNS, actor=cast.chen, reason="A test.")
    assert named("gate.mode") == "luck in Production"


def test_a_grant_and_a_seat_are_named_without_the_person(cast: Cast) -> None:
    grant_access(cast.churn, cast.zoe, works=False, reason="She helps.", days=3, actor=cast.chen)
    lines = {named("access.granted"), named("membership.started")}
    assert lines == {"access to Churn", "Engineer in Claims"}
