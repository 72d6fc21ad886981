"""Every arm with every seed, each trained once: what is finished is read, what was killed goes on.

OUT/runs/ARM/seed-0/run.json       what came out (`Run`)
                    checkpoints/   while it is trained
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from eyespot.errors import InputError
from eyespot.experiments import learning
from eyespot.experiments.experiment import Arm, Experiment, Guessing, Size
from eyespot.experiments.photos import Divided, drawn, opened
from eyespot.experiments.runs import Results, Run, key, read_run, write_run
from eyespot.experiments.statistics import MOST
from eyespot.networks.counting import count
from eyespot.training.stages import Stages, Unwatched
from eyespot.values import to_json

RUN, CHECKPOINTS = "run.json", "checkpoints"
GUESS_COST = 20.0  # times the multiply-adds of a try that a try costs, losses and all


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    experiment: Experiment
    data: str | Path
    out: Path
    is_quick: bool = False
    seeds: int | None = None  # None: as many as the size says
    device: str = "cpu"
    workers: int = 2  # threads that prepare photos; no result depends on them
    command: str = ""  # as the user typed it

    @property
    def size(self) -> Size:
        """How much is trained."""
        size = self.experiment.quick if self.is_quick else self.experiment.full
        if self.seeds is None:
            return size
        if not 1 <= self.seeds <= MOST:
            raise InputError(f"An experiment has 1 to {MOST} seeds, not {self.seeds}")
        return replace(size, seeds=self.seeds)


class Watcher(Protocol):
    """Whoever shows how the experiment goes on; the command line does, Python does not."""

    def photos(self, done: int, total: int) -> None:
        """So many photos have been looked at."""
        ...

    def begin(self, arm: str, seed: int, *, done: int, total: int) -> None:
        """A run begins, or goes on, after `done` finished ones of `total`."""
        ...

    def advance(self, done: int, total: int) -> None:
        """The run has made so many of its steps."""
        ...

    def end(self, run: Run, *, done: int, total: int, left: float) -> None:
        """A run is over, the `done`th of `total`; about `left` seconds of others remain."""
        ...

    def note(self, sentence: str) -> None:
        """Something the user should know."""
        ...


def carry_out(order: Order, watcher: Watcher) -> tuple[Results, Divided]:
    """Train what is not trained yet. Raises `InputError` for photos that are too few and where
    `out` holds another experiment, `Interrupted` after Ctrl-C and SIGTERM, with all kept."""
    size = order.size
    arms = order.experiment.arms(size)
    divided = opened(order.data, size, progress=watcher.photos)
    costs = {arm.label: _cost(arm, size, len(divided.parts.classes)) for arm in arms}
    found: dict[tuple[str, int], Run] = {}
    waiting: list[tuple[Arm | Guessing, int]] = []
    keys = {(arm.label, seed): _key(order, arm, seed, divided) for arm, seed in _all(arms, size)}
    for arm, seed in _all(arms, size):
        run = read_run(_place(order, arm, seed) / RUN, key=keys[arm.label, seed])
        if run is None:
            waiting.append((arm, seed))
        else:
            found[arm.label, seed] = run
    for i, (arm, seed) in enumerate(waiting):
        watcher.begin(arm.label, seed, done=len(found), total=len(keys))
        place = _place(order, arm, seed)
        run = _made(order, arm, seed, keys[arm.label, seed], divided, watcher)
        write_run(place / RUN, run)
        shutil.rmtree(place / CHECKPOINTS, ignore_errors=True)
        found[arm.label, seed] = run
        ahead = [each.label for each, _ in waiting[i + 1 :]]
        left = seconds_left(ahead, costs, found.values())
        watcher.end(run, done=len(found), total=len(keys), left=left)
    runs = tuple(found[arm.label, seed] for arm in arms for seed in range(size.seeds))
    return Results(runs), divided


def _all(arms: Sequence[Arm | Guessing], size: Size) -> list[tuple[Arm | Guessing, int]]:
    """Seed after seed, so that whoever stops has whole comparisons."""
    return [(arm, seed) for seed in range(size.seeds) for arm in arms]


def _place(order: Order, arm: Arm | Guessing, seed: int) -> Path:
    return order.out / "runs" / slug(arm.label) / f"seed-{seed}"


def slug(label: str) -> str:
    """The label as the name of a folder: `plain, 20 layers` -> `plain-20-layers`."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-")


def seconds_left(labels: Sequence[str], costs: Mapping[str, float], runs: Iterable[Run]) -> float:
    """What the waiting runs will take: what the arm took with other seeds, else by its cost."""
    took: dict[str, list[float]] = {}
    for run in runs:
        took.setdefault(run.arm, []).append(run.seconds)
    means = {label: sum(each) / len(each) for label, each in took.items()}
    rate = sum(means.values()) / max(sum(costs[label] for label in means), 1e-9)
    return sum(means.get(label, rate * costs[label]) for label in labels)


def _cost(arm: Arm | Guessing, size: Size, classes: int) -> float:
    """Multiply-adds of all photos that go by, about."""
    pixels = arm.recipe.image.size
    if isinstance(arm, Guessing):
        return GUESS_COST * sum(arm.tries) * size.photos * pixels**2 * classes
    return float(count(arm.build(classes, 0), pixels).multiply_adds) * size.photos * size.epochs


def _key(order: Order, arm: Arm | Guessing, seed: int, divided: Divided) -> str:
    """The key of a run: all that decides it."""
    return key(
        {
            "experiment": order.experiment.name,
            "size": to_json(replace(order.size, seeds=0, minutes=0)),
            "photos": divided.digest,
            "arm": [arm.label, arm.network if isinstance(arm, Arm) else list(arm.tries)],
            "recipe": to_json(arm.recipe),
            "seed": seed,
        }
    )


def _made(
    order: Order,
    arm: Arm | Guessing,
    seed: int,
    run_key: str,
    divided: Divided,
    watcher: Watcher,
) -> Run:
    parts = drawn(divided.parts, order.size, seed=seed)
    desk = learning.Desk(
        parts=parts,
        seed=seed,
        key=run_key,
        device=order.device,
        workers=order.workers,
        stages=Stages(Unwatched()),
    )
    begin = time.monotonic()
    if isinstance(arm, Guessing):
        run = learning.guessed(arm, desk, progress=watcher.advance)
        return replace(run, seconds=time.monotonic() - begin)
    return learning.trained(arm, desk, _place(order, arm, seed) / CHECKPOINTS, watcher)
