"""Verifies an export of the portal's audit. One file on its own, which needs Python and `cryptography` only.

    python verifier.py EXPORT.ndjson [--anchor CHECKPOINTS] [--key ID ...]

It knows the portal only by the format below, so a defect of the portal cannot vouch for itself.

An export is one JSON object a line. First a header, then keys, then each seal followed by its entries in
order, then the entries that no seal covers yet, and an end line that tells a cut-off file from a whole one.

    header  format "portal-audit/1", exported_at, complete (whether every entry up to then is in it)
    key     id, public, first_seal, endorsement (signature by the key before; empty for the first)
    seal    number, sealed_at, size, root, previous, digest, key, signature
    entry   id, recorded_at, body (JSON text), seal and index (null: unsealed), proof (digests, bottom first)
    end     entries, seals (how many lines of each)

An entry's text is {"body":BODY,"id":ID,"recorded_at":"TIME"}; its leaf SHA-256(0x00 ‖ text); a node
SHA-256(0x01 ‖ left ‖ right), as in RFC 6962. A seal signs its text (Ed25519) and names the digest of the seal
before it. The anchor holds copies of seals that never were in the database.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "portal-audit/1"
NOTHING_BEFORE = "0" * 64
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far two clock readings may contradict the order of events before it counts as a contradiction."""
ANCHOR_LAG = timedelta(minutes=1)
"""How far a live anchor may be behind the seals: it is written right after each."""
LONGEST_TRANSACTION = timedelta(hours=1)
"""An entry becomes visible when its transaction commits, at most this long after it was recorded."""
MOST_PROBLEMS = 100
"""After so many, more would not help anybody."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold, and where."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found. It holds when there are no problems."""

    entries: int = 0
    unsealed: int = 0
    seals: int = 0
    last_seal: int = 0
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems


