"""Merkle trees as RFC 6962 draws them: a root over a batch, and the path that proves one leaf of it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

NODE = b"\x01"
"""Inner nodes start with it; leaves, which the database hashes, start with 0x00."""

Levels = list[list[bytes]]


def levels(leaves: Sequence[bytes]) -> Levels:
    """The tree from its leaves up to its root. A node without a neighbour moves up as it is.

    Raises ValueError without leaves.
    """
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    tree = [list(leaves)]
    while len(row := tree[-1]) > 1:
        pairs = zip(row[::2], row[1::2], strict=False)
        lone = row[-1:] if len(row) % 2 else []
        tree.append([sha256(NODE + left + right).digest() for left, right in pairs] + lone)
    return tree


def root(leaves: Sequence[bytes]) -> bytes:
    """The one digest that stands for all leaves in their order."""
    return levels(leaves)[-1][0]


def path(tree: Levels, index: int) -> list[bytes]:
    """The neighbours of a leaf on its way up, bottom first: with them anybody can work out the root."""
    if not 0 <= index < len(tree[0]):
        raise IndexError(f"the tree has no leaf {index}")
    neighbours = []
    for row in tree[:-1]:
        if (beside := index ^ 1) < len(row):
            neighbours.append(row[beside])
        index //= 2
    return neighbours
