"""What the three import commands share: the file piece by piece, a bar, and one answer at the end."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from lifecycle.data.services import schema_of
from monitoring.incoming import attribute_table, outcome_table, prediction_table
from monitoring.incoming.bodies import Body
from monitoring.incoming.files import pieces, rows_in
from monitoring.incoming.tables import Table
from monitoring.jobs.loading import INGEST, row_fields
from monitoring.models import Kind
from monitoring.services.ingestion import OnInvalid
from portal.errors import PortalError
from portal.registry.models import ModelVersion

SOME_REFUSED = 4
BAR = 30


class ImportCommand(BaseCommand):
    """Load a CSV, NDJSON, JSON or Parquet file of any size, through the same services as the API."""

    kind: ClassVar[Kind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--model", required=True)
        parser.add_argument("--version-number", "--version", type=int, required=True, dest="number")
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=FIELD", help="may be repeated"
        )
        parser.add_argument("--on-invalid", choices=[*OnInvalid], default=OnInvalid.REJECT)
        parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Django's own ``--version`` gives way to the version of the model."""
        kwargs["conflict_handler"] = "resolve"
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        version = self._version(options["model"], options["number"])
        names = dict(self._pair(text) for text in options["map"])
        reject = options["on_invalid"] == OnInvalid.REJECT
        try:
            total = self._load(path, version, names, options, reject=reject)
        except PortalError as error:
            raise CommandError(error.detail, returncode=SOME_REFUSED if error.errors else 1) from error
        if options["as_json"]:
            self.stdout.write(orjson.dumps(total).decode())
        else:
            self.stdout.write(", ".join(f"{count:,} {word}" for word, count in total.items()))
        if total["refused"]:
            sys.exit(SOME_REFUSED)

    def _load(
        self, path: Path, version: ModelVersion, names: dict[str, str], options: Any, *, reject: bool
    ) -> dict[str, int]:
        """Check the whole file first where one bad row refuses all of it; then store piece by piece."""
        total = dict.fromkeys(("received", "accepted", "duplicates", "refused", "parked"), 0)
        if reject or options["dry_run"]:
            for body in self._pieces(path, version, names, "Checking"):
                table = self._table(version, body)
                if table.refusals and reject:
                    first = table.refusals[0]
                    row = total["received"] + first.row
                    raise CommandError(
                        f"Row {row} (the first is 0): {first.column} {first.detail}. Nothing was stored.",
                        returncode=SOME_REFUSED,
                    )
                total["received"] += body.rows
                total["refused"] += int(table.bad.sum())
            if options["dry_run"]:
                return total
            total = dict.fromkeys(total, 0)
        for body in self._pieces(path, version, names, "Storing"):
            receipt = INGEST[self.kind](
                version, body, actor=None, on_invalid=OnInvalid(options["on_invalid"])
            )
            for word in total:
                total[word] += getattr(receipt.batch, word)
        return total

    def _table(self, version: ModelVersion, body: Body) -> Table:
        schema = schema_of(version)
        if self.kind == Kind.OUTCOMES:
            return outcome_table(body, now=timezone.now())
        if self.kind == Kind.PREDICTIONS:
            return prediction_table(body, schema, now=timezone.now())
        if schema is None:
            raise CommandError("The version declares no inputs, so no protected attribute is known.")
        return attribute_table(body, schema)

    def _pieces(self, path: Path, version: ModelVersion, names: dict[str, str], word: str) -> Iterator[Body]:
        total, done = rows_in(path), 0
        for body in pieces(path, row_fields(self.kind, version), names):
            yield body
            done += body.rows
            self._bar(word, done, total)
        if self.stderr.isatty():
            self.stderr.write("")

    def _bar(self, word: str, done: int, total: int | None) -> None:
        """A bar on a terminal, nothing elsewhere."""
        if not self.stderr.isatty():
            return
        filled = BAR * done // total if total else 0
        bar = f"[{'█' * filled}{' ' * (BAR - filled)}] " if total else ""
        self.stderr.write(f"\r{word} {bar}{done:,} rows", ending="")
        self.stderr.flush()

    def _version(self, model: str, number: int) -> ModelVersion:
        found = (
            ModelVersion.objects.live()
            .select_related("model__system")
            .filter(model__name=model, number=number)
        )
        row = found.first()
        if row is None:
            raise CommandError(f"There is no version {number} of a model {model!r}.")
        return row

    def _pair(self, text: str) -> tuple[str, str]:
        column, equals, field = text.partition("=")
        if not equals or not column or not field:
            raise CommandError(f"--map takes COLUMN=FIELD, not {text!r}.", returncode=2)
        return column, field
