"""Saving, changing, choosing, freezing: what people may do with an analysis, and what nobody may."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from portal.analyses.models import Analysis, State
from portal.analyses.selectors import side_by_side, tried
from portal.analyses.services import accept, change_analysis, choose, save_analysis, set_aside
from portal.audit.models import Entry
from portal.errors import Invalid, Refused
from tests.portal.analyses.conftest import KITCHEN
from tests.portal.analyses.yard.area import PIES
from tests.portal.cast import Cast


def entries(analysis: Analysis) -> list[str]:
    rows = Entry.objects.filter(object_type="analyses.analysis", object_id=str(analysis.pk))
    return list(rows.order_by("pk").values_list("action", flat=True))


def test_the_same_inputs_give_the_same_result_to_the_last_byte(cast: Cast, pies: Analysis) -> None:
    again = save_analysis(PIES, KITCHEN, title="Once more", system=cast.routing, actor=cast.zoe)
    again.refresh_from_db()
    assert again.canonical_text() == pies.canonical_text()
    assert again.digest == pies.digest
    assert again.typed_result().pies == Decimal("100.0")


def test_what_is_stored_has_the_digest_that_was_kept(pies: Analysis) -> None:
    pies.refresh_from_db()
    assert pies.computed_digest == pies.digest
    assert pies.typed_inputs() == KITCHEN


def test_a_changed_draft_is_computed_anew_and_loses_a_choice_that_is_gone(cast: Cast, pies: Analysis) -> None:
    choose(pies, "Small", actor=cast.erin)
    changed = change_analysis(pies, actor=cast.erin, inputs=replace(KITCHEN, ovens=KITCHEN.ovens[:1]))
    assert changed.choice == ""
    assert changed.typed_result().pies == Decimal("60.0")
    assert changed.digest == changed.computed_digest != pies.digest
    assert entries(pies) == ["analysis.saved", "analysis.chosen", "analysis.changed"]


def test_saving_what_is_there_already_leaves_no_trace(cast: Cast, pies: Analysis) -> None:
    before = pies.updated_at
    change_analysis(pies, actor=cast.erin, inputs=KITCHEN, title=pies.title)
    pies.refresh_from_db()
    assert pies.updated_at == before
    assert entries(pies) == ["analysis.saved"]


def test_nothing_is_accepted_without_a_choice_and_only_what_is_there_is_chosen(
    cast: Cast, pies: Analysis
) -> None:
    with pytest.raises(Refused, match="Nothing is chosen"):
        accept(pies, actor=cast.chen)
    with pytest.raises(Invalid) as refused:
        choose(pies, "Huge", actor=cast.erin)
    assert refused.value.errors[0].detail == "One of these is needed: Big, Small."


def test_an_accepted_analysis_is_changed_by_nobody(cast: Cast, pies: Analysis) -> None:
    kept = accept(choose(pies, "Big", actor=cast.erin), actor=cast.chen)
    assert (kept.state, kept.choice) == (State.ACCEPTED, "Big")
    with pytest.raises(Refused, match="stays as it is"):
        change_analysis(pies, actor=cast.erin, title="Other")
    with pytest.raises(Refused, match="stays as it is"):
        set_aside(pies, actor=cast.erin, reason="No.")
    facts = Entry.objects.get(action="analysis.accepted")
    assert f"sha256:{kept.digest}" in facts.body


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE analyses_analysis SET result = '{}'",
        "UPDATE analyses_analysis SET state = 'draft', closed_at = NULL",
        "DELETE FROM analyses_analysis",
    ],
)
def test_the_database_keeps_what_was_accepted(cast: Cast, pies: Analysis, sql: str) -> None:
    accept(choose(pies, "Big", actor=cast.erin), actor=cast.chen)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Analysis.objects.get().state == State.ACCEPTED


def test_not_even_a_draft_is_deleted(pies: Analysis) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Analysis.objects.all().delete()


def test_setting_aside_needs_a_reason_and_stays_readable(cast: Cast, pies: Analysis) -> None:
    with pytest.raises(Invalid):
        set_aside(pies, actor=cast.erin, reason=" ")
    assert set_aside(pies, actor=cast.erin, reason="No oven.").closing_reason == "No oven."
    assert list(Analysis.objects.visible_to(cast.erin)) == [pies]


def test_people_see_the_analyses_of_their_systems_only(cast: Cast, pies: Analysis) -> None:
    assert list(Analysis.objects.visible_to(cast.maya)) == [pies]
    assert not Analysis.objects.visible_to(cast.zoe).exists()


def test_levers_are_tried_without_a_trace_and_nonsense_is_named(pies: Analysis) -> None:
    assert tried(PIES, KITCHEN, {"sold": "80", "days": "31"}) == replace(KITCHEN, sold=Decimal("0.8"))
    assert tried(PIES, KITCHEN, {"sold": " "}) == KITCHEN
    for nonsense in ("180", "x", "NaN"):
        with pytest.raises(Invalid):
            tried(PIES, KITCHEN, {"sold": nonsense})


def test_side_by_side_marks_what_differs(cast: Cast, pies: Analysis) -> None:
    sold_out = replace(KITCHEN, sold=Decimal(1))
    other = save_analysis(PIES, sold_out, title="Sold out", system=cast.churn, based_on=pies, actor=cast.erin)
    rows = {row.label: row for row in side_by_side([pies, other])}
    assert [cell.replace("\u202f", " ") for cell in rows["Share sold"].cells] == ["50 %", "100 %"]
    assert [label for label, row in rows.items() if row.differs] == ["Share sold", "Pies"]
