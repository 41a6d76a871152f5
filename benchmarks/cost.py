# ruff: noqa: PLC0415 — Django is set up, with a database, before anything of the portal is imported
"""A FOCUS bill read, summed and split among those who bear it, beside pandas: `cost.py [--rows N]`."""

import argparse
import os
import subprocess
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

from measure import DATA, PROGRAMS, Used, ours, run, show, try_peer
from portal_database import portal

NOTE = """
Sum: a whole process each, without the import of its packages ("hot"); ours judges every line, sums four
exact amounts by all that rules and pages ask for, and keeps resources apart; pandas reads the tags of each
line, sums one amount by project, service and sub-account, and judges nothing. Import: in one process with
the portal, the file kept, PostgreSQL beside it without waiting for the disk; client is Python's CPU, hash
of the file included; server is that of PostgreSQL. Shares and what nobody bears are compared with the bill
to the last unit. Target: 10M lines attributed in at most 3 CPU s and 300 MB, at least 8 times less than
pandas.
"""
HEADER = ["lines", "file", "ours hot, CPU s", "peak MiB", "pandas hot, CPU s", "peak MiB", "pandas ÷ ours"]
IMPORTED = ["lines", "file", "groups", "client CPU s", "server CPU s", "unallocated", "shares + rest − bill"]


def bill(rows: int, ending: str) -> Path:
    """The simulated bill, made once."""
    path = DATA / f"bill-{rows}.{ending}"
    if not path.exists():
        DATA.mkdir(exist_ok=True)
        subprocess.run([ours(), PROGRAMS / "cost_data.py", str(rows), DATA], check=True)
    return path


def hot(used: Used) -> float:
    return float(str(used.result["hot"]))


def compared(rows: int, ending: str) -> list[object]:
    """What summing takes, ours the median of three runs."""
    path = bill(rows, ending)
    mine = sorted((run(ours(), "cost_ours.py", path) for _ in range(3)), key=hot)[1]
    line: list[object] = [f"{rows:,}", ending, f"{hot(mine):.2f}", f"{mine.peak:.0f}"]
    if rows > 1_000_000:
        return [*line, "not run: needs over 10 GB", "–", "–"]
    theirs = try_peer("pandas", "cost_pandas.py", path)
    if isinstance(theirs, str):
        return [*line, theirs, "–", "–"]
    return [*line, f"{hot(theirs):.2f}", f"{theirs.peak:.0f}", f"{hot(theirs) / hot(mine):.0f} ×"]


def server_cpu() -> float:
    """CPU seconds of the PostgreSQL process that serves this connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def imported(rows: int, ending: str) -> list[object]:
    """What the whole import takes: kept, read, stored, split, recorded."""
    from costs.calc import exact_sum
    from costs.models import CostLine, Share
    from costs.services.bills import import_bill

    began, server = time.process_time(), server_cpu()
    made = import_bill(bill(rows, ending), name="benchmark", actor=None).bill
    client, server = time.process_time() - began, server_cpu() - server
    shares = list(Share.objects.filter(allocation__bill=made))
    rest = exact_sum(share.billed for share in shares if share.unit_id is None)
    off = exact_sum([*(share.billed for share in shares), -made.billed])
    groups = CostLine.objects.filter(bill=made).count()
    return [
        f"{rows:,}",
        ending,
        f"{groups:,}",
        f"{client:.2f}",
        f"{server:.2f}",
        f"{rest:,}",
        format(off, "f"),
    ]


def set_rules() -> None:
    """A tag names the system, two sub-accounts are shared by weights, support is shared evenly."""
    from costs.models import Method
    from costs.services import rules
    from portal.registry.models import System
    from tests.portal.cast import make_cast

    cast = make_cast()
    both = ((cast.churn, Decimal(1)), (cast.routing, Decimal(2)))
    System.objects.filter(pk=cast.churn.pk).update(name="project-1")
    rules.set_rules(
        [
            rules.Draft(Method.NAMED, key="project"),
            rules.Draft(Method.TAG, key="team", value="team-3", shares=both),
            rules.Draft(Method.ACCOUNT, value="sub-4", shares=both),
            rules.Draft(Method.SHARED, value="Support plan", shares=((cast.root, Decimal(1)), *both)),
        ],
        starts_on=date(2026, 1, 1),
        reason="Benchmark.",
        actor=None,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=10_000_000)
    rows = asked.parse_args().rows
    small = min(rows, 1_000_000)
    sizes = [(small, "csv"), (small, "parquet"), *([(rows, "parquet")] if rows > small else [])]
    sums = [compared(*size) for size in sizes]
    with portal():
        set_rules()
        imports = [imported(*size) for size in sizes[1:]]
    second = ["", "Imported, and split by rules:", "", row(IMPORTED), row(["---"] * len(IMPORTED))]
    show("cost", "Cost attribution", HEADER, sums, "\n".join([*second, *map(row, imports), NOTE]))


def row(cells: list[object] | list[str]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
