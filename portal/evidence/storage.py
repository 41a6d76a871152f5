"""The bytes themselves, through fsspec: a local folder, s3:// or whatever PORTAL_STORAGE says.

Names come from digests. Nothing here takes a name from a client.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import uuid4

import fsspec
from django.conf import settings
from fsspec.implementations.local import LocalFileSystem

from portal.errors import TooLarge

CHUNK = 1 << 20
IN_MEMORY = 8 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A file read to its end: the bytes at hand, rewound, with their digest and size."""

    content: IO[bytes]
    sha256: str
    size: int


@contextmanager
def received(source: bytes | IO[bytes], *, largest: int | None) -> Iterator[Received]:
    """Read a source once, hashing it. Raises TooLarge beyond ``largest`` bytes, before anything is stored."""
    stream: IO[bytes] = BytesIO(source) if isinstance(source, bytes) else source
    with SpooledTemporaryFile(max_size=IN_MEMORY) as held:
        digest, size = hashlib.sha256(), 0
        while piece := stream.read(CHUNK):
            size += len(piece)
            if largest is not None and size > largest:
                raise TooLarge(f"The file is larger than {largest // 1_000_000} MB.")
            digest.update(piece)
            held.write(piece)
        held.seek(0)
        yield Received(held, digest.hexdigest(), size)


def keep(key: str, content: IO[bytes]) -> None:
    """Store bytes under a key so that a reader sees all of them or none."""
    files, path = _place(key)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    part = f"{path}.{uuid4().hex}.part"
    try:
        with files.open(part, "wb") as target:
            shutil.copyfileobj(content, target, CHUNK)
            if isinstance(files, LocalFileSystem):
                target.flush()
                os.fsync(target.fileno())
        files.mv(part, path)
    finally:
        if files.exists(part):
            files.rm(part)


def holds(key: str) -> bool:
    files, path = _place(key)
    return bool(files.exists(path))


def remove(key: str) -> None:
    """Remove the bytes of a key. Removing what is gone is no error: a job may be run again."""
    files, path = _place(key)
    try:
        files.rm(path)
    except FileNotFoundError:
        return


@contextmanager
def reading(key: str) -> Iterator[IO[bytes]]:
    """The bytes of a key. Raises FileNotFoundError when they are gone."""
    files, path = _place(key)
    with files.open(path, "rb") as source:
        yield source


def _place(key: str) -> tuple[Any, str]:
    files, root = _root(settings.PORTAL_STORAGE)
    return files, f"{root}/{key}"


@cache
def _root(url: str) -> tuple[Any, str]:
    files, path = fsspec.core.url_to_fs(url)
    return files, path.rstrip("/")
