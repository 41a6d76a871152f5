"""A long list of people or systems is searched while one types; a short one is a list."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.registry.forms import SystemPick
from portal.registry.models import System
from portal.web.forms import MOST_CHOICES
from tests.portal.cast import Cast, browser


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    """More people and systems than anybody finds their way in."""
    names = [f"Worker {number:02}" for number in range(MOST_CHOICES)]
    User.objects.bulk_create(User(username=n.lower().replace(" ", "-"), name=n) for n in names)
    System.objects.bulk_create(System(name=f"System {n}", unit=cast.marketing) for n in range(MOST_CHOICES))
    return cast


def edit(cast: Cast, **given: str) -> tuple[int, str]:
    address = reverse("registry:edit-system", args=[cast.churn.ref])
    form = {"name": "Churn", "unit": str(cast.marketing.pk), "risk_tier": "limited", **given}
    answer = browser(cast.erin).post(address, form)
    return answer.status_code, answer.content.decode()


def test_a_few_people_stand_in_a_list(cast: Cast) -> None:
    text = browser(cast.erin).get(reverse("registry:propose")).content.decode()
    assert '<select name="owner"' in text
    assert edit(cast, owner=str(cast.dave.pk))[0] == 302
    assert System.objects.get(pk=cast.churn.pk).owner == cast.dave


def test_many_people_are_found_while_one_types(crowd: Cast) -> None:
    text = browser(crowd.erin).get(reverse("registry:propose")).content.decode()
    assert '<select name="owner"' not in text
    assert f'hx-get="{reverse("accounts:suggest")}"' in text
    found = browser(crowd.erin).get(reverse("accounts:suggest"), {"owner": "dav"}).content.decode()
    assert found == '<option value="dave">Dave Fenn</option>'


def test_what_was_typed_names_the_person_and_stands_there_the_next_time(crowd: Cast) -> None:
    assert edit(crowd, owner="dave", deputy="erin")[0] == 302
    system = System.objects.get(pk=crowd.churn.pk)
    assert (system.owner, system.deputy) == (crowd.dave, crowd.erin)
    address = reverse("registry:edit-system", args=[crowd.churn.ref])
    text = browser(crowd.erin).get(address).content.decode()
    assert 'value="dave"' in text
    assert edit(crowd, owner="dave", deputy="")[0] == 302
    assert System.objects.get(pk=crowd.churn.pk).deputy is None


def test_a_name_that_nobody_has_is_said_beside_the_field_and_kept(crowd: Cast) -> None:
    status, text = edit(crowd, owner="davy")
    assert status == 422
    assert "There is no davy to choose here." in text
    assert 'value="davy"' in text


def test_whoever_is_gone_is_neither_suggested_nor_taken(crowd: Cast) -> None:
    User.objects.filter(pk=crowd.dave.pk).update(is_active=False)
    assert browser(crowd.erin).get(reverse("accounts:suggest"), {"q": "dave"}).content == b""
    assert edit(crowd, owner="dave")[0] == 422


def test_systems_are_suggested_to_whom_they_are_visible(crowd: Cast) -> None:
    address = reverse("registry:suggest")
    erin, zoe = browser(crowd.erin), browser(crowd.zoe)
    line = f'<option value="{crowd.churn.ref}">Churn</option>'
    assert erin.get(address, {"system": "chu"}).content.decode() == line
    assert line in erin.get(address, {"system": crowd.churn.ref.lower()}).content.decode()
    assert zoe.get(address, {"system": "chu"}).content == b""
    assert len(erin.get(address, {"system": "System"}).content.decode().splitlines()) == 12
    assert erin.get(address, {"system": "\x00%"}).content == b""


def test_a_system_outside_the_form_is_not_taken_whatever_is_typed(crowd: Cast) -> None:
    field = SystemPick(System.objects.visible_to(crowd.erin))
    assert field.is_long
    assert field.clean(crowd.churn.ref) == crowd.churn
    assert field.with_key(crowd.routing.ref) is None
