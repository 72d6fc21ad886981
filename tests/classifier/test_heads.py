"""Heads: one photo's answer is its own, and votes and probabilities are what one can work out."""

import numpy as np
import pytest
from scipy.special import softmax as oracle
from threadpoolctl import threadpool_limits

from eyespot.classifier.heads import (
    LinearHead,
    NeighbourHead,
    probabilities,
    softmax,
    unit,
    vote,
)


def linear(classes=7, dimensions=1280):
    generator = np.random.default_rng(0)
    weight = generator.normal(size=(classes, dimensions)).astype(np.float32)
    bias = generator.normal(size=classes).astype(np.float32)
    return LinearHead("linear softmax", 0.01, 1.7, weight, bias)


def neighbours(photos=500, dimensions=1280):
    generator = np.random.default_rng(1)
    points = unit(generator.normal(size=(photos, dimensions)).astype(np.float32))
    labels = generator.integers(0, 4, photos)
    return NeighbourHead("nearest neighbours", 10.0, 0.6, points, labels, 4)


HEADS = pytest.mark.parametrize("head", [linear(), linear(2), linear(1000), neighbours()])
QUERIES = np.random.default_rng(2).normal(size=(33, 1280)).astype(np.float32)


@HEADS
def test_a_photo_is_scored_the_same_alone_and_in_company(head):
    together = head.scores(QUERIES)
    for i in range(len(QUERIES)):
        assert np.array_equal(head.scores(QUERIES[i : i + 1])[0], together[i])
    order = np.random.default_rng(0).permutation(len(QUERIES))
    assert np.array_equal(head.scores(QUERIES[order]), together[order])
    assert np.array_equal(probabilities(head, QUERIES)[5], probabilities(head, QUERIES[5:6])[0])


@HEADS
def test_a_photo_is_scored_the_same_on_any_number_of_threads(head):
    scores = []
    for threads in (1, 2, 8):
        with threadpool_limits(limits=threads):
            scores.append(head.scores(QUERIES))
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])


@HEADS
def test_no_photos_have_no_scores(head):
    scores = head.scores(np.zeros((0, 1280), np.float32))
    assert scores.shape == (0, head.scores(QUERIES[:1]).shape[1])
    assert probabilities(head, np.zeros((0, 1280), np.float32)).shape == scores.shape


@HEADS
def test_probabilities_are_the_softmax_at_the_heads_temperature(head):
    expected = oracle(head.scores(QUERIES).astype(np.float64) / head.temperature, axis=1)
    found = probabilities(head, QUERIES)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-6


def test_linear_scores_are_weight_times_embedding_plus_bias():
    weight = np.array([[1, 2, 0], [0, -1, 3]], np.float32)
    head = LinearHead("linear SVM", 0.1, 1.0, weight, np.array([0.5, -0.5], np.float32))
    # 1*1 + 2*2 + 0*3 + 0.5 = 5.5 and 0*1 - 1*2 + 3*3 - 0.5 = 6.5
    assert head.scores(np.array([[1, 2, 3]], np.float32)).tolist() == [[5.5, 6.5]]


def test_votes_by_hand():
    # Cosines 0.90, 0.83, 0.55 to photos of class 0, 1, 1; two of them vote. The weights are
    # exp(0) = 1 and exp((0.83 - 0.90) / 0.07) = exp(-1) = 0.3679; every class has 0.1 before.
    # Votes 1.1, 0.4679, 0.1, in all 1.6679: shares 0.6595, 0.2805, 0.0600.
    similarity = np.array([[0.55, 0.90, 0.83]], np.float32)
    shares = np.exp(vote(similarity, np.array([1, 0, 1]), 2, num_classes=3))
    assert shares[0].tolist() == pytest.approx([0.6595, 0.2805, 0.0600], abs=1e-4)


def test_neighbours_vote_by_the_cosine_and_not_by_length():
    points = unit(np.array([[1, 0], [0, 1]], np.float32))
    head = NeighbourHead("nearest neighbours", 1.0, 1.0, points, np.array([0, 1]), 2)
    # one vote: 1.1 to 0.1, of 1.2
    for length in (0.001, 1.0, 1000.0):
        found = probabilities(head, np.array([[3, 1]], np.float32) * np.float32(length))
        assert found[0].tolist() == pytest.approx([1.1 / 1.2, 0.1 / 1.2], abs=1e-5)


def test_more_neighbours_than_photos_is_all_of_them():
    labels = np.array([0, 1, 1])
    similarity = np.array([[0.9, 0.9, 0.9]], np.float32)
    shares = np.exp(vote(similarity, labels, 20, num_classes=2))
    assert shares[0].tolist() == pytest.approx([1.1 / 3.2, 2.1 / 3.2], abs=1e-6)


def test_equally_near_neighbours_vote_in_the_order_of_their_rows():
    similarity = np.array([[0.5, 0.5, 0.5]], np.float32)
    assert vote(similarity, np.array([2, 0, 1]), 1, num_classes=3).argmax() == 2


def test_softmax_of_huge_scores_is_finite():
    found = softmax(np.array([[1e30, 0, -1e30], [88, 89, 90]], np.float32))
    assert found[0].tolist() == [1, 0, 0]
    assert np.allclose(found[1], oracle([88, 89, 90]), atol=1e-7)


def test_a_vector_of_zeros_has_no_direction_and_is_no_error():
    assert unit(np.zeros((1, 4), np.float32)).tolist() == [[0, 0, 0, 0]]
    assert np.isfinite(probabilities(neighbours(), np.zeros((1, 1280), np.float32))).all()
