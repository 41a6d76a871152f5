"""Sending pieces of rows: what waits goes first, what cannot go waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Literal

from aiportal import waiting
from aiportal.connection import Connection
from aiportal.errors import Refused, RowsRefused, Unreachable
from aiportal.frames import Piece
from aiportal.receipts import Receipt

Kind = Literal["predictions", "outcomes", "attributes"]
OnInvalid = Literal["reject", "quarantine"]
REFUSES_ROWS = frozenset({409, 422})

logger = logging.getLogger("aiportal")


def deliver(
    connection: Connection,
    path: str,
    pieces: Iterable[Piece],
    *,
    on_invalid: OnInvalid = "reject",
    told: Callable[[Piece], object] = lambda _piece: None,
) -> Receipt:
    """Send pieces in their order, after those that wait. ``told`` hears of each that is done with.

    Once the portal cannot be reached, this piece and all after it are queued. Raises RowsRefused at the
    first piece with a row that is not taken; the pieces before it are stored.
    """
    receipt = Receipt()
    reachable = not waiting.flush(connection).queued
    first_row = 0
    for piece in pieces:
        address = waiting.address_of(connection, f"{path}?on_invalid={on_invalid}", piece)
        try:
            if reachable:
                receipt.add(waiting.send(connection, address, piece.body))
        except Unreachable as error:
            reachable = False
            logger.warning("%s Rows wait in %s.", error, waiting.folder())
        except Refused as refusal:
            if refusal.status in REFUSES_ROWS:
                raise RowsRefused(refusal, receipt, first_row, piece.rows) from refusal
            raise
        if not reachable:
            waiting.keep(address, piece.body)
            receipt.queued += piece.rows
        first_row += piece.rows
        told(piece)
    return receipt
