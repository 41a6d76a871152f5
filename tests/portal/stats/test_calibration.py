"""Calibration, and performance expected from it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from portal.stats.calibration import (
    brier,
    cbpe,
    conformal_quantile,
    ece,
    isotonic,
    log_loss,
    slope_intercept,
    spiegelhalter,
)
from portal.stats.profile import SCORE_BINS, SCORE_MIDDLES

from .approximate import near, published

P = [0.05, 0.1, 0.15, 0.3, 0.35, 0.45, 0.55, 0.6, 0.65, 0.8, 0.85, 0.95]
Y = [0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1]
EXPECTED = [0.95, 0.9, 0.8, 0.75, 0.6, 0.55, 0.45, 0.4, 0.3, 0.2, 0.1, 0.05]
ROWS = st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 1)), min_size=2, max_size=50)


class TestCalibration:
    def test_published_vectors(self) -> None:
        assert brier(P, Y).value == published(".1583333")
        assert log_loss(P, Y).value == published(".4847343")
        assert ece(P, Y, 4).value == published(".1166667")
        assert spiegelhalter(P, Y).value == published("-.1569026")
        fit = slope_intercept(P, Y)
        assert (fit.slope, fit.intercept) == (published("1.1774629"), published(".6682196"))

    @given(ROWS)
    def test_scores_agree_with_scikit_learn(self, rows: list[tuple[float, int]]) -> None:
        p, y = zip(*rows, strict=True)
        assert brier(p, y).value == near(metrics.brier_score_loss(y, p))
        assert log_loss(p, y).value == near(metrics.log_loss(y, p, labels=[0, 1]))

    def test_the_refit_agrees_with_scikit_learn(self) -> None:
        random = np.random.default_rng(1)
        p = random.uniform(0.02, 0.98, 800)
        y = (random.random(800) < p**1.5).astype(int)
        logit = np.log(p / (1 - p))[:, None]
        fit, expected = slope_intercept(p, y), LogisticRegression(C=np.inf, tol=1e-10).fit(logit, y)
        assert fit.slope == pytest.approx(expected.coef_[0, 0], rel=1e-5)
        assert fit.intercept == pytest.approx(expected.intercept_[0], rel=1e-4)
        assert fit.slope_se is not None
        assert 0 < fit.slope_se < 0.2

    @given(ROWS, st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_of_rows_matters(
        self, rows: list[tuple[float, int]], random: "np.random.Generator"
    ) -> None:
        shuffled = rows * 3
        random.shuffle(shuffled)
        for measure in (brier, log_loss, lambda p, y: ece(p, y, 5)):
            once, thrice = measure(*zip(*rows, strict=True)), measure(*zip(*shuffled, strict=True))
            assert thrice.value == pytest.approx(once.value, abs=1e-9)

    def test_calibrated_probabilities_pass(self) -> None:
        random = np.random.default_rng(2)
        alarms = 0
        for _ in range(400):
            p = random.random(300)
            alarms += (spiegelhalter(p, random.random(300) < p).p or 0) < 0.05
        assert 0.02 < alarms / 400 < 0.08

    def test_growing_overconfidence_shows_everywhere(self) -> None:
        random = np.random.default_rng(3)
        p = random.uniform(0.05, 0.95, 5000)
        y = (random.random(5000) < p).astype(int)
        pushed = [1 / (1 + ((1 - p) / p) ** power) for power in (1, 1.5, 2.5, 4)]
        for measure in (brier, log_loss, ece):
            values = [measure(q, y).value for q in pushed]
            assert values == sorted(values)
        slopes = [slope_intercept(q, y).slope or 0 for q in pushed]
        assert slopes == sorted(slopes, reverse=True)
        assert slopes[0] == pytest.approx(1, abs=0.1)

    def test_few_rows_get_few_bins(self) -> None:
        p = np.linspace(0.1, 0.9, 45)
        assert len(ece(p, p > 0.5).rows) == 2
        assert len(ece([0.5], [1]).rows) == 1

    def test_equal_probabilities_share_a_bin(self) -> None:
        found = ece([0.5] * 10, [1] * 5 + [0] * 5, 5)
        assert (found.value, found.rows) == (0, (10,))

    def test_what_leaves_nothing_to_chance_has_no_z(self) -> None:
        assert spiegelhalter([0.0, 1.0, 0.5], [0, 1, 1]).value is None

    def test_a_line_that_does_not_exist_is_no_line(self) -> None:
        assert slope_intercept([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]).slope is None
        assert slope_intercept([0.5, 0.5], [0, 1]).reason == "one probability or one outcome only"

    @pytest.mark.parametrize(
        "call",
        [
            lambda: brier([1.1], [1]),
            lambda: brier([math.nan], [1]),
            lambda: log_loss([0.5], [2]),
            lambda: ece([], []),
            lambda: brier([0.5, 0.5], [1]),
            lambda: ece([0.5], [1], 0),
        ],
    )
    def test_rows_that_make_no_sense(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"robabilit|utcomes|bin"):
            call()


class TestExpectedPerformance:
    def test_the_published_vector(self) -> None:
        found = cbpe(EXPECTED)
        assert found.accuracy == published(".7541667")
        assert found.precision == published(".7583333")
        assert found.recall == published(".7520661")
        assert found.f1 == published(".7551867")
        assert found.specificity == published(".7563025")
        assert found.auc == published(".8368289")

    def test_the_band_holds_three_standard_errors(self) -> None:
        found = cbpe(EXPECTED * 100).accuracy_interval
        p = np.array(EXPECTED)
        assert found.se == near(math.sqrt(100 * float((p * (1 - p)).sum())) / 1200)
        assert found.low is not None
        assert found.value is not None
        assert found.value - found.low == pytest.approx(3 * (found.se or 0), rel=1e-6)

    def test_it_foretells_what_calibrated_scores_then_do(self) -> None:
        random = np.random.default_rng(4)
        p = random.beta(2, 3, 50_000)
        y = random.random(50_000) < p
        found = cbpe(p)
        assert found.accuracy == pytest.approx(np.mean((p >= 0.5) == y), abs=0.01)
        assert found.auc == pytest.approx(metrics.roc_auc_score(y, p), abs=0.01)

    def test_a_histogram_of_scores_is_near_the_rows(self) -> None:
        random = np.random.default_rng(5)
        p = random.beta(2, 3, 20_000)
        counts = np.histogram(p, np.linspace(0, 1, SCORE_BINS + 1))[0]
        rows, binned = cbpe(p), cbpe(SCORE_MIDDLES, weights=counts)
        assert rows.auc is not None
        assert binned.auc == pytest.approx(rows.auc, abs=2e-4)
        assert binned.accuracy == pytest.approx(rows.accuracy, abs=2e-4)
        assert binned.n == 20_000

    def test_recalibrated_probabilities_do_not_move_the_decisions(self) -> None:
        found = cbpe([0.1, 0.2, 0.3], scores=[0.4, 0.6, 0.8])
        assert (found.expected.tp, found.expected.fn) == (near(0.5), near(0.1))

    @pytest.mark.parametrize(
        "call",
        [lambda: cbpe([]), lambda: cbpe([0.5], weights=[0]), lambda: cbpe([0.5], scores=[0.1, 0.2])],
    )
    def test_no_row_expects_nothing(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"at least one|as many"):
            call()


class TestIsotonic:
    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
    def test_it_agrees_with_scikit_learn(self, bins: list[tuple[int, int]]) -> None:
        ups, downs = (list(part) for part in zip(*bins, strict=True))
        rows = np.add(ups, downs)
        held = rows > 0
        found = isotonic(ups, downs)
        if not held.any():
            assert set(found) == {None}
            return
        places = np.arange(len(rows))
        expected = IsotonicRegression().fit(places[held], (ups / np.maximum(rows, 1))[held], rows[held])
        fitted = [share for share, occupied in zip(found, held, strict=True) if occupied]
        assert fitted == pytest.approx(expected.predict(places[held]).tolist())
        assert list(found) == sorted(share for share in found if share is not None)


class TestConformal:
    def test_the_rank_of_the_published_example(self) -> None:
        found = conformal_quantile(range(1, 100), 0.1)
        assert (found.rank, found.value) == (90, 90)

    def test_too_few_rows_bound_nothing(self) -> None:
        found = conformal_quantile(range(8), 0.1)
        assert (found.value, found.reason) == (None, "too few rows: the interval is infinite")

    def test_new_scores_exceed_it_as_seldom_as_promised(self) -> None:
        random = np.random.default_rng(6)
        misses = [
            random.random() > (conformal_quantile(random.random(49), 0.1).value or 1) for _ in range(2000)
        ]
        assert np.mean(misses) == pytest.approx(0.1, abs=0.02)

    @pytest.mark.parametrize(
        "call", [lambda: conformal_quantile([1], 1), lambda: conformal_quantile([math.inf], 0.1)]
    )
    def test_nonsense_is_refused(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"Alpha|finite"):
            call()
