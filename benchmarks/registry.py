# ruff: noqa: PLC0415 — Django is set up, with a database, before anything of the portal is imported
"""The registry's MLflow API at 100 and 10 000 models, beside `mlflow server`: `registry.py [--rows N]`."""

import argparse
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from measure import middle, peer, show
from portal_database import portal

PATH = "/api/2.0/mlflow/registered-models/"
MLFLOW_MODELS = 1000
REPEATS = 40
NOTE = """
Server CPU, milliseconds a request, the same addresses on both sides. Ours through Django's test client
with token, rights and middleware, without PostgreSQL's own CPU and without a socket; the median of 40
requests, the best of three rounds. MLflow: all processes of a server with one worker on SQLite, the mean
of 40. Every tag search finds 100 models. Targets: get at most 3 ms, search 100 of 10 000 at most 5 ms; 4
and 10 times less than MLflow.
"""
HEADER = ["models", "get", "search 100 by name", "search 100 by tag"]


def questions(models: int) -> list[str]:
    """The three requests."""
    return [
        "get?" + urlencode({"name": f"model-{models // 2:05}"}),
        "search?" + urlencode({"max_results": 100, "filter": "name LIKE 'model-%'"}),
        "search?" + urlencode({"max_results": 100, "filter": "tags.team = 'team-0'"}),
    ]


def ours(models: int) -> list[float]:
    """The portal with so many models; the three times."""
    from portal.registry.models import RegisteredModel, System
    from tests.portal.cast import User, program

    erin, system, now = User.objects.get(username="erin"), System.objects.get(name="Churn"), datetime.now(UTC)
    RegisteredModel.objects.filter(name__startswith="model-").delete()
    RegisteredModel.objects.bulk_create(
        RegisteredModel(
            name=f"model-{n:05}",
            system=system,
            tags={"team": f"team-{n % (models // 100)}"},
            created_by=erin,
            created_at=now,
            updated_at=now,
        )
        for n in range(models)
    )
    client = program(erin, "read")

    def ask(question: str) -> None:
        answer = client.get(PATH + question)
        assert answer.status_code == 200, answer.content

    return [min(_median(ask, question) for _ in range(3)) for question in questions(models)]


def _median(ask: Callable[[str], None], question: str) -> float:
    ask(question)
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        ask(question)
        times.append(time.process_time() - began)
    return middle(times) * 1000


def theirs() -> list[float]:
    """A real MLflow server; its CPU a request. Raises RuntimeError where there is none."""
    python = peer("mlflow")
    if isinstance(python, str):
        raise RuntimeError(python)  # noqa: TRY004 — the text is the reason, not a wrong type
    with _mlflow_server(python) as (address, group):
        for n in range(MLFLOW_MODELS):
            body = {
                "name": f"model-{n:05}",
                "tags": [{"key": "team", "value": f"team-{n % (MLFLOW_MODELS // 100)}"}],
            }
            _call(address + PATH + "create", body)
        return [_server_cpu(address, group, question) for question in questions(MLFLOW_MODELS)]


@contextmanager
def _mlflow_server(python: Path) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [str(python), "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # it starts its workers by name
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(360):
        if server.poll() is not None:
            raise RuntimeError("mlflow server did not start")
        try:
            _call(address + "/health")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    raise RuntimeError("mlflow server did not answer within three minutes")


def _call(address: str, body: object = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310 — ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 — to 127.0.0.1
        answer.read()


def _server_cpu(address: str, session: int, question: str) -> float:
    _call(address + PATH + question)
    before = _spent(session)
    for _ in range(REPEATS):
        _call(address + PATH + question)
    return (_spent(session) - before) / REPEATS * 1000


def _spent(session: int) -> float:
    """CPU seconds of every process of a session."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, help="only so many models, a multiple of 100")
    rows = asked.parse_args().rows
    lines: list[list[object]] = []
    with portal():
        from tests.portal.cast import make_cast

        make_cast()
        sizes = [rows] if rows else [100, 10_000]
        lines += [[f"ours, {size:,}", *(f"{each:.1f}" for each in ours(size))] for size in sizes]
    try:
        lines.append([f"MLflow, {MLFLOW_MODELS:,}", *(f"{each:.1f}" for each in theirs())])
    except (RuntimeError, OSError) as reason:
        lines.append([f"MLflow: not run, {reason}", "–", "–", "–"])
    show("registry", "Registry, CPU ms a request", HEADER, lines, NOTE)


if __name__ == "__main__":
    main()
