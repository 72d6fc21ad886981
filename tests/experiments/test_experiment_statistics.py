"""Means, spreads and paired differences, by hand and against scipy."""

import pytest
import scipy.stats

from eyespot.experiments.statistics import MOST, STUDENT, paired, spread


def test_a_spread_is_told_from_the_least_to_the_most():
    found = spread([0.10, 0.13, 0.12])
    assert found.mean == pytest.approx(0.35 / 3)
    assert str(found) == "11.7 % (10.0 to 13.0)"
    assert str(spread([0.123])) == "12.3 %"


def test_seeds_are_paired():
    # Differences 0.02, 0.03, 0.04: mean 0.03, deviation 0.01, standard error 0.01 / sqrt(3) =
    # 0.0057735; times t(2) = 4.303: 0.024844
    found = paired({0: 0.12, 1: 0.23, 2: 0.34}, {2: 0.30, 0: 0.10, 1: 0.20})
    assert found.mean == pytest.approx(0.03)
    assert found.interval == pytest.approx((0.005156, 0.054844), abs=1e-6)
    assert found.sign == 1
    assert found.told() == "3.0 points higher (95 % interval 0.5 to 5.5, 3 seeds)"


def test_the_interval_is_that_of_students_t_test():
    ours, theirs = [0.31, 0.29, 0.36, 0.30, 0.33], [0.27, 0.28, 0.30, 0.31, 0.29]
    test = scipy.stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    found = paired(dict(enumerate(ours)), dict(enumerate(theirs)))
    assert found.interval == pytest.approx((test.low, test.high), abs=1e-5)
    for degrees, t in STUDENT.items():
        assert t == pytest.approx(scipy.stats.t.ppf(0.975, degrees), abs=5e-4)
    assert MOST - 1 in STUDENT


def test_a_difference_that_may_be_chance_has_no_sign():
    # Differences 0.05, -0.01, 0.02: mean 0.02, deviation 0.03, 4.303 * 0.03 / sqrt(3) = 0.0745
    found = paired({0: 0.15, 1: 0.09, 2: 0.12}, {0: 0.10, 1: 0.10, 2: 0.10})
    assert found.sign == 0
    assert found.told() == "2.0 points higher (95 % interval -5.5 to 9.5, 3 seeds)"


def test_a_lower_error_is_told_with_ends_that_go_the_same_way():
    found = paired({0: 0.08, 1: 0.17, 2: 0.26}, {0: 0.10, 1: 0.20, 2: 0.30})
    assert found.sign == -1
    assert found.told() == "3.0 points lower (95 % interval 0.5 to 5.5, 3 seeds)"


def test_too_few_seeds_are_told_of():
    assert paired({0: 0.2}, {0: 0.1}).told() == "10.0 points higher (1 seed only: it may be chance)"
    two = paired({0: 0.2, 1: 0.3}, {0: 0.1, 1: 0.1})
    assert two.told() == "15.0 points higher (10.0 to 20.0, 2 seeds only: it may be chance)"
    assert two.interval is None
