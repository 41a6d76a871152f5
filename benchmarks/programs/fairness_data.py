"""Write predictions with groups: `fairness_data.py FILE ROWS`. 2 sexes × 6 × 5 × 10 = 600 combinations."""

import sys

import numpy as np
import pyarrow as pa
from pyarrow import parquet

path, rows = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(11)
outcome = rng.random(rows) < 0.48
score = np.clip(outcome * 0.3 + rng.random(rows) * 0.7, 0, 1)
columns = {"y_true": pa.array(outcome.astype(np.int8)), "y_pred": pa.array((score > 0.5).astype(np.int8))}
for name, levels in (("sex", 2), ("race", 6), ("age", 5), ("region", 10)):
    codes = rng.choice(levels, rows).astype(np.int32)
    named = [f"{name} {n}" for n in range(levels)]
    columns[name] = pa.DictionaryArray.from_arrays(codes, named).dictionary_decode()
parquet.write_table(pa.table(columns), path, compression="zstd")
