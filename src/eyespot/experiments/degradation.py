"""More layers learn worse where no shortcuts help: the observation that ResNet began with.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, Fig. 1 and Fig. 6.
"""

from __future__ import annotations

from eyespot.experiments.builds import published
from eyespot.experiments.charts import Style, error_curves
from eyespot.experiments.experiment import Arm, Experiment, Finding, Size, Verdict
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import Difference, paired, spread
from eyespot.training.recipes.resnet_cifar import RESNET_CIFAR
from eyespot.training.recipes.scaling import scaled

PLAIN_20, PLAIN_56 = "plain, 20 layers", "plain, 56 layers"
RESIDUAL_20, RESIDUAL_56 = "residual, 20 layers", "residual, 56 layers"
NETWORKS = {
    PLAIN_20: "plain20",
    PLAIN_56: "plain56",
    RESIDUAL_20: "resnet20",
    RESIDUAL_56: "resnet56",
}
STYLES = {
    PLAIN_20: Style("class-6", "6 4"),
    PLAIN_56: Style("class-6"),
    RESIDUAL_20: Style("class-1", "6 4"),
    RESIDUAL_56: Style("class-1"),
}
PIXELS, BATCH = 28, 64


def arms(size: Size) -> tuple[Arm, ...]:
    """The paper's recipe in proportion, the same for all four."""
    recipe = scaled(
        RESNET_CIFAR, photos=size.photos, image_size=PIXELS, epochs=size.epochs, batch_size=BATCH
    )
    return tuple(Arm(label, name, published(name), recipe) for label, name in NETWORKS.items())


def find(results: Results) -> Finding:
    """How much worse 56 layers learn than 20, without shortcuts and with them."""
    plain = _deeper(results, PLAIN_56, PLAIN_20)
    residual = _deeper(results, RESIDUAL_56, RESIDUAL_20)
    relief = paired(_costs(results, PLAIN_56, PLAIN_20), _costs(results, RESIDUAL_56, RESIDUAL_20))
    errors = {label: spread(results.training_errors(label).values()) for label in NETWORKS}
    sentence = (
        f"At the end of training, 56 plain layers name {errors[PLAIN_56]} of their own training "
        f"photos wrongly and 20 plain layers {errors[PLAIN_20]}: the error of the deeper net is "
        f"{plain.told()}. With shortcuts it is {errors[RESIDUAL_56]} and {errors[RESIDUAL_20]}: "
        f"that of the deeper net is {residual.told()}. What the depth costs is "
        f"{relief.told('more', 'less')} without shortcuts than with them."
    )
    title, verdict = _said(plain, residual, relief)
    return Finding(title, sentence, verdict, error_curves(results, STYLES))


def _deeper(results: Results, deep: str, shallow: str) -> Difference:
    return paired(results.training_errors(deep), results.training_errors(shallow))


def _costs(results: Results, deep: str, shallow: str) -> dict[int, float]:
    """What the depth costs, seed by seed."""
    more, less = results.training_errors(deep), results.training_errors(shallow)
    return {seed: more[seed] - less[seed] for seed in more if seed in less}


def _said(plain: Difference, residual: Difference, relief: Difference) -> tuple[str, Verdict]:
    """The finding in words. A positive difference: the deeper one learns worse.

    `relief`: what the depth costs without shortcuts, less what it costs with them.
    """
    if plain.sign > 0 and residual.sign <= 0:
        return "Without shortcuts more layers learn worse, with them they do not", "as published"
    if plain.sign > 0 and relief.sign > 0:
        return "More layers learn worse here, but with shortcuts far less so", "otherwise"
    if plain.sign > 0:
        return "More layers learn worse here, with shortcuts and without", "otherwise"
    if plain.sign < 0:
        return "The deeper plain net did not train worse here, but better", "otherwise"
    return "The deeper plain net did not train clearly worse here", "undecided"


EXPERIMENT = Experiment(
    name="degradation",
    question="Do more layers learn worse, and do shortcuts help?",
    source="He et al. 2016, Fig. 1 and Fig. 6; lecture 001",
    published="CIFAR-10: plain nets of 56 layers have a higher training error than those of 20, "
    "residual ones a lower one",
    arms=arms,
    find=find,
    full=Size(photos=5_000, held_out=2_000, epochs=8, seeds=3, minutes=25),
    quick=Size(photos=1_500, held_out=500, epochs=5, seeds=1, minutes=2),
    notes=(
        "The four nets have the same recipe; a plain net and a residual one of the same depth "
        "have the same weights to learn and cost the same.",
        "Training errors by epoch are measured while the net learns, on changed pictures; those "
        "of the sentence afterwards, on the photos as they are.",
    ),
)
