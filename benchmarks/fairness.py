"""A fairness report beside Fairlearn, hot and as a whole process: `fairness.py [--rows N]`."""

import argparse
from pathlib import Path

from measure import DATA, Used, median, ours, run, show, try_peer

GROUPS = {2: ("sex",), 12: ("sex", "race"), 600: ("sex", "race", "age", "region")}
NOTE = """
Count, accuracy, selection rate, TPR, FPR and FNR of every crossed group. Ours with Wilson's 95 %
intervals, Fairlearn without (its intervals repeat everything for every bootstrap sample). Hot: reading
the Parquet file and everything after, imports excluded; process: start to end. "Profile" is the streamed
kernel of the monitoring job, which crosses at most two attributes. Ours are medians of three runs,
Fairlearn is one. Target: at most 0.1 CPU s and 200 MB at 1M rows, and 300 times less than Fairlearn.
"""


def data(rows: int) -> Path:
    path = DATA / f"fairness-{rows}.parquet"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        run(ours(), "fairness_data.py", path, rows)
    return path


def line(rows: int, groups: int) -> list[object]:
    path, names = data(rows), GROUPS[groups]
    own = median(ours(), "fairness_ours.py", path, *names)
    kernel = median(ours(), "fairness_kernel.py", path, *names) if len(names) <= 2 else None
    theirs = try_peer("fairlearn", "fairness_fairlearn.py", path, *names)
    hot = own.result["cpu"]
    cells = [f"{rows:,}", groups, f"{hot:.3f}", f"{own.result['intervals'] * 1000:.1f}"]
    cells += [f"{kernel.result['cpu']:.3f}" if kernel else "–", f"{own.cpu:.2f}", f"{own.peak:.0f}"]
    cells += _peer(theirs, own, hot)
    print(*cells, flush=True)
    return cells


def _peer(theirs: Used | str, own: Used, hot: float) -> list[str]:
    if isinstance(theirs, str):
        return [theirs, *"–––––"]
    process = [theirs.cpu_text, f"{theirs.peak:.0f}", f"{theirs.cpu / own.cpu:.0f} ×"]
    if not theirs.finished:
        return ["–", "–", *process, "–"]
    same = abs(theirs.result["sum"] - own.result["sum"]) < 1e-9 * own.result["groups"]
    compared = [f"{theirs.result['cpu']:.1f}", f"{theirs.result['cpu'] / hot:.0f} ×"]
    return [*compared, *process, "yes" if same else "no"]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int)
    rows = asked.parse_args().rows
    sizes = [rows] if rows else [100_000, 1_000_000]
    header = ["rows", "groups", "ours hot, CPU s", "of it intervals, ms", "profile hot, CPU s"]
    header += ["ours process, CPU s", "peak MiB", "Fairlearn hot, CPU s", "÷ ours", "process, CPU s", "MiB"]
    header += ["÷ ours", "same rates"]
    lines = [line(size, groups) for size in sizes for groups in GROUPS]
    show("fairness", "Fairness report", header, lines, NOTE)


if __name__ == "__main__":
    main()
