"""A person may ask to be forgotten; what they decided stays decided, and the audit goes on holding."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from axes.models import AccessLog
from django.db import connection
from django.urls import reverse

from portal.accounts.erasure import erase
from portal.accounts.models import User
from portal.accounts.services import add_membership, set_active
from portal.areas import Role
from portal.audit.models import Entry, PersonalValue
from portal.audit.services import seal_pending
from portal.audit.verification import verify_database
from portal.errors import Refused
from portal.registry.services import update_system
from tests.portal.cast import Cast, browser, program

REASON = "They left and asked for it."


def ask(cast: Cast, who: str = "ada", **given: str) -> tuple[int, str]:
    """Send the form of erasing Erin; the status of the answer and its text."""
    form = {"reason": REASON, "username": "erin", **given}
    answer = browser(getattr(cast, who)).post(reverse("accounts:erase", args=["erin"]), form)
    return answer.status_code, answer.content.decode()


def everything_stored() -> str:
    """All text in every table of the database, as one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
            found.append(cursor.fetchone()[0] or "")
    return "\n".join(found)


def test_the_page_says_first_what_goes_and_what_stays(cast: Cast) -> None:
    update_system(cast.churn, actor=cast.erin, purpose="Who leaves")
    ada = browser(cast.ada)
    assert reverse("accounts:erase", args=["erin"]) in ada.get("/admin/people/erin/").content.decode()
    answer = ada.get(reverse("accounts:erase", args=["erin"]))
    text = answer.content.decode()
    assert "Is erased" in text
    assert "Stays, without a name" in text
    kept = {trace.what.split(" ", 1)[0]: trace.count for trace in answer.context["kept"]}
    assert kept == {"Audit": Entry.objects.filter(actor=cast.erin).count(), "Roles": 1}
    assert User.objects.get(username="erin").name == "Erin Fenn", "nothing happened yet"


def test_nothing_that_names_the_person_is_left_anywhere(cast: Cast) -> None:
    program(cast.erin).get("/api/v1/systems/")
    EmailAddress.objects.create(user=cast.erin, email="erin@example.org")
    SocialAccount.objects.create(
        user=cast.erin,
        provider="oidc",
        uid="e1",
        extra_data={"name": "Erin Fenn", "email": "erin@example.org"},
    )
    AccessLog.objects.create(username="erin", ip_address="192.0.2.7", user_agent="Erin's browser")
    browser(cast.erin).get("/")
    assert "Erin Fenn" in everything_stored()
    assert ask(cast)[0] == 302
    left = everything_stored().lower()
    assert "erin fenn" not in left
    assert "erin@example.org" not in left
    assert "erin's browser" not in left
    assert not PersonalValue.objects.filter(person_id=cast.erin.pk).exists()


def test_the_person_can_do_nothing_any_more(cast: Cast) -> None:
    signed_in, token = browser(cast.erin), program(cast.erin)
    assert ask(cast)[0] == 302
    assert signed_in.get("/systems/").status_code == 302
    assert token.get("/api/v1/systems/").status_code == 401
    gone = User.objects.get(pk=cast.erin.pk)
    assert (gone.is_active, gone.roles, gone.has_usable_password()) == (False, frozenset(), False)


def test_what_they_did_stays_under_a_made_up_name_and_the_audit_holds(cast: Cast) -> None:
    update_system(cast.churn, actor=cast.erin, purpose="Who leaves")
    seal_pending()
    ask(cast)
    seal_pending()
    assert verify_database().holds
    entry = Entry.objects.get(action="person.erased")
    assert (entry.actor, entry.reason, entry.object_id) == (cast.ada, REASON, str(cast.erin.pk))
    done = Entry.objects.get(action="system.changed")
    assert str(done.actor) == f"erased-{cast.erin.pk}"
    text = browser(cast.otto).get(done.get_absolute_url()).content.decode()
    assert f"erased-{cast.erin.pk}" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [({"reason": ""}, "This field is required"), ({"username": "dave"}, "The log-in is erin.")],
)
def test_without_a_reason_or_with_another_log_in_nothing_happens(
    cast: Cast, given: dict[str, str], said: str
) -> None:
    status, text = ask(cast, **given)
    assert (status, said in text) == (422, True)
    assert User.objects.get(pk=cast.erin.pk).erased_at is None


def test_only_an_administrator_erases_and_nobody_themselves(cast: Cast) -> None:
    assert ask(cast, who="chen")[0] == 403
    with pytest.raises(Refused, match="Nobody erases themselves"):
        erase(cast.ada, actor=cast.ada, reason=REASON)


def test_it_cannot_be_undone(cast: Cast) -> None:
    gone = erase(cast.erin, actor=cast.ada, reason=REASON)
    for attempt in (
        lambda: erase(gone, actor=cast.ada, reason=REASON),
        lambda: set_active(gone, active=True, actor=cast.ada),
        lambda: add_membership(gone, Role.ENGINEER, cast.root, actor=cast.ada),
    ):
        with pytest.raises(Refused):
            attempt()
    page = browser(cast.ada).get(reverse("accounts:person", args=[gone.username])).content.decode()
    assert "Erased" in page
    assert reverse("accounts:erase", args=[gone.username]) not in page


def test_the_log_in_and_the_address_are_free_again(cast: Cast) -> None:
    erase(cast.erin, actor=cast.ada, reason=REASON)
    again = User(username="erin", name="Erin Marsh", email="erin@example.org")
    again.set_unusable_password()
    again.full_clean()
    again.save()
    assert again.pk != cast.erin.pk
