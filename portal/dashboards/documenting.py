"""What the commands that write generated documents share."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from portal.dashboards.documents import path_of


class DocumentCommand(BaseCommand):
    """Write a document, or with ``--check`` fail when the one on disk is behind."""

    name: ClassVar[str]
    draw: ClassVar[Callable[[], str]]
    requires_system_checks: ClassVar[list[str]] = []  # type: ignore[misc]  # narrower than Django's

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail if it is behind")

    def handle(self, *_: Any, **options: Any) -> None:
        path, text = path_of(self.name), type(self).draw()
        if options["check"]:
            if not path.exists() or path.read_text() != text:
                raise CommandError(f"docs/{self.name} is behind the declarations; run `make docs`.")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.stdout.write(f"docs/{self.name}")
