"""Who sees which systems and models: by unit, by grant, through a token. A change binds at the next call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from portal.accounts.models import ApiToken, Membership, Unit, User
from portal.accounts.services import (
    add_membership,
    create_unit,
    end_membership,
    issue_token,
    revoke_token,
    set_active,
)
from portal.areas import Role
from portal.registry.models import ModelVersion, RegisteredModel, System, SystemGrant
from portal.registry.services import create_system, end_access, grant_access
from tests.portal.cast import Cast, program

pytestmark = pytest.mark.django_db

ADDRESSES = (
    "/api/2.0/mlflow/registered-models/get?name=churn",
    "/api/2.0/mlflow/model-versions/get?name=churn&version=1",
    "/api/v1/models/churn/",
)
WHY = "He audits this one system for a quarter."


def seen(user: User, action: str = "registry.read") -> set[str]:
    """The systems the person may do the action on, when the person is loaded anew."""
    fresh = User.objects.get(pk=user.pk)
    systems = System.objects.visible_to(fresh, action)
    assert {model.system for model in RegisteredModel.objects.visible_to(fresh, action)} <= set(systems)
    assert {version.system for version in ModelVersion.objects.visible_to(fresh, action)} <= set(systems)
    return {system.name for system in systems}


def test_a_role_reaches_its_unit_and_what_is_below_it(cast: Cast) -> None:
    branch = create_unit("Branch", slug="branch", parent=cast.marketing, actor=None)
    create_system("Branch churn", unit=branch, actor=cast.erin)
    create_system("Whole", unit=cast.root, actor=cast.maya)
    assert seen(cast.erin) == {"Churn", "Branch churn"}
    assert seen(cast.zoe) == {"Routing"}
    assert seen(cast.otto) == {"Churn", "Branch churn", "Routing", "Whole"}


def test_a_unit_whose_path_begins_with_the_same_digits_is_another_unit(cast: Cast) -> None:
    Unit.objects.filter(pk=cast.churn.unit_id).update(path="/1/2/")
    Unit.objects.filter(pk=cast.routing.unit_id).update(path="/1/22/")
    assert seen(cast.erin) == {"Churn"}


@pytest.mark.parametrize(("works", "may"), [(False, {"Routing"}), (True, {"Routing", "Churn"})])
def test_a_grant_lets_a_person_read_or_also_work_until_its_day(
    cast: Cast, works: bool, may: set[str]
) -> None:
    grant = grant_access(cast.churn, cast.zoe, works=works, reason=WHY, days=9, actor=cast.erin)
    assert seen(cast.zoe) == {"Routing", "Churn"}
    assert seen(cast.zoe, "registry.register") == may
    over = timezone.now() - timedelta(seconds=1)
    SystemGrant.objects.filter(pk=grant.pk).update(granted_at=over - timedelta(days=1), expires_at=over)
    assert seen(cast.zoe) == {"Routing"}


def test_a_token_narrows_its_owner_to_its_unit(cast: Cast) -> None:
    add_membership(cast.erin, Role.ENGINEER, cast.routing.unit, actor=None)
    narrow = User.objects.get(pk=cast.erin.pk)
    narrow.token = ApiToken(unit=cast.routing.unit, scopes=["read"])
    assert {system.name for system in System.objects.visible_to(narrow)} == {"Routing"}
    assert not System.objects.visible_to(narrow, "registry.register").exists()


def revoke_the_token(cast: Cast) -> None:
    revoke_token(ApiToken.objects.get(user=cast.erin), actor=cast.erin)


def let_the_token_run_out(cast: Cast) -> None:
    now = timezone.now()
    ApiToken.objects.filter(user=cast.erin).update(created_at=now - timedelta(days=2), expires_at=now)


def deactivate_the_person(cast: Cast) -> None:
    set_active(cast.erin, active=False, actor=cast.ada)


def take_the_role_away(cast: Cast) -> None:
    end_membership(Membership.objects.get(user=cast.erin), actor=cast.ada)


def move_the_system(cast: Cast) -> None:
    System.objects.filter(pk=cast.churn.pk).update(unit=cast.routing.unit)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (revoke_the_token, 401),
        (let_the_token_run_out, 401),
        (deactivate_the_person, 401),
        (take_the_role_away, 403),
        (move_the_system, 404),
    ],
)
def test_what_ends_access_binds_at_the_next_call(
    cast: Cast, end: Callable[[Cast], None], status: int
) -> None:
    client = program(cast.erin, "read")
    assert statuses(client) == {200}
    end(cast)
    assert statuses(client) == {status}


def test_the_end_of_a_grant_binds_at_the_next_call(cast: Cast) -> None:
    _, key = issue_token(cast.zoe, name="t", unit=cast.routing.unit, scopes=["read"], days=1, actor=cast.zoe)
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert statuses(client) == {404}
    grant = grant_access(cast.churn, cast.zoe, works=False, reason=WHY, days=9, actor=cast.erin)
    assert statuses(client) == {200}
    end_access(grant, actor=cast.erin)
    assert statuses(client) == {404}


def statuses(client: APIClient) -> set[int]:
    return {client.get(address).status_code for address in ADDRESSES}
