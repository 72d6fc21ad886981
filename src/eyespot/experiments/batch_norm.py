"""Batch norm lets a net learn at rates that are far too high for it otherwise.

Ioffe, Szegedy: Batch Normalization, ICML 2015 (arXiv:1502.03167), Sect. 3.3 and 4.2.2. The net is
plain20, which has no shortcuts that would help by themselves. Without norms each of them is
replaced, from outside, by its offset: the bias that its convolution would have had.
"""

from __future__ import annotations

from dataclasses import replace

from eyespot.experiments.builds import published, without_norms
from eyespot.experiments.charts import LineFigure, Style, over_seeds, panel
from eyespot.experiments.experiment import Arm, Experiment, Finding, Size, Verdict
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import paired, spread
from eyespot.training.recipes.resnet_cifar import RESNET_CIFAR
from eyespot.training.recipes.scaling import scaled

WITH, WITHOUT = "with batch norm", "without"
NETWORK = "plain20"
RATES = (0.001, 0.01, 0.1, 1.0)
NEAR = 0.05  # a rate is of use where the error is at most so far above that of the best rate
PIXELS, BATCH = 28, 64
RECIPE = replace(RESNET_CIFAR, normalisation="standardise")
STYLES = {WITH: Style("class-1"), WITHOUT: Style("class-6", "6 4")}
BUILDS = {
    WITH: (NETWORK, published(NETWORK)),
    WITHOUT: (f"{NETWORK}, each norm replaced by its offset", without_norms(NETWORK)),
}


def label(side: str, rate: float) -> str:
    """The name of an arm."""
    return f"{side}, rate {rate:g}"


def arms(size: Size) -> tuple[Arm, ...]:
    """Both nets at every rate, else with one recipe."""
    return tuple(
        Arm(
            label(side, rate),
            network,
            build,
            scaled(
                RECIPE,
                photos=size.photos,
                image_size=PIXELS,
                epochs=size.epochs,
                batch_size=BATCH,
                learning_rate=rate,
            ),
        )
        for side, (network, build) in BUILDS.items()
        for rate in RATES
    )


def find(results: Results) -> Finding:
    """The rates that are of use to either, and what either reaches at its best one."""
    best = {side: best_rate(results, side) for side in BUILDS}
    useful = {side: useful_rates(results, side) for side in BUILDS}
    errors = {side: results.held_out_errors(label(side, best[side])) for side in BUILDS}
    gain = paired(errors[WITHOUT], errors[WITH])
    lost = sum(run.is_lost for run in results.runs if run.arm.startswith(WITHOUT))
    ran_away = f" {lost} of its runs ran away." if lost else ""
    sentence = (
        f"With batch norm, rates from {useful[WITH][0]:g} to {useful[WITH][-1]:g} come within "
        f"{100 * NEAR:.0f} points of the best one, {best[WITH]:g}, which names "
        f"{spread(errors[WITH].values())} of the photos held out wrongly; without it, from "
        f"{useful[WITHOUT][0]:g} to {useful[WITHOUT][-1]:g}, and the best, {best[WITHOUT]:g}, "
        f"{spread(errors[WITHOUT].values())}: its error is {gain.told()}.{ran_away}"
    )
    title, verdict = _said(useful[WITH][-1], useful[WITHOUT][-1], gain.sign)
    return Finding(title, sentence, verdict, _figure(results))


def best_rate(results: Results, side: str) -> float:
    """The one with the smallest mean error on the photos held out."""
    return min(RATES, key=lambda rate: _mean(results, side, rate))


def useful_rates(results: Results, side: str) -> list[float]:
    """Those that come near the best one, in order; none that a run was lost with."""
    best = best_rate(results, side)
    most = _mean(results, side, best) + NEAR
    return [
        rate
        for rate in RATES
        if rate == best
        or (
            _mean(results, side, rate) <= most
            and not any(run.is_lost for run in results.of(label(side, rate)))
        )
    ]


def _mean(results: Results, side: str, rate: float) -> float:
    return spread(results.held_out_errors(label(side, rate)).values()).mean


def _said(highest_with: float, highest_without: float, gain: int) -> tuple[str, Verdict]:
    """The finding in words; `gain` is 1 where the best rate's error is clearly lower with it."""
    times = highest_with / highest_without
    if times > 1 and gain > 0:
        return f"With batch norm rates {times:g} times as high are of use, and the net is better", (
            "as published"
        )
    if times > 1:
        better = "not clearly better" if gain == 0 else "worse"
        return f"With batch norm rates {times:g} times as high are of use; the net is {better}", (
            "undecided" if gain == 0 else "otherwise"
        )
    if gain > 0:
        return "With batch norm the net is better, but no higher rates are of use here", "undecided"
    return "Batch norm allows no higher rates here, and the net is not clearly better", "otherwise"


def _figure(results: Results) -> LineFigure:
    learned, held_out = [], []
    for side, style in STYLES.items():
        seeds = results.training_errors(label(side, RATES[0]))
        both = [
            [{rate: 100 * errors(label(side, rate))[seed] for rate in RATES} for seed in seeds]
            for errors in (results.training_errors, results.held_out_errors)
        ]
        learned.append(over_seeds(side, both[0], style))
        held_out.append(over_seeds(side, both[1], style))
    panels = (panel("training error", learned), panel("error on photos held out", held_out))
    return LineFigure(panels, across="learning rate", is_log=True)


EXPERIMENT = Experiment(
    name="batch_norm",
    question="Which learning rates does batch norm allow, and is the net better for it?",
    source="Ioffe, Szegedy 2015, Sect. 3.3 and 4.2.2; lectures 001 and 004",
    published="ImageNet: with batch norm Inception learns at 5 and 30 times the rate, faster and "
    "to a lower error",
    arms=arms,
    find=find,
    full=Size(photos=5_000, held_out=2_000, epochs=8, seeds=3, minutes=25),
    quick=Size(photos=1_000, held_out=500, epochs=5, seeds=1, minutes=2),
    notes=(
        "Pixels have deviation 1, not only mean 0 as in the recipe's paper: without norms, inputs "
        "of a hundred times the size would decide it all.",
        "A run whose loss becomes no number counts with the error of guessing.",
        "Either side's best rate is chosen on the photos that its error is measured on, which "
        "flatters both alike.",
        "As in every training here, a gradient that is ten times larger than all recent ones is "
        "cut down: without that, the net without norms would run away sooner.",
    ),
)
