"""Predictions and outcomes by group, and how far groups are apart."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portal.stats.bins import Floats, Ints
from portal.stats.intervals import Interval, SharesTest, equal_shares, katz, newcombe, wilson
from portal.stats.profile import GroupCounts
from portal.stats.profile.columns import text_codes

Group = Hashable
Rate = Literal["selection_rate", "tpr", "fpr", "fnr", "ppv", "npv", "accuracy"]
RATES: tuple[Rate, ...] = ("selection_rate", "tpr", "fpr", "fnr", "ppv", "npv", "accuracy")
SMALL_CELL = "small_cell"
_CLOSE = 4096


class _Comparison(Protocol):
    def __call__(self, k1: float, n1: float, k2: float, n2: float, level: float) -> Interval: ...


@dataclass(frozen=True, slots=True)
class GroupRates:
    """The counts of one group and its rates; a count is None where it is held back or was never taken.

    `selected` of the `n` rows are predicted positive; `tp fp fn tn` are the rows whose outcome is known. A
    rate is None where a count it needs is, and where its denominator is empty.
    """

    n: int | None
    selected: int | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None
    reason: str | None = None  # why counts are missing

    def counts(self, rate: Rate) -> tuple[int, int] | None:
        """Numerator and denominator of a rate, None when one is missing."""
        if rate == "selection_rate":
            return None if self.selected is None or self.n is None else (self.selected, self.n)
        if self.tp is None or self.fp is None or self.fn is None or self.tn is None:
            return None
        tp, fp, fn, tn = self.tp, self.fp, self.fn, self.tn
        parts: dict[Rate, tuple[int, int]] = {
            "tpr": (tp, tp + fn),
            "fnr": (fn, tp + fn),
            "fpr": (fp, fp + tn),
            "ppv": (tp, tp + fp),
            "npv": (tn, fn + tn),
            "accuracy": (tp + tn, tp + fp + fn + tn),
        }
        return parts[rate]

    def rate(self, rate: Rate, level: float = 0.95) -> Interval:
        """A rate with its Wilson interval, or the reason why there is none."""
        counts = self.counts(rate)
        if counts is None:
            return Interval(None, None, None, level, reason=self.reason or "no outcomes")
        return wilson(*counts, level)

    @property
    def selection_rate(self) -> float | None:
        return self.rate("selection_rate").value

    @property
    def tpr(self) -> float | None:
        return self.rate("tpr").value

    @property
    def fpr(self) -> float | None:
        return self.rate("fpr").value

    @property
    def fnr(self) -> float | None:
        return self.rate("fnr").value

    @property
    def ppv(self) -> float | None:
        return self.rate("ppv").value

    @property
    def npv(self) -> float | None:
        return self.rate("npv").value

    @property
    def accuracy(self) -> float | None:
        return self.rate("accuracy").value

    def flipped(self) -> "GroupRates":
        """The same rows about the other label."""
        selected = None if self.n is None or self.selected is None else self.n - self.selected
        return GroupRates(self.n, selected, self.tn, self.fn, self.fp, self.tp, self.reason)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Greatest distances between groups; each None with fewer than two groups in which its rates are defined.

    Equalised odds is the worse of the gaps in TPR and FPR, and beside it their mean, as some define it.
    """

    demographic_parity_difference: float | None
    demographic_parity_ratio: float | None
    equal_opportunity_difference: float | None
    equalised_odds_difference: float | None
    equalised_odds_mean: float | None
    predictive_parity_difference: float | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Counts by group, about one positive label.

    A difference is group - reference, a ratio group / reference.
    `favourable` is the predicted label that people want: 1 the positive one, 0 the other. The reference
    is, unless named, the group with the highest favourable rate among those with at least `minimum` rows,
    or among all when none has as many; people of unknown group are no reference.
    """

    groups: Mapping[Group, GroupRates]

    @classmethod
    def from_arrays(
        cls,
        y_true: npt.ArrayLike | None,
        y_pred: npt.ArrayLike,
        groups: Iterable[Group] | pa.Array | Mapping[str, Iterable[Group] | pa.Array],
    ) -> Self:
        """Count rows: labels are 0 or 1, an unknown outcome NaN, a missing group None.

        Several attributes, by name, are crossed: their groups are tuples. Raises ValueError for other labels
        and lengths.
        """
        said = _labels(y_pred)
        happened = np.full(len(said), np.nan) if y_true is None else _labels(y_true)
        codes, names = _crossed(groups) if isinstance(groups, Mapping) else _coded(groups)
        if not len(codes) == len(happened) == len(said) or np.isnan(said).any():
            raise ValueError("Every row has a prediction and a group; outcomes are as many.")
        outcome = np.where(np.isnan(happened), 2, happened).astype(np.int64)
        keys = codes * 6 + 3 * said.astype(np.int64) + outcome
        tallies = np.bincount(keys, minlength=6 * len(names)).reshape(-1, 6).tolist()
        rows: dict[Group, GroupRates] = {}
        for name, (tn, fn, rejected, fp, tp, selected) in zip(names, tallies, strict=True):
            n, chosen = tn + fn + rejected + fp + tp + selected, fp + tp + selected
            if n:
                rows[name] = GroupRates(n, chosen, tp, fp, fn, tn)
        return cls(rows)

    @classmethod
    def from_counts(cls, counts: Mapping[Group, tuple[int, int, int, int]]) -> Self:
        """From (tp, fp, fn, tn) of each group.

        >>> GroupTable.from_counts({"A": (60, 20, 15, 105)}).rates()["A"].selection_rate
        0.4
        """
        if any(count < 0 for row in counts.values() for count in row):
            raise ValueError("Counts are not negative.")
        return cls({group: GroupRates(sum(row), row[0] + row[1], *row) for group, row in counts.items()})

    @classmethod
    def from_profile(cls, cells: Mapping[tuple[str | None, ...], GroupCounts]) -> Self:
        """From a group table of a profile; a single attribute loses its tuple."""
        return cls(
            {
                group[0] if len(group) == 1 else group: GroupRates(
                    counts.n, counts.positive, counts.tp, counts.fp, counts.fn, counts.tn
                )
                for group, counts in cells.items()
                if counts.n
            }
        )

    def rates(self) -> Mapping[Group, GroupRates]:
        return self.groups

    def reference(self, *, favourable: int = 1, minimum: int = 30) -> Group | None:
        """The group others are compared with by default; None when no group has a rate."""
        chosen = self._chosen(favourable).items()
        shares = {group: counts for group, counts in chosen if counts and counts[1] and _known(group)}
        large = {group: counts for group, counts in shares.items() if counts[1] >= minimum} or shares
        ranked = sorted(large.items(), key=lambda item: (-item[1][0] / item[1][1], -item[1][1], str(item[0])))
        return ranked[0][0] if ranked else None

    def impact_ratios(
        self, favourable: int = 1, reference: Group | None = None, *, minimum: int = 30, level: float = 0.95
    ) -> dict[Group, Interval]:
        """Favourable rate of each group over that of the reference, with Katz's interval.

        Raises ValueError for a reference that is no group.

        >>> table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (30, 12, 20, 88)})
        >>> round(table.impact_ratios()["B"].low, 7)
        0.5146074
        """
        chosen = self._chosen(favourable)
        named = self._named(reference, favourable, minimum)
        return self._compared(katz, chosen, named, level)

    def differences(
        self,
        rate: Rate = "selection_rate",
        *,
        favourable: int = 1,
        reference: Group | None = None,
        minimum: int = 30,
        level: float = 0.95,
    ) -> dict[Group, Interval]:
        """A rate of each group minus that of the reference, with Newcombe's interval."""
        named = self._named(reference, favourable, minimum)
        counts = {group: row.counts(rate) for group, row in self._about(favourable).items()}
        return self._compared(newcombe, counts, named, level)

    def tests(
        self,
        rate: Rate = "selection_rate",
        *,
        favourable: int = 1,
        reference: Group | None = None,
        minimum: int = 30,
    ) -> dict[Group, SharesTest | None]:
        """Is a rate equal to that of the reference? None for the reference and where it is undefined."""
        named = self._named(reference, favourable, minimum)
        counts = {group: row.counts(rate) for group, row in self._about(favourable).items()}
        other = counts.get(named)
        return {
            group: equal_shares(*own, *other)
            if own and other and own[1] and other[1] and group != named
            else None
            for group, own in counts.items()
        }

    def four_fifths(
        self, favourable: int = 1, reference: Group | None = None, *, minimum: int = 30
    ) -> dict[Group, bool | None]:
        """Does the favourable rate reach four fifths of the reference's? None where undefined.

        Decided by whole numbers, so that 40 of 100 against 50 of 100 passes.

        >>> GroupTable.from_counts({"A": (50, 0, 0, 50), "B": (40, 0, 0, 60)}).four_fifths()
        {'A': True, 'B': True}
        """
        chosen = self._chosen(favourable)
        other = chosen.get(self._named(reference, favourable, minimum))
        return {group: _reaches(own, other) for group, own in chosen.items()}

    def hinges_on_one(
        self, favourable: int = 1, reference: Group | None = None, *, minimum: int = 30
    ) -> dict[Group, bool | None]:
        """Whether one more or one fewer favourable prediction in the group turns `four_fifths` over."""
        chosen = self._chosen(favourable)
        other = chosen.get(self._named(reference, favourable, minimum))
        return {group: _hinges(own, other) for group, own in chosen.items()}

    def gaps(self, *, favourable: int = 1, minimum: int = 1) -> Gaps:
        """The usual distances over all groups with at least `minimum` rows."""
        rows = [row for row in self._about(favourable).values() if row.n is not None and row.n >= minimum]
        selection, ratio = _range(row.selection_rate for row in rows)
        tpr, _ = _range(row.tpr for row in rows)
        fpr, _ = _range(row.fpr for row in rows)
        ppv, _ = _range(row.ppv for row in rows)
        both = None if tpr is None or fpr is None else (tpr, fpr)
        return Gaps(selection, ratio, tpr, max(both) if both else None, sum(both) / 2 if both else None, ppv)

    def _about(self, favourable: int) -> dict[Group, GroupRates]:
        if favourable not in {0, 1}:
            raise ValueError("The favourable label is 0 or 1.")
        return {group: row if favourable else row.flipped() for group, row in self.groups.items()}

    def _chosen(self, favourable: int) -> dict[Group, tuple[int, int] | None]:
        """Favourable predictions and rows of each group."""
        return {group: row.counts("selection_rate") for group, row in self._about(favourable).items()}

    def _compared(
        self,
        how: _Comparison,
        counts: Mapping[Group, tuple[int, int] | None],
        named: Group | None,
        level: float,
    ) -> dict[Group, Interval]:
        other = counts.get(named)
        found: dict[Group, Interval] = {}
        for group, own in counts.items():
            if own is None or other is None:
                reason = self.groups[group].reason or "no reference to compare with"
                found[group] = Interval(None, None, None, level, reason=reason)
            else:
                found[group] = how(*own, *other, level)
        if other and found[named].value is not None:  # the reference against itself is exact
            found[named] = replace(found[named], low=found[named].value, high=found[named].value, se=None)
        return found

    def _named(self, reference: Group | None, favourable: int, minimum: int) -> Group | None:
        if reference is None:
            return self.reference(favourable=favourable, minimum=minimum)
        if reference not in self.groups:
            raise ValueError(f"There is no group {reference!r} to compare with.")
        return reference


