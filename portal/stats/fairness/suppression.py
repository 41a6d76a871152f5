"""Holding back cells so small that they point at people, and others so that nobody can subtract them back.

A reader knows the totals and, of two crossed attributes, both margins. A row is published in three steps: how
many rows, how many of them selected, and the four cells of prediction by outcome. A step is held back in a
group where one of its counts is below k, and then in further groups, until no held-back group can be computed
from the others.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from portal.stats.fairness.table import SMALL_CELL, Group, GroupRates, GroupTable

Line = tuple[int, Group]  # a row or a column of the table, or the whole of a single attribute
_EMPTY = GroupRates(0, 0, 0, 0, 0, 0)


def suppress(table: GroupTable, k: int = 10) -> GroupTable:
    """The table with every count below k held back, and as many more as its protection takes.

    Groups are those of one attribute, or pairs of two; pairs that never occurred are held back among the
    others. What is held back is None, with the reason "small_cell". Raises ValueError for k below 2 and for
    more than two attributes.

    >>> table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (30, 12, 20, 88), "C": (1, 1, 1, 1)})
    >>> [row.n for row in suppress(table).rates().values()]
    [200, None, None]
    """
    if k < 2:
        raise ValueError("A cell to protect has at least two rows.")
    shown = _complete(table.groups)
    rows = dict(shown)
    hidden: set[Group] = set()
    for cells_of, held_back in _STEPS:
        hidden = _Protection({group: cells_of(row) for group, row in rows.items()}, k).around(hidden)
        shown |= {group: held_back(shown[group]) for group in hidden}
    return GroupTable(shown)


def _rows(row: GroupRates) -> tuple[int, ...]:
    return (row.n or 0,)


def _selection(row: GroupRates) -> tuple[int, ...]:
    n, selected = row.n or 0, row.selected or 0
    return selected, n - selected


def _outcomes(row: GroupRates) -> tuple[int, ...]:
    return row.tp or 0, row.fp or 0, row.fn or 0, row.tn or 0


_STEPS: Sequence[tuple[Callable[[GroupRates], tuple[int, ...]], Callable[[GroupRates], GroupRates]]] = (
    (_rows, lambda row: replace(row, n=None, reason=SMALL_CELL)),
    (_selection, lambda row: replace(row, selected=None, reason=SMALL_CELL)),
    (_outcomes, lambda row: replace(row, tp=None, fp=None, fn=None, tn=None, reason=SMALL_CELL)),
)


def _complete(groups: Mapping[Group, GroupRates]) -> dict[Group, GroupRates]:
    """With the pairs that never occurred: their absence would tell as much as a small count."""
    pairs = [group for group in groups if isinstance(group, tuple) and len(group) == 2]
    if not pairs:
        return dict(groups)
    sides = (dict.fromkeys(pair[side] for pair in pairs) for side in (0, 1))
    return {**groups, **{pair: _EMPTY for pair in product(*sides) if pair not in groups}}


def _lines(group: Group) -> tuple[Line, ...]:
    """The sums a reader knows that a group is part of."""
    if not isinstance(group, tuple) or len(group) == 1:
        return ((0, None),)
    if len(group) > 2:
        raise ValueError("At most two attributes are crossed.")
    return tuple(enumerate(group))


@dataclass(slots=True)
class _Protection:
    """Finds which groups to hold back so that no count below k can be computed from sums along lines."""

    cells: Mapping[Group, tuple[int, ...]]
    k: int
    lines: dict[Group, tuple[Line, ...]] = field(init=False)
    members: dict[Line, list[Group]] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = {group: _lines(group) for group in self.cells}
        self.members = defaultdict(list)
        for group, lines in self.lines.items():
            for line in lines:
                self.members[line].append(group)

    def around(self, before: set[Group]) -> set[Group]:
        """As before, for a small count, or to protect one of those."""
        small = before | {group for group, counts in self.cells.items() if min(counts) < self.k}
        hidden = set(small)
        while more := self._beside_thin_line(hidden) or self._around_loose_cell(hidden, small):
            hidden |= more
        return hidden

    def _beside_thin_line(self, hidden: set[Group]) -> set[Group]:
        """The cheapest group to add to a sum in which the held-back groups are alone or small together."""
        for members in self.members.values():
            held = [group for group in members if group in hidden]
            if not held or len(held) == len(members):
                continue
            together = [sum(counts) for counts in zip(*(self.cells[group] for group in held), strict=True)]
            if len(held) == 1 or min(together) < self.k:
                return {min((group for group in members if group not in hidden), key=self._price)}
        return set()

    def _around_loose_cell(self, hidden: set[Group], small: set[Group]) -> set[Group]:
        """The cheapest groups that close a cycle through a small cell on none.

        Cells are edges between a row and a column. Sums of rows and columns determine exactly those held-back
        cells that lie on no cycle of held-back cells.
        """
        for group in small:
            if len(self.lines[group]) == 2:
                path = self._detour(hidden, group)
                if not path <= hidden:
                    return path - hidden
        return set()

    def _detour(self, hidden: set[Group], around: Group) -> set[Group]:
        """The cells on the cheapest way from the row of a cell to its column without it.

        Cells held back already cost nothing. Empty when there is no way.
        """
        start, end = self.lines[around]
        queue: list[tuple[tuple[int, int], str, Line, tuple[Group, ...]]] = [((0, 0), "", start, ())]
        done: set[Line] = set()
        while queue:
            (added, rows), _, line, path = heapq.heappop(queue)
            if line == end:
                return set(path)
            if line in done:
                continue
            done.add(line)
            for group in self.members[line]:
                there, back = self.lines[group]
                other = back if there == line else there
                if group != around and other not in done:
                    price = (added, rows) if group in hidden else (added + 1, rows + self._price(group)[0])
                    heapq.heappush(queue, (price, str((other, group)), other, (*path, group)))
        return set()

    def _price(self, group: Group) -> tuple[int, str]:
        return sum(self.cells[group]), str(group)