class Tree:
    """The root over leaves that come one by one, in memory that grows with the logarithm of their number."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        self.size += 1
        height = 0
        while self._whole and self._whole[-1][0] == height:
            leaf = node(self._whole.pop()[1], leaf)
            height += 1
        self._whole.append((height, leaf))

    def root(self) -> bytes:
        right = b""
        for _, left in reversed(self._whole):
            right = node(left, right) if right else left
        return right


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def leaf_of(entry: Mapping[str, Any]) -> bytes:
    """The leaf of an entry. Number and time have one form each, so no two entries share a text."""
    text = f'{{"body":{entry["body"]},"id":{entry["id"]},"recorded_at":"{entry["recorded_at"]}"}}'
    return sha256(b"\x00" + text.encode()).digest()


def root_by_proof(leaf: bytes, index: int, size: int, proof: Iterable[str]) -> bytes | None:
    """The root that this path leads to (RFC 9162, 2.1.3.2); None when the path does not fit the place."""
    if not 0 <= index < size:
        return None
    at, last, reached = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        beside = bytes.fromhex(step)
        if at % 2 or at == last:
            reached = node(beside, reached)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            reached = node(reached, beside)
        at, last = at // 2, last // 2
    return reached if last == 0 else None


def statement(seal: Mapping[str, Any]) -> bytes:
    """The text that a seal hashes and signs."""
    told = {name: seal[name] for name in ("key", "number", "previous", "root", "sealed_at", "size")}
    return json.dumps(told, separators=(",", ":"), sort_keys=True).encode()


def signed(public: str, signature: str, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public: str) -> str:
    return sha256(bytes.fromhex(public)).hexdigest()[:16]


class Verifier:
    """Reads the records of one export in their order and reports what does not hold.

    ``trusted`` are ids of public keys known from elsewhere, ``anchor`` the lines of a checkpoint file;
    ``anchor_is_current`` says that the file is the live one, so it may not lag behind.
    """

    def __init__(
        self, *, trusted: Collection[str] = (), anchor: Iterable[str] = (), anchor_is_current: bool = False
    ) -> None:
        self.report = Report()
        self.trusted = set(trusted)
        self.anchor_is_current = anchor_is_current
        self.anchored: dict[int, Mapping[str, Any]] = {}
        self.header: Mapping[str, Any] | None = None
        self.complete = True
        self.exported_at = BEGINNING
        self.keys: list[Mapping[str, Any]] = []
        self.keys_settled = False
        self.seal: Mapping[str, Any] | None = None
        self.tree = Tree()
        self.index = -1
        self.ended = False
        self.last_digest = NOTHING_BEFORE
        # What came before the present seal, to tell an entry that was slipped in from one that is just late.
        self.sealed_before = BEGINNING
        self.highest_before = self.highest = 0
        self.newest_before = self.newest = BEGINNING
        for number, line in enumerate(anchor, 1):
            self._anchor_line(number, line)

    def verify(self, records: Iterable[Mapping[str, Any]]) -> Report:
        """Go through all records. What is malformed is a problem, never an exception."""
        handlers = {
            "header": self._header,
            "key": self._key,
            "seal": self._seal,
            "entry": self._entry,
            "end": self._end,
        }
        for number, record in enumerate(records, 1):
            try:
                handlers[record["kind"]](record)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                self._problem(f"line {number}", f"is not a well-formed record ({error!r})")
            if len(self.report.problems) >= MOST_PROBLEMS:
                self.report.notices.append(f"stopped after {MOST_PROBLEMS} problems, at line {number}")
                return self.report
        self._finish()
        return self.report

    def _problem(self, where: str, what: str) -> None:
        self.report.problems.append(Problem(where, what))

    # --- Anchor and keys ------------------------------------------------------------------------------------

    def _anchor_line(self, number: int, line: str) -> None:
        if not line.strip():
            return
        where = f"anchor line {number}"
        try:
            told = json.loads(line)
            text = statement(told)
            known = self.anchored.setdefault(told["number"], told)
            holds = sha256(text).hexdigest() == told["digest"] and signed(
                told["public"], told["signature"], text
            )
            self.trusted.add(key_id(told["public"]))
        except (KeyError, TypeError, ValueError):
            self._problem(where, "is not a checkpoint")
            return
        if not holds:
            self._problem(where, "does not carry the signature it names")
        if known["digest"] != told["digest"]:
            self._problem(where, f"contradicts an earlier checkpoint of seal {told['number']}")

    def _key(self, key: Mapping[str, Any]) -> None:
        if self.keys_settled:
            raise ValueError("a key after the first seal")
        if key_id(key["public"]) != key["id"]:
            self._problem(f"key {key['id']}", "is not the name of its public key")
        if self.keys and key["first_seal"] <= self.keys[-1]["first_seal"]:
            raise ValueError("keys out of order")
        self.keys.append(key)

    def _settle_keys(self) -> None:
        """Every key but the first is endorsed by the one before it, or trusted by whoever verifies."""
        self.keys_settled = True
        for before, key in zip(self.keys, self.keys[1:], strict=False):
            text = json.dumps(
                {"endorses": key["public"], "first_seal": key["first_seal"]}, separators=(",", ":")
            ).encode()
            if not signed(before["public"], key["endorsement"], text) and key["id"] not in self.trusted:
                self._problem(f"key {key['id']}", f"is not endorsed by key {before['id']} before it")
        if not self.trusted:
            self.report.notices.append(
                "no key and no anchor given: the signatures were checked with the keys that the export brings"
            )
        elif self.keys and not any(key["id"] in self.trusted for key in self.keys):
            self._problem("keys", "none of them is a key you trust")

    def _key_for(self, number: int) -> Mapping[str, Any] | None:
        return next((key for key in reversed(self.keys) if key["first_seal"] <= number), None)

    def _pinned(self, key: Mapping[str, Any]) -> bool:
        """Whether trust reaches this key: it or one before it is trusted. Endorsements carry it forward."""
        upto = self.keys[: self.keys.index(key) + 1]
        return not self.trusted or any(known["id"] in self.trusted for known in upto)

    # --- Records --------------------------------------------------------------------------------------------

    def _header(self, header: Mapping[str, Any]) -> None:
        if self.header is not None or header["format"] != FORMAT:
            raise ValueError(f"one header, of format {FORMAT}")
        self.header = header
        self.complete = header["complete"] is True
        self.exported_at = instant(header["exported_at"])

    def _seal(self, seal: Mapping[str, Any]) -> None:
        self._close()
        if not self.keys_settled:
            self._settle_keys()
        number = whole(seal["number"])
        where, last = f"seal {number}", self.report.last_seal
        if number <= last:
            self._problem(where, f"comes after seal {last}")
        elif self.complete and number != last + 1:
            self._problem(f"seal {last + 1}", "is missing")
        self._check_seal(seal, where, follows=number == last + 1)
        self.seal, self.tree, self.index = seal, Tree(), -1
        self.report.seals += 1
        self.report.last_seal = number

    def _check_seal(self, seal: Mapping[str, Any], where: str, *, follows: bool) -> None:
        text = statement(seal)
        if sha256(text).hexdigest() != seal["digest"]:
            self._problem(where, "does not have the digest it names")
        before = self.last_digest if follows else seal["previous"]
        if seal["previous"] != before:
            self._problem(where, "does not follow from the seal before it")
        self.last_digest = seal["digest"]
        key = self._key_for(seal["number"])
        if key is None or key["id"] != seal["key"]:
            self._problem(where, f"names key {seal['key']}, which was not in force")
        elif not signed(key["public"], seal["signature"], text):
            self._problem(where, "does not carry a valid signature")
        elif not self.complete and not self._pinned(key):
            self._problem(where, f"is signed with key {key['id']}, which nothing you trust vouches for")
        if instant(seal["sealed_at"]) < self.sealed_before - CLOCK_TOLERANCE:
            self._problem(where, "was made before the seal before it")
        anchored = self.anchored.get(seal["number"])
        if anchored is not None and anchored["digest"] != seal["digest"]:
            self._problem(where, "is not the seal that was anchored")

    def _close(self) -> None:
        """The seal whose entries were just read: all are there, and they lead to its root."""
        if self.seal is None:
            return
        where, seal = f"seal {self.seal['number']}", self.seal
        if self.complete and self.tree.size != seal["size"]:
            self._problem(where, f"covers {seal['size']} entries, but {self.tree.size} are there")
        elif self.complete and self.tree.root().hex() != seal["root"]:
            self._problem(where, "has another root than its entries lead to")
        self.sealed_before = max(self.sealed_before, instant(seal["sealed_at"]))
        self.highest_before, self.newest_before = self.highest, self.newest
        self.seal = None

    def _entry(self, entry: Mapping[str, Any]) -> None:
        self.report.entries += 1
        number, recorded_at = whole(entry["id"]), instant(entry["recorded_at"])
        where = f"entry {number}"
        leaf = leaf_of(entry)
        if entry["seal"] is None:
            self._close()
            self.report.unsealed += 1
            return
        if self.seal is None or entry["seal"] != self.seal["number"]:
            self._problem(where, f"names seal {entry['seal']}, under which it does not stand")
            return
        index = whole(entry["index"])
        if index <= self.index or (self.complete and index != self.index + 1):
            self._problem(where, f"stands at place {index} after place {self.index}")
        self.index = index
        self.tree.add(leaf)
        self._check_proof(entry, leaf, where)
        self._check_time(number, recorded_at, where)

    def _check_proof(self, entry: Mapping[str, Any], leaf: bytes, where: str) -> None:
        proof = entry.get("proof")
        if proof is None and self.complete:
            return
        assert self.seal is not None
        reached = root_by_proof(leaf, entry["index"], self.seal["size"], proof or ())
        if reached is None or reached.hex() != self.seal["root"]:
            self._problem(where, f"is not what seal {self.seal['number']} covers")

    def _check_time(self, number: int, recorded_at: datetime, where: str) -> None:
        """An honest entry is late for two reasons: its transaction was long, or nobody sealed for a while.

        Numbers are given in the order of recording. So an entry older than entries with lower numbers, or
        one that an earlier seal should have covered, was slipped in afterwards.
        """
        assert self.seal is not None
        if recorded_at > instant(self.seal["sealed_at"]) + CLOCK_TOLERANCE:
            self._problem(where, "was recorded after it was sealed")
        if not self.complete:
            return
        out_of_turn = number > self.highest and recorded_at < self.newest - CLOCK_TOLERANCE
        passed_over = number < self.highest_before and recorded_at + LONGEST_TRANSACTION < self.sealed_before
        if out_of_turn or passed_over:
            self._problem(where, f"claims to be of {entry_time(recorded_at)}, but came later")
        self.highest = max(self.highest, number)
        self.newest = max(self.newest, recorded_at)

    def _end(self, end: Mapping[str, Any]) -> None:
        self._close()
        self.ended = True
        if (end["entries"], end["seals"]) != (self.report.entries, self.report.seals):
            self._problem("export", "has lost lines on the way")

    def _finish(self) -> None:
        self._close()
        if not self.keys_settled:
            self._settle_keys()
        if self.header is None or not self.ended:
            self._problem("export", "is cut off: header or end line is missing")
        if self.complete:
            self._check_anchor()

    def _check_anchor(self) -> None:
        """What was anchored is in the export; and a live anchor reaches as far as the seals do."""
        last = self.report.last_seal
        for number, told in sorted(self.anchored.items()):
            if number > last and instant(told["sealed_at"]) <= self.exported_at:
                self._problem(f"seal {number}", "was anchored and is missing")
        reach = max(self.anchored, default=0)
        behind = reach < last and self.sealed_before < self.exported_at - ANCHOR_LAG
        if behind and self.anchor_is_current:
            self._problem("anchor", f"ends at seal {reach}, the seals at {last}")
        elif self.anchored and reach < last:
            self.report.notices.append(f"the anchor vouches up to seal {reach} of {last}")


def whole(value: Any) -> int:
    """An integer that really is one: in JSON 1.0, true and "1" look much alike."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def instant(text: str) -> datetime:
    """An instant in the one form the format has, e.g. 2026-10-01T00:00:00.000000Z."""
    value = datetime.fromisoformat(text)
    if len(text) != len("2026-10-01T00:00:00.000000Z") or value.tzinfo != UTC:
        raise ValueError(f"{text!r} is not an instant in UTC with microseconds")
    return value


