"""``manage.py run JOB``: any job by hand, in the foreground, through the ledger."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.errors import PortalError
from portal.jobs.kinds import kind_of
from portal.jobs.models import Run, RunState
from portal.jobs.naming import subject_named, window_named
from portal.jobs.services import run_now


class Command(BaseCommand):
    help = "Do a job here and now, and print what became of it. Exit code 1 when it failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="the job's name, e.g. tidy")
        parser.add_argument("--subject", default="", help="SYS-12, churn, churn/3 or app.model:7")
        parser.add_argument("--window", default="", help="START/END in ISO 8601, e.g. 2026-11-01/2026-11-02")
        parser.add_argument("--variant", default="", help="which of the job's kinds")
        parser.add_argument("--arguments", default="{}", help="further arguments, as a JSON object")
        parser.add_argument("--actor", default="", help="log-in of the person who asks for it")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            run = run_now(
                kind_of(options["job"]),
                subject_named(options["subject"]),
                window_named(options["window"]),
                variant=options["variant"],
                arguments=_object(options["arguments"]),
                actor=_person(options["actor"]),
            )
        except PortalError as error:
            raise CommandError(error.detail, returncode=2) from error
        self._tell(run)

    def _tell(self, run: Run) -> None:
        told = f"Run {run.pk} of {run.title}, revision {run.revision}: {RunState(run.state).label.lower()}"
        self.stdout.write(f"{told}. {json.dumps(run.counts)}")
        if run.result is not None:
            self.stdout.write(json.dumps(run.result, ensure_ascii=False, indent=2))
        if run.state != RunState.DONE:
            self.stderr.write(run.error)
            sys.exit(1)


def _person(login: str) -> User | None:
    if not login:
        return None
    found = User.objects.filter(username=login, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active person with the log-in {login!r}.", returncode=2)
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--arguments is not JSON: {error}", returncode=2) from error
    if not isinstance(found, dict):
        raise CommandError("--arguments is not a JSON object.", returncode=2)
    return found
