"""What the terminal says about signing in, at the first start and later."""

from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from portal.accounts.models import User
from portal.accounts.services import create_user, set_up_organisation
from portal.areas import Role

pytestmark = pytest.mark.django_db


def welcome() -> str:
    out = StringIO()
    call_command("welcome", stdout=out)
    return out.getvalue()


def test_an_empty_portal_gives_its_first_administrator_one_link_that_works(client: Client) -> None:
    first = welcome()
    told = welcome()
    assert told.startswith("Set the password of administrator once, here: http")
    assert told != first, "a new link ends the one before"
    assert User.objects.get().roles == {Role.ADMINISTRATOR}

    page = urlsplit(told.split()[-1]).path
    fields = client.get(page).context["form"].fields
    answer = client.post(page, dict.fromkeys(fields, "a long enough secret"))
    assert answer.status_code == 302
    assert welcome() == ""


def test_the_simulated_organisation_says_who_its_people_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", "salt-and-pepper")
    set_up_organisation("Fennmark Group", actor=None, simulated=True)
    create_user("maya", name="Maya", password="salt-and-pepper", actor=None)
    create_user("gone", name="Invited, never came", actor=None)
    first, *people = welcome().splitlines()
    assert "salt-and-pepper" in first
    assert [line.split()[0] for line in people] == ["maya"]
