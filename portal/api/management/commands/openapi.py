"""``manage.py openapi`` writes docs/openapi.json; with ``--check`` it says whether that is up to date."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.api import schema


class Command(BaseCommand):
    help = "Write the OpenAPI document of /api/v1/, or check the committed one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when it differs")
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR) / "docs" / "openapi.json")

    def handle(self, *_: Any, check: bool, output: Path, **__: Any) -> None:
        drawn = schema.as_json()
        if not check:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_bytes(drawn)
            self.stdout.write(f"wrote {output}")
        elif not output.exists() or output.read_bytes() != drawn:
            raise CommandError(f"{output} is out of date; write it anew with `manage.py openapi`")
