"""The stand-alone verifier: it believes no export, no proof and no key that does not bear it out."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit import export, keys, sealing, verifier
from portal.audit.models import Entry
from portal.audit.services import seal_pending
from tests.portal.audit.conftest import patient

Records = list[dict[str, Any]]
Write = Callable[..., Entry]


@pytest.fixture
def records(write: Write) -> Records:
    """A complete export: a seal over six entries, one over five, one entry that waits."""
    for size in (6, 5):
        for i in range(size):
            write(i=i)
        seal_pending()
        sealing.write_checkpoint()
    write()
    return list(export.records())


@pytest.fixture
def some(records: Records) -> Records:
    """An export of entry 3 of each seal, with proofs and nothing of the rest."""
    entries = [entry(records, seal, 2)["id"] for seal in (1, 2)]
    return list(export.records(Entry.objects.filter(pk__in=entries)))


def entry(records: Records, seal: int, index: int) -> dict[str, Any]:
    return next(r for r in records if r["kind"] == "entry" and (r["seal"], r["index"]) == (seal, index))


def of_kind(records: Records, kind: str) -> Records:
    return [record for record in records if record["kind"] == kind]


def verify(records: Records, **told: Any) -> verifier.Report:
    """As a file: through text, so that nothing but JSON counts."""
    return verifier.Verifier(**told).verify(json.loads(json.dumps(record)) for record in records)


def test_a_complete_export_holds(records: Records, home: Path) -> None:
    anchor = (home / "checkpoints.ndjson").read_text().splitlines()
    report = verify(records, anchor=anchor, trusted=[keys.held_key_id()], anchor_is_current=True)
    assert report.problems == []
    assert (report.entries, report.unsealed, report.seals, report.last_seal) == (12, 1, 2, 2)
    assert report.notices == []


def test_an_export_of_some_entries_holds_by_its_proofs(some: Records) -> None:
    report = verify(some, trusted=[keys.held_key_id()])
    assert report.problems == []
    assert (report.entries, report.seals) == (2, 2)
    assert len(of_kind(some, "entry")[0]["proof"]) == 3


def test_an_export_brings_no_personal_value(write: Write, records: Records) -> None:
    assert "Erin" not in json.dumps(records)


# --- Forged proofs ------------------------------------------------------------------------------------------


def altered_step(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    step = forged["proof"][1]
    forged["proof"][1] = ("0" if step[0] != "0" else "1") + step[1:]


def swapped_steps(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["proof"][0], forged["proof"][1] = forged["proof"][1], forged["proof"][0]


def shortened_proof(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["proof"].pop()


def lengthened_proof(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["proof"].append("00" * 32)


def no_proof(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    del forged["proof"]


def empty_proof(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["proof"] = []


def another_place(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["index"] += 1


def a_place_beyond_the_tree(forged: dict[str, Any], seal: dict[str, Any]) -> None:
    forged["index"] = seal["size"]


def a_negative_place(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["index"] = -1


def another_body(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["body"] = forged["body"].replace("system.changed", "system.deleted")


def another_number(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["id"] += 1


def another_time(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["recorded_at"] = "2020-01-01T00:00:00.000000Z"


def a_number_that_is_text(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["id"] = str(forged["id"])


def a_number_with_a_fraction(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    forged["id"] = float(forged["id"])


def a_body_that_swallows_the_number(forged: dict[str, Any], _seal: dict[str, Any]) -> None:
    """The same hashed text, cut in other places: the number moves into the body."""
    forged["body"] = f'{forged["body"]},"id":{forged["id"]},"recorded_at":"{forged["recorded_at"]}'
    forged["id"], forged["recorded_at"] = None, ""


def the_root_as_its_own_proof(forged: dict[str, Any], seal: dict[str, Any]) -> None:
    forged["proof"] = [seal["root"]]


def a_smaller_tree(_forged: dict[str, Any], seal: dict[str, Any]) -> None:
    seal["size"] = 3


def another_root(forged: dict[str, Any], seal: dict[str, Any]) -> None:
    leaf = verifier.leaf_of(forged)
    root = verifier.root_by_proof(leaf, forged["index"], seal["size"], forged["proof"])
    assert root is not None
    forged["body"] = forged["body"].replace("system.changed", "system.deleted")
    changed = verifier.root_by_proof(verifier.leaf_of(forged), forged["index"], seal["size"], forged["proof"])
    assert changed not in {None, root}
    seal["root"] = changed.hex() if changed else ""


def a_signature_of_zeros(_forged: dict[str, Any], seal: dict[str, Any]) -> None:
    seal["signature"] = "00" * 64


def no_signature(_forged: dict[str, Any], seal: dict[str, Any]) -> None:
    seal["signature"] = ""


FORGERIES = (
    altered_step,
    swapped_steps,
    shortened_proof,
    lengthened_proof,
    no_proof,
    empty_proof,
    another_place,
    a_place_beyond_the_tree,
    a_negative_place,
    another_body,
    another_number,
    another_time,
    a_number_that_is_text,
    a_number_with_a_fraction,
    a_body_that_swallows_the_number,
    the_root_as_its_own_proof,
    a_smaller_tree,
    another_root,
    a_signature_of_zeros,
    no_signature,
)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_proof_is_refused(
    some: Records, forge: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    assert verify(some).holds
    forge(entry(some, 2, 2), of_kind(some, "seal")[1])
    assert not verify(some).holds


def test_a_proof_of_another_seal_is_refused(some: Records) -> None:
    entry(some, 2, 2)["proof"] = entry(some, 1, 2)["proof"]
    assert not verify(some).holds


def test_an_inner_node_does_not_pass_for_an_entry(records: Records) -> None:
    """A shorter proof that starts a level higher reaches the root, but no entry hashes to an inner node."""
    left, right = (verifier.leaf_of(entry(records, 1, index)) for index in (2, 3))
    node, proof = verifier.node(left, right), entry(records, 1, 2)["proof"]
    root = of_kind(records, "seal")[0]["root"]
    assert verifier.root_by_proof(node, 1, 3, proof[1:]) == bytes.fromhex(root)
    assert verifier.root_by_proof(node, 2, 6, proof) != bytes.fromhex(root)


# --- Whole exports ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["header", "key", "seal", "entry", "end"])
def test_a_complete_export_that_lost_any_line_is_found(records: Records, kind: str) -> None:
    for record in of_kind(records, kind):
        assert not verify([r for r in records if r is not record]).holds


def test_an_export_that_was_cut_off_is_found_wherever(records: Records) -> None:
    for length in range(len(records)):
        assert not verify(records[:length]).holds


def test_an_entry_that_stands_twice_is_found(records: Records) -> None:
    at = records.index(entry(records, 1, 2))
    assert not verify([*records[:at], records[at], *records[at:]]).holds


def test_entries_in_another_order_are_found(records: Records) -> None:
    at = records.index(entry(records, 1, 2))
    records[at], records[at + 1] = records[at + 1], records[at]
    assert not verify(records).holds


def test_a_seal_that_comes_again_is_found(some: Records) -> None:
    seal = of_kind(some, "seal")[0]
    assert not verify([*some[:-1], seal, some[-1]]).holds


def test_a_key_that_nobody_trusts_is_refused(records: Records) -> None:
    assert [str(problem) for problem in verify(records, trusted=["0" * 16]).problems] == [
        "keys: none of them is a key you trust"
    ]


def test_without_a_trusted_key_the_report_says_what_it_does_not_prove(records: Records) -> None:
    report = verify(records)
    assert report.holds
    assert report.notices == [
        "no key and no anchor given: the signatures were checked with the keys that the export brings"
    ]


def test_an_older_anchor_vouches_as_far_as_it_goes(records: Records, home: Path) -> None:
    lines = (home / "checkpoints.ndjson").read_text().splitlines()
    report = verify(records, anchor=lines[:1])
    assert report.holds
    assert report.notices == ["the anchor vouches up to seal 1 of 2"]


def test_seals_made_after_the_export_are_not_missing_from_it(
    records: Records, write: Write, home: Path
) -> None:
    write()
    seal_pending()
    sealing.write_checkpoint()
    assert verify(records, anchor=(home / "checkpoints.ndjson").read_text().splitlines()).holds


def test_it_stops_at_a_hundred_problems(records: Records) -> None:
    report = verify([records[0], *([{}] * 500), records[-1]])
    assert len(report.problems) == verifier.MOST_PROBLEMS
    assert report.notices[-1].startswith("stopped after 100 problems")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
HASHES = ["public", "root", "previous", "digest", "key", "signature", "proof", "endorsement"]
NUMBERS = ["id", "number", "size", "seal", "index", "first_seal", "entries", "seals"]
TEXTS = ["sealed_at", "recorded_at", "exported_at", "body", "format", "complete"]
kinds = st.sampled_from(["header", "key", "seal", "entry", "end", "other"])
junk = st.lists(
    st.builds(
        lambda kind, told: {**told, "kind": kind},
        kinds,
        st.dictionaries(st.sampled_from(HASHES + NUMBERS + TEXTS), json_like),
    ),
    max_size=6,
)


@patient
@given(junk)
def test_no_junk_makes_it_fall_over_or_hold(records: Records) -> None:
    assert not verify(records).holds


# --- On its own ---------------------------------------------------------------------------------------------


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(Path(verifier.__file__).read_text())
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    foreign = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    assert foreign == {"cryptography"}


def run_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A copy of the file in an empty folder, with the portal out of reach."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    (alone / "verifier.py").write_text(Path(verifier.__file__).read_text())
    command = [sys.executable, "-I", str(alone / "verifier.py"), *arguments]
    return subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)


def test_the_file_alone_verifies_an_export(write: Write, home: Path) -> None:
    for _ in range(3):
        write(reason="Grüße 😀 \u2028")
    seal_pending()
    sealing.write_checkpoint()
    file = home / "export.ndjson"
    file.write_text("".join(export.lines()))
    done = run_alone(home, str(file), "--anchor", str(home / "checkpoints.ndjson"))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything holds.")
    file.write_text(file.read_text().replace("Grüße", "Gruß", 1))
    done = run_alone(home, str(file), "--key", str(keys.held_key_id()))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("DOES NOT HOLD. First: entry ")
    assert run_alone(home, str(home / "nothing.ndjson")).returncode == 2
