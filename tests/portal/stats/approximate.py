"""How near is near."""

from typing import Any

import pytest


def published(value: str) -> Any:
    """A printed value: met to 1e-6 of it, or to half a unit of its last digit where it has fewer digits."""
    digits = len(value.partition(".")[2])
    return pytest.approx(float(value), rel=1e-6, abs=0.51 * 10**-digits)


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-6, abs=1e-12)
