"""A head on several stages of a network at once, of a photo and its mirror image where that helps.

Early stages know texture and colour, late ones what ImageNet's classes are made of (Yosinski et
al.: How transferable are features in deep neural networks?, NIPS 2014, arXiv:1411.1792). Photos
unlike ImageNet's gain by the stages before the last. Which of them are joined is asked of the
training photos alone, by grouped cross-validation, and asked again inside each fold that is
measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.calibration import calibrated
from eyespot.classifier.heads import Labels, Vectors, probabilities
from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed
from eyespot.embeddings.embedded import of_both_views
from eyespot.engines import EMBEDDING, pretrained
from eyespot.pages.words import count, listed
from eyespot.transfer.candidates import (
    SOFTMAX,
    Candidate,
    Examples,
    one_thread_per_product,
    out_of_fold,
)
from eyespot.transfer.contenders import Answers, Contender, Ready, paired
from eyespot.transfer.probes import choose, cross_validate, fit
from eyespot.transfer.stages import Parts, joined, parts_of
from eyespot.transfer.tried import Found, Tried
from eyespot.values import from_json, to_json

NAME = "better probe"
ENDS = (1, 2, 3, 4)  # so many of the last parts are joined, or all of them
DECAYS = (0.01, 0.003, 0.001)  # of the softmax heads that parts are compared with
NAMED = 3  # parts that are named one by one
CHOSEN_IN_FULL = 1_000  # photos up to which parts are compared on every fold, else on one


@dataclass(frozen=True)
class View:
    """What a head sees of a photo."""

    parts: tuple[str, ...]
    flip: bool  # the mean over the photo and its mirror image

    def __str__(self) -> str:
        few = listed(list(self.parts), limit=NAMED)
        seen = few if len(self.parts) <= NAMED else f"{self.parts[0]} to {self.parts[-1]}"
        together = f"{seen} joined" if len(self.parts) > 1 else seen
        return f"{together}, photo and mirror image" if self.flip else together


@dataclass(frozen=True)
class Responses:
    """Photos as every part of a network answers them; row i of all fields is one photo."""

    parts: Parts
    alone: tuple[Vectors, Vectors]  # the embedding (N, D), of photos and of mirror images
    joined: tuple[Vectors, Vectors]  # all parts, (N, sum of widths)
    examples: Examples  # of which labels, folds and classes are used
    groups: NDArray[np.int64]  # (N,), photos that belong together

    def where(self, rows: NDArray[np.bool_]) -> Responses:
        """The responses to some photos."""
        return replace(
            self,
            alone=(self.alone[0][rows], self.alone[1][rows]),
            joined=(self.joined[0][rows], self.joined[1][rows]),
            examples=self.examples.where(rows),
            groups=self.groups[rows],
        )

    def seen(self, view: View) -> Examples:
        """What heads learn from where photos are seen like this."""
        if view.parts == (EMBEDDING,):  # its backbone answers with it as it is
            photo, mirror = self.alone
        else:
            photo, mirror = (self.parts.of(each, view.parts) for each in self.joined)
        if view.flip:
            return replace(self.examples, vectors=of_both_views(photo, mirror), mirrored=None)
        return replace(self.examples, vectors=photo, mirrored=mirror)


@dataclass(frozen=True)
class Chosen:
    """What is seen, the head on it, and how the views that were tried did."""

    view: View
    head: Candidate
    tried: tuple[tuple[View, float], ...]  # with their log loss


def better_probe(
    photos: Sequence[Photo],
    examples: Examples,
    *,
    groups: Sequence[int],
    network: str,
    flip: bool = False,
    device: str = "auto",
    seconds: float | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    kept: Tried | None = None,
) -> Contender:
    """The probe on several stages as a contender; row i of `examples` and `groups` is photo i.

    With `flip` every photo is seen with its mirror image; else where that is better by more than a
    standard error. After `seconds` no fold is begun but the first. What it came to is `kept`, and
    not asked again. Raises as `embed`.
    """
    kept = kept or Tried()

    def asked() -> Responses:
        return responses(
            photos, examples, groups, network=network, device=device, progress=progress
        )

    came = kept.found(NAME)
    if came is None:
        began = time.perf_counter()
        found = asked()
        chosen = chosen_view(found, flip=flip)
        end = None if seconds is None else began + seconds
        answers, answered = _answers(found, chosen, flip, end)
        facts = {"chosen": to_json(chosen), "seconds": time.perf_counter() - began}
        kept.keep(NAME, facts, {"answers": answers, "answered": answered})
        came = Found(facts, {"answers": answers, "answered": answered})
    return _contender(came, asked, network)


def _contender(came: Found, asked: Callable[[], Responses], network: str) -> Contender:
    """From what was found out; the network is asked again where the contender is taken."""
    chosen = from_json(Chosen, came.facts["chosen"], where=NAME)
    answers, answered = came.arrays["answers"], came.arrays["answered"]
    notes: tuple[str, ...] = ()
    if not answered.all():
        told = f"{int(answered.sum()):,} of {count(len(answered), 'photo')}"
        notes = (f"Time allowed the {NAME} to answer {told} out of fold.",)

    def ready() -> Ready:
        found = asked()
        seen = found.seen(chosen.view)
        backbone = joined(network, chosen.view.parts)
        return Ready(backbone, fit(seen, chosen.head), seen.vectors, chosen.view.flip)

    def by_chance(folds: Labels, seconds: float) -> Answers:
        """With what was chosen: in folds that separate near-copies a choice would lean on them."""
        seen = replace(asked().seen(chosen.view), folds=folds)
        return cross_validate(seen, lambda _: chosen.head), np.ones(len(folds), bool)

    return Contender(
        NAME,
        f"{chosen.head}, {chosen.view}",
        answers,
        answered,
        came.facts["seconds"],
        ready,
        by_chance,
        notes,
    )


def responses(
    photos: Sequence[Photo],
    examples: Examples,
    groups: Sequence[int],
    *,
    network: str,
    device: str,
    progress: Callable[[int, int], None],
) -> Responses:
    """Every part of the network, of photos that can be read. From the cache, or computed."""
    parts = parts_of(network)
    alone = embed(photos, pretrained(network), device=device)
    whole = embed(photos, joined(network, parts.names), device=device, progress=progress)
    assert len(alone) == len(whole) == len(examples.labels), "a photo is not readable any more"
    return Responses(
        parts,
        (alone.vectors, alone.mirrored),
        (whole.vectors, whole.mirrored),
        examples,
        np.asarray(groups, np.int64),
    )


def chosen_view(found: Responses, *, flip: bool = False) -> Chosen:
    """The parts with the least log loss, mirror images where they clearly help, and the head.

    Folds are those of `found.examples`, two of them at least.
    """
    fold = _only_fold(found.examples)
    ends = sorted({min(n, len(found.parts.names)) for n in ENDS} | {len(found.parts.names)})
    views = [View(found.parts.latest(n), flip) for n in ends]
    losses = [_losses(found, view, fold) for view in views]
    best = int(np.argmin([each.mean() for each in losses]))
    view, tried = views[best], [(v, float(x.mean())) for v, x in zip(views, losses, strict=True)]
    if not flip:
        both = replace(view, flip=True)
        other = _losses(found, both, fold)
        rows = slice(None) if fold is None else found.examples.folds == fold
        gain, error = paired(losses[best] - other, found.groups[rows].tolist())
        tried.append((both, float(other.mean())))
        view = both if gain > error else view
    head = choose(found.seen(view), held_out=fold, groups=found.groups)[0]
    return Chosen(view, head, tuple(tried))


@one_thread_per_product()
def _losses(found: Responses, view: View, fold: int | None) -> NDArray[np.float64]:
    """(N,) calibrated log losses out of fold, of the best of a few softmax heads."""
    seen = found.seen(view)
    rows, logits = out_of_fold(seen, SOFTMAX, DECAYS, False, fold)
    losses = [calibrated(each, seen.labels[rows])[1] for each in logits]
    return min(losses, key=lambda each: float(each.mean()))


def _only_fold(examples: Examples) -> int | None:
    """The fold that is enough to compare on where there are many photos: the smallest."""
    folds, sizes = np.unique(examples.folds, return_counts=True)
    return None if len(examples.labels) <= CHOSEN_IN_FULL else int(folds[np.argmin(sizes)])


def _answers(
    found: Responses, chosen: Chosen, flip: bool, end: float | None
) -> tuple[Vectors, NDArray[np.bool_]]:
    """(N, K) probabilities: each fold answered by what is chosen and fitted without it."""
    examples = found.examples
    answers = np.zeros((len(examples.labels), examples.num_classes), np.float32)
    answered = np.zeros(len(examples.labels), bool)
    for fold in np.unique(examples.folds):
        if answered.any() and end is not None and time.perf_counter() > end:
            break
        outside = examples.folds == fold
        training, asked = found.where(~outside), found.where(outside)
        is_choice = len(np.unique(training.examples.folds)) > 1
        inner = chosen_view(training, flip=flip) if is_choice else chosen
        head = fit(training.seen(inner.view), inner.head)
        answers[outside] = probabilities(head, asked.seen(inner.view).vectors)
        answered |= outside
    return answers, answered
