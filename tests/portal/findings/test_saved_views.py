"""Any list can be kept as it stands, for oneself or for all who may read it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.audit.models import Entry
from portal.findings.models import SavedView
from tests.portal.cast import Cast, browser

LIMITED = "/models/?tier=limited&sort=-updated_at"


def text(cast: Cast, who: str, address: str) -> str:
    answer = browser(getattr(cast, who)).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def save(cast: Cast, who: str, page: str, query: str, **form: str) -> int:
    address = reverse("findings:save-view", args=[page])
    return browser(getattr(cast, who)).post(f"{address}?{query}", {"name": "Mine", **form}).status_code


@pytest.mark.parametrize(
    "address", ["/models/?q=c", "/systems/?stage=proposed", "/runs/?state=done", "/audit/?via=web"]
)
def test_a_list_that_is_filtered_offers_to_be_kept(cast: Cast, address: str) -> None:
    assert "Save this view" in text(cast, "otto", address)
    assert "Save this view" not in text(cast, "otto", address.partition("?")[0])


def test_the_offer_follows_a_filter_that_only_redraws_the_list(cast: Cast) -> None:
    fragment = browser(cast.erin).get(LIMITED, headers={"HX-Request": "true"}).content.decode()
    assert "/views/registry:models/new/?" in fragment
    assert "tier=limited" in fragment


def test_a_kept_view_is_a_tab_of_its_list_and_of_no_other(cast: Cast) -> None:
    assert save(cast, "erin", "registry:models", "tier=limited&sort=-updated_at") == 302
    page = text(cast, "erin", LIMITED)
    assert '<a href="?tier=limited&amp;sort=-updated_at" aria-current="page">Mine' in page
    assert ">All</a>" in page
    assert ">Mine" not in text(cast, "erin", "/systems/")
    assert Entry.objects.filter(action="view.saved", actor=cast.erin).exists()


def test_others_see_it_only_when_it_is_shared(cast: Cast) -> None:
    save(cast, "erin", "registry:models", "tier=high")
    assert ">Mine" not in text(cast, "dave", "/models/")
    save(cast, "erin", "registry:models", "tier=high", shared="on")
    assert ">Mine" in text(cast, "dave", "/models/")


def test_one_forgets_ones_own_views_and_nobody_elses(cast: Cast) -> None:
    save(cast, "erin", "registry:models", "tier=high", shared="on")
    view = SavedView.objects.get()
    address = reverse("findings:remove-view", args=[view.pk])
    assert address in text(cast, "erin", "/views/registry:models/new/?q=x")
    assert browser(cast.dave).post(address).status_code == 404
    assert browser(cast.erin).post(address)["Location"] == "/models/"
    assert not SavedView.objects.exists()
    assert Entry.objects.filter(action="view.removed", actor=cast.erin).exists()


@pytest.mark.parametrize("page", ["nowhere", "registry:nothing", "registry:register", "accounts:profile"])
def test_what_is_no_list_keeps_nothing(cast: Cast, page: str) -> None:
    assert save(cast, "erin", page, "q=x") == 404


def test_nothing_is_kept_of_a_list_that_one_may_not_read(cast: Cast) -> None:
    assert save(cast, "lee", "registry:models", "q=x") == 404
    assert save(cast, "erin", "accounts:people", "q=x") == 404
    assert save(cast, "ada", "accounts:people", "q=x") == 302


def test_a_view_needs_something_to_keep_and_a_name(cast: Cast) -> None:
    erin = browser(cast.erin)
    assert erin.get("/views/registry:models/new/")["Location"] == "/models/"
    assert save(cast, "erin", "registry:models", "q=x", name=" ") == 422
