"""Sure and right: bins by hand, and against scikit-learn's calibration curve."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from eyespot.evaluation.sureness import calibration_error, sureness


def test_bins_equal_a_hand_count():
    answers = [(0.95, True), (0.91, True), (1.0, False), (0.9, True), (0.55, False), (0.52, True)]
    bins = sureness(answers)
    assert [(b.low, b.high, b.n) for b in bins] == [(0.5, 0.6, 2), (0.8, 0.9, 1), (0.9, 1.0, 3)]
    assert [b.right for b in bins] == pytest.approx([1 / 2, 1, 2 / 3])
    assert [b.sure for b in bins] == pytest.approx([0.535, 0.9, 2.86 / 3])
    # (2 * |0.535 - 0.5| + 1 * |0.9 - 1| + 3 * |0.95333 - 0.66667|) / 6
    assert calibration_error(bins) == pytest.approx((0.07 + 0.1 + 0.86) / 6)


@pytest.mark.parametrize("tenth", range(1, 11))
def test_an_end_belongs_to_the_bin_below_it(tenth):
    (b,) = sureness([(tenth / 10, True)])
    assert b.high == pytest.approx(tenth / 10)


def test_probability_zero_has_a_bin():
    assert sureness([(0.0, False)])[0].low == 0


def test_bins_equal_scikit_learn_s():
    generator = np.random.default_rng(0)
    sure = generator.random(3000)
    right = generator.random(3000) < sure**2
    bins = sureness(list(zip(sure.tolist(), right.tolist(), strict=True)))
    share, mean = calibration_curve(right, sure, n_bins=10)
    np.testing.assert_allclose([b.right for b in bins], share, atol=1e-12)
    np.testing.assert_allclose([b.sure for b in bins], mean, atol=1e-12)
    assert sum(b.n for b in bins) == 3000
