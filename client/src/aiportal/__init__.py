"""Three lines from a model to the AI governance portal.

import aiportal as portal

model = portal.model("credit-limit")  # PORTAL_URL and PORTAL_TOKEN, or `aiportal login`
version = model.register(clf, X_train, metrics=scores)  # prints its page and the release gate
version.log_predictions(frame)  # Arrow, pandas, polars, or a list of dicts
"""

from __future__ import annotations

from aiportal import credentials as _credentials
from aiportal import waiting as _waiting
from aiportal.connection import Connection
from aiportal.errors import (
    GateClosed,
    NotSignedIn,
    PortalError,
    Problem,
    Refused,
    RowsRefused,
    Unreachable,
)
from aiportal.gates import Gate, GateReport
from aiportal.models import Model, Version
from aiportal.receipts import Receipt

__all__ = [
    "Gate",
    "GateClosed",
    "GateReport",
    "Model",
    "NotSignedIn",
    "PortalError",
    "Problem",
    "Receipt",
    "Refused",
    "RowsRefused",
    "Unreachable",
    "Version",
    "close",
    "connect",
    "flush",
    "model",
]


def model(name: str, system: str | None = None) -> Model:
    """The model of that name. ``system``, such as ``SYS-12``, is where it is made if it is not known."""
    return Model(connect(), name, system)


def flush() -> Receipt:
    """Send the rows that wait for the portal; ``queued`` counts those that still do."""
    return _waiting.flush(connect())


def connect() -> Connection:
    """The connection for the credentials of now; the same for the same ones. Raises NotSignedIn."""
    given = _credentials.load()
    if given not in _connections:
        _connections[given] = Connection(given)
    return _connections[given]


def close() -> None:
    """Hang up. The next call connects again."""
    while _connections:
        _connections.popitem()[1].close()


_connections: dict[_credentials.Credentials, Connection] = {}
