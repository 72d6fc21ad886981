"""Few photos, changed anew in every epoch: does the net still learn them by heart?

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks,
NIPS 2012, Sect. 4.1: crops and mirror images; without them "our network suffers from substantial
overfitting".
"""

from __future__ import annotations

from dataclasses import replace

from eyespot.experiments.builds import published
from eyespot.experiments.charts import Style, error_curves
from eyespot.experiments.experiment import Arm, Experiment, Finding, Size, Verdict
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import Difference, paired, spread
from eyespot.training.recipes.resnet_cifar import RESNET_CIFAR
from eyespot.training.recipes.scaling import scaled

WITH, WITHOUT = "crops and mirror images", "photos as they are"
STYLES = {WITH: Style("class-1"), WITHOUT: Style("class-6", "6 4")}
NETWORK = "resnet20"
PIXELS, BATCH = 28, 50


def arms(size: Size) -> tuple[Arm, ...]:
    """One net, one recipe, with its augmentations and without."""
    recipe = scaled(
        RESNET_CIFAR, photos=size.photos, image_size=PIXELS, epochs=size.epochs, batch_size=BATCH
    )
    return (
        Arm(WITH, NETWORK, published(NETWORK), recipe),
        Arm(WITHOUT, NETWORK, published(NETWORK), replace(recipe, augmentations=())),
    )


def find(results: Results) -> Finding:
    """The gap between the two errors, with and without."""
    gaps = {label: _gaps(results, label) for label in STYLES}
    errors = {label: results.held_out_errors(label) for label in STYLES}
    narrower, better = paired(gaps[WITH], gaps[WITHOUT]), paired(errors[WITH], errors[WITHOUT])
    told = {label: spread(results.training_errors(label).values()) for label in STYLES}
    sentence = (
        f"On photos as they are, the net errs on {told[WITHOUT]} of its training photos and on "
        f"{spread(errors[WITHOUT].values())} of those held out; trained on crops and mirror "
        f"images, on {told[WITH]} and {spread(errors[WITH].values())}. The gap between the two is "
        f"{narrower.told('wider', 'narrower')}, the error on photos held out {better.told()}."
    )
    title, verdict = _said(narrower, better)
    return Finding(title, sentence, verdict, error_curves(results, STYLES))


def _gaps(results: Results, label: str) -> dict[int, float]:
    learned, held_out = results.training_errors(label), results.held_out_errors(label)
    return {seed: held_out[seed] - learned[seed] for seed in learned}


def _said(narrower: Difference, better: Difference) -> tuple[str, Verdict]:
    """The finding in words. Negative differences: the gap is narrower, the error lower with it."""
    if better.sign < 0 and narrower.sign < 0:
        return "Augmented photos are learned by heart less, and others are named better", (
            "as published"
        )
    if better.sign < 0:
        return "Augmentation helps with other photos, the gap is not clearly narrower", "undecided"
    if better.sign > 0:
        return "Augmentation made it worse here", "otherwise"
    return "Augmentation did not clearly help with other photos here", "undecided"


EXPERIMENT = Experiment(
    name="augmentation",
    question="Does changing few photos keep a net from learning them by heart?",
    source="Krizhevsky et al. 2012, Sect. 4.1; lectures 001, 003 and 004",
    published="ImageNet: without crops and mirror images the net overfits substantially (no figure "
    "is printed)",
    arms=arms,
    find=find,
    full=Size(photos=1_000, held_out=2_000, epochs=80, seeds=3, minutes=15),
    quick=Size(photos=300, held_out=500, epochs=25, seeds=1, minutes=1),
    notes=(
        "Both errors of the sentence are of the last weights, on photos as they are; in the chart, "
        "training errors are of changed pictures where pictures are changed.",
    ),
)
