"""The lecture's "(Bad) idea #1: Random search" against its good one, on one linear classifier.

Lecture 004: the best of 1,000 random linear classifiers names 15.5 % of CIFAR-10's test photos.
The search is that of `eyespot check`, with the lecture's weights and loss.
"""

from __future__ import annotations

from eyespot.experiments.builds import linear
from eyespot.experiments.charts import LineFigure, Style, over_seeds, panel
from eyespot.experiments.experiment import Arm, Experiment, Finding, Guessing, Size, Verdict
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import paired, spread
from eyespot.training.losses import Hinge
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Cosine

SEARCH, DESCENT = "random search", "gradient descent"
PIXELS = 28
TRIES = (1, 10, 100, 1_000)


def arms(size: Size) -> tuple[Arm | Guessing, ...]:
    """The same classifier, the same loss, the same photos."""
    recipe = Recipe(
        name="linear_classifier",
        networks=(),
        epochs=size.epochs,
        batch_size=100,
        optimiser=SGD(learning_rate=0.001, momentum=0.9, weight_decay=1e-3),
        schedule=Cosine(),
        loss=Hinge(),
        image=ImageRule(resize=PIXELS, crop=PIXELS),
        normalisation="standardise",
        augmentations=(),
        source="lecture 004",
        notes=("Rate, batch and schedule are ours: the lecture has none.",),
    )
    return (
        Guessing(SEARCH, TRIES, recipe),
        Arm(DESCENT, "linear classifier on grey pixels", linear(PIXELS), recipe),
    )


def find(results: Results) -> Finding:
    """What either names correctly, after so many looks at the training photos."""
    searched, descended = results.held_out_errors(SEARCH), results.held_out_errors(DESCENT)
    gain = paired(searched, descended)
    epochs = len(results.of(DESCENT)[0].history)
    sentence = (
        f"The best of {TRIES[-1]:,} random linear classifiers names {_right(searched)} of the "
        f"photos held out correctly; gradient descent on the same classifier, after {epochs:,} "
        f"looks at the photos instead of {TRIES[-1]:,}, {_right(descended)}: "
        f"{gain.told('more', 'fewer')}."
    )
    title, verdict = _said(gain.sign)
    return Finding(title, sentence, verdict, _figure(results))


def _right(errors: dict[int, float]) -> str:
    return str(spread(1 - error for error in errors.values()))


def _said(gain: int) -> tuple[str, Verdict]:
    if gain > 0:
        return "Following the slope beats guessing by far, with fewer looks at the photos", (
            "as published"
        )
    if gain < 0:
        return "Guessing beat gradient descent here", "otherwise"
    return "Gradient descent did not clearly beat guessing here", "undecided"


def _figure(results: Results) -> LineFigure:
    searched = [
        {float(tries): 100 * error for tries, error in run.tries.items()}
        for run in results.of(SEARCH)
    ]
    descended = [
        {float(epoch.epoch): 100 * epoch.error for epoch in run.history}
        for run in results.of(DESCENT)
    ]
    lines = (
        over_seeds(SEARCH, searched, Style("class-6", "6 4")),
        over_seeds(DESCENT, descended, Style("class-1")),
    )
    return LineFigure(
        (panel("error on photos held out", lines),),
        across="looks at all training photos: tries, or epochs",
        is_log=True,
    )


EXPERIMENT = Experiment(
    name="random_search",
    question="How far does guessing weights get, and how far does following the slope?",
    source="Stanford's CS231n, optimisation; lecture 004",
    published="CIFAR-10: the best of 1,000 random linear classifiers names 15.5 % correctly",
    arms=arms,
    find=find,
    full=Size(photos=5_000, held_out=5_000, epochs=20, seeds=3, minutes=2),
    quick=Size(photos=1_000, held_out=1_000, epochs=10, seeds=1, minutes=0.5),
    notes=(
        "FashionMNIST is easier than CIFAR-10: both figures are higher than the lecture's.",
        "The pictures are grey, with pixels around zero; an epoch of gradient descent looks at "
        "every photo once, and so does a try.",
    ),
)
