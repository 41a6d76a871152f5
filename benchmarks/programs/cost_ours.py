# ruff: noqa: PLC0415 — imports are left out of what is measured
"""A bill read and summed by the kernel of the portal: `cost_ours.py FILE`."""

import json
import sys
import time
from pathlib import Path


def main() -> None:
    from costs.focus import sum_bill

    began = time.process_time()
    summed = sum_bill(Path(sys.argv[1]))
    print(
        json.dumps(
            {
                "hot": time.process_time() - began,
                "rows": summed.rows,
                "groups": len(summed),
                "billed": format(summed.amounts["billed"].whole(), "f"),
            }
        )
    )


if __name__ == "__main__":
    main()
