"""What a reader with the totals can compute of the cells that were held back: nothing."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from portal.stats.fairness import SMALL_CELL, Group, GroupRates, GroupTable, suppress

CELLS = ("tp", "fp", "fn", "tn")
SINGLE = st.dictionaries(st.sampled_from("ABCDEF"), st.tuples(*[st.integers(0, 40)] * 4), min_size=2)


Counts = tuple[int, int, int, int]


def crossed(random: np.random.Generator, rows: int, columns: int, mean: float) -> GroupTable:
    """Every pair of two attributes that occurs; every value of either occurs."""
    weights = random.gamma(0.7, mean / 0.7, size=(rows, columns))
    cells = random.poisson(weights[:, :, None] * random.dirichlet([2, 1, 1, 2], size=(rows, columns)))
    pairs: dict[Group, Counts] = {
        (f"r{i}", f"c{j}"): tuple(cells[i, j].tolist())
        for i, j in product(range(rows), range(columns))
        if cells[i, j].sum()
    }
    return GroupTable.from_counts(pairs)


class Attacker:
    """Knows the published table, that of either attribute alone, and every total large enough to be shown."""

    def __init__(self, table: GroupTable, published: GroupTable, k: int) -> None:
        self.groups: list[Any] = list(published.rates())
        self.truth = {group: table.rates().get(group, GroupRates(0, 0, 0, 0, 0, 0)) for group in self.groups}
        self.known: list[np.ndarray[Any, Any]] = []
        self.values: list[float] = []
        for group, row in published.rates().items():
            self.learn_row([group], row)
        pairs = isinstance(self.groups[0], tuple)
        for side in (0, 1) if pairs else ():
            margin = {value: self.together(value, side) for value in {group[side] for group in self.groups}}
            alone = suppress(GroupTable.from_counts(margin), k)
            for value, row in alone.rates().items():
                self.learn_row([group for group in self.groups if group[side] == value], row)
        total = GroupTable.from_counts({"all": self.together(None, 0)}).rates()["all"]
        self.learn_row(self.groups, suppress(GroupTable({"all": total}), k).rates()["all"])

    def together(self, value: Any, side: int) -> Counts:
        members = [group for group in self.groups if value is None or group[side] == value]
        tp, fp, fn, tn = (sum(self.cell(group, cell) for group in members) for cell in range(4))
        return tp, fp, fn, tn

    def learn_row(self, groups: list[Any], row: GroupRates) -> None:
        facts = {(0, 1, 2, 3): row.n, (0, 1): row.selected} | {
            (cell,): getattr(row, name) for cell, name in enumerate(CELLS)
        }
        for cells, value in facts.items():
            if value is not None:
                self.known.append(self.vector({(group, cell): 1.0 for group in groups for cell in cells}))
                self.values.append(value)

    def cell(self, group: Any, cell: int) -> int:
        return int(getattr(self.truth[group], CELLS[cell]))

    def vector(self, weights: dict[tuple[Any, int], float]) -> np.ndarray[Any, Any]:
        vector = np.zeros(4 * len(self.groups))
        for (group, cell), weight in weights.items():
            vector[4 * self.groups.index(group) + cell] = weight
        return vector

    def knows(self, weights: dict[tuple[Any, int], float]) -> bool:
        """Whether the least and the greatest value that fit everything known are one."""
        if not self.known:
            return False
        aim, facts = self.vector(weights), np.array(self.known)
        least, most = (
            linprog(sign * aim, A_eq=facts, b_eq=self.values, bounds=(0, None)) for sign in (1, -1)
        )
        assert least.status == 0, "the truth fits what is known"
        return bool(most.status == 0 and -most.fun - least.fun < 1 - 1e-6)


def recovered(table: GroupTable, k: int) -> list[tuple[Any, str]]:
    """The counts below k that a reader of the suppressed table can compute."""
    published = suppress(table, k)
    attacker = Attacker(table, published, k)
    aims = {
        "n": dict.fromkeys(range(4), 1.0),
        "selected": {0: 1.0, 1: 1.0},
        **{name: {cell: 1.0} for cell, name in enumerate(CELLS)},
    }
    found = []
    for group, row in attacker.truth.items():
        for name, cells in aims.items():
            small = getattr(row, name) < k
            if small and attacker.knows({(group, cell): weight for cell, weight in cells.items()}):
                found.append((group, name))
    return found


class TestAttack:
    @pytest.mark.parametrize("k", [5, 10, 20])
    def test_no_small_count_of_crossed_attributes_can_be_computed(self, k: int) -> None:
        random = np.random.default_rng(k)
        for _ in range(3):
            assert recovered(crossed(random, 3, 4, mean=4 * k), k) == []

    def test_the_attack_succeeds_on_a_table_with_small_cells_hidden_alone(self) -> None:
        """So the attacker is one."""
        counts: dict[Group, Counts] = dict.fromkeys(product("ab", "xy"), (20, 20, 20, 20))
        table = GroupTable.from_counts(counts | {("a", "x"): (1, 1, 1, 1)})
        alone = GroupTable({g: GroupRates(None) if g == ("a", "x") else r for g, r in table.rates().items()})
        assert Attacker(table, alone, 10).knows({(("a", "x"), 0): 1.0})
        assert not Attacker(table, suppress(table), 10).knows({(("a", "x"), 0): 1.0})

    @settings(max_examples=15)
    @given(SINGLE)
    def test_no_small_count_of_a_single_attribute_can_be_computed(self, counts: Any) -> None:
        assert recovered(GroupTable.from_counts(counts), 10) == []


class TestRules:
    @given(SINGLE, st.integers(2, 30))
    def test_every_count_below_k_is_held_back(self, counts: Any, k: int) -> None:
        for row in suppress(GroupTable.from_counts(counts), k).rates().values():
            cells = (row.n, row.selected, row.tp, row.fp, row.fn, row.tn)
            assert all(count is None or count >= k for count in cells)

    @given(SINGLE, st.integers(2, 30))
    def test_what_is_held_back_is_never_alone_nor_small_together(self, counts: Any, k: int) -> None:
        table = GroupTable.from_counts(counts)
        held = [group for group, row in suppress(table, k).rates().items() if row.n is None]
        if held and len(held) < len(counts):
            assert len(held) > 1
            assert sum(table.rates()[group].n or 0 for group in held) >= k

    def test_few_cells_are_held_back_for_the_sake_of_others(self) -> None:
        """At most 1.4 cells for each small one, over tables of 6 × 7."""
        random = np.random.default_rng(1)
        small = held = 0
        for _ in range(60):
            counts = random.poisson(random.gamma(1, 25, size=(6, 7)))
            pairs: dict[Group, Counts] = {
                (f"r{i}", f"c{j}"): (int(counts[i, j]), 0, 0, 0) for i, j in np.ndindex(6, 7)
            }
            published = suppress(GroupTable.from_counts(pairs), 10)
            small += int((counts < 10).sum())
            held += sum(row.n is None for row in published.rates().values())
        assert 1 < held / small < 1.4

    def test_large_cells_are_shown_as_they_are(self) -> None:
        table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (30, 12, 20, 88)})
        assert suppress(table) == table

    def test_a_row_may_show_its_size_and_hide_its_outcomes(self) -> None:
        table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (30, 2, 20, 88), "C": (40, 41, 42, 43)})
        found = suppress(table).rates()["B"]
        assert (found.n, found.selection_rate, found.tpr) == (140, 32 / 140, None)
        assert found.rate("tpr").reason == SMALL_CELL

    def test_rates_and_ratios_of_held_back_groups_say_why(self) -> None:
        table = GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (50, 30, 30, 50), "C": (1, 1, 1, 1)})
        shown = suppress(table)
        assert shown.impact_ratios(reference="A")["C"].reason == SMALL_CELL
        assert shown.differences("tpr", reference="A")["C"].value is None
        assert shown.four_fifths(reference="A")["C"] is None
        assert shown.hinges_on_one(reference="A")["C"] is None
        assert shown.tests(reference="A")["C"] is None

    def test_a_pair_that_never_occurred_is_held_back_like_a_small_one(self) -> None:
        pairs: dict[Group, Counts] = {
            ("F", "A"): (50, 50, 50, 50),
            ("F", "B"): (50, 50, 50, 50),
            ("M", "A"): (50, 50, 50, 50),
        }
        found = suppress(GroupTable.from_counts(pairs)).rates()
        assert found["M", "B"] == GroupRates(None, reason=SMALL_CELL)

    def test_hiding_does_not_depend_on_the_order_of_the_groups(self) -> None:
        table = crossed(np.random.default_rng(3), 5, 5, 40)
        turned = GroupTable(dict(reversed(list(table.rates().items()))))
        assert suppress(table).rates() == suppress(turned).rates()

    def test_suppressing_twice_changes_nothing_more(self) -> None:
        once = suppress(GroupTable.from_counts({"A": (60, 20, 15, 105), "B": (50, 30, 30, 50)}))
        assert suppress(once) == once

    def test_three_attributes_are_too_many(self) -> None:
        with pytest.raises(ValueError, match="two attributes"):
            suppress(GroupTable.from_counts({("a", "b", "c"): (50, 50, 50, 50)}))
        with pytest.raises(ValueError, match="at least two"):
            suppress(GroupTable.from_counts({"a": (50, 50, 50, 50)}), 1)
