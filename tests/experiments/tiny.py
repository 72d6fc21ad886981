"""An experiment of a second, on drawn pictures; run by name to be killed.

python tiny.py DATA OUT
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from published import write_idx

from eyespot.experiments import random_search
from eyespot.experiments.experiment import Arm, Experiment, Size
from eyespot.experiments.running import Order, carry_out
from eyespot.experiments.runs import Results, Run

SIZE = Size(photos=60, held_out=20, epochs=6, seeds=2, minutes=0.1)


def arms(size: Size) -> tuple:
    """Random search with few tries, and two rates of descent."""
    search, descent = random_search.arms(size)
    descent = replace(descent, recipe=replace(descent.recipe, batch_size=20))
    faster = replace(
        descent.recipe, optimiser=replace(descent.recipe.optimiser, learning_rate=0.01)
    )
    return (
        replace(search, tries=(1, 10, 1_000)),
        descent,
        Arm("ten times the rate", descent.network, descent.build, faster, is_kept=False),
    )


def experiment() -> Experiment:
    """With made-up sizes; the conclusion is the published one's."""
    return replace(random_search.EXPERIMENT, arms=arms, full=SIZE, quick=replace(SIZE, seeds=1))


def data(folder: Path) -> Path:
    """Two classes, one brighter above, one below: 300 pictures to learn from, 20 to test."""
    generator = np.random.default_rng(0)
    for part, number in (("train", 300), ("t10k", 20)):
        labels = [i % 2 for i in range(number)]
        pictures = generator.integers(0, 160, (number, 28, 28), dtype=np.uint8)
        for picture, label in zip(pictures, labels, strict=True):
            picture[14 * label : 14 * label + 14] += 20
        write_idx(folder, part, pictures, labels)
    return folder


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, int]] = []
        self.begun: list[tuple[str, int]] = []
        self.left: list[float] = []
        self.steps = 0

    def photos(self, done: int, total: int) -> None: ...

    def begin(self, arm: str, seed: int, *, done: int, total: int) -> None:
        self.begun.append((arm, seed))

    def advance(self, done: int, total: int) -> None:
        self.steps += 1

    def end(self, run: Run, *, done: int, total: int, left: float) -> None:
        self.ended.append((run.arm, run.seed))
        self.left.append(left)
        sys.stdout.write(f"{run.arm} {run.seed}\n")
        sys.stdout.flush()

    def note(self, sentence: str) -> None: ...


def carried_out(source: Path, out: Path, watcher: object = None, **options: object) -> Results:
    order = Order(experiment(), source, out, command="eyespot experiment tiny", **options)
    return carry_out(order, watcher or Told())[0]


if __name__ == "__main__":
    carried_out(Path(sys.argv[1]), Path(sys.argv[2]))
