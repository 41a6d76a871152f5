"""``manage.py import_focus FILE…``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from costs.models import Bill
from costs.services.bills import import_bill
from portal.errors import PortalError
from portal.web.figures import money

SOME_REFUSED = 4


class Command(BaseCommand):
    help = "Import FOCUS 1.0 to 1.4 bills, CSV or Parquet. A file that is known already adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
        parser.add_argument(
            "--replaces", type=int, metavar="BILL", help="the number of the bill that the file corrects"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_: Any, **options: Any) -> None:
        files: list[Path] = options["files"]
        if missing := [path for path in files if not path.is_file()]:
            raise CommandError(f"There is no file {missing[0]}.")
        replaces = self._bill(options["replaces"], files)
        answers = [self._load(path, replaces) for path in files]
        if options["as_json"]:
            self.stdout.write(orjson.dumps(answers if len(answers) > 1 else answers[0]).decode())

    def _bill(self, number: int | None, files: list[Path]) -> Bill | None:
        if number is None:
            return None
        if len(files) > 1:
            raise CommandError("--replaces takes one file.", returncode=2)
        found = Bill.objects.filter(pk=number).first()
        if found is None:
            raise CommandError(f"There is no bill {number}.")
        return found

    def _load(self, path: Path, replaces: Bill | None) -> dict[str, Any]:
        try:
            receipt = import_bill(path, name=path.name, actor=None, replaces=replaces)
        except PortalError as error:
            code = SOME_REFUSED if error.errors else 1
            raise CommandError(f"{path.name}: {error.detail}", returncode=code) from error
        bill = receipt.bill
        said = f"{bill.rows:,} lines" if receipt.added else "known already, nothing added"
        self.stderr.write(f"{path.name}: bill {bill.pk}, {said}, {money(bill.billed, bill.currency)} billed")
        return receipt.as_dict()
