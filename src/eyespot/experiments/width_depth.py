"""A few wide layers against many thin ones, for about as many weights.

Zagoruyko, Komodakis: Wide Residual Networks, BMVC 2016 (arXiv:1605.07146), Sect. 3 and Table 4.
The nets are WRN-n-k of n layers, k times as wide; the catalogue's own are too large for a laptop.
"""

from __future__ import annotations

from eyespot.experiments.builds import wide
from eyespot.experiments.charts import Style, error_curves
from eyespot.experiments.experiment import Arm, Experiment, Finding, Size, Verdict
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import Difference, paired, spread
from eyespot.training.recipes.scaling import scaled
from eyespot.training.recipes.wide_resnet import WRN_CIFAR

THIN, MIDDLE, WIDE = "40 layers, 1 wide", "16 layers, 2 wide", "10 layers, 3 wide"
SHAPES = {THIN: (40, 1), MIDDLE: (16, 2), WIDE: (10, 3)}
STYLES = {THIN: Style("class-6"), MIDDLE: Style("class-3", "6 4"), WIDE: Style("class-1")}
PIXELS, BATCH = 28, 64


def arms(size: Size) -> tuple[Arm, ...]:
    """Three shapes, one recipe."""
    recipe = scaled(
        WRN_CIFAR, photos=size.photos, image_size=PIXELS, epochs=size.epochs, batch_size=BATCH
    )
    return tuple(
        Arm(label, f"WRN-{layers}-{width}", wide(layers, width), recipe)
        for label, (layers, width) in SHAPES.items()
    )


def find(results: Results) -> Finding:
    """The error of the widest less that of the deepest, and how long either took."""
    errors = {label: spread(results.held_out_errors(label).values()) for label in SHAPES}
    gain = paired(results.held_out_errors(WIDE), results.held_out_errors(THIN))
    weights = {label: results.of(label)[0].parameters for label in SHAPES}
    took = {label: spread(run.seconds for run in results.of(label)).mean for label in SHAPES}
    sentence = (
        f"10 layers, 3 times as wide, name {errors[WIDE]} of the photos held out wrongly, 40 thin "
        f"layers {errors[THIN]}: the error of the wide net is {gain.told()}, with "
        f"{weights[WIDE]:,} weights against {weights[THIN]:,}. 16 layers twice as wide have "
        f"{errors[MIDDLE]}. A run of the deep net took {took[THIN] / took[WIDE]:.1f} times as long."
    )
    title, verdict = _said(gain)
    return Finding(title, sentence, verdict, error_curves(results, STYLES))


def _said(gain: Difference) -> tuple[str, Verdict]:
    """The finding in words. A negative difference: the wide one is better."""
    if gain.sign < 0:
        return "Ten wide layers beat forty thin ones", "as published"
    if gain.sign > 0:
        return "Forty thin layers beat ten wide ones here", "otherwise"
    return "Ten wide layers and forty thin ones do not clearly differ here", "undecided"


EXPERIMENT = Experiment(
    name="width_depth",
    question="Are a few wide layers better than many thin ones, for as many weights?",
    source="Zagoruyko, Komodakis 2016, Sect. 3 and Table 4; lecture 001",
    published="CIFAR-10: WRN-16-8 with 11.0 M weights has an error of 4.27 %, WRN-40-4 with 8.9 M "
    "one of 4.53 %; wide nets are faster",
    arms=arms,
    find=find,
    full=Size(photos=6_000, held_out=2_000, epochs=8, seeds=3, minutes=25),
    quick=Size(photos=1_500, held_out=500, epochs=5, seeds=1, minutes=2),
    notes=(
        "The wide nets have a fifth more weights than the deep one: no whole width comes nearer.",
        "Times are of this machine, as busy as it was.",
    ),
)
