"""Which labels are suspected: counted by hand, and as cleanlab does it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from eyespot.trust.suspects import confident_joint, suspects

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))
from collect_suspects import DRAWS, drawn  # noqa: E402

RECORDED = json.loads((GOLDEN / "suspects.json").read_text("utf-8"))["answers"]

# Three photos labelled 0 and three labelled 1; columns are the probabilities of 0 and of 1.
BY_HAND = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
HAND_LABELS = np.array([0, 0, 0, 1, 1, 1])


def test_the_joint_counts_confident_members_under_each_label():
    # Means of the own label: 0 has (0.9 + 0.8 + 0.1) / 3 = 0.6, 1 has (0.8 + 0.9 + 0.7) / 3 = 0.8.
    # Labelled 0: 0.9 and 0.8 reach 0.6; the third reaches 0.8 as a 1.
    # Labelled 1: 0.8 and 0.9 reach 0.8; the third reaches neither 0.6 (0.3) nor 0.8 (0.7).
    assert confident_joint(BY_HAND, HAND_LABELS).tolist() == [[2, 1], [0, 2]]


def test_as_many_are_suspected_as_the_joint_says():
    # Labelled 0: 1 of 3 seems to be a 1, so 1 of its 3 photos: the one with 0.1. Labelled 1: none.
    assert suspects(BY_HAND, HAND_LABELS).tolist() == [2]


def test_a_photo_whose_own_label_is_the_likeliest_is_never_suspected():
    # Labelled 0: mean (0.9 + 0.55 + 0.5) / 3 = 0.65; labelled 1: mean 0.45, which the second (0.45)
    # and the third (0.5) reach. The joint is [[1, 2], [0, 2]]: round(3 x 2 / 3) = 2 are to go, the
    # third and the second; but 0 is the likeliest of the second, and the third is a tie.
    probabilities = np.array([[0.9, 0.1], [0.55, 0.45], [0.5, 0.5], [0.55, 0.45], [0.55, 0.45]])
    labels = np.array([0, 0, 0, 1, 1])
    found = suspects(probabilities, labels).tolist()
    assert not {0, 1, 2} & set(found)


def test_the_most_suspect_comes_first():
    probabilities, labels = drawn(3, 200, 0.2, 2)
    found = suspects(probabilities, labels)
    above = probabilities[found].max(axis=1) - probabilities[found, labels[found]]
    assert len(found) > 5
    assert (np.diff(above) <= 0).all()


@pytest.mark.parametrize("answer", RECORDED, ids=lambda answer: str(answer["draw"]))
def test_cleanlab_counts_the_same_joint_and_suspects_the_same_photos(answer):
    probabilities, labels = drawn(*answer["draw"])
    assert confident_joint(probabilities, labels).tolist() == answer["confident_joint"]
    ours, theirs = set(suspects(probabilities, labels).tolist()), set(answer["flagged"])
    for label in range(probabilities.shape[1]):
        members = set(np.flatnonzero(labels == label).tolist())
        # cleanlab rounds all entries of a row so that they keep their sum, which may move the
        # number by one; the order of a class is the same, so one set holds the other.
        assert len((ours ^ theirs) & members) <= 1


def test_the_recorded_draws_are_the_ones_that_are_made():
    assert [tuple(answer["draw"]) for answer in RECORDED] == list(DRAWS)
    assert sum(len(answer["flagged"]) for answer in RECORDED) > 100  # could fail


def test_most_wrong_labels_are_found_and_few_right_ones():
    probabilities, given = drawn(10, 500, 0.3, 4)
    generator = np.random.default_rng(4)
    truth = generator.integers(10, size=500)  # the first draw of `drawn`
    is_suspect = np.zeros(500, bool)
    is_suspect[suspects(probabilities, given)] = True
    wrong = truth != given
    assert is_suspect[wrong].mean() > 0.7
    assert is_suspect[~wrong].mean() < 0.2


def test_of_a_class_one_photo_is_always_kept():
    probabilities = np.array([[0.01, 0.99]] * 3 + [[0.02, 0.98]] * 5)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1])
    assert len(suspects(probabilities, labels)) <= 2


def test_a_class_without_photos_and_no_photos_at_all_are_no_trouble():
    assert suspects(BY_HAND @ np.eye(2, 4), HAND_LABELS).tolist() == [2]
    assert suspects(np.zeros((0, 3)), np.zeros(0, np.int64)).tolist() == []
