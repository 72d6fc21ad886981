"""Which head, and how strong: asked of the training photos alone, by grouped cross-validation.

The kind whose calibrated probabilities are best is taken. Among linear heads that the evidence
cannot tell from the best one there is no choice: their mean is taken. Those are the ones whose log
loss lies within one standard error of its, by the differences from photo to photo (the rule is
Breiman's: Classification and Regression Trees, 1984, Sect. 3.4.3). The mean of linear heads is a
linear head and costs nothing in use. Few photos so get a broad mean, in which cautious heads take
part, many a precise one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.calibration import calibrated
from eyespot.classifier.heads import NEIGHBOURS, Head, Labels, Vectors, probabilities
from eyespot.engines.run import in_threads
from eyespot.transfer.candidates import (
    MEAN,
    SOFTMAX,
    STRENGTHS,
    Candidate,
    Examples,
    Member,
    fitted,
    judged,
    one_thread_per_product,
    out_of_fold,
    scores_of,
)
from eyespot.transfer.contenders import paired
from eyespot.transfer.imbalance import is_uneven, weigh

MIRROR_DECAY = 0.003  # of the softmax head that is asked whether mirror images help


@one_thread_per_product()
def choose(
    examples: Examples,
    *,
    held_out: int | None = None,
    strengths: Mapping[str, Sequence[float]] = STRENGTHS,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Candidate, ...]:
    """Try all candidates on every fold, or on the fold `held_out` alone; the chosen is first.

    It is one of them or the mean of some. With `groups` (N,) photos that belong together count as
    one in the standard error.
    """
    with_mirrored = _mirror_images_help(examples, held_out)
    tried, scores, losses = [], [], []
    for kind, path in strengths.items():
        rows, found = out_of_fold(examples, kind, path, with_mirrored, held_out)
        labels = examples.labels[rows]
        for strength, logits in zip(path, found, strict=True):
            candidate, its_losses = judged(kind, strength, with_mirrored, logits, labels)
            tried.append(candidate)
            scores.append(logits)
            losses.append(its_losses)
    best = min(range(len(tried)), key=lambda i: tried[i].log_loss)
    together = np.arange(len(examples.labels)) if groups is None else groups

    def is_enough(i: int) -> bool:
        if (tried[i].kind == NEIGHBOURS) != (tried[best].kind == NEIGHBOURS):
            return False
        mean, error = paired(losses[i] - losses[best], together[rows].tolist())
        return mean <= error

    enough = [i for i in range(len(tried)) if is_enough(i)]
    chosen = tried[enough[0]]
    if len(enough) > 1 and chosen.kind != NEIGHBOURS:
        chosen = _mean([(tried[i], scores[i]) for i in enough], labels)
    others = (candidate for candidate in tried if candidate is not chosen)
    return (_weighed(examples, chosen, held_out), *others)


def _mean(heads: Sequence[tuple[Candidate, Vectors]], labels: Labels) -> Candidate:
    """The mean of linear heads, each at its temperature; with what they answered (N, K)."""
    members = tuple(Member(each.kind, each.strength, each.temperature) for each, _ in heads)
    logits = sum(scores / np.float32(each.temperature) for each, scores in heads) / len(heads)
    found, _ = judged(MEAN, len(members), heads[0][0].with_mirrored, np.asarray(logits), labels)
    return replace(found, members=members)


def _weighed(examples: Examples, chosen: Candidate, held_out: int | None) -> Candidate:
    """The same candidate; where classes are uneven, with weights for them if that is better."""
    if chosen.kind == NEIGHBOURS or not is_uneven(examples.labels):
        return chosen
    rows, before = scores_of(examples, chosen, held_out=held_out)
    _, after = scores_of(examples, chosen, held_out=held_out, is_weighted=True)
    labels = examples.labels[rows]
    found = weigh(after.argmax(axis=1), before.argmax(axis=1), labels)
    if found.is_used:
        again, _ = judged(chosen.kind, chosen.strength, chosen.with_mirrored, after, labels)
        chosen = replace(again, members=chosen.members)
    return replace(chosen, weighing=found)


@one_thread_per_product()
def fit(examples: Examples, candidate: Candidate) -> Head:
    """Fit `candidate` on all `examples`, with the temperature that was found for it."""
    return fitted(examples, candidate)


def cross_validate(examples: Examples, chosen_on: Callable[[Examples], Candidate]) -> Vectors:
    """(N, K) probabilities: each fold is answered by a head chosen and fitted without it."""
    return cross_validated(examples, chosen_on)[0]


@one_thread_per_product()
def cross_validated(
    examples: Examples, chosen_on: Callable[[Examples], Candidate]
) -> tuple[Vectors, Vectors]:
    """(N, K) probabilities as `cross_validate` has them, and what they were at temperature 1."""

    def answer(fold: int) -> tuple[NDArray[np.bool_], Vectors, Vectors]:
        outside = examples.folds == fold
        training = examples.where(~outside)
        head = fit(training, chosen_on(training))
        vectors = examples.vectors[outside]
        before = probabilities(replace(head, temperature=1.0), vectors)
        return outside, probabilities(head, vectors), before

    answers = np.zeros((len(examples.labels), examples.num_classes), np.float32)
    as_before = np.zeros_like(answers)
    for outside, found, before in in_threads(answer, np.unique(examples.folds)):
        answers[outside], as_before[outside] = found, before
    return answers, as_before


def _mirror_images_help(examples: Examples, held_out: int | None) -> bool:
    """Whether heads get better by learning from mirror images too; with writing they do not."""
    if examples.mirrored is None:
        return False
    losses = []
    for with_mirrored in (False, True):
        rows, (logits,) = out_of_fold(examples, SOFTMAX, (MIRROR_DECAY,), with_mirrored, held_out)
        losses.append(calibrated(logits, examples.labels[rows])[1].mean())
    return bool(losses[1] < losses[0])
