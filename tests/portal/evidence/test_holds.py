"""Nobody deletes past a hold: no service, no ORM, no SQL."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from portal.errors import Denied, Invalid, Refused
from portal.evidence.models import Evidence, HeldItem, LegalHold
from portal.evidence.services import discard, extend_hold, hold_on, place_hold, release_hold, store
from tests.portal.cases.conftest import Cast


@pytest.fixture
def report(cast: Cast) -> Evidence:
    return store(b"A report.", title="Report", system=cast.churn, actor=cast.erin)


def hold(cast: Cast, *items: object) -> LegalHold:
    return place_hold("Fenn v. Fenn", reason="A claim was filed.", items=items, actor=cast.dara)  # type: ignore[arg-type]


def delete_raw(report: Evidence) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM evidence_evidence WHERE id = %s", [report.pk])


def test_a_held_piece_stays_whoever_tries(cast: Cast, report: Evidence) -> None:
    placed = hold(cast, report)
    assert hold_on(report) == placed
    with pytest.raises(Refused, match="legal hold “Fenn"):
        discard(report, actor=cast.dara, reason="Clean-up.")
    with pytest.raises(IntegrityError, match='under the legal hold "Fenn'):
        delete_raw(report)
    with pytest.raises(IntegrityError, match="under the legal hold"), transaction.atomic():
        Evidence.objects.all().delete()


def test_a_held_system_holds_all_its_evidence(cast: Cast, report: Evidence) -> None:
    hold(cast, cast.churn)
    with pytest.raises(Refused):
        discard(report, actor=cast.dara, reason="Clean-up.")
    with pytest.raises(IntegrityError, match="under the legal hold"):
        delete_raw(report)


def test_a_hold_may_grow(cast: Cast, report: Evidence) -> None:
    placed = hold(cast, cast.churn_v1)
    assert hold_on(report) is None
    extend_hold(placed, [report], actor=cast.ann)
    assert hold_on(report) == placed


def test_whoever_placed_a_hold_does_not_release_it(cast: Cast, report: Evidence) -> None:
    placed = hold(cast, report)
    with pytest.raises(Denied, match="does not release it"):
        release_hold(placed, reason="Settled.", actor=cast.dara)
    release_hold(placed, reason="Settled.", actor=cast.chen)
    discard(report, actor=cast.dara, reason="Clean-up.")
    assert not Evidence.objects.exists()


def test_a_hold_names_something(cast: Cast) -> None:
    with pytest.raises(Invalid, match="at least one"):
        hold(cast)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM evidence_legalhold",
        "DELETE FROM evidence_helditem",
        "UPDATE evidence_helditem SET subject_id = 0",
        "UPDATE evidence_legalhold SET matter = 'Nothing'",
        "UPDATE evidence_legalhold SET released_at = now(), released_by_id = placed_by_id",
        "UPDATE evidence_blob SET sha256 = repeat('0', 64)",
        "UPDATE evidence_evidence SET claim = 'Something else'",
        "DELETE FROM evidence_blob",
    ],
)
def test_the_database_keeps_holds_bytes_and_claims(cast: Cast, report: Evidence, statement: str) -> None:
    hold(cast, report)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_released_hold_is_not_placed_again_by_sql(cast: Cast, report: Evidence) -> None:
    release_hold(hold(cast, report), reason="Settled.", actor=cast.chen)
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        LegalHold.objects.update(released_at=None, released_by=None)
    assert HeldItem.objects.get().label == "Report"
