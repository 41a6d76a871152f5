"""What a command says: for a person on a terminal, in plain lines for a log, as JSON for a program."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from aiportal.errors import Problem
from aiportal.gates import GateReport

DONE, FAILED, WRONG_USE, GATE_CLOSED, ROWS_REFUSED = range(5)
WIDTH = 30
"""Characters of a progress bar."""
PLAIN_SECONDS = 5.0
"""How often a log hears of progress."""
SHOWN = 20
"""Problems shown to a person; JSON has all of them."""


class Screen:
    """Results go to stdout, everything else to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def show(self, result: Any, text: str) -> None:
        """The result of a command, in one of its two forms."""
        sys.stdout.write((json.dumps(result, ensure_ascii=False) if self.as_json else text) + "\n")

    def say(self, sentence: str) -> None:
        """Something for a person, not part of the result."""
        sys.stderr.write(f"{sentence}\n")

    def fail(self, sentence: str, *, errors: Sequence[Problem] = (), **more: Any) -> None:
        if self.as_json:
            self.show({"error": sentence, "errors": [asdict(each) for each in errors], **more}, "")
            return
        self.say(sentence)
        for each in errors[:SHOWN]:
            self.say(f"  {each.pointer}: {each.detail}")
        if len(errors) > SHOWN:
            self.say(f"  and {len(errors) - SHOWN} more")

    def gates(self, report: GateReport) -> None:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.show(report.as_dict(), report.text(colour=colour))


class Progress:
    """How far something is: a bar on a terminal, a line now and then elsewhere, nothing beside JSON."""

    def __init__(self, title: str, screen: Screen) -> None:
        self.title = title
        self.silent = screen.as_json
        self.is_terminal = sys.stderr.isatty()
        self.said_at = time.monotonic()
        self.share = 0.0
        self.rows = 0

    def reached(self, share: float) -> None:
        """So much of the whole has been read, 0 to 1."""
        self.share = share
        self._draw()

    def sent(self, rows: int) -> None:
        """So many more rows are done with."""
        self.rows += rows
        self._draw()

    def end(self) -> None:
        if self.is_terminal and not self.silent:
            sys.stderr.write("\r\x1b[K")

    def _draw(self) -> None:
        if self.silent:
            return
        if self.is_terminal:
            filled = round(self.share * WIDTH)
            bar = "#" * filled + "." * (WIDTH - filled)
            sys.stderr.write(f"\r{self.title} [{bar}] {self.share:4.0%} {self.rows} rows\x1b[K")
            sys.stderr.flush()
        elif time.monotonic() - self.said_at >= PLAIN_SECONDS:
            self.said_at = time.monotonic()
            sys.stderr.write(f"{self.title}: {self.share:.0%}, {self.rows} rows\n")
