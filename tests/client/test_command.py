"""The command says by its exit code what a pipeline has to know."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import aiportal as portal
from aiportal import credentials
from tests.client.conftest import Office

Run = Callable[..., int]
DONE, FAILED, WRONG_USE, GATE_CLOSED, ROWS_REFUSED = range(5)
HEAD = "prediction_id,event_time,tenure\n"
GOOD = '"a\n1",2026-10-01T12:00:00Z,3\nb,2026-10-01T12:00:00Z,4\n'


@pytest.fixture
def run(aiportal_command: Run) -> Run:
    return aiportal_command


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(HEAD + GOOD)
    return path


def test_a_closed_gate_makes_the_command_exit_3(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    number = office.version().number
    assert run("gate", "churn", number, "--environment", "production") == GATE_CLOSED
    assert "Release approval" in capsys.readouterr().out
    assert run("gate", "churn", number, "--json") == GATE_CLOSED
    assert json.loads(capsys.readouterr().out)["allowed"] is False
    assert run("promote", "churn", number) == GATE_CLOSED


def test_an_unknown_version_or_environment_exits_1(office: Office, run: Run) -> None:
    assert run("gate", "churn", 9999) == FAILED
    assert run("gate", "churn", 1, "--environment", "nowhere") == FAILED


def test_wrong_use_exits_2(office: Office, run: Run) -> None:
    assert run("gate", "churn") == WRONG_USE
    assert run("predictions", "push", "file.csv", "--model", "churn", "--map", "nothing") == WRONG_USE


def test_a_file_pushed_twice_adds_nothing(
    office: Office, run: Run, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.version()
    answers = []
    for _ in range(2):
        assert run("predictions", "push", good, "--model", "churn", "--json") == DONE
        answers.append(json.loads(capsys.readouterr().out))
    assert [answer["accepted"] for answer in answers] == [2, 0]
    assert answers[1]["duplicates"] == 2


def test_every_format_is_read_and_columns_are_mapped(office: Office, run: Run, tmp_path: Path) -> None:
    from pyarrow import Table, parquet  # noqa: PLC0415 - only this test writes a file

    office.version()
    rows = [{"id": "z", "event_time": "2026-10-01T12:00:00Z", "features": {"tenure": 1.0}}]
    flat = [{"id": "z", "event_time": "2026-10-01T12:00:00Z", "tenure": 1.0}]
    (tmp_path / "f.json").write_text(json.dumps(rows))
    (tmp_path / "f.ndjson").write_text(json.dumps(rows[0]) + "\n")
    (tmp_path / "f.csv").write_text("id,event_time,tenure\nz,2026-10-01T12:00:00Z,1.0\n")
    parquet.write_table(Table.from_pylist(flat), tmp_path / "f.parquet")
    for suffix in ("json", "ndjson", "csv", "parquet"):
        path = tmp_path / f"f.{suffix}"
        assert run("predictions", "push", path, "--model", "churn", "--map", "id=prediction_id") == DONE, (
            suffix
        )
    assert run("predictions", "push", tmp_path / "f.xlsx", "--model", "churn") == FAILED


def test_bad_rows_exit_4_and_are_named(
    office: Office, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.version()
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + GOOD + "c,2026-10-01T12:00:00Z,long\n")
    assert run("predictions", "push", bad, "--model", "churn") == ROWS_REFUSED
    assert "/2/tenure" in capsys.readouterr().err
    assert run("predictions", "push", bad, "--model", "churn", "--on-invalid", "quarantine") == ROWS_REFUSED
    said = capsys.readouterr()
    assert "2 accepted, 1 refused" in said.out
    assert f"{office.url}/deliveries/" in said.err


def test_an_unreachable_portal_exits_1_and_says_where_the_rows_wait(
    office: Office, run: Run, good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    assert run("predictions", "push", good, "--model", "churn", "--version", 1) == FAILED
    assert "2 rows wait" in capsys.readouterr().err


def test_registering_succeeds_and_says_what_is_missing_and_the_gate_fails_the_pipeline(
    office: Office, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = tmp_path / "metrics.json"
    metrics.write_text('{"auc": 0.9}')
    assert run("register", "churn", "--metrics", metrics, "--json") == DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["url"] == f"{office.url}/models/churn/v/{answer['version']}/"
    assert answer["gate"]["allowed"] is False
    assert run("register", "churn") == DONE
    assert "Release approval" in capsys.readouterr().out
    assert run("gate", "churn", answer["version"] + 1) == GATE_CLOSED


def test_an_estimator_is_registered_from_a_module(
    office: Office, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made_by_erin.py").write_text(
        "from sklearn.tree import DecisionTreeClassifier\n"
        "tree = DecisionTreeClassifier().fit([[1, 2], [3, 4]], [0, 1])\n"
    )
    (tmp_path / "train.csv").write_text("a,b,left\n1,2,0\n3,4,1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    words = ("--estimator", "made_by_erin:tree", "--data", "train.csv", "--target", "left")
    assert run("register", "tree", *words) == DONE
    version = portal.model("tree").latest()
    names = [field["name"] for field in version.connection.get(f"{version.path}schema/")["features"]]
    assert names == ["a", "b"]
    assert run("register", "tree", "--estimator", "made_by_erin:absent") == FAILED


def test_logging_in_keeps_the_token_where_only_its_owner_reads(
    office: Office, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(os.environ["PORTAL_TOKEN"] + "\n"))
    monkeypatch.delenv("PORTAL_TOKEN")
    monkeypatch.delenv("PORTAL_URL")
    assert run("token", "check") == FAILED
    assert run("login", office.url, "--token-stdin") == DONE
    assert stat.S_IMODE(credentials.file().stat().st_mode) == 0o600
    assert run("token", "check") == DONE
    monkeypatch.setenv("PORTAL_URL", "https://elsewhere.example.org")
    with pytest.raises(portal.NotSignedIn):
        portal.connect()


def test_a_wrong_token_is_not_kept(office: Office, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("nonsense\n"))
    assert run("login", office.url, "--token-stdin") == FAILED
    assert not credentials.file().exists()


def test_the_token_check_names_scopes_and_end(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    office.sign_in(office.people.erin, "read", "predictions")
    assert run("token", "check", "--json") == DONE
    assert json.loads(capsys.readouterr().out)["token"]["scopes"] == ["predictions", "read"]


def test_findings_evidence_and_registers_are_reached(
    office: Office, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    portal.model("without-home").register(quiet=True)
    assert run("findings", "--json") == DONE
    titles = [row["title"] for row in json.loads(capsys.readouterr().out)]
    assert "without-home belongs to no system" in titles
    assert run("findings", "--system", office.people.churn.ref, "--json") == DONE
    assert json.loads(capsys.readouterr().out) == []

    report = tmp_path / "report.txt"
    report.write_text("All is well.")
    about = ("--system", office.people.churn.ref, "--title", "Report", "--claim", "All is well")
    assert run("evidence", "add", report, *about, "--json") == DONE
    assert json.loads(capsys.readouterr().out)["filename"] == "report.txt"

    assert run("export", "models", "--output", tmp_path / "models.ndjson") == DONE
    names = [json.loads(line)["name"] for line in (tmp_path / "models.ndjson").read_text().splitlines()]
    assert {"without-home", "churn"} <= set(names)


def test_the_package_imports_without_django_or_any_frame_library(tmp_path: Path) -> None:
    heavy = ["django", "rest_framework", "portal", "pandas", "sklearn", "polars", "pyarrow", "numpy"]
    source = Path(portal.__file__).parent.parent
    script = (
        "import importlib.abc, sys\n"
        "class Wall(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {heavy!r}: raise ImportError(name)\n"
        f"sys.meta_path.insert(0, Wall()); sys.path.insert(0, {str(source)!r})\n"
        "import aiportal, aiportal.cli\n"
        f"assert not set({heavy!r}) & set(sys.modules)\n"
        "aiportal.cli.main(['--help'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "exit codes: 0 done" in done.stdout


def test_progress_is_a_bar_on_a_terminal_and_plain_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiportal.cli.screen import Progress, Screen  # noqa: PLC0415 - only this test looks at the screen

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    def drawn(stream: Any) -> str:
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr("aiportal.cli.screen.PLAIN_SECONDS", 0)
        progress = Progress("rows.csv", Screen(as_json=False))
        progress.reached(0.5)
        progress.end()
        return str(stream.getvalue())

    assert "[###############...............]  50%" in drawn(Terminal())
    assert drawn(StringIO()) == "rows.csv: 50%, 0 rows\n"
