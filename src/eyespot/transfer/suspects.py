"""Labels that look wrong: every photo is answered by a head that had not seen it or its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eyespot.audit import Audit
from eyespot.audit.findings import Near, SuspectLabel, expected_wrong
from eyespot.classifier.heads import probabilities
from eyespot.classifier.suspicion import how_many_are_wrong
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import ImageDataset
from eyespot.datasets.names import counted
from eyespot.embeddings import Embedded
from eyespot.embeddings.neighbours import unit
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.material import Material, gather
from eyespot.transfer.probes import choose, cross_validate, fit
from eyespot.trust.suspects import suspects
from eyespot.trust.wrong_labels import chances

NEAREST = 3  # photos shown beside a suspect


def suspect_labels(
    material: Material, examples: Examples, chosen: Candidate
) -> tuple[SuspectLabel, ...]:
    """The labels that are probably wrong, the most suspect first.

    Photos to learn from are answered by cross-validation in the folds of `examples`, held-out ones
    by the head that learned from all of them; groups stay together.
    """
    found = np.zeros((len(material.photos), len(material.classes)), np.float32)
    learned, held_out = (list(material.part(is_held_out)) for is_held_out in (False, True))
    found[learned] = cross_validate(examples, lambda _: chosen)
    if held_out:
        found[held_out] = probabilities(fit(examples, chosen), material.vectors[held_out])
    rows = suspects(found, material.labels)
    near, wrong = _nearest(material, rows), chances(found, material.labels)
    return tuple(
        SuspectLabel(
            file=material.photos[row].file,
            label=material.classes[material.labels[row]],
            suggestion=material.classes[best],
            probability=float(found[row, material.labels[row]]),
            suggested_probability=float(found[row, best]),
            nearest=tuple(
                Near(material.photos[i].file, material.classes[material.labels[i]]) for i in others
            ),
            chance=round(float(wrong[row]), 6),
        )
        for row, best, others in zip(rows, found[rows].argmax(axis=1), near, strict=True)
    )


def suspects_told(found: Sequence[SuspectLabel], source: str) -> tuple[str, ...]:
    """What a training says of them, with the command that shows them."""
    if not found:
        return ()
    verb, them = ("looks", "it") if len(found) == 1 else ("look", "them")
    number = counted(len(found), "label")
    told = f"{number} {verb} wrong: eyespot audit {source} --suspects shows {them}."
    return (f"{told} {how_many_are_wrong(len(found), expected_wrong(found))}".rstrip(),)


def with_suspects(audit: Audit, dataset: ImageDataset, embedded: Embedded, *, seed: int) -> Audit:
    """The audit with the labels that look wrong, as a training on these photos would see them.

    Raises `InputError` where the photos cannot be trained on.
    """
    rows = [i for i, photo in enumerate(embedded.photos) if photo.label is not None]
    labelled = replace(
        embedded,
        photos=tuple(embedded.photos[i] for i in rows),
        vectors=embedded.vectors[rows],
        mirrored=embedded.mirrored[rows],
        facts=tuple(embedded.facts[i] for i in rows),
    )
    dataset = without(dataset, embedded.left_out)
    check_trainable(dataset)
    known = replace(audit, groups=tuple(audit.groups[i] for i in rows))
    material = gather(dataset, labelled, known, flip=False)
    examples, _ = material.examples(seed=seed)
    return replace(audit, suspect_labels=suspect_labels(material, examples, choose(examples)[0]))


def _nearest(material: Material, rows: NDArray[np.int64]) -> list[list[int]]:
    """For each of `rows` the photos most like it, none of its own group."""
    directions, groups = unit(material.vectors), np.array(material.groups)
    near = []
    for row in rows.tolist():
        cosines = directions @ directions[row]
        cosines[groups == groups[row]] = -np.inf
        order = np.argsort(-cosines, kind="stable")[:NEAREST]
        near.append([int(i) for i in order if np.isfinite(cosines[i])])
    return near