def _known(group: Group) -> bool:
    return None not in group if isinstance(group, tuple) else group is not None


def _reaches(own: tuple[int, int] | None, other: tuple[int, int] | None) -> bool | None:
    if own is None or other is None or not own[1] or not other[1]:
        return None
    return 5 * own[0] * other[1] >= 4 * other[0] * own[1]


def _hinges(own: tuple[int, int] | None, other: tuple[int, int] | None) -> bool | None:
    now = _reaches(own, other)
    if own is None or now is None:
        return None
    k = own[0] - 1 if now else own[0] + 1
    return 0 <= k <= own[1] and _reaches((k, own[1]), other) is not now


def _range(rates: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Greatest minus least, and least over greatest, of at least two rates."""
    held = [rate for rate in rates if rate is not None]
    if len(held) < 2:
        return None, None
    return max(held) - min(held), min(held) / max(held) if max(held) else None


def _labels(values: npt.ArrayLike) -> Floats:
    labels = np.asarray(values, dtype=np.float64).ravel()
    if not ((labels == 0) | (labels == 1) | np.isnan(labels)).all():
        raise ValueError("Labels are 0 or 1.")
    return labels


def _coded(values: Iterable[Group] | pa.Array) -> tuple[Ints, list[Group]]:
    """For every row the index of its group, and the groups."""
    if isinstance(values, pa.Array):
        codes, texts = text_codes(values)
        return codes.astype(np.int64), [*texts, None]
    if isinstance(values, np.ndarray) and values.dtype.kind in "iub":
        return _numbered(values)
    index: dict[Group, int] = {}
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    held = (None if value != value else value for value in listed)  # noqa: PLR0124 - NaN, a missing group
    return np.array([index.setdefault(value, len(index)) for value in held], dtype=np.int64), list(index)


def _numbered(values: npt.NDArray[np.integer | np.bool_]) -> tuple[Ints, list[Group]]:
    """Numbers close together are their own index; a number that does not occur is a group without rows."""
    if values.dtype.kind == "b":
        return values.astype(np.int64), [False, True]
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if high - low < _CLOSE:
        return values.astype(np.int64) - low, list(range(low, high + 1))
    distinct, places = np.unique(values, return_inverse=True)
    return places, distinct.tolist()


def _crossed(attributes: Mapping[str, Iterable[Group] | pa.Array]) -> tuple[Ints, list[Group]]:
    coded = [_coded(values) for values in attributes.values()]
    codes = coded[0][0]
    for more, names in coded[1:]:
        codes = codes * len(names) + more
    return codes, list(product(*(names for _, names in coded)))
