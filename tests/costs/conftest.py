"""The cast of the other tests, with Fay of finance, and bills written in a line."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.accounts.models import User
from portal.areas import Role
from tests.portal.cast import Cast, make_cast, person

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("PORTAL_TEST_DATA", ROOT.parent / "shared" / "data"))
SAMPLE = DATA / "cost" / "focus_1_0_sample_even_rows.csv"

LINE = {
    "BilledCost": "10.00",
    "EffectiveCost": "9.00",
    "ListCost": "12.00",
    "ContractedCost": "10.00",
    "BillingCurrency": "EUR",
    "BillingAccountId": "main",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-01T00:00:00Z",
    "ChargePeriodEnd": "2026-11-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceCategory": "Compute",
    "ServiceName": "Virtual machines",
    "ServiceProviderName": "Cloud A",
    "SubAccountId": "",
    "ResourceId": "",
    "Tags": "",
}
Writes = Callable[..., Path]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def fay(cast: Cast) -> User:
    return person("fay", Role.FINANCE, cast.root)


@pytest.fixture
def writes(tmp_path: Path) -> Writes:
    """Writes a bill: each argument is a line, by what differs from the usual one."""

    def write(*lines: dict[str, str], name: str = "bill.csv", without: str = "") -> Path:
        path = tmp_path / name
        names = [column for column in LINE if column != without]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows({**LINE, **line} for line in lines)
        return path

    return write
