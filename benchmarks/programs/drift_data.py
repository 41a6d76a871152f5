"""Write two Parquet files, 70 % numbers, the rest texts: `drift_data.py FOLDER ROWS FEATURES`."""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

folder, rows, features = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(7)
schema = {"task": "binary", "positive": "1", "favourable": "1", "features": []}


def numbers(place: int, shift: float) -> pa.Array:
    kinds = (
        lambda: rng.normal(shift, 1, rows),
        lambda: rng.lognormal(shift, 1, rows),
        lambda: rng.standard_t(2.5, rows) + shift,
        lambda: rng.poisson(4 + shift, rows).astype(np.float64),
    )
    values = kinds[place % 4]()
    missing = rng.random(rows) < 0.01 if place % 5 == 0 else None
    return pa.array(values, mask=missing)


def texts(place: int, shift: float) -> pa.Array:
    levels = (5, 12, 25, 50)[place % 4]
    shares = np.arange(levels, 0, -1) ** (1 + shift)
    codes = rng.choice(levels, rows, p=shares / shares.sum()).astype(np.int32)
    return pa.DictionaryArray.from_arrays(codes, [f"level {n}" for n in range(levels)]).dictionary_decode()


for name, moved in (("reference", 0.0), ("current", 0.1)):
    columns = {}
    for place in range(features):
        numeric = place < features * 7 // 10
        make = numbers if numeric else texts
        columns[f"{'n' if numeric else 'c'}{place:03}"] = make(place, moved if place % 3 == 0 else 0.0)
    parquet.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")
schema["features"] = [{"name": key, "type": "number" if key[0] == "n" else "category"} for key in columns]
(folder / "schema.json").write_text(json.dumps(schema))
