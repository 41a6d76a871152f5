"""`make docs`: write the documents that are generated from declarations."""

import subprocess
import sys

from scripts.environment import ROOT

COMMANDS = ("features", "permissions", "openapi")


def main() -> int:
    done = [
        subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, check=False).returncode
        for command in COMMANDS
    ]
    return max(done)


if __name__ == "__main__":
    sys.exit(main())
