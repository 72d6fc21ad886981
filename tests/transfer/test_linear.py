"""The linear heads against scikit-learn's solvers, finite differences and the definition."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from eyespot.transfer import linear
from eyespot.transfer.linear import fit_path

SOFTMAX, SVM = "linear softmax", "linear SVM"


def clouds(*, seed=0, n=150, dimensions=12, classes=3, spread=1.5):
    """Points around `classes` centres, far from the origin and of a scale that is not one."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    centres = generator.normal(size=(classes, dimensions))
    points = centres[labels] + generator.normal(scale=spread, size=(n, dimensions))
    return (7 * points + 20).astype(np.float32), labels.astype(np.int64)


def standardised(vectors):
    """What the docstring of `fit_path` promises: centred, and scaled by one number."""
    points = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    return points / np.sqrt(np.square(points).sum(axis=1).mean())


def one_against_rest(labels, classes):
    return np.where(np.arange(classes) == labels[:, None], 1.0, -1.0)


def softmax_objective(weight, bias, points, labels, decay):
    losses = -log_softmax(points @ weight.T + bias, axis=1)[np.arange(len(labels)), labels]
    return losses.mean() + decay / 2 * np.square(weight).sum()


def hinge_objective(weight, bias, points, labels, decay):
    missed = np.maximum(0, 1 - one_against_rest(labels, len(bias)) * (points @ weight.T + bias))
    return np.square(missed).sum(axis=1).mean() + decay / 2 * np.square(weight).sum()


def in_standard_units(head, vectors):
    """The head's weight and bias as they act on `standardised(vectors)`."""
    centre = vectors.mean(axis=0, dtype=np.float64)
    points = vectors.astype(np.float64) - centre
    scale = np.sqrt(np.square(points).sum(axis=1).mean())
    weight = head.weight.astype(np.float64)
    return weight * scale, head.bias + weight @ centre


def logistic_regression(points, labels, classes, decay):
    """scikit-learn's minimum, as one row of weights for each class.

    It minimises C * sum of losses + |w|^2 / 2, we the mean of losses + decay * |w|^2 / 2, so
    C = 1 / (decay * N). For two classes it has one row w, the softmax -w/2 and w/2, which have half
    its squared length: C = 2 / (decay * N).
    """
    c = (2 if classes == 2 else 1) / (decay * len(labels))
    oracle = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(points, labels)
    if classes == 2:
        halves = np.array([[-0.5], [0.5]])
        return halves * oracle.coef_, halves[:, 0] * oracle.intercept_
    return oracle.coef_, oracle.intercept_


@pytest.mark.parametrize("decay", [0.1, 0.01, 0.001])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_softmax_head_is_scikit_learns_logistic_regression(classes, decay):
    vectors, labels = clouds(classes=classes)
    points = standardised(vectors)
    weight, bias = logistic_regression(points, labels, classes, decay)
    (head,) = fit_path(vectors, labels, num_classes=classes, loss=SOFTMAX, strengths=[decay])

    found = softmax_objective(*in_standard_units(head, vectors), points, labels, decay)
    least = softmax_objective(weight, bias, points, labels, decay)
    assert found >= least - 1e-6  # the oracle is at the minimum
    assert found <= least + 2e-5  # the stopping rule: steps of less than 1e-6
    expected = log_softmax(points @ weight.T + bias, axis=1)
    came = log_softmax(head.scores(vectors).astype(np.float64), axis=1)
    assert np.abs(np.exp(came) - np.exp(expected)).max() < 0.01


