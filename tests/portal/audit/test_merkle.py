"""The prover's trees against RFC 6962's, and the verifier's own way to the same roots."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit import merkle, verifier
from tests.portal.audit.conftest import patient

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The published test vectors of Certificate Transparency, for the first one to eight inputs."""

some_leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_there_is_no_tree_without_leaves() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        merkle.root([])


@patient
@given(some_leaves)
def test_the_verifier_reaches_the_same_root_leaf_by_leaf(leaves: list[bytes]) -> None:
    tree = verifier.Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert (tree.size, tree.root()) == (len(leaves), merkle.root(leaves))


@patient
@given(some_leaves, st.data())
def test_every_path_leads_to_the_root_and_to_no_other_place(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    tree = merkle.levels(leaves)
    path = [step.hex() for step in merkle.path(tree, index)]
    root = tree[-1][0]
    assert verifier.root_by_proof(leaves[index], index, len(leaves), path) == root
    other = data.draw(st.integers(0, len(leaves) - 1))
    if leaves[other] != leaves[index]:
        assert verifier.root_by_proof(leaves[other], index, len(leaves), path) != root
    assert (
        verifier.root_by_proof(leaves[index], index, len(leaves), [*path, path[0] if path else "00"]) is None
    )
    if path:
        assert verifier.root_by_proof(leaves[index], index, len(leaves), path[:-1]) != root


def test_a_leaf_beyond_the_tree_has_no_path() -> None:
    with pytest.raises(IndexError):
        merkle.path(merkle.levels(LEAVES), 8)
