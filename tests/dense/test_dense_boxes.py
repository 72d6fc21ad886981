"""Overlaps and suppression, by hand."""

import numpy as np
import pytest

from eyespot.dense import Found, suppressed
from eyespot.dense.boxes import overlaps
from eyespot.errors import InputError


def box(label, score, *corners):
    return Found(label, score, 1.0, corners)


def test_overlaps_by_hand():
    others = np.array(
        [
            [0, 0, 10, 10],  # itself
            [5, 0, 15, 10],  # 50 shared, 100 + 100 - 50 together
            [5, 5, 15, 15],  # 25 of 175
            [2, 2, 7, 7],  # inside: 25 of 100
            [10, 0, 20, 10],  # they touch
            [30, 30, 40, 40],
            [-10, -10, 0, 0],
        ],
        np.float64,
    )
    found = overlaps(np.array([0.0, 0, 10, 10]), others)
    assert found == pytest.approx([1, 1 / 3, 1 / 7, 1 / 4, 0, 0, 0])


def test_of_boxes_that_overlap_the_surest_stays():
    found = [
        box("bee", 0.7, 5, 0, 15, 10),  # 1/3 of the surest bee: gone
        box("bee", 0.9, 0, 0, 10, 10),
        box("bee", 0.8, 5, 5, 15, 15),  # 1/7 of the surest, stays
        box("bee", 0.6, 10, 0, 20, 10),  # of the third 25 / 175; the first bee was gone: stays
        box("ant", 0.5, 0, 0, 10, 10),  # another label
    ]
    kept = suppressed(found)
    assert [(each.label, each.score) for each in kept] == [
        ("bee", 0.9), ("bee", 0.8), ("bee", 0.6), ("ant", 0.5),
    ]  # fmt: skip
    assert [each.score for each in suppressed(found, overlap=0.4)] == [0.9, 0.8, 0.7, 0.6, 0.5]
    # 0.6 overlaps 0.8 and 0.7 by 1/7 and 1/3
    assert [each.score for each in suppressed(found, overlap=0.1)] == [0.9, 0.6, 0.5]


def test_what_a_suppressed_box_would_have_suppressed_stays():
    # 0.9 - 0.8 and 0.8 - 0.7 share a third, 0.9 - 0.7 nothing
    chain = [box("bee", 0.9, 0, 0, 10, 10), box("bee", 0.8, 5, 0, 15, 10)]
    chain.append(box("bee", 0.7, 10, 0, 20, 10))
    assert [each.score for each in suppressed(chain)] == [0.9, 0.7]


def test_of_equally_sure_ones_the_first_stays_and_of_none_none():
    same = [box("bee", 0.5, 0, 0, 10, 10), box("bee", 0.5, 1, 0, 11, 10)]
    assert suppressed(same) == (same[0],) and suppressed([]) == ()


def test_against_every_subset_drawn_at_random():
    """The definition, without arrays: a box stays if no surer one that stays overlaps it."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        starts = generator.integers(0, 30, (25, 2))
        sizes = generator.integers(5, 20, (25, 2))
        scores = generator.permutation(25) / 25
        labels = generator.choice(["ant", "bee"], 25)
        found = [
            box(str(label), float(score), *map(int, (*start, *(start + size))))
            for label, score, start, size in zip(labels, scores, starts, sizes, strict=True)
        ]
        kept = []
        for each in sorted(found, key=lambda one: -one.score):
            if not any(each.label == k.label and _by_counting(each, k) > 0.3 for k in kept):
                kept.append(each)
        assert list(suppressed(found)) == kept and 2 < len(kept) < 25


def _by_counting(one, other):
    """Pixels in both, of those in either."""
    pixels = []
    for left, top, right, bottom in (one.box, other.box):
        pixels.append({(x, y) for x in range(left, right) for y in range(top, bottom)})
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def test_an_overlap_is_a_share():
    with pytest.raises(InputError, match=r"share in \[0, 1\]"):
        suppressed([], overlap=30)
