"""NannyML's univariate drift by Jensen-Shannon (it has no PSI), one chunk. `drift_nannyml.py FOLDER`."""

import json
import sys
from pathlib import Path

import nannyml as nml
import pandas as pd

folder = Path(sys.argv[1])
reference, current = (pd.read_parquet(folder / f"{name}.parquet") for name in ("reference", "current"))
calculator = nml.UnivariateDriftCalculator(
    column_names=list(reference.columns),
    continuous_methods=["jensen_shannon"],
    categorical_methods=["jensen_shannon"],
    chunk_number=1,
)
found = calculator.fit(reference).calculate(current)
print(json.dumps({"columns": found.to_df().shape[1]}))