@pytest.mark.parametrize("decay", [0.1, 0.01])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_svm_head_is_scikit_learns_linear_svm(classes, decay):
    vectors, labels = clouds(classes=classes)
    points = standardised(vectors)
    oracle = LinearSVC(
        loss="squared_hinge",
        dual=False,
        C=1 / (decay * len(labels)),
        intercept_scaling=1000,  # liblinear decays the bias; so scaled, by almost nothing
        tol=1e-9,
        max_iter=100_000,
    )
    (head,) = fit_path(vectors, labels, num_classes=classes, loss=SVM, strengths=[decay])
    weight, bias = in_standard_units(head, vectors)
    found = hinge_objective(weight, bias, points, labels, decay)
    least, scores = 0.0, []
    for k in range(classes):  # ours is the sum of one problem for each class
        one = oracle.fit(points, labels == k)
        margins = np.where(labels == k, 1, -1) * one.decision_function(points)
        least += np.square(np.maximum(0, 1 - margins)).mean()
        least += decay / 2 * np.square(one.coef_).sum()
        scores.append(one.decision_function(points))
    assert least - 1e-4 * least <= found <= least + 1e-4 * least
    assert np.abs(head.scores(vectors) - np.stack(scores, axis=1)).max() < 0.02


@pytest.mark.parametrize("loss", [SOFTMAX, SVM])
def test_the_gradient_is_the_slope_of_the_objective(loss):
    vectors, labels = clouds(n=40, dimensions=5)
    points = standardised(vectors).astype(np.float32)
    objective = linear._softmax_loss if loss == SOFTMAX else linear._squared_hinge_loss
    at = np.random.default_rng(1).normal(size=3 * 6)
    _, gradient = linear._value(at, points, labels, 3, 0.05, objective)
    definition = softmax_objective if loss == SOFTMAX else hinge_objective

    def value(parameters):
        matrix = parameters.reshape(3, 6)
        return definition(matrix[:, :-1], matrix[:, -1], points.astype(np.float64), labels, 0.05)

    step = 1e-6
    slopes = [(value(at + step * e) - value(at - step * e)) / (2 * step) for e in np.eye(len(at))]
    assert np.abs(gradient - slopes).max() < 1e-5  # the gradient is computed in float32
    assert linear._value(at, points, labels, 3, 0.05, objective)[0] == pytest.approx(value(at))


@pytest.mark.parametrize("loss", [SOFTMAX, SVM])
def test_a_path_gives_the_heads_of_single_fits(loss):
    vectors, labels = clouds(n=90)
    strengths = (0.1, 0.01, 0.001)
    path = fit_path(vectors, labels, num_classes=3, loss=loss, strengths=strengths)
    assert [head.strength for head in path] == list(strengths)
    for head in path:
        (single,) = fit_path(vectors, labels, num_classes=3, loss=loss, strengths=[head.strength])
        shares = [np.exp(log_softmax(h.scores(vectors), axis=1)) for h in (head, single)]
        assert np.abs(shares[0] - shares[1]).max() < 0.01
        assert (head.scores(vectors).argmax(1) == single.scores(vectors).argmax(1)).mean() > 0.98


@pytest.mark.parametrize("loss", [SOFTMAX, SVM])
def test_a_decay_means_the_same_whatever_the_scale_and_place_of_the_embeddings(loss):
    vectors, labels = clouds(n=60)
    (head,) = fit_path(vectors, labels, num_classes=3, loss=loss, strengths=[0.01])
    moved = 100 * vectors - 3000
    (other,) = fit_path(moved, labels, num_classes=3, loss=loss, strengths=[0.01])
    assert np.abs(head.scores(vectors) - other.scores(moved)).max() < 0.02


def test_the_vectors_given_are_not_changed():
    vectors, labels = clouds(n=30)
    before = vectors.copy()
    fit_path(vectors, labels, num_classes=3, loss=SOFTMAX, strengths=[0.1])
    assert np.array_equal(vectors, before)


@pytest.mark.parametrize("loss", [SOFTMAX, SVM])
def test_embeddings_that_are_all_equal_give_the_shares_of_the_labels(loss):
    vectors = np.full((10, 4), 3.0, np.float32)
    labels = np.array([0] * 7 + [1] * 3)
    (head,) = fit_path(vectors, labels, num_classes=2, loss=loss, strengths=[0.01])
    scores = head.scores(vectors)
    assert np.isfinite(scores).all()
    assert (scores.argmax(axis=1) == 0).all()
    if loss == SOFTMAX:  # the bias alone: log odds of 7 to 3
        assert scores[0, 0] - scores[0, 1] == pytest.approx(np.log(7 / 3), abs=0.01)
