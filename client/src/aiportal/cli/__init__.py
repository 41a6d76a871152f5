"""The command ``aiportal``.

Exit codes: 0 done, 1 failed (or rows wait in the queue), 2 wrong use, 3 a gate is closed, 4 some rows
refused.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from aiportal.cli.parser import parser
from aiportal.cli.screen import FAILED, GATE_CLOSED, ROWS_REFUSED, Screen
from aiportal.errors import GateClosed, PortalError, Refused, RowsRefused

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code. Wrong use exits 2 from within argparse."""
    given = parser().parse_args(arguments)
    screen = Screen(as_json=given.json)
    try:
        return int(given.run(given, screen))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; say nothing more
    except (PortalError, OSError) as error:
        return _said(error, screen)
    except KeyboardInterrupt:
        screen.say("Stopped. What was sent is stored; sending it again adds nothing.")
    return FAILED


def _said(error: Exception, screen: Screen) -> int:
    """Tell what went wrong; the exit code for it."""
    match error:
        case GateClosed():
            screen.gates(error.report)
            return GATE_CLOSED
        case RowsRefused():
            screen.fail(str(error), errors=error.errors, receipt=error.receipt.as_dict())
            return ROWS_REFUSED
        case Refused():
            screen.fail(str(error), errors=error.errors, help=error.help_url)
        case _:
            screen.fail(str(error))
    return FAILED
