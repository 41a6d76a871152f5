"""Counting predicted and true labels, by group and by score."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from portal.stats.bins import Floats, Ints
from portal.stats.profile.columns import Bools, text_codes
from portal.stats.profile.performance import SCORE_STEP, GroupCounts, ScoreSums
from portal.stats.profile.summary import Attributes, Group

Picked = slice | Ints  # rows of a batch
_MOST_LABELS = 1000
_POSITIVE, _NEGATIVE, _UNKNOWN = range(3)


@dataclass(frozen=True, slots=True)
class Labels:
    """A column of labels as codes into its texts; the last text is None, the missing label."""

    codes: Ints
    texts: tuple[str | None, ...]

    @classmethod
    def of(cls, column: pa.Array) -> "Labels":
        codes, texts = text_codes(column)
        return cls(codes.astype(np.int64, copy=False), (*texts, None))

    @classmethod
    def by_threshold(cls, scores: Floats, threshold: float, positive: str) -> "Labels":
        """Positive where the score reaches the threshold, missing where it is missing."""
        codes = np.where(np.isnan(scores), 2, np.where(scores >= threshold, 0, 1))
        return cls(codes, (positive, f"not {positive}", None))

    def sides(self, positive: str | None) -> Ints:
        """For every row whether its label is the positive one, another one or missing."""
        kinds = [_UNKNOWN if t is None else _POSITIVE if t == positive else _NEGATIVE for t in self.texts]
        return np.asarray(kinds, dtype=np.int64)[self.codes]


@dataclass(frozen=True, slots=True)
class LabelRows:
    """What is known of the rows of a batch besides their features."""

    predictions: Labels
    outcomes: Labels
    positive: str | None
    scores: Floats | None
    attributes: dict[str, Labels]


class LabelSums:
    """Adds label rows up to the parts of a profile."""

    def __init__(self, combinations: Sequence[Attributes]) -> None:
        self.predictions: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.groups: dict[Attributes, dict[Group, GroupCounts]] = {names: {} for names in combinations}
        self.score, self.score_positive, self.score_negative = ScoreSums(), ScoreSums(), ScoreSums()

    def add(self, batch: LabelRows, rows: Picked) -> None:
        """Count the given rows of the batch."""
        self._add_labels(batch.predictions, batch.outcomes, rows)
        said, happened = (
            batch.predictions.sides(batch.positive)[rows],
            batch.outcomes.sides(batch.positive)[rows],
        )
        scores = None if batch.scores is None else batch.scores[rows]
        if scores is not None:
            self.score.add(scores)
            self.score_positive.add(scores[happened == _POSITIVE])
            self.score_negative.add(scores[happened == _NEGATIVE])
        for names, cells in self.groups.items():
            crossed = [batch.attributes[name] for name in names]
            _add_cells(cells, crossed, rows, 3 * said + happened, scores)

    def _add_labels(self, predictions: Labels, outcomes: Labels, rows: Picked) -> None:
        wide = len(outcomes.texts)
        keys = predictions.codes[rows] * wide + outcomes.codes[rows]
        for key, n in _tally(keys):
            prediction, outcome = predictions.texts[key // wide], outcomes.texts[key % wide]
            if prediction is not None:
                self.predictions[prediction] += n
                if outcome is not None:
                    self.pairs[prediction, outcome] += n
        if max(len(self.predictions), len({outcome for _, outcome in self.pairs})) > _MOST_LABELS:
            raise ValueError(f"More than {_MOST_LABELS} labels: is this a regression?")


def _add_cells(
    cells: dict[Group, GroupCounts], crossed: list[Labels], rows: Picked, sides: Ints, scores: Floats | None
) -> None:
    """Add to every group the counts of prediction by outcome, and the scores where both are known."""
    shape = tuple(len(labels.texts) for labels in crossed)
    places = np.zeros(len(sides), dtype=np.int64)
    for labels in crossed:
        places = places * len(labels.texts) + labels.codes[rows]
    tallies = np.bincount(9 * places + sides, minlength=9 * int(np.prod(shape))).reshape(-1, 3, 3)
    scored, totals = _score_steps(places, sides, scores, len(tallies))
    for place in np.flatnonzero(tallies.any(axis=(1, 2))).tolist():
        where = np.unravel_index(place, shape) if shape else ()
        group = tuple(labels.texts[i] for labels, i in zip(crossed, where, strict=True))
        added = _group_counts(tallies[place], int(scored[place]), int(totals[place]))
        cells[group] = cells.get(group, GroupCounts()).merge(added)


def _group_counts(table: Ints, scored: int, score_total: int) -> GroupCounts:
    """From a 3 × 3 table of prediction (positive, negative, unknown) by outcome."""
    (tp, fp, _), (fn, tn, _), _ = table.tolist()
    positive, negative, _ = table.sum(axis=1).tolist()
    return GroupCounts(tp, fp, fn, tn, positive, negative, scored, score_total)


def _score_steps(places: Ints, sides: Ints, scores: Floats | None, size: int) -> tuple[Ints, Ints]:
    """For every group the rows with prediction, outcome and score, and their scores in whole steps."""
    if scores is None:
        return np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    known: Bools = (sides // 3 < _UNKNOWN) & (sides % 3 < _UNKNOWN) & (scores >= 0) & (scores <= 1)
    steps = np.rint(scores[known] / SCORE_STEP)
    totals = np.bincount(places[known], steps, minlength=size)  # whole numbers below 2**53: exact
    return np.bincount(places[known], minlength=size), totals.astype(np.int64)


def _tally(keys: Ints) -> list[tuple[int, int]]:
    """Each key that occurs, and how often."""
    counts = np.bincount(keys)
    held = np.flatnonzero(counts)
    return list(zip(held.tolist(), counts[held].tolist(), strict=True))
