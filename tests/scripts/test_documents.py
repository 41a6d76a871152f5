"""What the documents say is there, and what is there is said."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from scripts.place import ROOT

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "changes/README.md", "client/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
CODE = ("portal", "scripts", "lifecycle", "monitoring", "costs", "governance", "client/src", "manage.py")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OF_THE_SYSTEM = {"PATH", "DJANGO_SETTINGS_MODULE"}
"""Read by the code, but nobody sets them for the portal."""
READERS = {"get", "pop", "setdefault"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    targets = [link for link in LINK.findall(_prose(document)) if "://" not in link]
    missing = [link for link in targets if not _leads_somewhere(document, link)]
    assert not missing


def test_the_settings_page_names_exactly_the_variables_the_code_reads() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|", _text("docs/settings.md"), re.MULTILINE)
    assert Counter(told).most_common(1)[0][1] == 1
    assert set(told) == _variables_read() - OF_THE_SYSTEM


def test_a_word_stands_once_and_is_explained_in_one_sentence() -> None:
    lines = [line for line in _text("docs/words.md").splitlines() if line.startswith("* ")]
    words = [match[1].lower() for line in lines if (match := re.match(r"\* \*\*(.+?)\*\*: .+\.$", line))]
    assert len(words) == len(lines)
    assert [word for word, times in Counter(words).items() if times > 1] == []


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = set(re.findall(r"\((\d{4}-[a-z-]+\.md)\)", _text("docs/decisions/README.md")))
    assert listed == {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}


def test_towncrier_reads_its_settings_and_every_change() -> None:
    settings = tomllib.loads(_text("pyproject.toml"))["tool"]["towncrier"]
    assert (ROOT / settings["filename"]).is_file()
    command = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--draft",
        "--version",
        "0",
        "--date",
        "2026-01-01",
    ]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    news = " ".join(told.stdout.split())
    unread = [
        change.name
        for change in (ROOT / settings["directory"]).glob("*.*.md")
        if " ".join(change.read_text().split()) not in news
    ]
    assert not unread


def _text(path: str) -> str:
    return (ROOT / path).read_text()


def _prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


def _leads_somewhere(document: Path, link: str) -> bool:
    """Whether file and, where one is named, heading exist."""
    path, _, heading = unquote(link).partition("#")
    target = (document.parent / path).resolve() if path else document
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not heading or heading in {_anchor(line) for line in _prose(target).splitlines()}


def _anchor(line: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    words = re.match(r"#+ (.+)", line)
    return re.sub(r"[^\w -]", "", words[1].lower()).replace(" ", "-") if words else ""


def _variables_read() -> set[str]:
    """Every environment variable the code names where it reads one."""
    read: set[str] = set()
    for path in _sources():
        tree = ast.parse(path.read_text())
        constants = dict(_constants(tree))
        for node in ast.walk(tree):
            read |= {constants.get(name, name) for name in _names(node)}
    return read


def _sources() -> Iterator[Path]:
    for place in CODE:
        path = ROOT / place
        yield from [path] if path.is_file() else path.rglob("*.py")


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Texts of the module that have a name, so that ``os.environ.get(NAME)`` is understood."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text
            case _:
                pass


def _names(node: ast.AST) -> Iterator[str]:
    """The variables that one expression reads from the environment, or the names of their constants."""
    match node:
        case ast.Subscript(value=held, slice=key, ctx=ast.Load()) if _is_environment(held):
            yield from _name(key)
        case ast.Call(func=ast.Attribute(value=held, attr=reader), args=[key, *_]) if (
            reader in READERS and _is_environment(held)
        ):
            yield from _name(key)
        case ast.Call(func=ast.Name(id="flag"), args=[key, *_]):
            yield from _name(key)
        case ast.Call(func=ast.Name(id="secret"), args=[ast.Constant(value=str(text)), *_]):
            yield from (text, f"{text}_FILE")
        case ast.Compare(left=ast.Constant(value=str(text)), comparators=[held]) if _is_environment(held):
            yield text
        case _:
            pass


def _is_environment(node: ast.expr) -> bool:
    """``os.environ``, or ``said``, which stands for it."""
    return ast.unparse(node) in {"os.environ", "said"}


def _name(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) | ast.Name(id=text) if text.isupper():
            yield text
        case _:
            pass
