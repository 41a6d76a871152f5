"""Groups side by side."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.stats.fairness import RATES, GroupTable, ll144
from portal.stats.profile import WHOLE, ProfileSpec, profile

from .approximate import near, published

A, B, C = (60, 20, 15, 105), (30, 12, 20, 88), (4, 1, 3, 12)
PAIR = GroupTable.from_counts({"A": A, "B": B})
COUNTS = st.dictionaries(
    st.sampled_from("ABCDE"),
    st.tuples(*[st.integers(0, 60)] * 4).filter(any),
    min_size=2,
)
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from(["A", "B", None])),
    min_size=1,
    max_size=60,
)


class TestPublishedVectors:
    def test_rates_of_both_groups(self) -> None:
        one, two = PAIR.rates()["A"], PAIR.rates()["B"]
        assert (one.n, one.tp, one.fp, one.fn, one.tn) == (200, *A)
        assert (one.selection_rate, two.selection_rate) == (0.4, 0.28)
        assert (one.tpr, two.tpr, one.fpr, two.fpr) == (near(0.8), near(0.6), near(0.16), near(0.12))
        assert (one.ppv, two.ppv) == (0.75, published(".7142857"))

    def test_gaps(self) -> None:
        found = PAIR.gaps()
        assert found.demographic_parity_difference == near(0.12)
        assert found.demographic_parity_ratio == near(0.7)
        assert found.equal_opportunity_difference == near(0.2)
        assert found.equalised_odds_difference == near(0.2)
        assert found.equalised_odds_mean == near(0.12)
        assert found.predictive_parity_difference == published("0.0357143")

    def test_a_small_group_rules_the_minimum_unless_it_is_left_out(self) -> None:
        table = GroupTable.from_counts({"A": A, "B": B, "C": C})
        assert table.gaps().demographic_parity_ratio == near(0.625)
        assert table.gaps(minimum=30).demographic_parity_ratio == near(0.7)

    def test_intervals_beside_the_reference(self) -> None:
        ratio, difference = PAIR.impact_ratios()["B"], PAIR.differences()["B"]
        assert (ratio.value, ratio.low, ratio.high) == (
            near(0.7), published(".5146074"), published(".9521821")
        )  # fmt: skip
        assert (difference.value, difference.low, difference.high) == (
            near(-0.12), published("-.2153732"), published("-.0192398")
        )  # fmt: skip
        test = PAIR.tests()["B"]
        assert test is not None
        assert (test.z, test.p) == (published("-2.3314632"), published(".0197290"))

    def test_new_york_scoring_rates(self) -> None:
        men, women, others = (
            [55, 60, 62, 70, 75, 80, 85, 90], [50, 52, 58, 64, 66, 72, 78, 95], [61, 71]
        )  # fmt: skip
        found = ll144(men + women + others, ["M"] * 8 + ["F"] * 8 + ["X"] * 2)
        assert found.median == 68
        assert found.rates == {"M": 0.625, "F": 0.375, "X": 0.5}
        assert found.impact_ratios == {"M": 1, "F": near(0.6), "X": near(0.8)}


class TestFourFifths:
    def test_it_is_decided_by_whole_numbers(self) -> None:
        """In floating point 0.8 * 0.4 * 150 is 48.00000000000001, and 48 of 150 would fail."""
        exactly = GroupTable.from_counts({"A": (80, 0, 0, 120), "B": (48, 0, 0, 102), "C": (47, 0, 0, 103)})
        assert exactly.four_fifths() == {"A": True, "B": True, "C": False}

    @given(st.integers(1, 10**12), st.integers(1, 10**12))
    def test_numbers_of_any_size_are_exact(self, n: int, m: int) -> None:
        at = GroupTable.from_counts({"A": (5 * n, 0, 0, 0), "B": (4 * m, m, 0, 0)})
        assert at.four_fifths(reference="A")["B"] is True
        favourable = GroupTable.from_counts({"A": (5 * m, 0, 0, 0), "B": (4 * m - 1, 0, 0, m + 1)})
        assert favourable.four_fifths(reference="A")["B"] is False

    def test_one_person_may_turn_the_verdict(self) -> None:
        table = GroupTable.from_counts({"A": (80, 0, 0, 120), "B": (47, 0, 0, 103), "C": (20, 0, 0, 130)})
        assert table.hinges_on_one() == {"A": False, "B": True, "C": False}
        passing = GroupTable.from_counts({"A": (80, 0, 0, 120), "B": (48, 0, 0, 102)})
        assert passing.hinges_on_one()["B"] is True

    def test_the_favourable_label_may_be_the_negative_one(self) -> None:
        """Refusing a loan is the positive label of a default model, and nobody's favour."""
        defaults = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (90, 30, 10, 20)})
        assert defaults.reference(favourable=0) == "A"
        assert defaults.impact_ratios(favourable=0)["B"].value == near((30 / 150) / (120 / 200))
        assert defaults.four_fifths(favourable=0) == {"A": True, "B": False}
        assert defaults.four_fifths(favourable=1) == {"A": False, "B": True}


