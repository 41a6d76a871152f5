"""A PostgreSQL and a Valkey of their own for every run of pytest, before Django reads its settings.

Loaded by `-p tests.plugin` in pyproject.toml, since a conftest comes too late. With DATABASE_URL set, the run
uses the servers of the environment instead.
"""

import os
import tempfile
import uuid
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from scripts import servers


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers in the process that controls the run; its xdist workers inherit the environment."""
    asked = early_config.known_args_namespace
    if "PYTEST_XDIST_WORKER" not in os.environ and not (asked.help or asked.version):
        resources = ExitStack()
        early_config.add_cleanup(resources.close)
        os.environ["PORTAL_TEST_RUN"] = uuid.uuid4().hex
        os.environ["PORTAL_EMBEDDED"] = "1"  # development settings, whoever runs the servers
        os.environ["PORTAL_HOME"] = resources.enter_context(
            tempfile.TemporaryDirectory(prefix="portal-home-")
        )
        if "DATABASE_URL" not in os.environ:
            os.environ.update(resources.enter_context(servers.throwaway()))
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say, next to the closing line, what `make test` could not run on this machine."""
    for sentence in filter(None, os.environ.get("PORTAL_TESTS_NOT_RUN", "").splitlines()):
        terminalreporter.write_line(f"Not run. {sentence}", yellow=True)
