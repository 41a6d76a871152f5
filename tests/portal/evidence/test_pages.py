"""Evidence on pages and over the API, per person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from portal.accounts.models import User
from portal.accounts.services import issue_token
from portal.audit.models import Entry
from portal.evidence.models import Evidence, LegalHold
from portal.evidence.services import LARGEST, place_hold, store
from tests.portal.cases.conftest import Cast


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def program(user: User, *scopes: str) -> APIClient:
    unit = user.memberships.get().unit
    _token, key = issue_token(
        user, name="test", unit=unit, scopes=scopes or ("read", "govern"), days=1, actor=user
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def upload(**more: Any) -> dict[str, Any]:
    return {
        "file": SimpleUploadedFile("audit.html", b"<script>alert(1)</script>"),
        "title": "Audit",
        "claim": "Groups are within limits",
        **more,
    }


@pytest.fixture
def report(cast: Cast) -> Evidence:
    return store(
        b"<script>alert(1)</script>", title="Audit", system=cast.churn, filename="audit.html", actor=cast.erin
    )


def test_an_engineer_adds_evidence_on_a_page(cast: Cast) -> None:
    answer = browser(cast.erin).post(reverse("evidence:add"), upload(system=cast.churn.ref))
    made = Evidence.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    assert (made.kind, made.system, made.added_by) == ("uploaded", cast.churn, cast.erin)


def test_a_system_of_another_unit_is_not_found(cast: Cast) -> None:
    answer = browser(cast.zoe).post(reverse("evidence:add"), upload(system=cast.churn.ref))
    assert answer.status_code == 422
    assert not Evidence.objects.exists()


def test_a_download_is_a_file_that_no_browser_runs(cast: Cast, report: Evidence) -> None:
    answer = browser(cast.otto).get(reverse("evidence:download", args=[report.ref]))
    assert content_of(answer) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"] == 'attachment; filename="audit.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-store"
    assert Entry.objects.filter(action="evidence.downloaded", actor=cast.otto).exists()


@pytest.mark.parametrize(
    ("login", "statuses"),
    [
        ("erin", [200, 200, 403, 403]),
        ("chen", [200, 200, 200, 403]),
        ("dara", [200, 200, 200, 200]),
        ("otto", [200, 403, 403, 403]),
        ("ada", [200, 403, 403, 403]),
        ("zoe", [404, 200, 403, 403]),
        ("lee", [403, 403, 403, 403]),
    ],
)
def test_each_role_reaches_its_pages(cast: Cast, report: Evidence, login: str, statuses: list[int]) -> None:
    client = browser(getattr(cast, login))
    pages = (
        report.get_absolute_url(),
        reverse("evidence:add"),
        reverse("evidence:place-hold"),
        reverse("evidence:discard", args=[report.ref]),
    )
    assert [client.get(page).status_code for page in pages] == statuses


def test_the_page_verifies_on_demand(cast: Cast, report: Evidence, shelf: Path) -> None:
    url = reverse("evidence:verify", args=[report.ref])
    told = browser(cast.otto).post(url, follow=True).content.decode()
    assert "have the digest that was recorded" in told
    (shelf / report.blob.key).write_bytes(b"Something else.")
    assert "not those that were recorded" in browser(cast.otto).post(url, follow=True).content.decode()


def test_a_hold_is_placed_and_released_by_two_people(cast: Cast, report: Evidence) -> None:
    told = {"matter": "Fenn v. Fenn", "reason": "A claim.", "items": f"{cast.churn.ref}, {report.ref}"}
    browser(cast.dara).post(reverse("evidence:place-hold"), told)
    hold = LegalHold.objects.get()
    assert "somebody else releases it" in browser(cast.dara).get(hold.get_absolute_url()).content.decode()
    assert "Fenn v. Fenn" in browser(cast.erin).get(report.get_absolute_url()).content.decode()
    release = reverse("evidence:release-hold", args=[hold.pk])
    assert browser(cast.dara).post(release, {"reason": "Settled."}).status_code == 403
    assert browser(cast.chen).post(release, {"reason": "Settled."}).status_code == 302


def test_an_unknown_reference_comes_back_by_name(cast: Cast) -> None:
    told = {"matter": "Fenn v. Fenn", "reason": "A claim.", "items": "SYS-999999, what"}
    answer = browser(cast.dara).post(reverse("evidence:place-hold"), told)
    assert "Not found: SYS-999999, WHAT" in answer.content.decode()


def test_lists_show_what_the_reader_may_see(cast: Cast, report: Evidence) -> None:
    place_hold("Fenn v. Fenn", reason="A claim.", items=[report], actor=cast.dara)
    assert "Audit" in browser(cast.erin).get("/evidence/?q=audit").content.decode()
    assert report.ref not in browser(cast.zoe).get("/evidence/").content.decode()
    assert "Fenn v. Fenn" in browser(cast.erin).get("/evidence/holds/").content.decode()


def test_evidence_is_sent_and_read_over_the_api(cast: Cast) -> None:
    url = f"/api/v1/systems/{cast.churn.ref}/evidence/"
    sent = program(cast.erin).post(url, upload(), format="multipart")
    assert sent.status_code == 201
    told = sent.json()
    assert (told["system"], told["size"], told["kind"]) == (cast.churn.ref, 25, "uploaded")
    assert sent["Location"] == f"/api/v1/evidence/{told['ref']}/"
    taken = program(cast.otto).get(f"/api/v1/evidence/{told['ref']}/file/")
    assert content_of(taken) == b"<script>alert(1)</script>"
    checked = program(cast.otto, "read").post(f"/api/v1/evidence/{told['ref']}/verify/")
    assert checked.json() == {"intact": True, "problem": None}
    listed = program(cast.erin).get(f"/api/v1/evidence/?blob={told['sha256']}").json()
    assert listed["count"] == 1


def test_the_api_hides_what_belongs_to_another_unit(cast: Cast, report: Evidence) -> None:
    assert program(cast.zoe).get(f"/api/v1/evidence/{report.ref}/").status_code == 404
    assert program(cast.zoe).get(f"/api/v1/systems/{cast.churn.ref}/evidence/").status_code == 404
    sent = program(cast.zoe).post("/api/v1/evidence/", upload(system=cast.churn.ref), format="multipart")
    assert sent.status_code == 404
    assert program(cast.lee).get("/api/v1/evidence/").status_code == 403


def test_a_body_over_the_cap_is_refused_unread(cast: Cast) -> None:
    client = program(cast.erin)
    answer = client.post(
        "/api/v1/evidence/",
        upload(system=cast.churn.ref),
        format="multipart",
        CONTENT_LENGTH=str(LARGEST + 2_000_000),
    )
    assert answer.status_code == 413
