"""The queue of deliveries that could not reach the portal: a file each, readable by their owner alone.

A file is one line of JSON (where it goes, its Idempotency-Key) and then the body as it will be sent. It is
written under another name first, so a file with the suffix ``.delivery`` is whole. The key makes sending safe
however often it is attempted, by however many processes. What the portal refuses for its content stays beside
the queue as ``.refused``: nothing is lost.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from aiportal.connection import KEY, Connection, new_key
from aiportal.errors import PortalError, Refused, Unreachable
from aiportal.frames import Piece
from aiportal.receipts import Receipt

LARGEST_QUEUE = 2_000_000_000
"""Bytes that may wait; what does not fit raises, so that the caller keeps it."""
REFUSED_FOR_CONTENT = frozenset({400, 409, 413, 415, 422})

logger = logging.getLogger("aiportal")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a delivery goes, and the name under which it goes there once."""

    url: str
    path: str
    content_type: str
    rows: int
    key: str


def address_of(connection: Connection, path: str, piece: Piece) -> Address:
    return Address(connection.url, path, piece.content_type, piece.rows, new_key())


def send(connection: Connection, address: Address, body: bytes) -> dict[str, object]:
    """The portal's answer to one delivery."""
    headers = {KEY: address.key, "Content-Type": address.content_type}
    answer: dict[str, object] = connection.post(address.path, content=body, headers=headers, key=address.key)
    return answer


def keep(address: Address, body: bytes) -> Path:
    """Put a delivery into the queue. Raises PortalError when the queue is full."""
    where = folder()
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = sum(path.stat().st_size for path in where.glob("*.delivery"))
    if waiting + len(body) > LARGEST_QUEUE:
        raise PortalError(f"The portal cannot be reached and {where} holds {waiting} bytes already.")
    name = f"{time.time_ns():020}-{address.key}"
    fresh = where / f"{name}.new"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(json.dumps(asdict(address)).encode() + b"\n" + body)
        out.flush()
        os.fsync(out.fileno())
    return fresh.rename(where / f"{name}.delivery")


def flush(connection: Connection) -> Receipt:
    """Send what waits for this portal, the oldest first, and count what became of it.

    Stops, leaving the rest, when the portal cannot be reached; passes over what this token may not send.
    """
    receipt = Receipt()
    for path in sorted(folder().glob("*.delivery")):
        try:
            address, body = _read(path)
        except FileNotFoundError:
            continue  # another process has just sent it
        if address.url != connection.url:
            continue
        try:
            receipt.add(send(connection, address, body))
        except Unreachable:
            receipt.queued += address.rows
            break
        except Refused as refusal:
            if refusal.status not in REFUSED_FOR_CONTENT:
                receipt.queued += address.rows
                continue
            receipt.refused += address.rows
            path.replace(path.with_suffix(".refused"))
            logger.warning("%s rows of the queue are refused: %s", address.rows, refusal)
        else:
            path.unlink(missing_ok=True)
    return receipt


def folder() -> Path:
    """Where deliveries wait."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "state") / "aiportal" / "queue"


def _read(path: Path) -> tuple[Address, bytes]:
    with path.open("rb") as file:
        return Address(**json.loads(file.readline())), file.read()
