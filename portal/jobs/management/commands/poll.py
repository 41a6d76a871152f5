from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.jobs.poller import Poller


class Command(BaseCommand):
    help = "Does what waits in the ledger when nobody was rung for it. Workers start it; people need not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("parent", type=int, help="process id of the worker; the poller ends with it")
        parser.add_argument("slots", type=int, help="how many runs the worker does at once")
        parser.add_argument("pulse", type=int, help="descriptor of a pipe that gets a byte with every look")

    def handle(self, *_: Any, **options: Any) -> None:
        Poller(options["parent"], options["slots"], options["pulse"]).run()
