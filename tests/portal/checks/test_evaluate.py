"""One check, one subject, one window: what is stored, and what is not stored twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from portal.areas import Reading, Severity, Verdict
from portal.audit.models import Entry
from portal.checks.models import Evaluation
from portal.checks.readings import Readings, overall
from portal.checks.services import run_check
from portal.errors import Busy, Invalid, Unprocessable
from portal.findings.models import Finding
from portal.metrics.models import Sample
from portal.policies.services import propose_policy
from portal.registry.models import ModelVersion
from tests.portal.cast import Cast, day
from tests.portal.checks.yard.area import LIMITS, SHIFT_CHECK, TOLD, Limits


def shift(value: float | None, verdict: Verdict, feature: str | None = None, **more: object) -> Reading:
    return Reading("shift", value, verdict, feature=feature, **more)  # type: ignore[arg-type]


def test_evaluation_samples_and_audit_entry_say_the_same(cast: Cast) -> None:
    TOLD.answer = [shift(0.02, Verdict.OK, "tenure", n=500), shift(0.01, Verdict.OK, "age", n=480)]
    found = run_check(SHIFT_CHECK, cast.churn_v1, day(1), actor=cast.erin)
    assert (found.verdict, found.n, found.revision) == ("ok", 500, 1)
    assert [reading["feature"] for reading in found.readings] == ["tenure", "age"]
    stored = Sample.objects.filter(series__metric="shift").order_by("series__feature")
    assert [(s.series.feature, s.value, s.n) for s in stored] == [("age", 0.01, 480), ("tenure", 0.02, 500)]
    assert {s.series.system for s in stored} == {cast.churn}
    entry = Entry.objects.filter(action="check.evaluated").latest("pk")
    assert entry.told["facts"]["digest"] == found.digest


def test_the_same_again_changes_nothing(cast: Cast) -> None:
    TOLD.answer = [shift(0.02, Verdict.OK, "tenure")]
    first = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    again = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert again == first
    assert (TOLD.asked, Evaluation.objects.count(), Sample.objects.count()) == (2, 1, 1)


def test_other_readings_are_the_next_revision_and_the_first_is_kept(cast: Cast) -> None:
    TOLD.answer = [shift(0.02, Verdict.OK, "tenure")]
    run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    TOLD.answer = [shift(0.03, Verdict.OK, "tenure")]
    second = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert second.revision == 2
    assert list(Evaluation.objects.current()) == [second]
    assert Evaluation.objects.count() == 2
    assert list(Sample.objects.current().values_list("value", "revision")) == [(0.03, 2)]


def test_the_policy_of_the_day_judges_and_is_copied(cast: Cast) -> None:
    begins = datetime(2026, 10, 3, tzinfo=UTC)
    propose_policy(
        LIMITS, Limits(0.1, 0.2), actor=cast.erin, reason="Stricter.", effective_from=begins, at=begins
    )
    TOLD.answer = lambda _subject, _window, limits: [shift(limits.breach, Verdict.OK)]
    before = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    after = run_check(SHIFT_CHECK, cast.churn_v1, day(4))
    assert (before.policy_version, before.readings[0]["value"]) == (1, 0.25)
    assert (after.policy_version, after.policy_parameters) == (2, {"warn": 0.1, "breach": 0.2})


def test_an_error_of_the_check_is_a_verdict_with_its_reason(cast: Cast) -> None:
    def divide(*_: object) -> list[Reading]:
        return [shift(1 / 0, Verdict.OK)]

    TOLD.answer = divide
    found = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert found.verdict == "error"
    assert found.readings[0]["reason"] == "ZeroDivisionError: division by zero"
    assert not Finding.objects.exists()


def test_a_value_that_is_not_a_number_is_an_error_of_the_check(cast: Cast) -> None:
    TOLD.answer = [shift(float("nan"), Verdict.OK)]
    assert run_check(SHIFT_CHECK, cast.churn_v1, day(1)).verdict == "error"
    assert not Sample.objects.filter(value__isnull=False).exists()


def test_a_busy_database_is_not_an_error_of_the_check(cast: Cast) -> None:
    def busy(*_: object) -> list[Reading]:
        raise Busy("Later.")

    TOLD.answer = busy
    with pytest.raises(Busy):
        run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert not Evaluation.objects.exists()


def test_a_refusal_in_a_sentence_is_told_in_that_sentence(cast: Cast) -> None:
    def refuse(*_: object) -> list[Reading]:
        raise Unprocessable("There is no schema.")

    TOLD.answer = refuse
    assert run_check(SHIFT_CHECK, cast.churn_v1, day(1)).readings[0]["reason"] == "There is no schema."


def test_nothing_is_stored_when_a_finding_cannot_be(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    TOLD.answer = [shift(0.9, Verdict.BREACH, "tenure", extra={"sentence": "x"})]
    monkeypatch.setattr("portal.checks.services.alerts.raise_finding", _fails)
    with pytest.raises(RuntimeError), transaction.atomic():
        run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert not Evaluation.objects.exists()
    assert not Sample.objects.exists()
    assert not Entry.objects.filter(action="check.evaluated").exists()


def _fails(*_: object, **__: object) -> None:
    raise RuntimeError("no")


def test_a_subject_without_a_system_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid, match="belongs to no system"):
        run_check(SHIFT_CHECK, cast.root, day(1))


def test_the_database_refuses_a_second_evaluation_of_a_revision(cast: Cast) -> None:
    TOLD.answer = [shift(0.02, Verdict.OK)]
    found = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    found.pk = None
    with pytest.raises(IntegrityError, match="one_evaluation_per_revision"), transaction.atomic():
        found.save(force_insert=True)


def test_what_was_not_measured_is_never_a_green_light() -> None:
    ok, few = shift(0.1, Verdict.OK, "tenure"), shift(None, Verdict.INSUFFICIENT, "age", reason="n 12")
    assert overall([ok, few]) == Verdict.INSUFFICIENT
    assert overall([]) == Verdict.NO_DATA


def test_a_measure_can_judge_the_whole_although_a_part_is_too_small() -> None:
    whole, few = shift(0.1, Verdict.OK), shift(None, Verdict.INSUFFICIENT, "age", reason="n 12")
    assert overall([few, whole]) == Verdict.OK
    assert overall([whole, shift(0.9, Verdict.BREACH, "age")]) == Verdict.BREACH


def test_a_maturing_window_is_stored_and_says_nothing(cast: Cast) -> None:
    TOLD.answer = Readings([shift(0.9, Verdict.BREACH, "tenure")], engine="spark", state="maturing")
    found = run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    assert (found.verdict, found.engine, found.window_state) == ("breach", "spark", "maturing")
    assert not Finding.objects.exists()


def test_a_version_of_another_system_is_measured_for_its_own(cast: Cast) -> None:
    TOLD.answer = [shift(0.9, Verdict.BREACH, "tenure")]
    run_check(SHIFT_CHECK, ModelVersion.objects.get(pk=cast.churn_v1.pk), day(1))
    finding = Finding.objects.get()
    assert (finding.system, finding.owner, finding.severity) == (cast.churn, cast.erin, Severity.HIGH)
