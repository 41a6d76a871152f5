"""Train, register, release, send and measure: each simulated model through the services people use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from django.utils import timezone

from lifecycle.data.services import declare_schema
from lifecycle.development.services import request_release
from monitoring.checks import FAIRNESS, checks_of
from monitoring.demo.recipes import RECIPES, Columns, Recipe, Values
from monitoring.incoming.bodies import Body
from monitoring.models import DirtyDay
from monitoring.services.ingestion import ingest_attributes, ingest_outcomes, ingest_predictions
from monitoring.services.references import freeze_reference
from monitoring.services.summaries import profile_days, store_summaries
from portal.accounts.models import User
from portal.areas import Story, Window
from portal.cases.services import cast_vote
from portal.checks.jobs import ORIGIN
from portal.checks.services import run_check
from portal.registry.models import AssignmentRole, ModelVersion, RegisteredModel
from portal.registry.services import assign, promote, register_model, register_version

TRAINING = 6_000
LABEL_DELAY = 5
"""Days until an outcome is known."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted pipeline and what it was fitted on."""

    predict: Callable[[Columns], Values]
    columns: Columns
    outcomes: Values
    importance: dict[str, float]


def simulate(story: Story, recipes: Sequence[Recipe] = RECIPES) -> None:
    """Registered models with a year of predictions and late outcomes, measured week by week."""
    for place, recipe in enumerate(recipes):
        story.say(f"  {recipe.name}")
        rng = np.random.default_rng([story.seed, place])
        _play(story, recipe, rng)


def _play(story: Story, recipe: Recipe, rng: np.random.Generator) -> None:
    system = story.systems[recipe.system]
    begun = _at(story, recipe.versions[0][0])
    model = register_model(
        recipe.name, system=system, actor=system.owner, description=recipe.description, at=begun
    )
    history = list(zip(recipe.versions, [*recipe.versions[1:], (0, "")], strict=True))
    for place, ((ago, became), (until, _)) in enumerate(history):
        trained = _train(recipe, rng, ago, biased=place > 0 and became == "canary")
        version = _register(story, recipe, model, trained, ago)
        story.versions[f"{recipe.name} v{version.number}"] = version
        end = 0 if became != "retired" else until
        _send(story, recipe, version, trained, rng=rng, start=ago, end=end)
        _serve(story, version, ago, became)
        _measure(version, story, ago, end)
        if became == "canary":
            request_release(
                version,
                actor=_owner(model),
                reason="Better AUC on the hold-out sample; the young group needs a look.",
                at=_at(story, 6),
            )


def _train(recipe: Recipe, rng: np.random.Generator, ago: int, *, biased: bool) -> Trained:
    """Fit a real scikit-learn pipeline on rows from before the version was registered."""
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - costs seconds; only the demo trains
    from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: PLC0415 - likewise
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - likewise
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415 - likewise

    days = np.full(TRAINING, float(ago + 30))
    columns = recipe.draw(rng, days)
    outcomes = _outcomes(recipe, columns, days, rng)
    inputs = [name for name in columns if name not in recipe.protected]
    numeric = [name for name in inputs if columns[name].dtype.kind == "f"]
    texts = [name for name in inputs if name not in numeric]
    encode = ColumnTransformer(
        [
            ("numbers", StandardScaler(), [inputs.index(name) for name in numeric]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), [inputs.index(name) for name in texts]),
        ]
    )
    fitted = make_pipeline(
        encode, LinearRegression() if recipe.regression else LogisticRegression(max_iter=400)
    )
    fitted.fit(_matrix(columns, inputs), outcomes)

    def predict(rows: Columns) -> Values:
        matrix = _matrix(rows, inputs)
        if recipe.regression:
            value: Values = np.maximum(0, np.asarray(fitted.predict(matrix))).round(2)
            return value
        score: Values = np.asarray(fitted.predict_proba(matrix)[:, 1])
        if biased:
            score = _biased(recipe, rows, score)
        rounded: Values = score.round(6)
        return rounded

    return Trained(predict, columns, outcomes, _importance(fitted, numeric, texts))


