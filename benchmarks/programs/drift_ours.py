"""The scheduled job: stored reference, Parquet in, profile, PSI of every feature. `drift_ours.py FOLDER`."""

import json
import sys
from pathlib import Path

from portal.stats.drift import psi
from portal.stats.profile import WHOLE, Reference, parquet_rows, profile

folder = Path(sys.argv[1])
reference = Reference.from_json((folder / "reference.json").read_bytes())
texts = [feature.name for feature in reference.features if feature.kind == "categorical"]
current = profile(parquet_rows(folder / "current.parquet", texts), reference.spec)[WHOLE]
found = {
    feature.name: psi(reference.profile.features[feature.name].counts, current.features[feature.name].counts)
    for feature in reference.features
}
print(json.dumps({"features": len(found), "sum": sum(each.value for each in found.values())}))
