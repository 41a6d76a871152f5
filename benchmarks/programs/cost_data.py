"""A simulated FOCUS bill of one month in Parquet and CSV: `cost_data.py ROWS FOLDER`.

Resources billed by the hour, as providers do: each has a service, a sub-account and a set of tags, one in six
has none. Amounts are decimals with six places, held as integers as Spark writes them. Groups of a million.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

HOURS = 720
BEGIN = np.datetime64("2026-10-01T00:00:00", "us")
SERVICES = [
    ("Compute", "Virtual machines"),
    ("Compute", "Notebooks"),
    ("Compute", "Functions"),
    ("AI and Machine Learning", "Model hosting"),
    ("AI and Machine Learning", "Training"),
    ("Storage", "Object storage"),
    ("Storage", "Disks"),
    ("Storage", "Backups"),
    ("Databases", "Relational database"),
    ("Networking", "Data transfer"),
    ("Management", "Logs"),
    ("Management", "Support plan"),
]
GROUP = 1_000_000


def tags(number: int) -> str:
    if number % 6 == 0:
        return ""
    return json.dumps(
        {
            "project": f"project-{number % 400}",
            "environment": ("production", "test", "development")[number % 3],
            "team": f"team-{number % 40}",
        }
    )


def words(values: list[str], codes: np.ndarray) -> pa.DictionaryArray:
    """Texts as a dictionary that has each once, which Parquet then keeps."""
    distinct = list(dict.fromkeys(values))
    places = np.array([distinct.index(value) for value in values], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places[codes.astype(np.int32)]), pa.array(distinct))


def lines(first: int, count: int, resources: int) -> pa.Table:
    """Some lines of the bill; line n is resource n modulo their number, in the hour that follows."""
    n = np.arange(first, first + count)
    resource, hour = n % resources, n // resources % HOURS
    service, account = resource % len(SERVICES), resource % 20
    units = (n * 2_654_435_761) % 9_999_991  # a fixed scramble: up to ten of the currency, in millionths
    amounts = pa.array(units).cast(pa.decimal128(19, 0))
    scaled = pa.Array.from_buffers(pa.decimal128(18, 6), count, amounts.buffers())
    begins = BEGIN + hour.astype("timedelta64[h]")
    constant = np.zeros(count)
    month = pa.array(np.full(count, BEGIN), pa.timestamp("us", tz="UTC"))
    return pa.table(
        {
            "BilledCost": scaled,
            "EffectiveCost": scaled,
            "ListCost": scaled,
            "ContractedCost": scaled,
            "BillingCurrency": words(["EUR"], constant),
            "BillingAccountId": words(["fennmark-simulated"], constant),
            "BillingPeriodStart": month,
            "ChargePeriodStart": pa.array(begins, pa.timestamp("us", tz="UTC")),
            "ChargePeriodEnd": pa.array(begins + np.timedelta64(1, "h"), pa.timestamp("us", tz="UTC")),
            "ChargeCategory": words(["Usage"], constant),
            "ServiceCategory": words([family for family, _ in SERVICES], service),
            "ServiceName": words([name for _, name in SERVICES], service),
            "ServiceProviderName": words(["Simulated Cloud"], constant),
            "SubAccountId": words([f"sub-{place}" for place in range(20)], account),
            "ResourceId": pa.DictionaryArray.from_arrays(
                pa.array(resource.astype(np.int32)),
                pa.array([f"resource-{place:06}" for place in range(resources)]),
            ),
            "RegionId": words(["eu-north-1", "eu-west-1"], resource % 2),
            "Tags": words([tags(place) for place in range(1200)], resource % 1200),
        }
    )


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    resources = max(rows // HOURS, 1)
    name = folder / f"bill-{rows}"
    plain = rows <= GROUP
    table = lines(0, min(rows, GROUP), resources)
    with parquet.ParquetWriter(f"{name}.parquet", table.schema, store_decimal_as_integer=True) as writer:
        for first in range(0, rows, GROUP):
            writer.write_table(lines(first, min(GROUP, rows - first), resources))
    if plain:
        unpacked = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
        csv.write_csv(pa.table(unpacked, table.column_names), f"{name}.csv")


if __name__ == "__main__":
    main()
