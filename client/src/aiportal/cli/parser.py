"""The words of the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from aiportal.cli import commands

EPILOG = """exit codes: 0 done, 1 failed or waiting in the queue, 2 wrong use, 3 a gate is closed, 4 some rows
refused. The portal and the token come from PORTAL_URL and PORTAL_TOKEN, else from `aiportal login`."""


def parser() -> argparse.ArgumentParser:
    """The whole command line. Every command takes ``--json`` and names its function in ``run``."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="answer as JSON on stdout")
    top = argparse.ArgumentParser(prog="aiportal", description="The AI governance portal.", epilog=EPILOG)
    words = top.add_subparsers(metavar="COMMAND", required=True)

    def command(parents: Any, name: str, run: commands.Command, about: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parents.add_parser(
            name, help=about, description=about, parents=[common], epilog=EPILOG
        )
        made.set_defaults(run=run)
        return made

    def group(name: str, about: str) -> Any:
        return words.add_parser(name, help=about).add_subparsers(metavar="COMMAND", required=True)

    _login(command(words, "login", commands.login, "keep address and token for later commands"))
    _register(command(words, "register", commands.register, "register the next version of a model"))
    _version(command(words, "gate", commands.gate, "what the gates say; exits 3 when they are closed"))
    _version(command(words, "promote", commands.promote, "let a version serve in an environment"))
    for kind in ("predictions", "outcomes", "attributes"):
        below = group(kind, f"send {kind}")
        _push(command(below, "push", commands.push, f"send the {kind} of a file"), kind)
    _findings(command(words, "findings", commands.findings, "list findings"))
    _evidence(command(group("evidence", "add evidence"), "add", commands.add_evidence, "add a file"))
    _export(command(words, "export", commands.export, "write a register as NDJSON"))
    command(group("token", "the token"), "check", commands.check_token, "whether the token is valid")
    return top


def _login(made: argparse.ArgumentParser) -> None:
    made.add_argument("url", nargs="?", help="address of the portal; asked for if absent")
    made.add_argument("--token-stdin", action="store_true", help="read the token from standard input")


def _register(made: argparse.ArgumentParser) -> None:
    made.add_argument("model")
    made.add_argument("--estimator", metavar="MODULE:NAME", help="the fitted estimator, to be imported")
    made.add_argument("--data", type=Path, metavar="FILE", help="its training rows, CSV or Parquet")
    made.add_argument("--target", metavar="COLUMN", help="the column of the data that holds the outcomes")
    made.add_argument("--metrics", type=Path, metavar="FILE", help="JSON: {name: number}")
    made.add_argument("--schema", type=Path, metavar="FILE", help="JSON: overrides of the declared inputs")
    made.add_argument("--source", default="", help="where the artefact is, such as s3://…")
    made.add_argument("--system", help="SYS-12: where an unknown model is made")
    made.add_argument("--description", default="")
    made.add_argument("--tag", action="append", default=[], type=_pair, metavar="KEY=VALUE")
    made.add_argument("--no-reference", action="store_true", help="freeze no reference from the data")
    made.add_argument("--environment", default="production", help="whose gates are told: production")


def _version(made: argparse.ArgumentParser) -> None:
    made.add_argument("model")
    made.add_argument("version", type=int)
    made.add_argument("--environment", default="production")


def _push(made: argparse.ArgumentParser, kind: str) -> None:
    made.add_argument("file", type=Path, help=".csv .ndjson .json .parquet")
    made.add_argument("--model", required=True)
    made.add_argument("--version", type=int, help="default: the newest")
    made.add_argument("--map", action="append", default=[], type=_pair, metavar="COLUMN=FIELD")
    made.add_argument("--on-invalid", choices=["reject", "quarantine"], default="reject")
    made.set_defaults(kind=kind)


def _findings(made: argparse.ArgumentParser) -> None:
    made.add_argument("--system", help="SYS-12")
    made.add_argument("--state", action="append")
    made.add_argument("--severity", action="append")
    made.add_argument("--kind")


def _evidence(made: argparse.ArgumentParser) -> None:
    made.add_argument("file", type=Path)
    made.add_argument("--system", required=True, help="SYS-12")
    made.add_argument("--title", required=True)
    made.add_argument("--claim", required=True, help="what it proves")
    made.add_argument("--valid-from", metavar="DAY")
    made.add_argument("--valid-until", metavar="DAY")


def _export(made: argparse.ArgumentParser) -> None:
    made.add_argument("register", choices=commands.REGISTERS)
    made.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
    return name, value
