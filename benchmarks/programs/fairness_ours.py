"""Six metrics by crossed groups with 95 % intervals: `fairness_ours.py FILE ATTRIBUTE…`."""

import json
import sys
import time

import numpy as np
import pyarrow as pa

from portal.stats.fairness import GroupTable
from portal.stats.profile import parquet_rows
from portal.stats.profile.columns import numbers

RATES = ("accuracy", "selection_rate", "tpr", "fpr", "fnr")  # the sixth is the number of rows


def column(batches: tuple, name: str) -> pa.Array:
    return pa.concat_arrays([batch.column(name) for batch in batches])


path, *attributes = sys.argv[1:]
began, cpu = time.perf_counter(), time.process_time()
batches = parquet_rows(path, attributes)
labels = [np.concatenate([numbers(b.column(name), name) for b in batches]) for name in ("y_true", "y_pred")]
table = GroupTable.from_arrays(*labels, {name: column(batches, name) for name in attributes})
counted = time.process_time()
report = {group: (rates.n, *(rates.rate(rate) for rate in RATES)) for group, rates in table.rates().items()}
done = time.process_time()
total = sum(row[2].value for row in report.values())
print(json.dumps({"groups": len(report), "sum": total, "cpu": done - cpu, "intervals": done - counted}))
