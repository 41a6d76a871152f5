"""The mergeable summary."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.stats.drift import psi
from portal.stats.profile import (
    WHOLE,
    FeatureSpec,
    GroupCounts,
    Profile,
    ProfileSpec,
    Reference,
    build_reference,
    parquet_rows,
    profile,
    spec_of,
)

from .material import drift_expected, drift_samples

SCHEMA: dict[str, Any] = {
    "task": "binary",
    "positive": 1,
    "favourable": 0,
    "features": [
        {"name": "age", "type": "integer"},
        {"name": "income", "type": "double"},
        {"name": "job", "type": "string"},
        {"name": "sex", "type": "string", "role": "protected"},
        {"name": "race", "type": "string", "role": "both"},
    ],
}
SEGMENTS = {"region": "segment_region", "channel": "segment_channel"}
COLUMNS = pa.schema(
    [
        ("age", pa.int32()),
        ("income", pa.float64()),
        ("job", pa.string()),
        ("sex", pa.string()),
        ("race", pa.dictionary(pa.int8(), pa.string())),
        ("score", pa.float32()),
        ("prediction", pa.int64()),
        ("outcome", pa.int64()),
        ("segment_region", pa.string()),
        ("segment_channel", pa.string()),
    ]
)


def people(n: int, seed: int = 0) -> pa.Table:
    """Rows with everything that occurs: missing and infinite values, unknown groups, unknown outcomes."""
    random = np.random.default_rng(seed)

    def sometimes(values: Any, missing: float) -> list[Any]:
        return [
            None if gone else value for value, gone in zip(values, random.random(n) < missing, strict=True)
        ]

    income = random.lognormal(10, 1, n)
    income[random.random(n) < 0.02] = np.nan
    income[random.random(n) < 0.01] = np.inf
    income[random.random(n) < 0.01] = -np.inf
    score = random.random(n)
    data = {
        "age": sometimes(random.integers(18, 90, n).tolist(), 0.05),
        "income": sometimes(income.tolist(), 0.05),
        "job": sometimes(random.choice(["a", "b", "c", "d"], n, p=[0.6, 0.3, 0.095, 0.005]).tolist(), 0.05),
        "sex": sometimes(random.choice(["F", "M"], n).tolist(), 0.05),
        "race": sometimes(random.choice(["A", "B", "C"], n).tolist(), 0.05),
        "score": sometimes(score.tolist(), 0.05),
        "prediction": sometimes((score > 0.5).astype(int).tolist(), 0.02),
        "outcome": sometimes((random.random(n) < score).astype(int).tolist(), 0.4),
        "segment_region": sometimes(random.choice(["north", "south"], n).tolist(), 0.1),
        "segment_channel": sometimes(random.choice(["web", "shop", "phone"], n).tolist(), 0.1),
    }
    return pa.table(data, schema=COLUMNS)


REFERENCE = build_reference(people(3000, seed=99).to_batches(), SCHEMA, segments=SEGMENTS)
SPEC = REFERENCE.spec
CURRENT = people(2000, seed=1)
WHOLE_OF_CURRENT = profile(CURRENT.to_batches(), SPEC)[WHOLE]


def summed(*profiles: Profile) -> Profile:
    return reduce(Profile.merge, profiles)


class TestAddingUp:
    @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.integers(0, 2000), max_size=6), st.randoms(use_true_random=False))
    def test_shards_in_any_cut_and_order_add_up_to_the_whole(self, cuts: list[int], random: Any) -> None:
        bounds = [0, *sorted(cuts), CURRENT.num_rows]
        shards = [CURRENT.slice(a, b - a) for a, b in pairwise(bounds)]
        random.shuffle(shards)
        found = summed(*(profile(shard.to_batches(), SPEC)[WHOLE] for shard in shards))
        assert found == WHOLE_OF_CURRENT
        assert found.to_json() == WHOLE_OF_CURRENT.to_json()
        assert found.digest == WHOLE_OF_CURRENT.digest

    def test_merging_is_associative_and_commutative(self) -> None:
        a, b, c = (profile(people(300, seed).to_batches(), SPEC)[WHOLE] for seed in (2, 3, 4))
        assert (a + b) + c == a + (b + c)
        assert (a + b).to_json() == (b + a).to_json()

    def test_the_profile_of_no_row_changes_nothing(self) -> None:
        nothing = Profile.empty(SPEC)
        assert nothing + WHOLE_OF_CURRENT == WHOLE_OF_CURRENT + nothing == WHOLE_OF_CURRENT
        assert profile([], SPEC) == {WHOLE: nothing}
        assert profile(CURRENT.slice(0, 0).to_batches(), SPEC)[WHOLE] == nothing

    def test_batches_of_any_size_count_the_same(self) -> None:
        for size in (1, 7, 100):
            some = CURRENT.slice(0, 200)
            assert profile(some.to_batches(max_chunksize=size), SPEC) == profile(some.to_batches(), SPEC)

    def test_the_order_of_rows_does_not_matter(self) -> None:
        order = np.random.default_rng(5).permutation(CURRENT.num_rows)
        assert profile(CURRENT.take(order).to_batches(), SPEC)[WHOLE] == WHOLE_OF_CURRENT

    def test_every_row_twice_is_every_count_twice(self) -> None:
        twice = profile(pa.concat_tables([CURRENT, CURRENT]).to_batches(), SPEC)[WHOLE]
        assert twice == WHOLE_OF_CURRENT + WHOLE_OF_CURRENT
        assert twice.features["age"].counts == tuple(2 * n for n in WHOLE_OF_CURRENT.features["age"].counts)

    def test_profiles_that_count_otherwise_do_not_add_up(self) -> None:
        other = profile(CURRENT.to_batches(), replace(SPEC, protected=("sex",)))[WHOLE]
        with pytest.raises(ValueError, match="specifications"):
            WHOLE_OF_CURRENT.merge(other)

    def test_whom_a_profile_is_about_is_no_part_of_how_it_counts(self) -> None:
        alone = profile(CURRENT.to_batches(), replace(SPEC, segments={}))[WHOLE]
        assert alone == WHOLE_OF_CURRENT


class TestSegments:
    def test_a_segment_is_the_profile_of_its_rows(self) -> None:
        found = profile(CURRENT.to_batches(max_chunksize=333), SPEC)
        assert set(found) == {
            "", "region=north", "region=south", "channel=web", "channel=shop", "channel=phone",
        }  # fmt: skip
        north = CURRENT.filter(pa.array([r == "north" for r in CURRENT["segment_region"].to_pylist()]))
        assert found["region=north"] == profile(north.to_batches(), SPEC)[WHOLE]

    def test_rows_without_a_segment_are_in_the_whole_only(self) -> None:
        found = profile(CURRENT.to_batches(), SPEC)
        unknown = CURRENT["segment_region"].null_count
        assert found[WHOLE].n == CURRENT.num_rows
        assert found["region=north"].n + found["region=south"].n + unknown == CURRENT.num_rows

    def test_a_key_that_no_batch_has_makes_no_segment(self) -> None:
        found = profile(CURRENT.to_batches(), replace(SPEC, segments={"country": "nowhere"}))
        assert found == {WHOLE: WHOLE_OF_CURRENT}

    def test_a_key_with_an_equals_sign_would_be_ambiguous(self) -> None:
        with pytest.raises(ValueError, match="segment key"):
            ProfileSpec(segments={"a=b": "c"})


class TestFeatures:
    def test_every_row_is_counted_somewhere(self) -> None:
        for counts in WHOLE_OF_CURRENT.features.values():
            assert counts.rows == CURRENT.num_rows

    def test_missing_and_infinite_values_have_counts_of_their_own(self) -> None:
        income = CURRENT["income"].to_pylist()
        found = WHOLE_OF_CURRENT.features["income"]
        assert found.missing == sum(value is None or math.isnan(value) for value in income)
        assert (found.pos_inf, found.neg_inf) == (income.count(math.inf), income.count(-math.inf))
        finite = np.array([value for value in income if value is not None and math.isfinite(value)])
        assert found.n == len(finite)
        assert found.moments is not None
        assert found.moments.mean == pytest.approx(finite.mean(), rel=1e-9)
        assert (found.moments.low, found.moments.high) == (finite.min(), finite.max())
        assert found.missing_rate == found.missing / CURRENT.num_rows

    def test_a_rare_level_is_other_and_an_unseen_one_new(self) -> None:
        job = next(feature for feature in SPEC.features if feature.name == "job")
        assert (job.levels, job.rare, job.labels[-2:]) == (("a", "b", "c"), ("d",), ("other", "__new__"))
        found = profile([pa.record_batch({"job": ["a", "d", "z", "z", None]})], SPEC)[WHOLE].features["job"]
        assert (found.counts, found.missing) == ((1, 0, 0, 1, 2), 1)

    @pytest.mark.parametrize("name", [n for n in drift_expected() if n.startswith("n") and n != "n006"])
    def test_numeric_counts_of_the_fixture_are_exact(self, name: str) -> None:
        reference, current = fixture_arms(name, "double")
        assert list(reference) == drift_expected()[name]["decile_counts_ref"]
        assert list(current) == drift_expected()[name]["decile_counts_cur"]

    @pytest.mark.parametrize("name", drift_expected())
    def test_the_index_of_the_fixture_is_exact(self, name: str) -> None:
        arms = fixture_arms(name, "double" if name.startswith("n") else "string")
        expected = drift_expected()[name]
        wanted = expected.get("psi_decile_laplace0.5", expected.get("psi_laplace0.5"))
        assert psi(*arms).value == pytest.approx(wanted, rel=1e-12, abs=1e-15)

    @pytest.mark.parametrize(
        "values",
        [
            pa.array([1, 2, None, 4], pa.int8()),
            pa.array([1, 2, None, 4], pa.uint64()),
            pa.array([1, 2, None, 4], pa.float32()),
            pa.array([1, 2, None, 4], pa.float64()),
            pa.array([1, 2, None, 4], pa.decimal128(9, 2)),
            pa.array([1, 2, None, 4], pa.float64()).dictionary_encode(),
            pa.array([9, 9, 9, 1, 2, None, 4, 9], pa.int16()).slice(3, 4),
            pa.array([9.5] * 11 + [1, 2, None, 4] + [None], pa.float64()).slice(11, 4),
            pa.array([1.0, 2.0, math.nan, 4.0]),
        ],
        ids=lambda array: str(array.type),
    )
    def test_any_kind_of_number_is_counted(self, values: pa.Array) -> None:
        spec = ProfileSpec(features=(FeatureSpec("x", "numeric", edges=(2.0, 3.0)),))
        before = values.to_pylist()
        found = profile([pa.record_batch({"x": values})], spec)[WHOLE].features["x"]
        assert (found.counts, found.missing) == ((1, 1, 1), 1)
        assert repr(values.to_pylist()) == repr(before), "the caller's data must stay as they are"

    @pytest.mark.parametrize(
        "values",
        [
            pa.array(["a", "b", None, "z"]),
            pa.array(["a", "b", None, "z"], pa.large_string()),
            pa.array(["a", "b", None, "z"], pa.string_view()),
            pa.array(["a", "b", None, "z"]).dictionary_encode(),
            pa.array(["q", "a", "b", None, "z", "q"]).dictionary_encode().slice(1, 4),
            pa.array([None, "a", "b", None, "z"]).slice(1),
            pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3]), pa.array(["a", "b", None, "z"])),
        ],
        ids=lambda array: str(array.type),
    )
    def test_any_kind_of_text_is_counted(self, values: pa.Array) -> None:
        spec = ProfileSpec(features=(FeatureSpec("x", "categorical", levels=("a", "b")),))
        found = profile([pa.record_batch({"x": values})], spec)[WHOLE].features["x"]
        assert (found.counts, found.missing) == ((1, 1, 0, 1), 1)

    @pytest.mark.parametrize(
        ("values", "levels"),
        [
            (pa.array([1, 2, 3]), ("1", "2")),
            (pa.array([1.0, 2.0, 2.5]), ("1", "2")),
            (pa.array([True, False, None]), ("true", "false")),
        ],
    )
    def test_categories_need_not_be_texts(self, values: pa.Array, levels: tuple[str, ...]) -> None:
        spec = ProfileSpec(features=(FeatureSpec("x", "categorical", levels=levels),))
        assert profile([pa.record_batch({"x": values})], spec)[WHOLE].features["x"].counts[:2] == (1, 1)

    def test_a_column_that_is_not_there_is_missing(self) -> None:
        found = profile([pa.record_batch({"else": [1, 2, 3]})], SPEC)[WHOLE]
        assert {counts.missing for counts in found.features.values()} == {3}
        assert found.predictions == {}

    def test_a_column_that_stands_there_twice_is_refused(self) -> None:
        batch = pa.record_batch([pa.array([1]), pa.array([2])], names=["age", "age"])
        with pytest.raises(ValueError, match="twice"):
            profile([batch], SPEC)

    def test_texts_in_place_of_numbers_are_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match="'income' holds string"):
            profile([pa.record_batch({"income": ["much"]})], SPEC)

    def test_lists_in_place_of_texts_are_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match="'job' holds list"):
            profile([pa.record_batch({"job": [["a"]]})], SPEC)

    def test_long_columns_are_counted_block_by_block(self) -> None:
        values = np.random.default_rng(4).normal(size=50_001)
        values[::97] = np.nan
        spec = ProfileSpec(features=(FeatureSpec("x", "numeric", edges=(-1.0, 0.0, 0.5)),))
        found = profile([pa.record_batch({"x": values})], spec)[WHOLE].features["x"]
        finite = values[~np.isnan(values)]
        assert list(found.counts) == np.histogram(finite, [-np.inf, -1.0, 0.0, 0.5, np.inf])[0].tolist()


class TestPerformance:
    def test_labels_and_outcomes_are_cross_counted(self) -> None:
        rows = CURRENT.select(["prediction", "outcome"]).to_pylist()
        expected: dict[tuple[str, str], int] = {}
        for row in rows:
            if row["prediction"] is not None and row["outcome"] is not None:
                pair = str(row["prediction"]), str(row["outcome"])
                expected[pair] = expected.get(pair, 0) + 1
        assert WHOLE_OF_CURRENT.pairs == expected
        assert WHOLE_OF_CURRENT.labelled == sum(expected.values())
        confusion = WHOLE_OF_CURRENT.confusion
        counts = confusion.tp, confusion.fp, confusion.fn, confusion.tn
        assert counts == tuple(expected[pair] for pair in (("1", "1"), ("1", "0"), ("0", "1"), ("0", "0")))
        assert confusion.n == sum(row["prediction"] is not None for row in rows)

    def test_every_attribute_and_every_two_have_a_table(self) -> None:
        tables = WHOLE_OF_CURRENT.groups
        assert set(tables) == {(), ("sex",), ("race",), ("sex", "race")}
        for cells in tables.values():
            assert sum(counts.n for counts in cells.values()) == WHOLE_OF_CURRENT.confusion.n
        women = [row for row in CURRENT.to_pylist() if row["sex"] == "F" and row["prediction"] is not None]
        assert tables["sex",]["F",].n == len(women)
        assert tables["sex",]["F",].positive == sum(row["prediction"] for row in women)
        assert (None,) in tables["sex",], "people of unknown sex are counted, apart"

    def test_scores_beside_outcomes_show_calibration(self) -> None:
        held = [
            row
            for row in CURRENT.to_pylist()
            if None not in (row["score"], row["prediction"], row["outcome"])
        ]
        found = WHOLE_OF_CURRENT.confusion
        assert found.scored == len(held)
        assert found.mean_score == pytest.approx(np.mean([row["score"] for row in held]), rel=1e-7)
        assert GroupCounts().mean_score is None

    def test_scores_are_binned_by_outcome(self) -> None:
        rows = [row for row in CURRENT.to_pylist() if row["score"] is not None]
        score = WHOLE_OF_CURRENT.score
        assert score is not None
        assert WHOLE_OF_CURRENT.score_positive is not None
        assert score.n == len(rows)
        assert score.missing == CURRENT.num_rows - len(rows)
        assert sum(WHOLE_OF_CURRENT.score_positive.counts) == sum(row["outcome"] == 1 for row in rows)

    def test_the_ends_of_the_score_range_have_bins_and_the_rest_is_outside(self) -> None:
        batch = pa.record_batch({"score": [0.0, 1.0, 0.5, 1.1, -0.1, math.inf, None, math.nan]})
        found = profile([batch], ProfileSpec(score="score"))[WHOLE].score
        assert found is not None
        assert (found.counts[0], found.counts[512], found.counts[-1]) == (1, 1, 1)
        assert (found.outside, found.missing) == (3, 2)

    def test_a_threshold_stands_in_for_a_missing_label(self) -> None:
        spec = ProfileSpec(score="score", outcome="outcome", positive="yes", threshold=0.5)
        batch = pa.record_batch({"score": [0.5, 0.4, None], "outcome": ["yes", "yes", "no"]})
        found = profile([batch], spec)[WHOLE]
        assert (found.confusion.tp, found.confusion.fn, found.confusion.n) == (1, 1, 2)

    def test_many_classes_are_counted_pair_by_pair(self) -> None:
        spec = spec_of({"task": "multiclass", "features": []})
        batch = pa.record_batch({"prediction": ["a", "b", "c", None], "outcome": ["a", "c", None, "a"]})
        found = profile([batch], spec)[WHOLE]
        assert found.pairs == {("a", "a"): 1, ("b", "c"): 1}
        assert found.predictions == {"a": 1, "b": 1, "c": 1}

    def test_a_thousand_labels_are_no_classes(self) -> None:
        batch = pa.record_batch({"prediction": list(range(1001))})
        with pytest.raises(ValueError, match="regression"):
            profile([batch], ProfileSpec(prediction="prediction"))

    def test_a_regression_is_counted_by_its_errors(self) -> None:
        random = np.random.default_rng(6)
        actual = random.normal(100, 20, 3000)
        forecast = actual + random.normal(1, 5, 3000)
        forecast[::50] = np.nan
        table = pa.table({"x": actual, "prediction": forecast, "outcome": actual})
        schema = {"task": "regression", "features": [{"name": "x", "type": "double"}]}
        reference = build_reference(table.to_batches(), schema)
        halves = [profile(part.to_batches(), reference.spec)[WHOLE] for part in (table[:999], table[999:])]
        found = summed(*halves)
        assert found == reference.profile
        held = ~np.isnan(forecast)
        errors = forecast[held] - actual[held]
        assert found.errors is not None
        assert found.predicted is not None
        assert found.labelled == found.errors.n == held.sum()
        assert found.errors.mae == pytest.approx(np.abs(errors).mean(), rel=1e-8)
        assert found.errors.rmse == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-8)
        assert found.errors.bias == pytest.approx(errors.mean(), rel=1e-8)
        scatter = ((actual[held] - actual[held].mean()) ** 2).sum()
        assert found.errors.r_squared == pytest.approx(1 - (errors**2).sum() / scatter, rel=1e-7)
        assert found.predicted.missing == (~held).sum()
        assert Profile.from_json(found.to_json()) == found
        assert Profile.empty(reference.spec).errors.rmse is None  # type: ignore[union-attr]


class TestReference:
    def test_a_reference_knows_its_own_counts(self) -> None:
        assert REFERENCE.n == 3000
        for feature in REFERENCE.features:
            assert len(REFERENCE.profile.features[feature.name].counts) == feature.size == len(feature.labels)
        age = REFERENCE.profile.features["age"]
        assert min(age.counts) > 0

    def test_a_feature_that_is_only_protected_is_not_profiled(self) -> None:
        assert [feature.name for feature in REFERENCE.features] == ["age", "income", "job", "race"]
        assert SPEC.protected == ("sex", "race")

    def test_columns_to_read_are_listed_once(self) -> None:
        assert sorted(SPEC.columns) == sorted(COLUMNS.names)

    def test_a_feature_without_values_or_with_an_identifier_is_named_with_its_reason(self) -> None:
        schema = {
            "task": "binary",
            "features": [
                {"name": "gone", "type": "double"},
                {"name": "id", "type": "string"},
                {"name": "x", "type": "double"},
            ],
        }
        table = pa.table({"id": [str(i) for i in range(10_001)], "x": [1.0] * 10_001})
        found = build_reference(table.to_batches(), schema)
        assert [feature.name for feature in found.features] == ["x"]
        assert "no value" in found.unusable["gone"]
        assert "identifier" in found.unusable["id"]

    @pytest.mark.parametrize("kind", ["datetime", "blob"])
    def test_an_unknown_type_is_refused_by_name(self, kind: str) -> None:
        schema = {"task": "binary", "features": [{"name": "x", "type": kind}]}
        with pytest.raises(ValueError, match=f"'x' has the unknown type '{kind}'"):
            build_reference([pa.record_batch({"x": [1.0]})], schema)

    def test_no_row_is_no_reference(self) -> None:
        with pytest.raises(ValueError, match="at least one row"):
            build_reference([], SCHEMA)

    def test_current_data_never_move_the_bins(self) -> None:
        wild = CURRENT.set_column(1, "income", pa.array([1e12] * CURRENT.num_rows))
        found = profile(wild.to_batches(), SPEC)[WHOLE].features["income"]
        assert found.counts[-1] == CURRENT.num_rows
        assert REFERENCE.spec == SPEC

    def test_a_feature_counted_twice_is_refused(self) -> None:
        feature = FeatureSpec("x", "numeric")
        with pytest.raises(ValueError, match="once"):
            ProfileSpec(features=(feature, feature))


class TestWrittenDown:
    def test_a_profile_reads_back_equal_and_writes_the_same_bytes(self) -> None:
        text = WHOLE_OF_CURRENT.to_json()
        assert Profile.from_json(text) == WHOLE_OF_CURRENT
        assert Profile.from_json(text.encode()).to_json() == text
        assert WHOLE_OF_CURRENT.digest.startswith("sha256:")

    def test_a_reference_reads_back_equal_and_writes_the_same_bytes(self) -> None:
        text = REFERENCE.to_json()
        assert Reference.from_json(text) == REFERENCE
        assert Reference.from_json(text).to_json() == text

    def test_a_database_may_reorder_keys_and_turn_round_floats_into_integers(self) -> None:
        def through_jsonb(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: through_jsonb(value[key]) for key in sorted(value, key=len, reverse=True)}
            if isinstance(value, list):
                return [through_jsonb(item) for item in value]
            return int(value) if isinstance(value, float) and value.is_integer() else value

        stored = through_jsonb(json.loads(REFERENCE.to_json()))
        assert Reference.from_dict(stored).to_json() == REFERENCE.to_json()

    def test_the_digest_tells_profiles_apart(self) -> None:
        assert profile(CURRENT[:-1].to_batches(), SPEC)[WHOLE].digest != WHOLE_OF_CURRENT.digest

    def test_a_profile_of_another_specification_is_no_reference(self) -> None:
        data = REFERENCE.to_dict()
        data["profile"]["spec"] = "sha256:0"
        with pytest.raises(ValueError, match="another specification"):
            Reference.from_dict(data)

    def test_nothing_written_is_not_a_number(self) -> None:
        def refuse(constant: str) -> None:
            pytest.fail(constant)

        json.loads(Profile.empty(SPEC).to_json(), parse_constant=refuse)
        json.loads(WHOLE_OF_CURRENT.to_json(), parse_constant=refuse)


class TestParquet:
    def test_row_groups_count_as_batches_do(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        pq.write_table(CURRENT, path, row_group_size=300)
        found = profile(parquet_rows(path, texts=("job", "race", "nowhere")), SPEC)
        assert found == profile(CURRENT.to_batches(), SPEC)

    def test_a_column_counts_the_same_in_pieces(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whole, columns of a row group are decoded piece by piece."""
        path = tmp_path / "rows.parquet"
        pq.write_table(CURRENT, path)
        monkeypatch.setattr("portal.stats.profile.rows.PIECE", 77)
        whole = replace(SPEC, segments={})
        found = profile(parquet_rows(path, texts=("job", "race")), whole)
        assert found == profile(CURRENT.to_batches(), whole)

    def test_a_reference_may_be_read_column_by_column(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        pq.write_table(people(3000, seed=99), path, row_group_size=700)
        assert build_reference(parquet_rows(path), SCHEMA, segments=SEGMENTS) == REFERENCE

    def test_a_drift_job_imports_no_heavy_package(self, tmp_path: Path) -> None:
        """Each of them costs more than counting seventy million values."""
        path = tmp_path / "rows.parquet"
        pq.write_table(CURRENT, path)
        (tmp_path / "reference.json").write_text(REFERENCE.to_json())
        job = f"""
import sys
from portal.stats.profile import Profile, Reference, parquet_rows, profile
from portal.stats.drift import adjust, chi2, js_distance, ks_binned, psi
from portal.stats.fairness import GroupTable
reference = Reference.from_json(open({str(tmp_path / "reference.json")!r}).read())
current = profile(parquet_rows({str(path)!r}, ("job", "race")), reference.spec)[""]
for name, counts in current.features.items():
    found = psi(reference.profile.features[name].counts, counts.counts)
    found.p, found.critical(0.999), chi2(found.contributions and counts.counts, counts.counts).p
GroupTable.from_profile(current.groups["sex", "race"]).impact_ratios()
Profile.from_json(current.to_json())
heavy = {{"pandas", "scipy", "sklearn", "django", "celery", "plotly"}} & sys.modules.keys()
assert not heavy, heavy
"""
        done = subprocess.run([sys.executable, "-c", job], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def fixture_arms(name: str, kind: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Counts of a column of the fixture through a frozen reference, in both arms."""
    arms = [
        pa.record_batch({"x": pa.array(drift_samples(side)[name], from_pandas=kind == "double")})
        for side in (0, 1)
    ]
    reference = build_reference([arms[0]], {"task": "binary", "features": [{"name": "x", "type": kind}]})
    current = profile([arms[1]], reference.spec)[WHOLE].features["x"]
    return reference.profile.features["x"].counts, current.counts
