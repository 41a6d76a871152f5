"""Freeze the reference once: `drift_reference.py FOLDER`."""

import json
import sys
from pathlib import Path

from portal.stats.profile import build_reference, parquet_rows

folder = Path(sys.argv[1])
schema = json.loads((folder / "schema.json").read_text())
texts = [feature["name"] for feature in schema["features"] if feature["type"] == "category"]
rows = parquet_rows(folder / "reference.parquet", texts)
absent = {"score": None, "prediction": None, "outcome": None}
(folder / "reference.json").write_text(build_reference(rows, schema, **absent).to_json())
