"""What the first layer's filters look like before training and after it.

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks,
NIPS 2012, Fig. 3: "frequency- and orientation-selective kernels" and coloured blobs. Weights that
are drawn at random have nothing to do with their neighbours; those of an edge or a blob do, so what
is measured is how alike neighbouring weights are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.experiments.builds import published
from eyespot.experiments.charts import Tile, TileFigure
from eyespot.experiments.experiment import Arm, Experiment, Finding, Size, Verdict
from eyespot.experiments.runs import Results, Run, Weights
from eyespot.experiments.statistics import paired, spread
from eyespot.inspection.inside.filters import likeness
from eyespot.pages.words import count
from eyespot.training.recipes.lenet import LENET5_MODERN
from eyespot.training.recipes.scaling import scaled

LABEL = "first layer"
NETWORK = "multi_column_dnn_mnist"
PIXELS = 29
SHOWN = 30  # filters


def arms(size: Size) -> tuple[Arm, ...]:
    """One net, whose filters are kept."""
    recipe = scaled(
        LENET5_MODERN,
        photos=size.photos,
        image_size=PIXELS,
        channels=1,
        epochs=size.epochs,
        batch_size=LENET5_MODERN.batch_size,
    )
    return (Arm(LABEL, NETWORK, published(NETWORK), recipe, is_kept=True),)


def find(results: Results) -> Finding:
    """How alike neighbouring weights are, before and after."""
    runs = results.of(LABEL)
    before = {run.seed: likeness(_kernels(run.before)) for run in runs}
    after = {run.seed: likeness(_kernels(run.after)) for run in runs}
    gain = paired(after, before)
    shape = _kernels(runs[0].before).shape
    told = [" to ".join(dict.fromkeys(_ends(values))) for values in (before, after)]
    sure = count(gain.n, "seed") + ("" if gain.interval else " only: it may be chance")
    sentence = (
        f"Neighbouring weights of the {shape[0]} filters of {shape[2]} x {shape[3]} correlate with "
        f"{told[0]} before training, as chance has it, and with {told[1]} after it: "
        f"{gain.mean:+.2f} ({sure}). The net names "
        f"{spread(run.held_out_error for run in runs)} of the photos held out wrongly."
    )
    title, verdict = _said(gain.sign)
    return Finding(title, sentence, verdict, _figure(runs[0]))


def _kernels(weights: Weights | None) -> NDArray[np.float64]:
    assert weights is not None
    return np.array(weights.values, np.float64).reshape(weights.shape)


def _ends(values: dict[int, float]) -> tuple[str, str]:
    return f"{min(values.values()):.2f}", f"{max(values.values()):.2f}"


def _said(gain: int) -> tuple[str, Verdict]:
    if gain > 0:
        return "The first layer's filters have become far smoother than noise", "as published"
    if gain < 0:
        return "The first layer's filters have become rougher than noise here", "otherwise"
    return "The first layer's filters are not clearly smoother than they were", "undecided"


def _figure(run: Run) -> TileFigure:
    """The same filters before and after, of the first seed."""
    rows = (("before training", _kernels(run.before)), ("after it", _kernels(run.after)))
    return TileFigure(
        tuple((f"{told}, seed {run.seed}", tuple(map(tile, each[:SHOWN]))) for told, each in rows)
    )


def tile(kernel: NDArray[np.float64]) -> Tile:
    """(channels, height, width) -> levels, from the smallest weight to the largest.

    Three channels are red, green and blue, as in the paper; one is grey.
    """
    low, high = kernel.min(), kernel.max()
    levels = np.round((kernel - low) / ((high - low) or 1.0) * 255).astype(int)
    if len(levels) != 3:
        levels = np.repeat(levels[:1], 3, axis=0)
    rows = levels.transpose(1, 2, 0).tolist()
    return Tile(tuple(tuple((r, g, b) for r, g, b in row) for row in rows))


EXPERIMENT = Experiment(
    name="first_filters",
    question="What has the first layer learned to look at?",
    source="Krizhevsky et al. 2012, Fig. 3; lectures 001 and 003",
    published="ImageNet: AlexNet's first layer has learned edges of all directions and blobs of "
    "colour; no figure is measured",
    arms=arms,
    find=find,
    full=Size(photos=20_000, held_out=2_000, epochs=15, seeds=3, minutes=15),
    quick=Size(photos=2_000, held_out=500, epochs=10, seeds=1, minutes=1),
    notes=(
        "AlexNet itself needs ImageNet: this is one column of the multi-column network for digits, "
        "whose filters are small and grey.",
    ),
)
