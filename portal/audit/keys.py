"""The key that signs seals (Ed25519). It lives in a file outside the database, readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import transaction

from portal.audit.canonical import canonical
from portal.audit.models import Seal, SealKey
from portal.errors import Refused


class KeyMismatch(Refused):
    """The key file does not hold the key that the seals were signed with."""

    title = "The audit key is another one"


def key_for(number: int) -> tuple[SealKey, Ed25519PrivateKey]:
    """The key that signs the seal of this number; the very first one is made and entered here.

    Raises KeyMismatch when the file holds another key than the one in force.
    """
    in_force = SealKey.objects.last()
    private = _held(in_force)
    if in_force is None:
        public = public_of(private)
        in_force = SealKey.objects.create(key_id=key_id(public), public=public, first_seal=number)
    return in_force, private


def rotate(*, reason: str, lost: bool = False) -> SealKey:
    """Put a new key in force from the next seal on, endorsed by the present one unless that is lost.

    The caller holds the sealer's lock in an open transaction; the file changes when that commits. A verifier
    accepts a key without endorsement only when told its id.
    """
    in_force = SealKey.objects.last()
    if in_force is None:
        raise Refused("There is no key yet; the first one is made with the first seal.")
    last = Seal.objects.first()
    first_seal = last.number + 1 if last else 1
    if in_force.first_seal == first_seal:
        raise Refused("The present key has not signed anything yet.")
    new = Ed25519PrivateKey.generate()
    public = public_of(new)
    endorsement = "" if lost else _held(in_force).sign(endorsement_text(public, first_seal)).hex()
    _next_file().unlink(missing_ok=True)
    _write(new, _next_file())
    transaction.on_commit(_adopt_next)
    return SealKey.objects.create(
        key_id=key_id(public), public=public, first_seal=first_seal, endorsement=endorsement, reason=reason
    )


def held_key_id() -> str | None:
    """The id of the key in the file; None where there is no file. Makes nothing."""
    path = settings.PORTAL_AUDIT_KEY_FILE
    return key_id(public_of(_read(path))) if path.exists() else None


def public_of(key: Ed25519PrivateKey) -> str:
    """The public half, 32 bytes as hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def key_id(public: str) -> str:
    """A short name of a public key: the first 16 digits of its SHA-256."""
    return sha256(bytes.fromhex(public)).hexdigest()[:16]


def endorsement_text(public: str, first_seal: int) -> bytes:
    """What the old key signs to hand over to the new one."""
    return canonical({"endorses": public, "first_seal": first_seal}).encode()


def _held(in_force: SealKey | None) -> Ed25519PrivateKey:
    """The private key of the one in force, from the file; the file is made when no key is in force yet."""
    path: Path = settings.PORTAL_AUDIT_KEY_FILE
    if in_force is None:
        if not path.exists():
            _write(Ed25519PrivateKey.generate(), path)
        return _read(path)
    for file in (path, _next_file()):  # the second: a rotation committed, but ended before the file was moved
        if file.exists() and key_id(public_of(key := _read(file))) == in_force.key_id:
            file.replace(path)
            return key
    raise KeyMismatch(
        f"{path} does not hold key {in_force.key_id}, which signs the seals. Restore the file, or say that"
        " the key is lost: manage.py rotate_audit_key --lost."
    )


def _next_file() -> Path:
    path: Path = settings.PORTAL_AUDIT_KEY_FILE
    return path.with_name(f"{path.name}.next")


def _adopt_next() -> None:
    with suppress(FileNotFoundError):
        _next_file().replace(settings.PORTAL_AUDIT_KEY_FILE)


def _read(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyMismatch(f"{path} does not hold an Ed25519 key.")
    return key


def _write(key: Ed25519PrivateKey, path: Path) -> None:
    """Write the key whole or not at all; where another process was first, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # made readable by its owner only
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
