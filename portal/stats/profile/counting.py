"""The kernel: rows in, profiles out, each row read once."""

from collections.abc import Iterable, Iterator
from functools import reduce

import numpy as np
import pyarrow as pa

from portal.stats.bins import Floats
from portal.stats.profile import columns
from portal.stats.profile.features import CategoricalSums, NumericSums
from portal.stats.profile.labels import LabelRows, Labels, LabelSums, Picked
from portal.stats.profile.performance import ErrorSums
from portal.stats.profile.rows import Rows, as_rows, named
from portal.stats.profile.spec import ProfileSpec
from portal.stats.profile.summary import Profile, error_scale

WHOLE = ""

Segment = tuple[str, str | None]  # key and value; None: the rows without a value


def profile(batches: Iterable[pa.RecordBatch | Rows], spec: ProfileSpec) -> dict[str, Profile]:
    """Count the batches: the whole under "", and every segment under "key=value".

    Streams: memory is one batch and the counts; of `parquet_rows` a column or less, and the counts. Missing,
    infinite and unseen values are counted apart; a row without a value for a segment key is in the whole
    only. Raises ValueError when a column holds another kind of value than the specification says, or a label
    column more than 1000 labels.
    """
    counter = _Counter(spec)
    for batch in batches:
        counter.add(as_rows(batch))
    return counter.profiles()


class _Counter:
    """Counts batches, for all segments at once."""

    def __init__(self, spec: ProfileSpec) -> None:
        self.spec = spec
        self.sums: dict[Segment, _Sums] = {}

    def add(self, batch: Rows) -> None:
        parts = [(self._sums(segment), rows) for segment, rows in self._segments(batch)]
        for sums, rows in parts:
            sums.n += batch.num_rows if isinstance(rows, slice) else len(rows)
        self._add_features(batch, parts)
        if self.spec.task == "regression":
            self._add_errors(batch, parts)
        else:
            label_rows = self._label_rows(batch)
            for sums, rows in parts:
                sums.labels.add(label_rows, rows)

    def profiles(self) -> dict[str, Profile]:
        """The rows of one segment key, with and without a value, make up the whole."""
        done = {segment: sums.result() for segment, sums in self.sums.items()}
        first = next(iter(self.spec.segments), WHOLE)
        disjoint = (part for (key, _), part in done.items() if key == first)
        named = {f"{key}={value}": part for (key, value), part in done.items() if value is not None}
        return {WHOLE: reduce(Profile.merge, disjoint, Profile.empty(self.spec)), **named}

    def _sums(self, segment: Segment) -> "_Sums":
        if segment not in self.sums:
            self.sums[segment] = _Sums(self.spec)
        return self.sums[segment]

    def _segments(self, batch: Rows) -> Iterator[tuple[Segment, Picked]]:
        if not self.spec.segments:
            yield (WHOLE, None), slice(None)
        for key, column in self.spec.segments.items():
            labels = Labels.of(named(batch, column))
            order = np.argsort(labels.codes, kind="stable")
            ends = np.searchsorted(labels.codes[order], np.arange(1, len(labels.texts)))
            for text, rows in zip(labels.texts, np.split(order, ends), strict=True):
                if len(rows):
                    yield (key, text), rows

    def _add_features(self, batch: Rows, parts: "list[tuple[_Sums, Picked]]") -> None:
        picked = bool(self.spec.segments)
        for place, feature in enumerate(self.spec.features):
            # Rows are picked from a column in one piece; counted whole, pieces of it need less memory.
            for column in (named(batch, feature.name),) if picked else batch.pieces(feature.name):
                if feature.kind == "numeric":
                    values = columns.numbers(column, feature.name)
                    for sums, rows in parts:
                        sums.numeric[place].add(values[rows])
                else:
                    codes, texts = columns.text_codes(column, feature.name)
                    places = feature.places(texts)
                    for sums, rows in parts:
                        sums.categorical[place].add(codes[rows], places)

    def _add_errors(self, batch: Rows, parts: "list[tuple[_Sums, Picked]]") -> None:
        predictions = self._numbers(batch, self.spec.prediction)
        outcomes = self._numbers(batch, self.spec.outcome)
        for sums, rows in parts:
            sums.errors.add(predictions[rows], outcomes[rows])
            if sums.predicted:
                sums.predicted.add(predictions[rows])

    def _label_rows(self, batch: Rows) -> LabelRows:
        spec = self.spec
        scores = self._numbers(batch, spec.score) if spec.score else None
        if scores is not None and spec.threshold is not None and not spec.prediction:
            predictions = Labels.by_threshold(scores, spec.threshold, spec.positive or "positive")
        else:
            predictions = Labels.of(named(batch, spec.prediction))
        attributes = {name: Labels.of(named(batch, name)) for name in spec.protected}
        return LabelRows(
            predictions, Labels.of(named(batch, spec.outcome)), spec.positive, scores, attributes
        )

    def _numbers(self, batch: Rows, name: str | None) -> Floats:
        return columns.numbers(named(batch, name), name or "")


class _Sums:
    """What has been counted of one segment."""

    def __init__(self, spec: ProfileSpec) -> None:
        self.spec = spec
        self.n = 0
        self.numeric = {i: NumericSums(f) for i, f in enumerate(spec.features) if f.kind == "numeric"}
        self.categorical = {
            i: CategoricalSums(f) for i, f in enumerate(spec.features) if f.kind == "categorical"
        }
        self.labels = LabelSums(spec.combinations)
        self.predicted = NumericSums(spec.predicted) if spec.predicted else None
        self.errors = ErrorSums(error_scale(spec))

    def result(self) -> Profile:
        empty, labels = Profile.empty(self.spec), self.labels
        features: dict[int, NumericSums | CategoricalSums] = {**self.numeric, **self.categorical}
        return Profile(
            self.spec.digest,
            self.n,
            {feature.name: features[place].result() for place, feature in enumerate(self.spec.features)},
            labels.predictions,
            labels.pairs,
            labels.groups,
            labels.score.result() if empty.score else None,
            labels.score_positive.result() if empty.score_positive else None,
            labels.score_negative.result() if empty.score_negative else None,
            self.predicted.result() if empty.predicted and self.predicted else None,
            self.errors.result() if empty.errors else None,
        )
