"""What `make` calls: prepare the Python environment, then hand over to the command's own module.

Standard library only, and readable to any Python 3.7: an old one gets a sentence instead of a traceback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDS = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")

# Which lock a command needs, None for none, and the module that does the work; None for nothing.
COMMANDS = {
    "setup": ("dev", None),
    "run": ("runtime", "scripts.run"),
    "stop": (None, "scripts.stop"),
    "check": ("dev", "scripts.check"),
    "test": ("dev", "scripts.test"),
    "soak": ("dev", "scripts.test"),
    "docs": ("dev", "scripts.docs"),
    "doctor": (None, "scripts.doctor"),
}


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: bootstrap.py {{{','.join(COMMANDS)}}}", file=sys.stderr)
        sys.exit(2)
    if sys.version_info < NEEDS:
        become_newer(arguments)
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)

    from scripts.environment import prepare  # noqa: PLC0415 — an older Python could not read it
    from scripts.errors import Obstacle  # noqa: PLC0415

    lock, module = COMMANDS[arguments[0]]
    try:
        python = sys.executable if lock is None else str(prepare(lock))
    except Obstacle as obstacle:
        sys.exit(str(obstacle))
    except KeyboardInterrupt:
        sys.exit(130)
    if module is not None:
        sys.stdout.flush()
        os.execv(python, [python, "-m", module, *arguments])  # noqa: S606 — no shell is wanted


def become_newer(arguments: list[str]) -> None:
    """Let a newer Python do it, where the machine has one under another name."""
    for name in NEWER:
        newer = shutil.which(name)
        if newer is not None and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(newer, [newer, __file__, *arguments])  # noqa: S606 — no shell is wanted
    needed, found = (".".join(map(str, version[:2])) for version in (NEEDS, sys.version_info))
    sys.exit(f"The portal needs Python {needed} or newer; {sys.executable} is {found}.")


if __name__ == "__main__":
    main(sys.argv[1:])
