"""The way to a classifier that is taken, and what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Head
from eyespot.engines import Backbone
from eyespot.evaluation.trials import Trial
from eyespot.transfer.answered import Answered
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.knowing import Making
from eyespot.transfer.material import Material
from eyespot.transfer.measuring import Answers


@dataclass(frozen=True)
class Taken:
    """A head on a backbone with all that it learned from, seen as that backbone sees it."""

    material: Material
    examples: Examples  # all photos but the test part, in folds
    is_calibrating: NDArray[np.bool_]  # (N,) of the examples: nothing learns from them
    chosen: Candidate
    head: Head
    backbone: Backbone
    flip: bool
    answers: Answers
    trials: tuple[Trial, ...] = ()
    notes: tuple[str, ...] = ()
    words: str = ""  # what it is; empty for the probe
    unseen: NDArray[np.bool_] | None = None  # (N,) of the examples: those that the network itself
    # has not learned from; None: it has learned from none

    def making(self, *, coverage: float | None, seed: int) -> Making:
        """What the classifier's knowledge of itself depends on."""
        return Making(
            material=self.material,
            examples=self.examples,
            is_calibrating=self.is_calibrating,
            chosen=self.chosen,
            coverage=coverage,
            seed=seed,
            unseen=self.unseen,
            answered=self._answered,
        )

    @property
    def _answered(self) -> Answered | None:
        """What was answered out of fold; None: a test part was asked."""
        if not self.answers.is_cross_validation:
            return None
        learned = np.array(self.material.part(held_out=False), np.int64)
        rows = np.searchsorted(learned, np.array(self.answers.part, np.int64))
        return Answered(rows, self.answers.probabilities)

    @property
    def learned(self) -> Examples:
        """What is learned from."""
        return self.examples.where(~self.is_calibrating)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the material that are learned from."""
        rows = np.array(self.material.part(held_out=False), np.int64)
        return rows[~self.is_calibrating]
