"""Holding back cells so small that they point at people, and others so that nobody can subtract them back.

A reader knows every total and, of two crossed attributes, the sums of every row and column of every count. A
group is published in three steps: how many rows, how many of them selected, and the four cells of prediction
by outcome. A step is held back in a group where one of its counts is below k. Then further groups are, until
each small count could be another number for all the reader knows.

That it could is shown by a move: rows shift between groups along a cycle of held-back cells, one more
here, one fewer there, so that all sums and all published counts stay.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations, product

from portal.stats.fairness.table import SMALL_CELL, Group, GroupRates, GroupTable

Line = tuple[int, Group]  # a row or a column of the table, or the whole of a single attribute
Atoms = tuple[int, ...]  # the six kinds of rows a group is made of, numbered as below
Count = tuple[int, ...]  # the kinds that add up to a published count
Move = tuple[int, int | None]  # one more of the first kind and one fewer of the second, or the reverse

_TP, _FP, _SELECTED_UNKNOWN, _FN, _TN, _REJECTED_UNKNOWN = range(6)
_SELECTED: Count = (_TP, _FP, _SELECTED_UNKNOWN)
_REJECTED: Count = (_FN, _TN, _REJECTED_UNKNOWN)
_STEPS: tuple[tuple[Count, ...], ...] = (
    ((*_SELECTED, *_REJECTED),),
    (_SELECTED, _REJECTED),
    ((_TP,), (_FP,), (_FN,), (_TN,)),
)
_MOVES: tuple[tuple[Move, ...], ...] = (  # that leave the counts of the steps before unchanged
    tuple((kind, None) for kind in range(6)),
    (*product(_SELECTED, _REJECTED), *product(_REJECTED, _SELECTED)),
    (*permutations(_SELECTED, 2), *permutations(_REJECTED, 2)),
)
_WHOLE: Line = (-1, None)
_EMPTY = GroupRates(0, 0, 0, 0, 0, 0)


def suppress(table: GroupTable, k: int = 10) -> GroupTable:
    """The table with every count below k held back, and as many more as its protection takes.

    Groups are those of one attribute, or pairs of two; pairs that never occurred are held back among the
    others. What is held back is None, with the reason "small_cell". A sum that is itself below k must not be
    shown: nothing here protects its parts from it. Raises ValueError for k below 2 and for more than two
    attributes.

    >>> table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (30, 12, 20, 88), "C": (1, 1, 1, 1)})
    >>> [row.n for row in suppress(table).rates().values()]
    [200, None, None]
    """
    if k < 2:
        raise ValueError("A cell to protect has at least two rows.")
    rows = _complete(table.groups)
    protection = _Protection({group: _atoms(row) for group, row in rows.items()}, k)
    for _ in _STEPS:
        protection.take_step()
    n, selected, outcomes = protection.hidden
    shown = dict(rows)
    for group in outcomes:
        shown[group] = replace(shown[group], tp=None, fp=None, fn=None, tn=None, reason=SMALL_CELL)
    for group in selected:
        shown[group] = replace(shown[group], selected=None)
    for group in n:
        shown[group] = replace(shown[group], n=None)
    return GroupTable(shown)


def _complete(groups: Mapping[Group, GroupRates]) -> dict[Group, GroupRates]:
    """With the pairs that never occurred: their absence would tell as much as a small count."""
    pairs = [group for group in groups if isinstance(group, tuple) and len(group) == 2]
    if not pairs:
        return dict(groups)
    sides = (dict.fromkeys(pair[side] for pair in pairs) for side in (0, 1))
    return {**groups, **{pair: _EMPTY for pair in product(*sides) if pair not in groups}}


def _atoms(row: GroupRates) -> Atoms:
    n, selected = row.n or 0, row.selected or 0
    tp, fp, fn, tn = row.tp or 0, row.fp or 0, row.fn or 0, row.tn or 0
    return tp, fp, max(0, selected - tp - fp), fn, tn, max(0, n - selected - fn - tn)


def _lines(groups: Iterable[Group]) -> dict[Group, tuple[Line, ...]]:
    """The sums a reader knows that each group is part of.

    Two attributes of which one has a single value are cut one way only.
    """
    keys = {group: group if isinstance(group, tuple) else (group,) for group in groups}
    if any(len(key) > 2 for key in keys.values()):
        raise ValueError("At most two attributes are crossed.")
    crossed = len({key[0] for key in keys.values()}) > 1 and len({key[-1] for key in keys.values()}) > 1
    return {
        group: tuple(enumerate(key)) if crossed and len(key) == 2 else (_WHOLE,)
        for group, key in keys.items()
    }


@dataclass(slots=True)
class _Protection:
    """Which groups are held back at each step taken so far."""

    atoms: Mapping[Group, Atoms]
    k: int
    hidden: list[set[Group]] = field(default_factory=list)
    lines: dict[Group, tuple[Line, ...]] = field(init=False)
    members: dict[Line, list[Group]] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = _lines(self.atoms)
        self.members = defaultdict(list)
        for group in sorted(self.atoms, key=str):  # so that the order of the table decides nothing
            for line in self.lines[group]:
                self.members[line].append(group)

    def take_step(self) -> None:
        """Hold back what is small at the next step, and what protects it."""
        step = len(self.hidden)
        small = {
            (group, count)
            for group in self.atoms
            for count in _STEPS[step]
            if self._sum([group], count) < self.k
        }
        before = self.hidden[-1] if self.hidden else set()
        self.hidden.append(before | {group for group, _ in small})
        for group, count in sorted(small, key=str):
            self._protect(group, count)
        self._fill_up_the_whole(step)

    def _protect(self, group: Group, count: Count) -> None:
        """Hold back the cheapest groups as well, if any, so that a count may be another number.

        At the latest step that will do: what was to be shown of a group before is held back only if it must.
        """
        latest = len(self.hidden) - 1
        if any(way for step in range(latest + 1) for way in self._ways(group, count, step, more=False)):
            return
        for step in range(latest, -1, -1):
            ways = sorted(self._ways(group, count, step, more=True), key=lambda way: self._cost(way, step))
            if ways:
                for later in self.hidden[step:]:
                    later.update(ways[0])
                return

    def _ways(self, group: Group, count: Count, step: int, *, more: bool) -> Iterator[set[Group]]:
        """The groups that moves which change the count, in either direction, pass through."""
        for move in _MOVES[step]:
            if (move[0] in count) != (move[1] in count):
                for sign in (1, -1):
                    if self._may(group, move, sign):
                        yield from self._cycle(group, move, sign, step, more=more)

    def _cycle(self, group: Group, move: Move, sign: int, step: int, *, more: bool) -> Iterator[set[Group]]:
        """The cheapest groups that balance a move of one group in all sums, at most one set.

        Of rows and columns: the cheapest path from the row of the group to its column, through cells that
        take the move in turn the other way and the same way.
        """
        hidden, lines = self.hidden[step], self.lines[group]
        queue: list[tuple[tuple[int, int], str, Line, int, tuple[Group, ...]]] = [
            ((0, 0), "", lines[0], -sign, ())
        ]
        done: set[Line] = set()
        while queue:
            (added, rows), _, line, turn, path = heapq.heappop(queue)
            if path and line == lines[-1]:
                yield set(path)
                return
            if line in done:
                continue
            done.add(line)
            for other in self.members[line]:
                if other == group or not self._may(other, move, turn) or not (more or other in hidden):
                    continue
                price = (added, rows) if other in hidden else (added + 1, rows + sum(self.atoms[other]))
                there = next((end for end in self.lines[other] if end != line), line)
                heapq.heappush(queue, (price, str(other), there, -turn, (*path, other)))

    def _may(self, group: Group, move: Move, sign: int) -> bool:
        """Whether a group has the row that a move takes from it."""
        taken = move[1] if sign > 0 else move[0]
        return taken is None or self.atoms[group][taken] > 0

    def _fill_up_the_whole(self, step: int) -> None:
        """Of a single attribute, the groups held back reach k together in every count."""
        hidden, members = self.hidden[step], self.members.get(_WHOLE, [])
        for group in sorted(members, key=lambda group: (sum(self.atoms[group]), str(group))):
            if not hidden or all(self._sum(hidden, count) >= self.k for count in _STEPS[step]):
                return
            hidden.add(group)

    def _sum(self, groups: Iterable[Group], count: Count) -> int:
        return sum(self.atoms[group][kind] for group in groups for kind in count)

    def _cost(self, way: set[Group], step: int) -> tuple[int, int, list[str]]:
        new = way - self.hidden[step]
        return len(new), sum(sum(self.atoms[group]) for group in new), sorted(map(str, new))
