"""Duplicates and near-duplicates: by bytes, by hash and embedding together, by embedding alone."""

import numpy as np
import pytest

from eyespot.audit.pictures import close_hashes
from eyespot.audit.similarity import alike


def test_photos_that_have_nothing_in_common_are_found_fault_with_in_nothing(builder):
    found = builder.audit()
    assert found.duplicates == found.near_duplicates == found.bursts == ()
    assert found.conflicting_labels == found.leaks == found.class_problems == ()
    assert len(set(found.groups)) == found.photos == 60


def test_equal_bytes_are_duplicates_and_no_near_duplicates(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("a/two.jpg", like=60, cosine=1.0, bits=0, content="same")
    found = builder.audit()
    assert found.duplicates == (("a/one.jpg", "a/two.jpg"),)
    assert found.near_duplicates == ()
    assert found.groups[60] == found.groups[61]


@pytest.mark.parametrize(
    ("cosine", "bits", "is_near"),
    [
        (0.95, 2, True),  # saved again
        (0.60, 10, True),  # a 3 % crop: the hash proposes, the embedding confirms
        (0.30, 0, True),  # a thumbnail: blurred for the network, the same for the hash
        (0.05, 4, False),  # a close hash by chance
        (0.95, 30, True),  # mirrored, or a 10 % crop: only the embedding can know
        (0.60, 30, False),  # two bees
    ],
)
def test_hash_and_embedding_decide_together(builder, cosine, bits, is_near):
    builder.add("a/one.jpg")
    builder.add("a/other.jpg", like=60, cosine=cosine, bits=bits)
    near = builder.audit().near_duplicates
    assert near == ((("a/one.jpg", "a/other.jpg"),) if is_near else ())


def test_a_class_of_look_alikes_is_not_one_group(nothing):
    """Pictures that share 9 tenths of their direction, as digits do: none is a copy of another."""
    for label in "abc":
        first = nothing.add(f"{label}/first.png")
        for _ in range(40):
            name = f"{label}/{nothing.generator.integers(1 << 40):x}x.png"
            nothing.add(name, like=first, cosine=0.9, bits=12)
    found = nothing.audit()
    assert len(set(found.groups)) == found.photos


def test_a_copy_among_look_alikes_is_found(nothing):
    first = nothing.add("a/first.png")
    for _ in range(60):
        name = f"a/{nothing.generator.integers(1 << 40):x}x.png"
        nothing.add(name, like=first, cosine=0.9, bits=16)
    nothing.add("a/again.jpg", like=20, cosine=0.97, bits=1)
    (near,) = nothing.audit().near_duplicates
    assert near == tuple(sorted(["a/again.jpg", nothing.photos[20].file]))


def test_a_chain_of_look_alikes_does_not_swallow_the_class(builder):
    """Each is near the next one, but the first is not near the last: 0.85 ** 12 is 0.14."""
    last = 0
    for k in range(12):
        last = builder.add(f"a/step{'abcdefghijkl'[k]}.jpg", like=last, cosine=0.85)
    found = builder.audit()
    assert max(np.bincount(found.groups)) <= 6


def test_a_near_duplicate_brings_its_exact_copies_along(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("b/two.jpg", like=60, cosine=1.0, bits=0, content="same")
    builder.add("a/three.jpg", like=60, cosine=0.95, bits=3)
    found = builder.audit()
    assert found.near_duplicates == (("a/one.jpg", "a/three.jpg", "b/two.jpg"),)
    assert len(set(found.groups[60:])) == 1


def test_close_hashes_are_all_the_close_hashes():
    generator = np.random.default_rng(0)
    hashes = generator.integers(1 << 63, size=1500).astype(np.uint64)
    hashes[700:] = hashes[:800] ^ np.uint64(0b1011)
    i, j = close_hashes(hashes, 10)
    by_hand = {
        (a, b)
        for a in range(len(hashes))
        for b in range(a + 1, len(hashes))
        if (int(hashes[a]) ^ int(hashes[b])).bit_count() <= 10
    }
    assert len(by_hand) >= 700
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == by_hand


def test_alike_in_blocks_is_the_whole_matrix():
    vectors = np.random.default_rng(0).normal(size=(1500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    i, j, cosine = alike(vectors, 0.9)
    assert np.allclose(cosine, np.einsum("nd,nd->n", vectors[i], vectors[j]), atol=1e-6)
    whole = np.triu(vectors @ vectors.T >= 0.9, 1)
    assert len(i) > 100
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == set(
        zip(*(side.tolist() for side in np.nonzero(whole)), strict=True)
    )


def test_where_everything_is_alike_memory_is_bounded():
    vectors = np.ones((2000, 4), np.float32) / 2
    for i in (alike(vectors, 0.9)[0], close_hashes(np.zeros(2000, np.uint64), 10)[0]):
        assert np.bincount(i).max() == 256
