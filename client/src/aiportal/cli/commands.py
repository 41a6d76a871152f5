"""What each command does. Every one takes the parsed words and the screen, and returns its exit code."""

from __future__ import annotations

import getpass
import importlib
import json
import logging
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import aiportal
from aiportal import credentials
from aiportal.cli.screen import DONE, FAILED, GATE_CLOSED, ROWS_REFUSED, Progress, Screen
from aiportal.connection import Connection
from aiportal.deliveries import deliver
from aiportal.errors import PortalError
from aiportal.files import pieces_of_file, table_of_file
from aiportal.waiting import folder

Command = Callable[[Namespace, Screen], int]
REGISTERS = ("systems", "models", "findings", "cases", "evidence", "audit")


def login(given: Namespace, screen: Screen) -> int:
    """Ask for what is not said, see that it works, keep it."""
    url = given.url or input("Address of the portal: ")
    token = sys.stdin.readline() if given.token_stdin else getpass.getpass("Token (it is not shown): ")
    found = credentials.credentials(url, token)
    with closing(Connection(found)) as connection:
        token_facts = _own_token(connection)
    path = credentials.save(found)
    screen.show({"url": found.url, "file": str(path), "token": token_facts}, f"Kept in {path}.")
    return DONE


def register(given: Namespace, screen: Screen) -> int:
    """Register, and tell what is still missing. A closed gate is no failure here: ``gate`` is for that."""
    frame, outcomes = _training(given.data, given.target)
    version = aiportal.model(given.model, given.system).register(
        _imported(given.estimator),
        frame,
        _json_of(given.metrics),
        given.source,
        given.description,
        dict(given.tag),
        _json_of(given.schema),
        y=outcomes,
        reference=not given.no_reference,
        quiet=True,
    )
    report = version.gate(given.environment)
    for note in version.notes:
        screen.say(note)
    facts = {"model": version.model, "version": version.number, "url": version.url, "notes": version.notes}
    said = f"{version.model} v{version.number} registered: {version.url}\n{report.text()}"
    screen.show({**facts, "gate": report.as_dict()}, said)
    return DONE


def gate(given: Namespace, screen: Screen) -> int:
    report = aiportal.model(given.model).version(given.version).gate(given.environment)
    screen.gates(report)
    return DONE if report.allowed else GATE_CLOSED


def promote(given: Namespace, screen: Screen) -> int:
    made = aiportal.model(given.model).version(given.version).promote(given.environment)
    screen.show(made, f"{given.model} v{given.version} serves in {given.environment}.")
    return DONE


def push(given: Namespace, screen: Screen) -> int:
    """Send a file; what cannot go waits in the queue."""
    logging.getLogger("aiportal").addHandler(logging.NullHandler())
    model = aiportal.model(given.model)
    version = model.version(given.version) if given.version else model.latest()
    progress = Progress(given.file.name, screen)
    rows = pieces_of_file(
        given.file, nests=given.kind == "predictions", rename=dict(given.map), told=progress.reached
    )
    try:
        receipt = deliver(
            model.connection,
            f"{version.path}{given.kind}/",
            rows,
            on_invalid=given.on_invalid,
            told=lambda piece: progress.sent(piece.rows),
        )
    finally:
        progress.end()
    screen.show({"model": version.model, "version": version.number, **receipt.as_dict()}, f"{receipt}.")
    if receipt.queued:
        screen.say(f"The portal cannot be reached: {receipt.queued} rows wait in {folder()}.")
        return FAILED
    for address in receipt.quarantines:
        screen.say(f"The refused rows: {model.connection.absolute(address)}")
    return ROWS_REFUSED if receipt.refused else DONE


def findings(given: Namespace, screen: Screen) -> int:
    asked = {name: getattr(given, name) for name in ("system", "state", "severity", "kind")}
    found = list(aiportal.connect().rows("findings/", **asked))
    lines = [f"{row['ref']}  {row['severity']:8}  {row['state']:12}  {row['title']}" for row in found]
    screen.show(found, "\n".join(lines) or "No findings.")
    return DONE


def add_evidence(given: Namespace, screen: Screen) -> int:
    members = {
        name: getattr(given, name)
        for name in ("system", "title", "claim", "valid_from", "valid_until")
        if getattr(given, name)
    }
    with given.file.open("rb") as file:
        content = file.read()
    made = aiportal.connect().post("evidence/", data=members, files={"file": (given.file.name, content)})
    screen.show(made, f"{made['ref']} {made['title']}, sha256 {made['sha256']}")
    return DONE


def export(given: Namespace, screen: Screen) -> int:
    """A register row by row; the audit with its seals and proofs, as its verifier reads it."""
    connection = aiportal.connect()
    with _output(given.output) as out:
        if given.register == "audit":
            with connection.streamed("audit/export/") as blocks:
                for block in blocks:
                    out.write(block)
        else:
            for row in connection.rows(f"{given.register}/"):
                out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    if given.output:
        size = given.output.stat().st_size
        screen.show({"file": str(given.output), "bytes": size}, f"{given.output}: {size} bytes")
    return DONE


def check_token(_given: Namespace, screen: Screen) -> int:
    connection = aiportal.connect()
    found = _own_token(connection)
    until = f", until {found['expires_at'][:10]}" if found.get("expires_at") else ""
    scopes = ", ".join(found.get("scopes", [])) or "unknown scopes"
    said = f"{connection.url} accepts the token {found.get('name', '')!r}: {scopes}{until}."
    screen.show({"url": connection.url, "valid": True, "token": found}, said)
    return DONE


def _own_token(connection: Connection) -> dict[str, Any]:
    """What the portal knows of the token in use; empty where it does not say which one it is."""
    for row in connection.rows("tokens/"):
        if row["prefix"] and connection.has_token(row["prefix"]):
            return row
    return {}


def _training(path: Path | None, target: str | None) -> tuple[Any, Any]:
    """The rows of a file, and its outcomes apart."""
    if path is None:
        return None, None
    table = table_of_file(path)
    if target is None:
        return table, None
    if target not in table.column_names:
        raise PortalError(f"{path} has no column {target!r}.")
    return table.drop_columns([target]), table.column(target).to_pylist()


def _imported(name: str | None) -> Any:
    """The object that ``module:name`` names, as seen from the present folder."""
    if name is None:
        return None
    module, _, attribute = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise PortalError(f"{name!r} cannot be imported: {error}.") from error


def _json_of(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise PortalError(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise PortalError(f"{path} holds no object.")
    return found


@contextmanager
def _output(path: Path | None) -> Iterator[IO[bytes]]:
    """The file, which appears when it is whole; or standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    fresh = path.with_name(f"{path.name}.part")
    with fresh.open("wb") as out:
        yield out
    fresh.replace(path)
