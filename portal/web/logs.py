"""Log lines: JSON where a machine reads them, plain where a person does; secrets never.

Every line of a request or a run carries its ``request_id``, as the answer's header and the audit have it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET = re.compile(r"authorization|cookie|token|secret|password", re.IGNORECASE)
IN_TEXT = re.compile(
    r"(?i)\b(authorization|cookie|token|secret|password)(\W{1,3})((?:bearer|basic)\s+)?[^\s,;'\"]+"
)


def formatter() -> logging.Formatter:
    """The formatter of every handler."""
    terminal = sys.stderr.isatty()
    human = terminal or os.environ.get("PORTAL_LOG_STYLE") == "plain"  # `make run` reads through a pipe
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=terminal) if human else structlog.processors.JSONRenderer()
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
    )


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values under the names of secrets, and what follows such a name in a text, become ``***``."""
    for key, value in event.items():
        if SECRET.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = IN_TEXT.sub(r"\1\2***", value)
    return event
