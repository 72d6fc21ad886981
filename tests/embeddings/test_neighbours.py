"""Nearest neighbours against scikit-learn's."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from eyespot.embeddings import nearest
from eyespot.embeddings import neighbours as room


def vectors(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)


@pytest.mark.parametrize("at_once", [1, 7, 1024])
def test_the_nearest_are_scikit_learns_by_cosine(monkeypatch, at_once):
    monkeypatch.setattr(room, "ROWS_AT_ONCE", at_once)
    queries, reference = vectors(20, 0), vectors(60, 1)
    oracle = NearestNeighbors(n_neighbors=5, metric="cosine").fit(reference)
    distances, expected = oracle.kneighbors(queries)
    indices, cosines = nearest(queries, reference, 5)
    assert np.array_equal(indices, expected)
    assert np.abs(cosines - (1 - distances)).max() < 1e-6


def test_length_does_not_count():
    reference = np.array([[0.1, 0.1], [9, 0], [0, 500]], np.float32)
    indices, cosines = nearest(np.array([[2, 2]], np.float32), reference, 1)
    assert indices.tolist() == [[0]]
    assert cosines[0, 0] == pytest.approx(1)


def test_there_are_never_more_neighbours_than_photos():
    indices, cosines = nearest(vectors(3, 0), vectors(2, 1), 9)
    assert indices.shape == cosines.shape == (3, 2)
    assert nearest(vectors(0, 0), vectors(2, 1), 1)[0].shape == (0, 1)


def test_equal_photos_come_in_the_order_of_their_rows():
    same = np.ones((4, 8), np.float32)
    assert nearest(same[:1], same, 4)[0].tolist() == [[0, 1, 2, 3]]
