"""Fairlearn's MetricFrame of the same metrics, no intervals: `fairness_fairlearn.py FILE ATTRIBUTE…`."""

import json
import sys
import time

import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    count,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score

path, *attributes = sys.argv[1:]
cpu = time.process_time()
frame = pd.read_parquet(path)
found = MetricFrame(
    metrics={
        "count": count,
        "accuracy": accuracy_score,
        "selection_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "fnr": false_negative_rate,
    },
    y_true=frame["y_true"],
    y_pred=frame["y_pred"],
    sensitive_features=frame[attributes],
)
by_group = found.by_group
print(
    json.dumps(
        {
            "groups": len(by_group),
            "sum": float(by_group["selection_rate"].sum()),
            "cpu": time.process_time() - cpu,
        }
    )
)
