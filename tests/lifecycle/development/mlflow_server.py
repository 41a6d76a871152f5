"""A real MLflow server, the peer that the portal's answers are held against.

It is the server of the installed package with its own command line, on SQLite in a folder of the test's own.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.processes import finish, spawn, wait_until

PATIENCE = 120
"""Seconds it may take to make its tables and to import itself twice, on a machine that is busy."""

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its judges and optimisers need a queue of their own
}


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The address of a server that answers until the end of the block."""
    address = f"127.0.0.1:{_free_port()}"
    host, _, port = address.partition(":")
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1"]
    command += [
        "--gunicorn-opts",
        "--no-control-socket --graceful-timeout 1",
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
    ]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    log = folder / "mlflow.log"
    with log.open("wb") as output:
        server = spawn(
            command, output=output, last_signal=signal.SIGTERM, env={**kept, **SETTINGS}, cwd=folder
        )
        try:
            ready = wait_until(lambda: server.poll() is not None or _answers(address), seconds=PATIENCE)
            assert ready, "it does not answer"
            assert server.poll() is None, log.read_text()[-4000:]
            yield f"http://{address}"
        finally:
            finish(server, first=signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
