"""What an experiment says of its runs, on made-up ones whose differences are known."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import runs, together, weights

from eyespot.experiments import (
    augmentation,
    batch_norm,
    degradation,
    first_filters,
    random_search,
    width_depth,
)
from eyespot.experiments.catalogue import experiments
from eyespot.experiments.charts import over_seeds


def degraded(plain: list[float], residual: list[float]):
    """The errors of 56 layers; 20 layers have 10, 11 and 12 % without and 8, 9 and 10 % with."""
    return degradation.find(
        together(
            runs(degradation.PLAIN_20, [0.10, 0.11, 0.12][: len(plain)]),
            runs(degradation.PLAIN_56, plain),
            runs(degradation.RESIDUAL_20, [0.08, 0.09, 0.10][: len(plain)]),
            runs(degradation.RESIDUAL_56, residual),
        )
    )


def test_degradation_as_published():
    # plain: +8, +9, +10 points, mean 9, 4.303 * 1 / sqrt(3) = 2.48; residual: -2, -2, -2
    found = degraded([0.18, 0.20, 0.22], [0.06, 0.07, 0.08])
    assert found.verdict == "as published"
    assert "9.0 points higher (95 % interval 6.5 to 11.5, 3 seeds)" in found.sentence
    assert "2.0 points lower (95 % interval 2.0 to 2.0, 3 seeds)" in found.sentence
    assert "20.0 % (18.0 to 22.0) of their own training photos" in found.sentence


def test_degradation_that_did_not_come_says_so():
    better = degraded([0.05, 0.06, 0.07], [0.06, 0.07, 0.08])
    assert better.verdict == "otherwise"
    assert "did not train worse here, but better" in better.title
    assert "5.0 points lower" in better.sentence
    chance = degraded([0.05, 0.16, 0.12], [0.06, 0.07, 0.08])
    assert chance.verdict == "undecided"
    both = degraded([0.18, 0.20, 0.22], [0.18, 0.19, 0.20])
    assert both.verdict == "otherwise"
    assert "with shortcuts and without" in both.title
    # plain: +8, +9, +10; with shortcuts: +1, +1, +1; 7, 8, 9 points more, 4.303 / sqrt(3) = 2.48
    less = degraded([0.18, 0.20, 0.22], [0.09, 0.10, 0.11])
    assert less.verdict == "otherwise" and "far less so" in less.title
    assert "8.0 points more (95 % interval 5.5 to 10.5, 3 seeds) without" in less.sentence


def test_from_fewer_than_three_seeds_nothing_is_decided():
    results = together(
        runs(degradation.PLAIN_20, [0.1]),
        runs(degradation.PLAIN_56, [0.2]),
        runs(degradation.RESIDUAL_20, [0.1]),
        runs(degradation.RESIDUAL_56, [0.05]),
    )
    found = degradation.EXPERIMENT.concluded(results)
    assert found.verdict == "undecided"
    assert found.title.startswith("A hint from 1 seed: without shortcuts")
    assert "1 seed only: it may be chance" in found.sentence


def normed(with_norm: dict[float, float], without: dict[float, float], lost: float):
    """Errors by rate, the same for three seeds but for a tenth of a point; one rate is lost."""
    arms = []
    for side, errors in ((batch_norm.WITH, with_norm), (batch_norm.WITHOUT, without)):
        for rate, error in errors.items():
            is_lost = side == batch_norm.WITHOUT and rate == lost
            three = [error - 0.001, error, error + 0.001]
            arms.append(runs(batch_norm.label(side, rate), three, lost=is_lost))
    return together(*arms)


def test_batch_norm_allows_higher_rates():
    slow, low, middle, high = batch_norm.RATES
    results = normed(
        {slow: 0.30, low: 0.15, middle: 0.12, high: 0.14},
        {slow: 0.16, low: 0.20, middle: 0.18, high: 0.90},
        lost=middle,
    )
    # best without: 16 %, near it 20 % is, and 18 % would be, but it was lost
    assert batch_norm.best_rate(results, batch_norm.WITH) == middle
    assert batch_norm.useful_rates(results, batch_norm.WITH) == [low, middle, high]
    assert batch_norm.useful_rates(results, batch_norm.WITHOUT) == [slow, low]
    found = batch_norm.find(results)
    assert found.verdict == "as published"
    assert f"{high / low:g} times as high" in found.title
    assert "4.0 points higher" in found.sentence
    assert "3 of its runs ran away" in found.sentence


def test_batch_norm_without_a_gain_says_so():
    rates = batch_norm.RATES
    same = dict.fromkeys(rates, 0.2)
    found = batch_norm.find(normed(same, same, lost=-1))
    assert found.verdict == "otherwise"
    assert "no higher rates here" in found.title


@pytest.mark.parametrize(
    ("wide", "verdict"),
    [
        ([0.08, 0.09, 0.10], "as published"),
        ([0.18, 0.19, 0.20], "otherwise"),
        ([0.10, 0.14, 0.13], "undecided"),
    ],
)
def test_width_against_depth(wide, verdict):
    found = width_depth.find(
        together(
            runs(width_depth.THIN, [0.12, 0.13, 0.14], seconds=30.0),
            runs(width_depth.MIDDLE, [0.1, 0.1, 0.1]),
            runs(width_depth.WIDE, wide, seconds=20.0),
        )
    )
    assert found.verdict == verdict
    assert "1.5 times as long" in found.sentence


def test_random_search_against_descent():
    searched = [
        replace(run, tries={"1": 0.9, "10": 0.85, "100": 0.8, "1000": run.held_out_error})
        for run in runs(random_search.SEARCH, [0.75, 0.76, 0.77])
    ]
    descended = runs(random_search.DESCENT, [0.2, 0.21, 0.22])
    found = random_search.find(together(searched, descended))
    assert found.verdict == "as published"
    assert "names 24.0 % (23.0 to 25.0) of the photos held out correctly" in found.sentence
    assert "55.0 points more (95 % interval 55.0 to 55.0, 3 seeds)" in found.sentence
    worse = random_search.find(together(searched, runs(random_search.DESCENT, [0.8, 0.81, 0.82])))
    assert worse.verdict == "otherwise"
    assert "5.0 points fewer" in worse.sentence


def test_the_gap_of_few_photos():
    # gaps with: 5 points each, without: 30 points each; held out: 20 % against 30 %
    found = augmentation.find(
        together(
            runs(augmentation.WITH, [0.15, 0.15, 0.15], [0.20, 0.20, 0.20]),
            runs(augmentation.WITHOUT, [0.0, 0.01, 0.02], [0.30, 0.31, 0.32]),
        )
    )
    assert found.verdict == "as published"
    assert "25.0 points narrower (95 % interval 25.0 to 25.0, 3 seeds)" in found.sentence
    assert "11.0 points lower (95 % interval 8.5 to 13.5, 3 seeds)" in found.sentence
    worse = augmentation.find(
        together(
            runs(augmentation.WITH, [0.15, 0.15, 0.15], [0.40, 0.40, 0.40]),
            runs(augmentation.WITHOUT, [0.0, 0.01, 0.02], [0.30, 0.31, 0.32]),
        )
    )
    assert worse.verdict == "otherwise"


def test_filters_that_became_smooth():
    rough, smooth = weights([1, -1], [-1, 1]), weights([1, 1], [1, 1.1])
    kept = [
        replace(run, before=rough, after=smooth)
        for run in runs(first_filters.LABEL, [0.1, 0.1, 0.1])
    ]
    found = first_filters.find(together(kept))
    assert found.verdict == "as published"
    assert "correlate with -1.00 before" in found.sentence
    assert "(3 seeds)" in found.sentence
    back = [replace(run, before=smooth, after=rough) for run in kept]
    assert first_filters.find(together(back)).verdict == "otherwise"


def test_a_filter_is_drawn_from_its_smallest_weight_to_its_largest():
    grey = first_filters.tile(np.array([[[-1.0, 0.0], [0.5, 1.0]]]))
    # (0 + 1) / 2 * 255 = 127.5, to even 128; 1.5 / 2 * 255 = 191.25
    assert [row[0][0] for row in grey.pixels] == [0, 191]
    assert grey.pixels[0][1] == (128, 128, 128)
    coloured = first_filters.tile(np.array([[[0.0]], [[1.0]], [[0.5]]]))
    assert coloured.pixels == (((0, 255, 128),),)


def test_a_run_that_was_lost_in_its_first_epoch_leaves_no_line():
    assert over_seeds("lost", [{}, {}]) is None
    line = over_seeds("half", [{1.0: 20.0, 2.0: 10.0}, {1.0: 30.0}])
    assert line is not None
    assert line.points == ((1.0, 25.0), (2.0, 10.0))
    assert line.band == ((1.0, 20.0, 30.0), (2.0, 10.0, 10.0))


def test_every_experiment_says_what_it_asks_and_who_asked_it():
    for name, each in experiments().items():
        assert each.name == name
        assert each.question.endswith("?")
        assert "lecture" in each.source, name
        assert each.full.seeds == 3, name
        assert each.quick.minutes <= 2, name
        arms = each.arms(each.full)
        assert len({arm.label for arm in arms}) == len(arms), name
        assert all(arm.recipe.epochs == each.full.epochs for arm in arms), name
