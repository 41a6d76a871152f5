import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.audit import export
from portal.audit.services import record_export


class Command(BaseCommand):
    help = "Write the whole audit with seals and proofs, as NDJSON for verifier.py."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="where to; - is standard output")

    def handle(self, *, file: str, **_: Any) -> None:
        record_export(actor=None, complete=True, entries=None, filters={})
        if file == "-":
            sys.stdout.writelines(export.lines())
            return
        try:
            with Path(file).open("x", encoding="utf-8") as out:
                out.writelines(export.lines())
        except FileExistsError:
            raise CommandError(f"{file} exists already; it stays as it is.", returncode=2) from None