def entry_time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S UTC")


def read(path: Path) -> Iterator[Mapping[str, Any]]:
    """The records of an export file. A line that is no JSON object becomes a record of no kind."""
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                record = {}
            yield record if isinstance(record, dict) else {}


def describe(report: Report) -> Iterator[str]:
    """What a person reads at the end, a line each."""
    yield (
        f"{report.entries} entries, {report.seals} seals up to seal {report.last_seal};"
        f" {report.unsealed} entries wait for a seal."
    )
    yield from (f"Note: {notice}." for notice in report.notices)
    yield from (str(problem) for problem in report.problems)
    yield "Everything holds." if report.holds else f"DOES NOT HOLD. First: {report.problems[0]}."


def main(arguments: list[str] | None = None) -> int:
    """0 when everything holds, 1 when something does not, 2 when there is nothing to read."""
    parser = argparse.ArgumentParser(description="Verify an export of the portal's audit.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--anchor", type=Path, help="file of checkpoints kept outside the database")
    parser.add_argument("--key", action="append", default=[], help="id of a public key that you trust")
    asked = parser.parse_args(arguments)
    try:
        anchor = asked.anchor.read_text(errors="replace").splitlines() if asked.anchor else []
        report = Verifier(trusted=asked.key, anchor=anchor).verify(read(asked.export))
    except OSError as error:
        parser.error(str(error))
    for line in describe(report):
        sys.stdout.write(f"{line}\n")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
