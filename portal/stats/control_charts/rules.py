"""Run rules: patterns within the limits. Each more rule is more false alarms.

In the mean a false alarm comes every 370 points with rule 1 alone, every 92 with all of Western Electric's,
every 73 with all of Nelson's. The rules assume independent points.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.control_charts.chart import Chart, Signal, series

Marks = npt.NDArray[np.bool_]


class _Rule(Protocol):
    def __call__(self, z: Floats) -> Marks: ...


def western_electric(
    points: Chart | npt.ArrayLike,
    center: float = 0.0,
    sigma: float = 1.0,
    *,
    rules: Iterable[int] = (1, 2, 3, 4),
) -> tuple[Signal, ...]:
    """Signals by the Western Electric rules, in the order of the points.

    1: beyond 3 sigma. 2: 2 of 3 beyond 2 sigma on one side. 3: 4 of 5 beyond 1 sigma on one side. 4: 8
    on one side. A chart brings its own limits and standard errors, plain points are measured from the centre.

    >>> western_electric([0.5] * 8)
    (Signal(index=7, rule=4),)
    """
    return _signals(_WESTERN_ELECTRIC, points, center, sigma, rules)


def nelson(
    points: Chart | npt.ArrayLike,
    center: float = 0.0,
    sigma: float = 1.0,
    *,
    rules: Iterable[int] = (1, 2, 3, 4, 5, 6, 7, 8),
) -> tuple[Signal, ...]:
    """Signals by Nelson's rules, in the order of the points.

    1: beyond 3 sigma. 2: 9 on one side. 3: 6 rising or falling. 4: 14 alternating. 5: 2 of 3 beyond 2
    sigma on one side. 6: 4 of 5 beyond 1 sigma on one side. 7: 15 within 1 sigma. 8: 8 beyond 1 sigma on
    either side. Source: Nelson (1984).

    >>> nelson([-1, -0.8, -0.5, 0, 0.4, 0.9])
    (Signal(index=5, rule=3),)
    """
    return _signals(_NELSON, points, center, sigma, rules)


def _signals(
    known: Mapping[int, _Rule],
    points: Chart | npt.ArrayLike,
    center: float,
    sigma: float,
    rules: Iterable[int],
) -> tuple[Signal, ...]:
    chosen = sorted(set(rules))
    if not set(chosen) <= known.keys():
        raise ValueError(f"The rules are numbered {min(known)} to {max(known)}.")
    if isinstance(points, Chart):
        z, beyond = np.asarray(points.z), {signal.index for signal in points.signals}
    else:
        if not sigma > 0:
            raise ValueError("Sigma is positive.")
        z = (series(points) - center) / sigma
        beyond = set(np.flatnonzero(np.abs(z) > 3).tolist())
    marked = {rule: beyond if rule == 1 else set(np.flatnonzero(known[rule](z)).tolist()) for rule in chosen}
    return tuple(sorted(Signal(index, rule) for rule, indices in marked.items() for index in indices))


def _last(marks: Marks, length: int) -> npt.NDArray[np.int64]:
    """For each point how many of the last so many points, itself included, are marked."""
    sums = np.cumsum(marks, dtype=np.int64)
    sums[length:] = sums[length:] - sums[:-length]
    return sums


def _some(z: Floats, wanted: int, length: int, distance: float) -> Marks:
    """The point, and as many of the last ones as wanted, lie beyond the distance on one side."""
    above, below = z > distance, z < -distance
    return (above & (_last(above, length) >= wanted)) | (below & (_last(below, length) >= wanted))


def _run(marks: Marks, length: int) -> Marks:
    full: Marks = _last(marks, length) == length
    return full


def _one_side(z: Floats, length: int) -> Marks:
    return _run(z > 0, length) | _run(z < 0, length)


def _trend(z: Floats) -> Marks:
    """Six points, five steps, one way."""
    steps = np.diff(z)
    return np.concatenate(([False], _run(steps > 0, 5) | _run(steps < 0, 5)))


def _alternating(z: Floats) -> Marks:
    """Fourteen points, thirteen steps, each the other way: twelve turns."""
    steps = np.diff(z)
    turns = steps[1:] * steps[:-1] < 0
    return np.concatenate(([False] * min(2, len(z)), _run(turns, 12)))


def _beyond(z: Floats) -> Marks:
    return np.abs(z) > 3


_WESTERN_ELECTRIC: Mapping[int, _Rule] = {
    1: _beyond,
    2: lambda z: _some(z, 2, 3, 2.0),
    3: lambda z: _some(z, 4, 5, 1.0),
    4: lambda z: _one_side(z, 8),
}
_NELSON: Mapping[int, _Rule] = {
    1: _beyond,
    2: lambda z: _one_side(z, 9),
    3: _trend,
    4: _alternating,
    5: lambda z: _some(z, 2, 3, 2.0),
    6: lambda z: _some(z, 4, 5, 1.0),
    7: lambda z: _run(np.abs(z) < 1, 15),
    8: lambda z: _run(np.abs(z) > 1, 8),
}
