"""An experiment as a value: its question, whose it is, what is trained, and what follows from it.

One file for each experiment has an `EXPERIMENT`; docs/experiments.md says how one is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from eyespot.experiments.charts import Figure
from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import ENOUGH
from eyespot.networks.architecture import Network
from eyespot.pages.words import count
from eyespot.training.recipe import Recipe

Verdict = Literal["as published", "otherwise", "undecided"]


@dataclass(frozen=True)
class Size:
    """How much is trained: the same for every arm and every seed."""

    photos: int  # that are learned from
    held_out: int  # that are measured on
    epochs: int
    seeds: int
    minutes: float  # that all of it takes on two quiet cores, about


@dataclass(frozen=True)
class Arm:
    """A network and a recipe: what differs from arm to arm is what the experiment is about."""

    label: str
    network: str  # what `build` gives, in words
    build: Callable[[int, int], Network] = field(compare=False)  # of classes and seed
    recipe: Recipe
    is_kept: bool = False  # the first layer's weights, before and after, go into the results


@dataclass(frozen=True)
class Guessing:
    """Linear classifiers with random weights; the best of so many on the training photos."""

    label: str
    tries: tuple[int, ...]  # each has the tries before it among its own
    recipe: Recipe  # whose pictures they look at


@dataclass(frozen=True)
class Finding:
    """What came out."""

    title: str  # in words, for the head of the chart
    sentence: str  # the same with figures and their spread
    verdict: Verdict
    figure: Figure


@dataclass(frozen=True)
class Experiment:
    """`arms` gives what is trained at a size, `find` what the runs say."""

    name: str
    question: str
    source: str  # paper and section, and the lecture
    published: str  # what came out there, on which photos
    arms: Callable[[Size], tuple[Arm | Guessing, ...]]
    find: Callable[[Results], Finding]
    full: Size
    quick: Size
    notes: tuple[str, ...] = ()  # what is ours, and what to keep in mind
    data: str = "fashion-mnist"

    def concluded(self, results: Results) -> Finding:
        """What follows from the runs; from fewer than 3 seeds nothing does for sure."""
        finding = self.find(results)
        seeds = len(results.seeds)
        if seeds >= ENOUGH:
            return finding
        told = finding.title[0].lower() + finding.title[1:]
        title = f"A hint from {count(seeds, 'seed')}: {told}"
        return replace(finding, title=title, verdict="undecided")
