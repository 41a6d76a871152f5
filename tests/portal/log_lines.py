"""What a machine reads of the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from portal.web.logs import formatter

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines logged from here on, each with its members."""
    monkeypatch.delenv("PORTAL_LOG_STYLE", raising=False)
    monkeypatch.setattr("portal.web.logs.sys.stderr", StringIO())  # no terminal
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)
