"""A hold is the business of the units it names something of: others are not told that it exists."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.areas import Role
from portal.audit.models import Entry
from portal.evidence.models import LegalHold
from portal.evidence.services import place_hold, release_hold, store
from tests.portal.cases.conftest import Cast
from tests.portal.cast import browser, person


@pytest.fixture
def gail(cast: Cast) -> User:
    """She sits on the ethics board of claims alone."""
    return person("gail", Role.ETHICS, cast.routing.unit)


@pytest.fixture
def mine(cast: Cast) -> LegalHold:
    """A hold on something of marketing."""
    return place_hold("Fenn v. Fenn", reason="A claim was filed.", items=[cast.churn], actor=cast.dara)


@pytest.fixture
def shared(cast: Cast) -> LegalHold:
    """A hold on something of marketing and something of claims."""
    items = [cast.churn, cast.routing]
    return place_hold("Inquiry of the regulator", reason="A letter came.", items=items, actor=cast.dara)


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def release_of(hold: LegalHold) -> str:
    return reverse("evidence:release-hold", args=[hold.pk])


def test_another_units_hold_is_not_listed(cast: Cast, mine: LegalHold) -> None:
    assert mine.matter in text(browser(cast.erin), reverse("evidence:holds"))
    assert mine.matter not in text(browser(cast.zoe), reverse("evidence:holds"))


def test_another_units_hold_answers_like_a_missing_one(cast: Cast, mine: LegalHold, gail: User) -> None:
    assert browser(cast.erin).get(mine.get_absolute_url()).status_code == 200
    for address in (mine.get_absolute_url(), release_of(mine)):
        assert browser(gail).get(address).status_code == 404
    assert browser(gail).post(release_of(mine), {"reason": "Settled."}).status_code == 404
    mine.refresh_from_db()
    assert mine.state == "in_force"


def test_a_unit_sees_of_a_shared_hold_what_is_its_own(cast: Cast, shared: LegalHold) -> None:
    told = text(browser(cast.zoe), shared.get_absolute_url())
    assert "Routing" in told
    assert "Churn" not in told
    assert "and one thing of another unit" in told
    everything = text(browser(cast.otto), shared.get_absolute_url())
    assert "Churn" in everything
    assert "of another unit" not in everything


def test_a_shared_hold_is_released_by_somebody_who_answers_for_all_of_it(
    cast: Cast, shared: LegalHold, gail: User
) -> None:
    told = text(browser(gail), shared.get_absolute_url())
    assert "names things of other units" in told
    assert release_of(shared) not in told
    assert browser(gail).post(release_of(shared), {"reason": "Settled."}).status_code == 404
    assert release_of(shared) in text(browser(cast.chen), shared.get_absolute_url())
    assert browser(cast.chen).post(release_of(shared), {"reason": "Settled."}).status_code == 302


def test_a_system_that_moves_takes_its_hold_along(cast: Cast, mine: LegalHold) -> None:
    cast.churn.unit = cast.routing.unit
    cast.churn.save(update_fields=["unit"])
    assert browser(cast.zoe).get(mine.get_absolute_url()).status_code == 200
    assert browser(cast.erin).get(mine.get_absolute_url()).status_code == 404


def test_a_hold_on_a_row_of_no_system_is_seen_above_its_unit(cast: Cast) -> None:
    kept = store(b"A memo.", title="Memo", unit=cast.marketing, actor=cast.dara)
    hold = place_hold("Fenn v. Fenn", reason="A claim was filed.", items=[kept], actor=cast.dara)
    assert browser(cast.erin).get(hold.get_absolute_url()).status_code == 200
    assert browser(cast.zoe).get(hold.get_absolute_url()).status_code == 404
    release_hold(hold, reason="Settled.", actor=cast.chen)
    assert browser(cast.erin).get(hold.get_absolute_url()).status_code == 200


def test_of_private_evidence_a_hold_tells_no_words(cast: Cast) -> None:
    kept = store(b"A complaint.", title="Complaint of Lee", system=cast.churn, actor=cast.dara)
    type(kept).objects.filter(pk=kept.pk).update(private=True)
    kept.refresh_from_db()
    hold = place_hold("Fenn v. Fenn", reason="A claim was filed.", items=[kept], actor=cast.dara)
    told = text(browser(cast.erin), hold.get_absolute_url())
    assert kept.ref in told
    assert "Complaint of Lee" not in told
    assert "Complaint of Lee" not in Entry.objects.get(action="hold.extended").body
