"""What is wrong with a piece of a bill, by row of the file and column. Rows count from 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from portal.errors import Problem, Unprocessable

MAX_LISTED = 100
Mask = npt.NDArray[np.bool_]


class Problems:
    """Collects what is wrong with a piece that begins at a row of the file."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.found: list[Problem] = []
        self.first: tuple[int, str] | None = None

    def where(self, bad: Mask, column: str, detail: Callable[[int], str]) -> None:
        """Note the rows in which ``bad`` holds."""
        for row in np.flatnonzero(bad)[: MAX_LISTED - len(self.found)].tolist():
            at, said = self.offset + row, detail(row)
            if self.first is None or at < self.first[0]:
                self.first = (at, f"{column} {said}")
            self.found.append(Problem(f"/{at}/{column}", said))

    def raise_any(self) -> None:
        if self.first is not None:
            row, said = self.first
            raise Unprocessable(f"Row {row}: {said}. Nothing was stored.", errors=self.found)
