"""As the profile job does it, streamed, one or two attributes: `fairness_kernel.py FILE ATTRIBUTE…`."""

import json
import sys
import time

from portal.stats.fairness import GroupTable
from portal.stats.profile import WHOLE, ProfileSpec, parquet_rows, profile

RATES = ("accuracy", "selection_rate", "tpr", "fpr", "fnr")

path, *attributes = sys.argv[1:]
cpu = time.process_time()
spec = ProfileSpec(positive="1", prediction="y_pred", outcome="y_true", protected=tuple(attributes))
counted = profile(parquet_rows(path, attributes), spec)[WHOLE]
table = GroupTable.from_profile(counted.groups[tuple(attributes)])
report = {group: (rates.n, *(rates.rate(rate) for rate in RATES)) for group, rates in table.rates().items()}
total = sum(row[2].value for row in report.values())
print(json.dumps({"groups": len(report), "sum": total, "cpu": time.process_time() - cpu}))