def _biased(recipe: Recipe, rows: Columns, score: Values) -> Values:
    """The fault put into a version: one group's scores are pressed down."""
    group = rows[recipe.protected[0]]
    pressed = np.select([group == value for value in recipe.bias], list(recipe.bias.values()), 0.0)
    odds = np.log(score / (1 - score)) - pressed
    return np.asarray(1 / (1 + np.exp(-odds)))


def _matrix(columns: Columns, inputs: Sequence[str]) -> Values:
    return np.column_stack([columns[name].astype(object) for name in inputs])


def _importance(fitted: Any, numeric: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    """Shares of the absolute coefficients by input."""
    weights = np.abs(np.ravel(fitted[-1].coef_))
    names = list(numeric)
    encoder = fitted[0].named_transformers_["texts"] if texts else None
    for name, levels in zip(texts, encoder.categories_ if encoder else [], strict=True):
        names += [name] * len(levels)
    sums: dict[str, float] = {}
    for name, weight in zip(names, weights, strict=True):
        sums[name] = sums.get(name, 0.0) + float(weight)
    total = sum(sums.values())
    return {name: round(value / total, 3) for name, value in sums.items()}


def _outcomes(recipe: Recipe, columns: Columns, ago: Values, rng: np.random.Generator) -> Values:
    truth = recipe.truth(columns, ago)
    if recipe.regression:
        return np.maximum(0, truth + rng.normal(0, 2.2, len(truth))).round()
    return (rng.random(len(truth)) < 1 / (1 + np.exp(-truth))).astype(int)


def _register(
    story: Story, recipe: Recipe, model: RegisteredModel, trained: Trained, ago: int
) -> ModelVersion:
    actor, at = _owner(model), _at(story, ago)
    version = register_version(
        model,
        actor=actor,
        at=at,
        source=f"s3://fennmark-models/{recipe.name}/{ago}",
        description=recipe.description,
        facts={"framework": "scikit-learn", "simulated": True},
    )
    declare_schema(version, _schema(recipe, trained), actor=actor)
    score = trained.predict(trained.columns)
    freeze_reference(version, _body(recipe, trained.columns, score, trained.outcomes), actor=actor, at=at)
    return version


def _schema(recipe: Recipe, trained: Trained) -> dict[str, Any]:
    features = [
        {
            "name": name,
            "type": "number" if values.dtype.kind == "f" else "category",
            "nullable": False,
            "role": "protected" if name in recipe.protected else "feature",
            **({"importance": trained.importance[name]} if name in trained.importance else {}),
        }
        for name, values in trained.columns.items()
    ]
    return {
        "task": "regression" if recipe.regression else "binary",
        "positive": "1",
        "favourable": recipe.favourable,
        "features": features,
    }


def _body(
    recipe: Recipe,
    columns: Columns,
    score: Values,
    outcomes: Values | None = None,
    **more: Any,
) -> Body:
    """Rows as a delivery of predictions; for a reference with outcomes and protected attributes."""
    own: dict[str, Any] = dict(more)
    if recipe.regression:
        own["prediction"] = pa.array(score)
    else:
        own["score"] = pa.array(score)
        own["prediction"] = pa.array((score >= 0.5).astype(int).astype(str))
    if outcomes is not None:
        own["outcome"] = pa.array(_written(recipe, outcomes))
    kept = {n: v for n, v in columns.items() if outcomes is not None or n not in recipe.protected}
    features = {name: pa.array(values) for name, values in kept.items()}
    segment = {recipe.segment: features[recipe.segment]} if recipe.segment and outcomes is None else {}
    return Body(len(score), own, features, segment)


def _written(recipe: Recipe, outcomes: Values) -> Values:
    return outcomes.astype(float).astype(str) if recipe.regression else outcomes.astype(int).astype(str)


def _send(
    story: Story,
    recipe: Recipe,
    version: ModelVersion,
    trained: Trained,
    *,
    rng: np.random.Generator,
    start: int,
    end: int,
) -> None:
    """Predictions from the day of registration on, with attributes and, days later, outcomes."""
    count = recipe.per_day * (start - end)
    if recipe.versions[-1][1] == "canary" and start == recipe.versions[-1][0]:
        count //= 2  # a canary sees part of the traffic
    ago = np.sort(rng.uniform(end, start, count))[::-1]
    columns = recipe.draw(rng, ago)
    score = trained.predict(columns)
    midnight = datetime.combine(story.today, time(0), UTC)
    times = [midnight - timedelta(days=float(a)) for a in ago]
    ids = [f"{recipe.name}-{version.number}-{i}" for i in range(count)]
    actor = version.model.system.owner
    stamps = pa.array(times, pa.timestamp("us", tz="UTC"))
    ingest_predictions(
        version,
        _body(recipe, columns, score, prediction_id=pa.array(ids), event_time=stamps),
        actor=actor,
    )
    if recipe.protected:
        apart = {name: pa.array(columns[name]) for name in recipe.protected}
        ingest_attributes(
            version, Body(count, {"prediction_id": pa.array(ids), **apart}, {}, {}), actor=actor
        )
    known = ago >= LABEL_DELAY
    outcomes = _written(recipe, _outcomes(recipe, columns, ago, rng))
    seen = [t + timedelta(days=LABEL_DELAY) for t, k in zip(times, known, strict=True) if k]
    ingest_outcomes(
        version,
        Body(
            int(known.sum()),
            {
                "prediction_id": pa.array(np.asarray(ids)[known]),
                "outcome": pa.array(outcomes[known]),
                "observed_at": pa.array(seen, pa.timestamp("us", tz="UTC")),
            },
            {},
            {},
        ),
        actor=actor,
    )


def _serve(story: Story, version: ModelVersion, ago: int, became: str) -> None:
    """Released by the committee and promoted through the gates, or let in as a canary."""
    owner = _owner(version.model)
    if became == "canary":
        assign(
            version, "production", role=AssignmentRole.CANARY, share=0.1, actor=owner, at=_at(story, ago - 1)
        )
        return
    _measure_fairness_first(version, story, ago)
    case = request_release(version, actor=owner, reason="First measurements are sound.", at=_at(story, ago))
    for member in ("ann", "bob"):
        cast_vote(case, actor=story.people[member], approve=True, reason="Sound.", at=_at(story, ago - 1))
    promote(version, "production", actor=owner, at=_at(story, ago - 2))


def _measure_fairness_first(version: ModelVersion, story: Story, ago: int) -> None:
    """A version that decides about people is measured on its first four weeks before it may serve."""
    if not version.system.affects_rights:
        return
    _profile(version)
    first = story.today - timedelta(days=ago)
    window = next(_windows(FAIRNESS.every, first, story.today))
    run_check(FAIRNESS, version, window, at=window.end)


def _measure(version: ModelVersion, story: Story, start: int, end: int) -> None:
    """Count every day, then judge window by window, the oldest first, as the schedule would have."""
    _profile(version)
    first, last = story.today - timedelta(days=start), story.today - timedelta(days=end)
    due = [
        (window.end, check, window)
        for check in checks_of(version)
        for window in _windows(check.every, first, last)
    ]
    for _, check, window in sorted(due, key=lambda item: (item[0], item[1].slug)):
        run_check(check, version, window, at=min(window.end + timedelta(hours=2), timezone.now()))


def _profile(version: ModelVersion) -> None:
    days = list(DirtyDay.objects.filter(version=version).order_by("day"))
    store_summaries(version, profile_days(version, days), run=None)


def _windows(every: timedelta, first: date, last: date) -> Iterator[Window]:
    """The scheduled windows that lie wholly between two days."""
    start, stop = datetime.combine(first, time(0), UTC), datetime.combine(last, time(0), UTC)
    begun = ORIGIN - (ORIGIN - start) // every * every
    while begun + every <= stop:
        if begun >= start:
            yield Window(begun, begun + every)
        begun += every


def _owner(model: RegisteredModel) -> User:
    owner = model.system.owner
    assert owner is not None
    return owner


def _at(story: Story, ago: int) -> datetime:
    return datetime.combine(story.today - timedelta(days=ago), time(10), UTC)
