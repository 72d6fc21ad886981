"""Calibration: by hand, against scikit-learn, and on answers calibrated by construction."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as log_loss_of_scikit_learn

from eyespot.errors import InputError
from eyespot.evaluation.reliability import BINS, brier_score, log_loss, measure_calibration


def drawn(n: int, *, classes: int = 4, seed: int = 0, temperature: float = 1.0):
    """Probabilities, and truths drawn from them: calibrated, until a temperature changes them."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(classes, 0.5), n)
    truth = (generator.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    changed = probabilities ** (1 / temperature)
    return changed / changed.sum(axis=1, keepdims=True), np.minimum(truth, classes - 1)


def test_three_photos_equal_a_calculation_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    found = measure_calibration(probabilities, np.array([0, 1, 1]))
    # a bin for each photo, the unsure first: |0.6 - 0|, |0.8 - 1|, |0.9 - 1|; 0.9 / 3
    assert found.errors.ece == pytest.approx(0.3)
    # (0.1^2 + 0.1^2 + 0.2^2 + 0.2^2 + 0.6^2 + 0.6^2) / 3
    assert found.errors.brier == pytest.approx(0.82 / 3)
    assert found.errors.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.4]).mean())
    assert [(b.n, b.sure, b.right) for b in found.bins] == [(1, 0.6, 0), (1, 0.8, 1), (1, 0.9, 1)]
    assert (found.n, found.sure) == (3, pytest.approx(2.3 / 3))
    assert found.right == pytest.approx(2 / 3)


def test_bins_of_equal_mass_are_those_of_scikit_learn():
    probabilities, truth = drawn(BINS * 40, temperature=0.6)
    found = measure_calibration(probabilities, truth)
    is_right = probabilities.argmax(axis=1) == truth
    right, sure = calibration_curve(
        is_right, probabilities.max(axis=1), n_bins=BINS, strategy="quantile"
    )
    assert [b.n for b in found.bins] == [40] * BINS
    np.testing.assert_allclose([b.right for b in found.bins], right)
    np.testing.assert_allclose([b.sure for b in found.bins], sure)
    assert found.errors.ece == pytest.approx(np.abs(right - sure).mean())


@pytest.mark.parametrize("classes", [2, 3, 11])
def test_brier_score_and_log_loss_equal_scikit_learn_s(classes):
    probabilities, truth = drawn(500, classes=classes, temperature=0.5)
    truth[: 2 * classes] = np.arange(2 * classes) % classes  # all of them, some surely wrong
    labels = range(classes)
    theirs = brier_score_loss(truth, probabilities, labels=labels, scale_by_half=False)
    assert brier_score(probabilities, truth) == pytest.approx(theirs)
    kept = np.maximum(probabilities, 1e-7)  # as docs/metrics.md says
    theirs = log_loss_of_scikit_learn(truth, kept / kept.sum(axis=1, keepdims=True), labels=labels)
    assert log_loss(probabilities, truth) == pytest.approx(theirs, rel=1e-6)


def test_calibrated_answers_are_called_so_nineteen_times_in_twenty():
    trials = 200
    kept = sum(
        measure_calibration(*drawn(300, seed=seed), seed=seed).is_as_good_as_perfect
        for seed in range(trials)
    )
    low, high = binom.interval(0.999, trials, 0.95)  # 179 to 198 of 200
    assert low <= kept <= high


def test_a_burst_that_is_right_or_wrong_as_a_whole_is_no_miscalibration():
    """60 bursts of 10 near-copies: one lot for each decides all of its photos."""
    kept = {True: 0, False: 0}
    for seed in range(40):
        probabilities, truth = drawn(60, seed=seed)
        groups = np.arange(60).repeat(10)
        photos = probabilities[groups], truth[groups]
        for is_told in kept:
            found = measure_calibration(*photos, seed=seed, groups=groups if is_told else None)
            kept[is_told] += found.is_as_good_as_perfect
    assert kept[True] >= 34  # binomial: 38 of 40 expected, below 34 one time in a hundred
    assert kept[False] <= 10  # taken for 600 photos, they nearly always look miscalibrated


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_too_sure_and_too_unsure_are_not(temperature):
    found = measure_calibration(*drawn(600, temperature=temperature))
    assert found.errors.ece > 2 * found.ece_if_perfect[1]
    assert (found.sure > found.right) == (temperature < 1)


def test_the_reference_equals_a_simulation_photo_by_photo():
    probabilities, truth = drawn(45)
    found = measure_calibration(probabilities, truth)
    sure = np.sort(probabilities.max(axis=1)).reshape(BINS, 3)
    generator = np.random.default_rng(99)
    simulated = [
        np.abs((generator.random((BINS, 3)) < sure).mean(axis=1) - sure.mean(axis=1)).mean()
        for _ in range(4000)
    ]
    # 1,000 draws have the median to about 0.002 here, the 95th percentile to about 0.003
    assert found.ece_if_perfect[0] == pytest.approx(np.median(simulated), abs=0.01)
    assert found.ece_if_perfect[1] == pytest.approx(np.quantile(simulated, 0.95), abs=0.01)


def test_equal_probabilities_stay_in_one_bin_whatever_order_they_come_in():
    generator = np.random.default_rng(3)
    top = generator.choice([0.6, 0.8, 1.0], 100)
    probabilities = np.stack([top, 1 - top], axis=1)
    truth = (generator.random(100) > 0.7).astype(int)
    found = measure_calibration(probabilities, truth)
    assert [b.low for b in found.bins] == [b.high for b in found.bins] == [0.6, 0.8, 1.0]
    turned = measure_calibration(probabilities[::-1], truth[::-1])
    assert turned.bins == found.bins
    assert turned.errors.ece == pytest.approx(found.errors.ece)


def test_what_was_before_the_temperature_is_told_beside():
    after, truth = drawn(300)
    before, _ = drawn(300, temperature=0.5)
    found = measure_calibration(after, truth, before=before)
    alone = measure_calibration(before, truth)
    assert found.before == alone.errors
    assert found.before.log_loss > found.errors.log_loss


def test_one_photo_and_a_single_answer_are_measured():
    found = measure_calibration(np.array([[0.25, 0.75]]), np.array([1]))
    assert found.errors.ece == 0.25
    assert found.ece_if_perfect[1] in (0.25, 0.75)  # right or wrong, there is nothing between
    assert len(found.bins) == 1


@pytest.mark.parametrize(
    ("probabilities", "truth"),
    [
        (np.zeros((0, 2)), []),
        (np.ones((2, 2)) / 2, [0]),
        (np.array([[0.5, 0.6]]), [0]),
        (np.array([[-0.1, 1.1]]), [0]),
        (np.array([[np.nan, 1.0]]), [1]),
        (np.array([[0.5, 0.5]]), [2]),
        (np.array([0.5, 0.5]), [0, 1]),
    ],
)
def test_what_is_no_probability_is_refused(probabilities, truth):
    with pytest.raises(InputError):
        measure_calibration(probabilities, np.array(truth, np.int64))
