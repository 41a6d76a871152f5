"""When a breach becomes a finding, when several become one, and when a finding closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal.areas import Reading, Verdict
from portal.checks.models import Evaluation
from portal.checks.policies import ALERTING, Alerting
from portal.checks.services import run_check
from portal.findings.models import Finding, FindingState
from portal.policies.services import decide_policy, propose_policy
from tests.portal.cast import LONG_AGO, Cast, day
from tests.portal.checks.yard.area import SHIFT_CHECK, TOLD

OK, WARN, BREACH = Verdict.OK, Verdict.WARN, Verdict.BREACH


def check(cast: Cast, number: int, **verdicts: Verdict) -> Evaluation:
    """Run the check on a day of October, with a verdict for each feature."""
    TOLD.answer = [
        Reading("shift", 0.4, verdict, feature=feature, limit_breach=0.25, n=900)
        for feature, verdict in verdicts.items()
    ]
    return run_check(SHIFT_CHECK, cast.churn_v1, day(number), at=day(number).end)


def alerting(cast: Cast, **changes: object) -> None:
    """Put other rules of alerting in force long ago."""
    rules = replace(Alerting(), **changes)  # type: ignore[arg-type]
    proposed = propose_policy(ALERTING, rules, actor=cast.erin, reason="Try it.", at=LONG_AGO)
    if proposed.loosens:
        decide_policy(proposed, actor=cast.chen, approve=True, at=LONG_AGO)


def open_findings() -> list[Finding]:
    return list(Finding.objects.unclosed().order_by("pk"))


def test_a_breach_is_one_finding_per_feature_with_its_owner_and_day(cast: Cast) -> None:
    check(cast, 1, tenure=BREACH, age=OK, region=BREACH)
    tenure, region = open_findings()
    assert tenure.title == "Shift of tenure in churn v1 is 0.40"
    assert tenure.summary == "shift 0.40, limit 0.25, n 900."
    assert (tenure.owner, tenure.subject, tenure.kind) == (cast.erin, cast.churn_v1, "shift")
    assert tenure.due_on.isoformat() == "2026-10-03"
    assert region.dedupe_key != tenure.dedupe_key


def test_the_next_window_counts_on_the_same_finding(cast: Cast) -> None:
    for number in (1, 2, 3):
        check(cast, number, tenure=BREACH)
    (finding,) = open_findings()
    assert finding.occurrences == 3
    assert [point["value"] for point in finding.detail["trend"]["points"]] == [0.4, 0.4, 0.4]


def test_only_a_pass_closes_it(cast: Cast) -> None:
    check(cast, 1, tenure=BREACH)
    check(cast, 2, tenure=WARN)
    check(cast, 3, tenure=Verdict.INSUFFICIENT)
    assert len(open_findings()) == 1
    check(cast, 4, tenure=OK)
    finding = Finding.objects.get()
    assert (finding.state, finding.closed_at) == (FindingState.CLOSED, day(4).end)


def test_a_finding_that_returns_within_a_week_is_opened_again(cast: Cast) -> None:
    check(cast, 1, tenure=BREACH)
    check(cast, 2, tenure=OK)
    check(cast, 5, tenure=BREACH)
    (finding,) = open_findings()
    assert (finding.occurrences, Finding.objects.count()) == (2, 1)
    check(cast, 6, tenure=OK)
    check(cast, 20, tenure=BREACH)
    assert Finding.objects.count() == 2


def test_many_breaches_at_once_are_one_finding_until_all_pass(cast: Cast) -> None:
    features = {f"f{number}": BREACH for number in range(6)}
    check(cast, 1, **features)
    (finding,) = open_findings()
    assert finding.title == "6 parts of churn v1 breach the limits of feature shift"
    assert len(finding.detail["readings"]) == 6
    check(cast, 2, **{**features, "f0": OK, "f1": OK})
    assert open_findings() == [finding]
    check(cast, 3, **dict.fromkeys(features, OK))
    assert open_findings() == []


def test_an_older_window_says_nothing_about_now(cast: Cast) -> None:
    check(cast, 5, tenure=OK)
    check(cast, 2, tenure=BREACH)
    assert open_findings() == []
    check(cast, 6, tenure=BREACH)
    check(cast, 3, tenure=OK)
    assert len(open_findings()) == 1


def test_a_policy_can_ask_for_two_windows_in_a_row(cast: Cast) -> None:
    alerting(cast, confirm_windows=2)
    check(cast, 1, tenure=BREACH)
    check(cast, 2, tenure=OK)
    check(cast, 3, tenure=BREACH)
    assert open_findings() == []
    check(cast, 4, tenure=BREACH)
    assert len(open_findings()) == 1


def test_a_policy_can_make_a_warning_a_low_finding(cast: Cast) -> None:
    check(cast, 1, tenure=WARN)
    assert open_findings() == []
    alerting(cast, warns=True)
    check(cast, 2, tenure=WARN)
    assert [finding.severity for finding in open_findings()] == ["low"]


def test_a_policy_says_by_when_a_finding_is_answered(cast: Cast) -> None:
    alerting(cast, high_days=3)
    check(cast, 1, tenure=BREACH)
    assert open_findings()[0].due_on.isoformat() == "2026-10-05"


def test_a_check_without_a_result_for_three_windows_is_a_finding(cast: Cast) -> None:
    for number in (1, 2):
        check(cast, number)
        assert open_findings() == []
    check(cast, 3)
    (finding,) = open_findings()
    assert finding.title == "Feature shift of churn v1 has had no result for 3 windows in a row"
    check(cast, 4, tenure=OK)
    assert open_findings() == []


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="no later than a less severe"):
        Alerting(high_days=9, medium_days=5)


def test_an_area_may_name_the_finding_itself(cast: Cast) -> None:
    told = {"sentence": "Tenure of churn v1 moved"}
    TOLD.answer = [Reading("shift", 0.4, BREACH, feature="tenure", extra=told)]
    run_check(SHIFT_CHECK, cast.churn_v1, day(1), at=datetime(2026, 10, 2, tzinfo=UTC))
    assert open_findings()[0].title == "Tenure of churn v1 moved"
