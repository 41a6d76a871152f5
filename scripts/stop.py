"""`make stop`: end a portal that another terminal started."""

import os
import signal
import sys
from pathlib import Path

from scripts.place import home, runner
from scripts.processes import wait_until

ENDS_WITHIN = 90.0  # seconds; a job that runs gets its time to finish


def main() -> int:
    folder = home()
    pid = runner(folder)
    if pid is None:
        print(f"No portal runs in {folder}.")
        return 0
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        print(f"The portal in {folder} (process {pid}) belongs to another user.", file=sys.stderr)
        return 1
    return _wait(folder, pid)


def _wait(folder: Path, pid: int) -> int:
    if wait_until(lambda: runner(folder) != pid, seconds=ENDS_WITHIN):
        print("Stopped.")
        return 0
    print(f"Process {pid} does not end; its terminal says what it waits for.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
