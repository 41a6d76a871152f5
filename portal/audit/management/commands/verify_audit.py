from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.audit import keys, verifier
from portal.audit.verification import verify_database


class Command(BaseCommand):
    help = "Verify the audit of the database, or an export. Ends with 1 and the first bad seal."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("export", nargs="?", type=Path, help="an export; without it the database")
        parser.add_argument("--anchor", type=Path, help="a copy of the checkpoints in place of the live file")
        parser.add_argument("--key", action="append", default=[], help="id of a public key that you trust")

    def handle(self, *, export: Path | None, anchor: Path | None, key: list[str], **_: Any) -> None:
        for file in (export, anchor):
            if file is not None and not file.is_file():
                raise CommandError(f"There is no file {file}.", returncode=2)
        report = verify_database(anchor, key) if export is None else self._verify_file(export, anchor, key)
        for line in verifier.describe(report):
            self.stdout.write(line)
        if not report.holds:
            raise CommandError(str(report.problems[0]))

    def _verify_file(self, export: Path, anchor: Path | None, trusted: list[str]) -> verifier.Report:
        """An export of this portal; where the key file is at hand, only its key and those before it count."""
        held = keys.held_key_id()
        lines = anchor.read_text(errors="replace").splitlines() if anchor else []
        return verifier.Verifier(trusted={*trusted, *([held] if held else [])}, anchor=lines).verify(
            verifier.read(export)
        )