class TestReference:
    def test_it_is_the_best_off_group_that_is_large_enough(self) -> None:
        table = GroupTable.from_counts({"A": A, "B": B, "tiny": (9, 0, 0, 1)})
        assert table.reference() == "A"
        assert table.reference(minimum=5) == "tiny"
        assert GroupTable.from_counts({"x": (1, 0, 0, 3), "y": (2, 0, 0, 3)}).reference() == "y"

    def test_people_of_unknown_group_are_no_reference(self) -> None:
        table = GroupTable.from_counts({None: (90, 0, 0, 10), "A": A, ("F", None): (99, 0, 0, 1)})
        assert table.reference() == "A"
        assert table.impact_ratios()[None].value == near(0.9 / 0.4)

    def test_it_may_be_named_and_is_itself_exact(self) -> None:
        found = PAIR.impact_ratios(reference="B")
        assert (found["B"].value, found["B"].low, found["B"].high) == (1, 1, 1)
        assert found["A"].value == near(0.4 / 0.28)
        assert PAIR.differences(reference="B")["B"].high == 0
        assert PAIR.tests(reference="B")["B"] is None

    def test_a_reference_must_be_a_group(self) -> None:
        with pytest.raises(ValueError, match="no group 'Z'"):
            PAIR.impact_ratios(reference="Z")


