"""A scheduled drift job as a whole process, beside Evidently and NannyML: `drift.py [--rows N]`."""

import argparse
from pathlib import Path

from measure import DATA, Used, median, ours, ratio, run, show, try_peer

SIZES = ((100_000, 20), (1_000_000, 20), (1_000_000, 100))
NOTE = """
Whole processes, imports included; ours the median of three runs, peers one run. Ours reads a stored
reference, peers read the reference rows every time; freezing it once is the column "freeze". NannyML has
no PSI and computes the Jensen-Shannon distance. Target: at most 1 CPU s and 150 MB for 1M × 100, and 100
times less CPU than Evidently at 1M × 20. Memory meets it, CPU does not: at 1M × 100 pyarrow alone takes
0.9 CPU s to decode the file; counting takes 0.7, imports the rest.
"""


def data(rows: int, features: int) -> Path:
    """The folder with both files, made once."""
    folder = DATA / f"drift-{rows}-{features}"
    if not (folder / "schema.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(ours(), "drift_data.py", folder, rows, features)
    return folder


def line(rows: int, features: int) -> list[object]:
    folder = data(rows, features)
    frozen = run(ours(), "drift_reference.py", folder)
    own = median(ours(), "drift_ours.py", folder)
    cells: list[object] = [f"{rows:,} × {features}", f"{own.cpu:.2f}", f"{own.peak:.0f}", f"{frozen.cpu:.1f}"]
    for name in ("evidently", "nannyml"):
        skipped = "not run: over three minutes" if rows * features > 20_000_000 else None
        found = skipped or try_peer(name, f"drift_{name}.py", folder)
        cells += _peer(found, own)
        print(name, rows, features, found if isinstance(found, str) else found.cpu_text, flush=True)
    return cells


def _peer(found: Used | str, own: Used) -> list[str]:
    if isinstance(found, str):
        return [found, "–", "–"]
    return [found.cpu_text, f"{found.peak:.0f}", ratio(found, own)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, help="only this many rows, 20 features")
    rows = asked.parse_args().rows
    header = ["rows × features", "ours, CPU s", "peak MiB", "freeze, CPU s"]
    header += [
        f"{name}{what}" for name in ("Evidently PSI", "NannyML JS") for what in (", CPU s", " MiB", " ÷ ours")
    ]
    lines = [line(*size) for size in (((rows, 20),) if rows else SIZES)]
    show("drift", "Drift job", header, lines, NOTE)


if __name__ == "__main__":
    main()
