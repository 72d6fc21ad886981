"""A head on a photo seen whole and, at twice the size, by what stands in any part of it.

Averaged over a photo, an ant on a flower is a flower. So the network looks again, at twice the
size, and gives for each of its own classes the strongest of all windows (`engines.graph.strongest`;
its classes are a vocabulary, whatever the photos are of). The head reads both, the average and the
strongest. An answer takes five times the work of the probe's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from eyespot.classifier.heads import Labels
from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed
from eyespot.engines import CLOSER, EMBEDDING, JOINED, Backbone, pretrained
from eyespot.engines.graph import WINDOW
from eyespot.images.preprocessing import SIDE_LIMIT
from eyespot.networks import build, find
from eyespot.pages.words import count, duration
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.contenders import Answers, Contender, NotTriedError, Ready
from eyespot.transfer.measuring import choice_of
from eyespot.transfer.probes import choose, cross_validate, fit
from eyespot.transfer.tried import Found, Tried
from eyespot.values import from_json, to_json
from eyespot.weights import catalogue

Progress = Callable[[int, int], None]  # photos done, photos in all

NAME = "closer look"
TIMES = 2  # the size of the first look
TIMED = 32  # photos after which the time for all of them is foretold


def closer_look(
    photos: Sequence[Photo],
    examples: Examples,
    *,
    network: str,
    flip: bool,
    device: str,
    seconds: float,
    progress: Progress = lambda done, total: None,
    kept: Tried | None = None,
) -> Contender:
    """The contender; row i of `examples` is photo i. What it came to is `kept`, not asked again.

    With `flip` every photo is seen with its mirror image, too. Raises `NotTriedError` where the
    network cannot look closer, the photos are no larger than it sees them anyway, or looking at
    all of them would take more than `seconds`.
    """
    kept, backbone = kept or Tried(), closer(network)

    def seen(watch: Progress) -> Examples:
        found = embed(photos, backbone, device=device, progress=watch).averaged(flip=flip)
        assert len(found) == len(photos), "a photo is not readable any more"
        return replace(examples, vectors=found.vectors, mirrored=found.mirrored)

    if (came := kept.found(NAME)) is None:
        _require_larger(photos, network, device)
        began = time.monotonic()
        found = seen(_within(seconds, progress))
        chosen = choose(found)[0]
        answers = cross_validate(found, lambda inner: choice_of(inner, chosen))
        facts = {"chosen": to_json(chosen), "seconds": time.monotonic() - began}
        came = Found(facts, {"answers": answers})
        kept.keep(NAME, came.facts, came.arrays)
    head = from_json(Candidate, came.facts["chosen"], where=NAME)

    def ready() -> Ready:
        found = seen(progress)
        return Ready(backbone, fit(found, head), found.vectors, flip)

    def by_chance(folds: Labels, seconds: float) -> Answers:
        """With the head that was chosen: a choice would lean on near-copies in other folds."""
        found = replace(seen(progress), folds=folds)
        return cross_validate(found, lambda _: head), np.ones(len(folds), bool)

    words = f"{head}, seen whole and by its parts at twice the size"
    answered = np.ones(len(photos), bool)
    return Contender(
        NAME, words, came.arrays["answers"], answered, came.facts["seconds"], ready, by_chance
    )


def closer(network: str) -> Backbone:
    """The backbone that looks twice at a photo. Raises `NotTriedError` where a network cannot."""
    checkpoint = catalogue.find(network)
    once = checkpoint.preprocessing
    if (
        once.mean_image is not None
        or once.padding
        or TIMES * once.resize > SIDE_LIMIT
        or not _averages_its_maps(checkpoint.network)
    ):
        raise NotTriedError(f"{checkpoint.network} answers for a whole picture alone")
    backbone = pretrained(network, output=JOINED.join((EMBEDDING, CLOSER)))
    twice = replace(once, resize=TIMES * once.resize, crop=TIMES * once.crop)
    return replace(backbone, preprocessing=twice)


def _averages_its_maps(architecture: str) -> bool:
    """Whether the embedding is the average of the last maps, and these of larger pictures.

    Then the head may be asked of any part of them. Seen in the answer to a picture of noise.
    """
    row = find(architecture)
    network = build(architecture).eval()
    if (most := network.largest_image_size) is not None and TIMES * row.image_size > most:
        return False
    shape = (1, network.in_channels, row.image_size, row.image_size)
    noise = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps, embedding = network.forward_features(noise), network.forward_embedding(noise)
    if maps.dim() != 4 or maps.shape[:2] != embedding.shape:
        return False
    is_average = torch.allclose(maps.mean((2, 3)), embedding, rtol=1e-3, atol=1e-5)
    return is_average and TIMES * min(maps.shape[2:]) >= WINDOW


def _require_larger(photos: Sequence[Photo], network: str, device: str) -> None:
    """Enlarging shows nothing new: half of the photos have to have more pixels than are seen."""
    backbone = pretrained(network)
    facts = embed(photos, backbone, device=device).facts
    side = float(np.median([min(each.width, each.height) for each in facts]))
    if side <= (least := backbone.preprocessing.resize):
        raise NotTriedError(
            f"the short side of half of the photos has {side:.0f} pixels or fewer, and the "
            f"network sees {least}"
        )


def _within(seconds: float, progress: Progress) -> Progress:
    """Raises `NotTriedError` as soon as it is foretold that all photos take longer than that."""
    began, first, timed = time.monotonic(), -1, 0.0

    def told(done: int, total: int) -> None:
        nonlocal first, timed
        progress(done, total)
        now = time.monotonic()
        if first < 0:
            first = done
        elif done == first + 1:
            timed = now  # the engine is started
        elif done > first + TIMED:
            whole = now - began + (now - timed) / (done - first - 1) * (total - done)
            if whole > seconds:
                raise NotTriedError(
                    f"looking at {count(total, 'photo')} would take {duration(whole)}, and "
                    f"{duration(seconds)} were left for it"
                )

    return told
