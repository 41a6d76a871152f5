# ruff: noqa: PLC0415 — imports are left out of what is measured
"""The straightforward way, in pandas: tags read line by line, then a group-by: `cost_pandas.py FILE`."""

import json
import sys
import time


def main() -> None:
    import pandas as pd

    began = time.process_time()
    path = sys.argv[1]
    bill = pd.read_csv(path) if path.endswith(".csv") else pd.read_parquet(path)
    project = [json.loads(tags).get("project", "") if tags else "" for tags in bill["Tags"].fillna("")]
    keys = [project, bill["ServiceName"], bill["SubAccountId"]]
    groups = bill.groupby(keys, observed=True)["BilledCost"].sum()
    print(
        json.dumps(
            {
                "hot": time.process_time() - began,
                "rows": len(bill),
                "groups": len(groups),
                "billed": str(groups.sum()),
            }
        )
    )


if __name__ == "__main__":
    main()