class TestLaws:
    @given(ROWS, st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_of_rows_matters(self, rows: list[Any], random: Any) -> None:
        shuffled = rows * 2
        random.shuffle(shuffled)
        once, twice = (GroupTable.from_arrays(*zip(*some, strict=True)) for some in (rows, shuffled))
        assert set(once.rates()) == set(twice.rates())
        for group, row in once.rates().items():
            assert twice.rates()[group].n == 2 * (row.n or 0)
            assert [twice.rates()[group].rate(rate).value for rate in RATES] == [
                row.rate(rate).value for rate in RATES
            ]

    @given(COUNTS)
    def test_a_table_turned_round_keeps_its_accuracy_and_swaps_the_rest(self, counts: Any) -> None:
        for row in GroupTable.from_counts(counts).rates().values():
            turned = row.flipped()
            assert (turned.accuracy, turned.npv, turned.ppv) == (row.accuracy, row.ppv, row.npv)
            assert turned.selected == (row.n or 0) - (row.selected or 0)
            assert turned.flipped() == row

    @given(COUNTS)
    def test_alike_groups_have_no_gap(self, counts: Any) -> None:
        row = next(iter(counts.values()))
        alike = GroupTable.from_counts({"A": row, "B": tuple(3 * count for count in row)})
        gaps = alike.gaps()
        assert gaps.demographic_parity_difference == near(0)
        assert all(value in {None, True} for value in alike.four_fifths().values())

    def test_a_growing_gap_grows(self) -> None:
        tables = [GroupTable.from_counts({"A": A, "B": (60 - k, 20, 15 + k, 105)}) for k in (0, 10, 20, 40)]
        values = [table.gaps().equalised_odds_difference or 0 for table in tables]
        assert values == sorted(values)
        assert values[0] == 0
        p = [table.tests(reference="A")["B"].p for table in tables]  # type: ignore[union-attr]
        assert p == sorted(p, reverse=True)

    def test_rows_and_a_profile_agree(self) -> None:
        random = np.random.default_rng(1)
        n = 4000
        sex, race = random.choice(["F", "M"], n), random.choice(["A", "B", "C"], n)
        truth, said = random.integers(0, 2, n), random.integers(0, 2, n)
        spec = ProfileSpec(prediction="p", outcome="y", positive="1", protected=("sex", "race"))
        batch = pa.record_batch({"p": said, "y": truth, "sex": sex.tolist(), "race": race.tolist()})
        tables = profile([batch], spec)[WHOLE].groups
        crossed = GroupTable.from_arrays(truth, said, {"sex": sex, "race": race})
        assert GroupTable.from_profile(tables["sex", "race"]) == crossed
        assert GroupTable.from_profile(tables["sex",]) == GroupTable.from_arrays(truth, said, sex)

    def test_equal_groups_seldom_seem_unequal(self) -> None:
        random = np.random.default_rng(2)
        alarms = 0
        for _ in range(600):
            k, m = random.binomial(150, 0.3, size=2).tolist()
            test = GroupTable.from_counts({"A": (k, 0, 0, 150 - k), "B": (m, 0, 0, 150 - m)}).tests(
                reference="A"
            )["B"]
            alarms += test is not None and test.p < 0.05
        assert 0.02 < alarms / 600 < 0.08


class TestRows:
    @pytest.mark.parametrize(
        "groups",
        [
            ["x", "y", "x", None],
            np.array(["x", "y", "x", None], dtype=object),
            pa.array(["x", "y", "x", None]),
            pa.array(["x", "y", "x", None]).dictionary_encode(),
        ],
        ids=["list", "numpy", "arrow", "dictionary"],
    )
    def test_groups_in_any_form(self, groups: Any) -> None:
        found = GroupTable.from_arrays([1, 0, 1, 1], [1, 0, 0, 1], groups).rates()
        assert {group: row.n for group, row in found.items()} == {"x": 2, "y": 1, None: 1}
        assert (found["x"].tp, found["x"].fn) == (1, 1)

    @pytest.mark.parametrize(
        "groups",
        [np.array([7, 9, 7, 9]), np.array([7, 10**9, 7, 10**9]), np.array([False, True, False, True])],
        ids=["near", "far", "boolean"],
    )
    def test_numbered_groups(self, groups: Any) -> None:
        found = GroupTable.from_arrays([1, 0, 1, 1], [1, 0, 0, 1], groups).rates()
        assert [row.n for row in found.values()] == [2, 2]
        assert set(found) == set(groups.tolist())

    def test_a_missing_group_is_a_group(self) -> None:
        found = GroupTable.from_arrays([1, 0], [1, 0], [math.nan, "x"]).rates()
        assert set(found) == {None, "x"}

    def test_an_unknown_outcome_still_counts_as_a_prediction(self) -> None:
        found = GroupTable.from_arrays([1, math.nan, math.nan], [1, 1, 0], ["x"] * 3).rates()["x"]
        assert (found.n, found.selected, found.tp, found.tpr) == (3, 2, 1, 1)
        unknown = GroupTable.from_arrays(None, [1, 0], ["x", "x"]).rates()["x"]
        assert (unknown.selection_rate, unknown.tpr, unknown.rate("tpr").reason) == (0.5, None, "no rows")

    @pytest.mark.parametrize(
        "call",
        [
            lambda: GroupTable.from_arrays([1], [2], ["x"]),
            lambda: GroupTable.from_arrays([1], [math.nan], ["x"]),
            lambda: GroupTable.from_arrays([1, 0], [1], ["x"]),
            lambda: GroupTable.from_arrays([1], [1], ["x", "y"]),
            lambda: GroupTable.from_counts({"x": (1, 2, 3, -4)}),
            lambda: PAIR.impact_ratios(favourable=2),
            lambda: ll144([1.0], ["x", "y"]),
            lambda: ll144([math.nan], ["x"]),
            lambda: ll144([1.0], [None]),
        ],
    )
    def test_rows_that_make_no_sense(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"Labels|Every|Counts|favourable|category"):
            call()


class TestUndefined:
    def test_a_rate_without_rows_is_none_with_its_reason(self) -> None:
        """A peer says TPR = FNR = 0 here, and alarms."""
        table = GroupTable.from_counts({"A": A, "none positive": (0, 5, 0, 45)})
        row = table.rates()["none positive"]
        assert (row.tpr, row.fnr, row.rate("tpr").reason) == (None, None, "no rows")
        assert table.gaps().equal_opportunity_difference is None
        assert table.differences("tpr")["none positive"].reason == "a group without rows"

    def test_nobody_selected_anywhere_has_no_ratio(self) -> None:
        table = GroupTable.from_counts({"A": (0, 0, 0, 50), "B": (0, 0, 0, 40)})
        assert table.impact_ratios()["B"].value is None
        assert table.gaps().demographic_parity_ratio is None
        assert table.differences()["B"].value == 0

    def test_no_group_has_no_reference(self) -> None:
        assert GroupTable({}).impact_ratios() == {}
        assert GroupTable({}).reference() is None

    def test_scores_all_alike_have_no_highest_rate(self) -> None:
        found = ll144([5, 5, 5], ["x", "y", None])
        assert (found.impact_ratios, found.unknown) == ({"x": None, "y": None}, 1)

    def test_a_category_too_small_for_a_ratio_still_states_its_rate(self) -> None:
        found = ll144(range(100), ["x"] * 50 + ["y"] * 49 + ["z"], minimum_share=0.02)
        assert found.left_out == ("z",)
        assert "z" not in found.impact_ratios
        assert (found.numbers["z"], found.rates["z"]) == (1, 1)
