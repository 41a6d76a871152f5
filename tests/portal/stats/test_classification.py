"""Confusion, areas and paired comparisons."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from portal.stats.classification import (
    auc,
    auc_from_histogram,
    confusion,
    delong,
    mcnemar,
    non_inferiority,
    paired_difference,
)

from .approximate import near, published

LABELS = [1] * 8 + [0] * 8
FIRST = [0.9, 0.85, 0.8, 0.7, 0.65, 0.6, 0.45, 0.3, 0.75, 0.55, 0.5, 0.4, 0.35, 0.25, 0.2, 0.1]
SECOND = [0.8, 0.6, 0.75, 0.55, 0.7, 0.4, 0.5, 0.35, 0.65, 0.62, 0.45, 0.52, 0.3, 0.33, 0.15, 0.05]
ROWS = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=4, max_size=60).filter(
    lambda rows: 2 <= sum(label for _, label in rows) <= len(rows) - 2
)


class TestConfusion:
    def test_rates_of_a_published_table(self) -> None:
        found = confusion(60, 20, 15, 105)
        assert (found.tpr, found.fpr, found.ppv, found.selection_rate) == (0.8, 0.16, 0.75, 0.4)
        assert found.accuracy == 165 / 200
        assert (found.fnr, found.tnr, found.npv) == (near(0.2), near(0.84), 105 / 120)
        assert (found.f1, found.balanced_accuracy, found.prevalence) == (
            near(120 / 155),
            near(0.82),
            75 / 200,
        )

    def test_a_rate_without_rows_is_undefined_and_never_zero(self) -> None:
        found = confusion(0, 5, 0, 5)
        assert (found.tpr, found.fnr, found.balanced_accuracy) == (None, None, None)
        assert found.fpr == 0.5
        assert confusion(0, 0, 0, 0).accuracy is None
        assert confusion(0, 0, 0, 7).f1 is None

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
    def test_it_agrees_with_scikit_learn(self, rows: list[tuple[bool, bool]]) -> None:
        truth, said = zip(*rows, strict=True)
        tn, fp, fn, tp = metrics.confusion_matrix(truth, said, labels=[False, True]).ravel().tolist()
        found = confusion(tp, fp, fn, tn)
        assert found.accuracy == near(metrics.accuracy_score(truth, said))
        if any(truth):
            assert found.tpr == near(metrics.recall_score(truth, said))
        if any(said):
            assert found.ppv == near(metrics.precision_score(truth, said))

    @pytest.mark.parametrize("counts", [(-1, 0, 0, 0), (0, math.inf, 0, 0), (0, 0, math.nan, 0)])
    def test_counts_are_finite_and_not_negative(self, counts: tuple[float, float, float, float]) -> None:
        with pytest.raises(ValueError, match="Counts"):
            confusion(*counts)


class TestAuc:
    def test_published_areas(self) -> None:
        assert auc(FIRST, LABELS).value == 0.828125
        assert auc(SECOND, LABELS).value == 0.765625
        assert auc(FIRST, LABELS).se == published(str(0.0116490**0.5)[:9])
        assert auc(FIRST, LABELS).high == 1, "the interval is clipped"

    @given(ROWS)
    def test_it_agrees_with_scikit_learn_ties_included(self, rows: list[tuple[int, bool]]) -> None:
        scores, labels = zip(*rows, strict=True)
        assert auc(scores, labels).value == near(metrics.roc_auc_score(labels, scores))

    @given(ROWS)
    def test_it_agrees_with_mann_whitney(self, rows: list[tuple[int, bool]]) -> None:
        ups = [score for score, label in rows if label]
        downs = [score for score, label in rows if not label]
        scores, labels = zip(*rows, strict=True)
        u = stats.mannwhitneyu(ups, downs).statistic
        assert auc(scores, labels).value == near(u / (len(ups) * len(downs)))

    @given(ROWS, st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_of_rows_matters(
        self, rows: list[tuple[int, bool]], random: "np.random.Generator"
    ) -> None:
        scores, labels = zip(*rows, strict=True)
        shuffled = rows * 2
        random.shuffle(shuffled)
        more_scores, more_labels = zip(*shuffled, strict=True)
        assert auc(more_scores, more_labels).value == near(auc(scores, labels).value or 0)

    def test_a_histogram_of_a_thousand_bins_is_near_the_rows(self) -> None:
        random = np.random.default_rng(1)
        labels = random.integers(0, 2, 20_000)
        scores = 1 / (1 + np.exp(-random.normal(labels, 1)))
        edges = np.linspace(0, 1, 1025)
        by_label = [np.histogram(scores[labels == label], edges)[0] for label in (1, 0)]
        exact, binned = auc(scores, labels), auc_from_histogram(*by_label)
        assert binned.value == pytest.approx(exact.value, abs=2e-4)
        assert binned.se == pytest.approx(exact.se, rel=0.01)

    def test_a_growing_separation_grows(self) -> None:
        random = np.random.default_rng(2)
        labels, noise = np.repeat([0, 1], 500), random.normal(size=1000)
        areas = [auc(noise + shift * labels, labels).value or 0 for shift in (0, 0.5, 1, 2, 4)]
        assert areas == sorted(areas)
        assert areas[0] == pytest.approx(0.5, abs=0.06)

    def test_the_interval_covers_the_truth_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(3)
        truth = float(stats.norm.cdf(1 / np.sqrt(2)))
        labels = np.repeat([0, 1], 150)
        found = [auc(random.normal(size=300) + labels, labels) for _ in range(400)]
        covered = np.mean([(area.low or 0) <= truth <= (area.high or 1) for area in found])
        assert 0.92 < covered < 0.98

    def test_one_label_has_no_area(self) -> None:
        found = auc([0.1, 0.2], [1, 1])
        assert (found.value, found.low, found.reason) == (None, None, "only one label occurs")
        assert auc([0.1, 0.2], [0, 1]).se is None

    @pytest.mark.parametrize(
        "call",
        [
            lambda: auc([0.1], [2]),
            lambda: auc([math.nan], [1]),
            lambda: auc([0.1, 0.2], [1]),
            lambda: auc([], []),
            lambda: auc_from_histogram([1, 2], [1]),
        ],
    )
    def test_rows_that_make_no_sense(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"Labels|Scores|labels|bins"):
            call()


class TestComparisons:
    def test_the_published_comparison_of_two_scores(self) -> None:
        found = delong(FIRST, SECOND, LABELS)
        assert (found.first.value, found.second.value) == (0.828125, 0.765625)
        assert (found.first.se or 0) ** 2 == published(".0116490")
        assert (found.z, found.p) == (published(".7337994"), published(".4630710"))
        assert found.difference == 0.0625
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0 < found.high

    def test_a_score_does_not_differ_from_itself(self) -> None:
        found = delong(FIRST, FIRST, LABELS)
        assert (found.difference, found.z, found.p) == (0, None, 1)

    def test_perfect_against_perfectly_wrong_has_no_variance_but_differs(self) -> None:
        found = delong(LABELS, [1 - label for label in LABELS], LABELS)
        assert (found.difference, found.z, found.p) == (1, None, 0)

    def test_one_row_of_a_label_is_too_few_to_compare(self) -> None:
        assert delong([1, 2, 3], [3, 2, 1], [1, 0, 0]).reason == "needs two rows of either label"

    def test_equal_scores_are_rarely_told_apart(self) -> None:
        random = np.random.default_rng(4)
        labels = np.repeat([0, 1], 60)
        alarms = 0
        for _ in range(400):
            truth = random.normal(size=120) + labels
            found = delong(truth + random.normal(size=120), truth + random.normal(size=120), labels)
            alarms += (found.p or 0) < 0.05
        assert 0.02 < alarms / 400 < 0.08

    @pytest.mark.parametrize(
        ("b", "c", "exact", "mid_p"),
        [(25, 12, ".0470310", ".0335524"), (8, 2, ".109375", ".0654297")],
    )
    def test_published_discordant_pairs(self, b: int, c: int, exact: str, mid_p: str) -> None:
        found = mcnemar(b, c)
        assert (found.exact, found.mid_p) == (published(exact), published(mid_p))
        assert found.p == found.mid_p, "few discordant rows"
        assert mcnemar(c, b) == found

    def test_the_corrected_chi_square(self) -> None:
        found = mcnemar(25, 12)
        assert (found.chi2, found.chi2_p) == (published("3.8918919"), published(".0485197"))

    @given(st.integers(0, 400), st.integers(0, 400))
    def test_the_exact_p_value_is_that_of_the_binomial(self, b: int, c: int) -> None:
        found = mcnemar(b, c)
        if b + c:
            assert found.exact == pytest.approx(stats.binomtest(b, b + c).pvalue, rel=1e-6)
        assert 0 <= found.mid_p <= found.exact <= 1

    def test_no_discordant_row_is_no_difference(self) -> None:
        found = mcnemar(0, 0)
        assert (found.p, found.chi2) == (1, None)

    def test_the_published_difference_of_shares_correct(self) -> None:
        found = paired_difference(25, 12, 187)
        assert (found.value, found.low, found.high) == (
            published(".0695"), published(".0065"), published(".1325")
        )  # fmt: skip

    def test_the_published_non_inferiority(self) -> None:
        found = non_inferiority(38, 30, 2000, 0.01)
        assert found.bound == pytest.approx(0.0107809, abs=7e-7), "printed with 1.645 for 1.644854"
        assert not found.holds
        assert non_inferiority(38, 30, 2000, 0.02).holds

    @pytest.mark.parametrize(
        "call",
        [
            lambda: mcnemar(-1, 2),
            lambda: paired_difference(5, 5, 9),
            lambda: non_inferiority(1, 1, 10, 0),
            lambda: non_inferiority(1, 1, 0, 0.1),
        ],
    )
    def test_counts_that_cannot_be(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"Counts|discordant|margin"):
            call()
