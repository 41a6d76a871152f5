"""`make run`: servers, tables, demo organisation, web, worker and beat, in the foreground until Ctrl-C."""

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

from scripts import servers
from scripts.errors import Obstacle
from scripts.furnish import furnish
from scripts.place import Place, claim
from scripts.probe import answers
from scripts.servers import Servers
from scripts.supervisor import Program, Stopped, Supervisor, stop_on_signals

ALONE = ("--without-gossip", "--without-mingle")  # a worker asks the ledger, not other workers
NO_ROOT_WARNING = "ignore:You're running the worker with superuser privileges"  # root is welcome here
WEB_FIRST = 20.0  # seconds that worker and beat wait for web to be up
ANSWERS_WITHIN = 120.0  # seconds


def main() -> int:
    stop_on_signals()
    supervisor = Supervisor()
    try:
        run(Place.from_environment(), supervisor)
    except Stopped:
        supervisor.say("portal", "stopped; nothing is lost")
        return 0
    except Obstacle as obstacle:
        print(obstacle, file=sys.stderr)
        return 1
    return 0


def run(place: Place, supervisor: Supervisor) -> None:
    """Start everything in order and keep it running; ends by an exception."""
    with ExitStack() as at_end:
        at_end.enter_context(claim(place.home))
        _check_port(place)
        (place.home / "static").mkdir(exist_ok=True)  # WhiteNoise warns where STATIC_ROOT is missing
        embedded = _servers(place, at_end)
        os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", PORTAL_LOG_STYLE="plain")
        announcement = _Announcement(place, supervisor, furnish(place, embedded, supervisor))

        def each_tick() -> None:
            for name in embedded.revive() if embedded else ():
                supervisor.say("portal", f"{name} had ended and was started again")
            announcement.look()

        supervisor.keep(programs(place), each_tick=each_tick, first_is_up=announcement.is_made_or_late)


def programs(place: Place) -> list[Program]:
    """Web, worker and beat, as `docker-compose.yml` runs them too."""
    python = sys.executable
    job = {"PORTAL_JOB_PROCESS": "1", "PYTHONWARNINGS": NO_ROOT_WARNING}
    celery = (python, "-m", "celery", "--quiet", "-A", "portal.celery:app")
    return [
        Program(
            "web",
            (
                *(python, "-m", "granian", "portal.wsgi:application", "--interface", "wsgi", "--no-ws"),
                *("--host", place.host, "--port", str(place.port)),
                *("--workers", "2", "--blocking-threads", "4"),
                *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
            ),
        ),
        Program(
            "worker",
            (*celery, "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING", *ALONE),
            environment=job,
            without_parent=signal.SIGQUIT,  # Celery's cold shutdown: the ledger gives the work out again
        ),
        Program("beat", (*celery, "beat", "--loglevel", "WARNING"), environment=job),
    ]


def _check_port(place: Place) -> None:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port))
        except OSError as reason:
            if reason.errno == errno.EADDRINUSE:
                raise Obstacle(
                    f"Port {place.port} is in use; `PORTAL_PORT={place.port + 1} make run` takes another."
                ) from reason
            raise Obstacle(f"{place.host}:{place.port} cannot be opened ({reason.strerror}).") from reason


def _servers(place: Place, at_end: ExitStack) -> Servers | None:
    """The embedded servers, unless the environment names others."""
    if "DATABASE_URL" in os.environ:
        if "REDIS_URL" not in os.environ:
            raise Obstacle(
                "DATABASE_URL is set and REDIS_URL is not; set both, or none for the embedded servers."
            )
        return None
    embedded = at_end.enter_context(servers.own(place.home))
    os.environ.update({**embedded.environment(), **os.environ})
    return embedded


class _Announcement:
    """Says once where the portal is, as soon as it answers."""

    def __init__(self, place: Place, supervisor: Supervisor, lines: Sequence[str]) -> None:
        self.place = place
        self.supervisor = supervisor
        self.lines = lines
        self.patience_ends = time.monotonic() + WEB_FIRST
        self.late_at = time.monotonic() + ANSWERS_WITHIN
        self.made = False

    def is_made_or_late(self) -> bool:
        return self.made or time.monotonic() > self.patience_ends

    def look(self) -> None:
        if self.made:
            return
        if answers(self.place):
            self.made = True
            self.supervisor.print("\n".join((f"Ready: {self.place.public_url}", *self.lines)))
        elif time.monotonic() > self.late_at:
            self.late_at += ANSWERS_WITHIN
            self.supervisor.say("portal", "does not answer yet; the lines of `web` say why")


if __name__ == "__main__":
    sys.exit(main())
