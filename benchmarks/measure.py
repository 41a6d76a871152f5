"""What every benchmark shares: running a program, counting what it used, and showing the table.

Only the standard library: the parent stays small, for a child's peak memory starts at its parent's.
"""

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
PROGRAMS = HERE / "programs"
DATA = HERE / ".data"
ENVIRONMENTS = HERE / ".envs"
LONGEST = 175
"""Seconds a program may take; one that is stopped is reported with what it had used until then."""

PEERS: Mapping[str, tuple[str, ...]] = {
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    "nannyml": ("nannyml==0.13.1", "statsmodels", "pandas<3"),
    "fairlearn": ("fairlearn==0.15.0", "pyarrow"),
    "mlflow": ("mlflow",),
    "pandas": ("pandas==3.1.1", "pyarrow"),
}
"""Packages of each peer's environment. A pin in excess of the peer itself makes it importable."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a program used: CPU seconds (user and system, children included), peak MiB, wall seconds."""

    cpu: float
    peak: float
    wall: float
    finished: bool
    said: str

    @property
    def result(self) -> dict[str, object]:
        """The JSON object on the last line it printed; empty when it did not end well."""
        lines = self.said.strip().splitlines()
        return json.loads(lines[-1]) if self.finished and lines else {}

    @property
    def cpu_text(self) -> str:
        return f"{self.cpu:.2f}" if self.finished else f"stopped after {self.cpu:.0f} CPU s"


class Failed(Exception):
    """A program ended with an error."""


def run(python: Path, program: str, *arguments: object, longest: float = LONGEST) -> Used:
    """Run a program of `programs/` as a process of its own. Raises Failed with its last words."""
    command = [str(python), str(PROGRAMS / program), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NML_DISABLE_USAGE_LOGGING": "1"}
    began = time.monotonic()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    )
    spoken: dict[str, bytes] = {}
    readers = [
        threading.Thread(target=lambda name=name, pipe=pipe: spoken.update({name: pipe.read()}))
        for name, pipe in (("out", child.stdout), ("err", child.stderr))
    ]
    for reader in readers:
        reader.start()
    stop = threading.Timer(longest, os.killpg, (child.pid, signal.SIGKILL))
    stop.start()
    _, status, usage = os.wait4(child.pid, 0)
    stop.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    for reader in readers:
        reader.join()
    wall = time.monotonic() - began
    stopped = child.returncode == -signal.SIGKILL
    if child.returncode and not stopped:
        raise Failed(spoken["err"].decode(errors="replace").strip()[-500:])
    said = spoken["out"].decode(errors="replace")
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, wall, not stopped, said)


def median(python: Path, program: str, *arguments: object, times: int = 3) -> Used:
    """The run of median CPU among a few; a run that was stopped is not repeated."""
    runs: list[Used] = []
    for _ in range(times):
        runs.append(run(python, program, *arguments))
        if not runs[-1].finished:
            return runs[-1]
    return sorted(runs, key=lambda used: used.cpu)[len(runs) // 2]


def ours() -> Path:
    return Path(sys.executable)


def peer(name: str) -> Path | str:
    """The Python of a peer's environment, made where it is missing; or why there is none."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if python.exists():
        return python
    uv = [sys.executable, "-m", "uv"]
    steps = (
        [*uv, "venv", "-q", "--python", "3.11", str(ENVIRONMENTS / name)],
        [*uv, "pip", "install", "-q", "--python", str(python), *PEERS[name]],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            return f"not installed: {(done.stderr.strip() or 'no reason given').splitlines()[-1][:120]}"
    return python


def try_peer(name: str, program: str, *arguments: object, times: int = 1) -> Used | str:
    """What the peer used, or one line on why it could not be run."""
    python = peer(name)
    if isinstance(python, str):
        return python
    try:
        return median(python, program, *arguments, times=times)
    except Failed as reason:
        return f"failed: {str(reason).splitlines()[-1][:120]}"


def machine() -> str:
    """One line on where and when: processor, cores, how fast memory is read, how busy it was."""
    used = run(ours(), "memory_read.py")
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {model}, {os.cpu_count()} cores · Python "
        f"{platform.python_version()} · memory read {used.result['gb_per_cpu_second']:.1f} GB per CPU second "
        f"(NumPy sum over 512 MB) · load {load}"
    )


def show(name: str, title: str, header: Sequence[str], rows: Sequence[Sequence[object]], note: str) -> None:
    """Print the table and keep it in `results/`."""
    lines = [f"# {title}", "", machine(), "", _row(header), _row(["---"] * len(header))]
    lines += [_row(row) for row in rows]
    text = "\n".join([*lines, "", note.strip(), ""])
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{name}.md").write_text(text)
    print(text)


def ratio(theirs: Used | str, own: Used) -> str:
    """How many times the CPU; at least that where the peer was stopped."""
    if isinstance(theirs, str):
        return "–"
    return f"{'' if theirs.finished else '≥ '}{theirs.cpu / own.cpu:.0f} ×"


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
