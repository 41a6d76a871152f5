"""How long things last when some of them have not ended yet."""

import bisect
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """Share that lasts beyond each time at which something ended.

    `median` is None while more than half last.
    """

    times: tuple[float, ...]
    survival: tuple[float, ...]
    at_risk: tuple[int, ...]
    n: int
    events: int

    @property
    def median(self) -> float | None:
        below = (time for time, share in zip(self.times, self.survival, strict=True) if share <= 0.5)
        return next(below, None)

    def at(self, time: float) -> float:
        """Share that lasts beyond a time."""
        passed = bisect.bisect_right(self.times, time)
        return self.survival[passed - 1] if passed else 1.0


def kaplan_meier(durations: npt.ArrayLike, events: npt.ArrayLike) -> KaplanMeier:
    """Kaplan-Meier estimate; an event of 0 or False means it still lasted when last seen.

    Raises ValueError without a duration, and for negative ones. Source: Kaplan and Meier (1958).

    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 0]).survival
    (0.75, 0.5)
    """
    lasted, ended = np.asarray(durations, dtype=np.float64), np.asarray(events).astype(bool)
    if lasted.ndim != 1 or lasted.shape != ended.shape or not lasted.size:
        raise ValueError("Every duration says whether it ended, and there is at least one.")
    if not (np.isfinite(lasted).all() and (lasted >= 0).all()):
        raise ValueError("Durations are finite and not negative.")
    times, deaths = np.unique(lasted[ended], return_counts=True)
    at_risk = len(lasted) - np.searchsorted(np.sort(lasted), times, side="left")
    survival = np.cumprod(1 - deaths / at_risk)
    return KaplanMeier(
        tuple(times.tolist()),
        tuple(survival.tolist()),
        tuple(at_risk.tolist()),
        len(lasted),
        int(ended.sum()),
    )
