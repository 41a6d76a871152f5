"""Evidently's data drift preset with PSI, no figures asked for. `drift_evidently.py FOLDER`."""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

folder = Path(sys.argv[1])
reference, current = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "current"))
definition = DataDefinition(
    numerical_columns=[name for name in reference if name.startswith("n")],
    categorical_columns=[name for name in reference if name.startswith("c")],
)
held = [Dataset.from_pandas(frame, data_definition=definition) for frame in (current, reference)]
done = Report([DataDriftPreset(method="psi")]).run(*held)
print(json.dumps({"metrics": len(done.dict()["metrics"])}))
