"""CIFAR-10 small: the better probe and `auto` against the best single-stage probe, same photos.

Both are chosen by cross-validation on the training photos alone: the stage for the one, the stages
that are joined, mirror images and the head for the other. Then both answer the test photos, once,
and the training photos out of fold, where the better probe chooses anew in every fold and the
single stage does not have to. `auto` takes the probe, the better probe or fine-tuning, within its
time limit, and answers the test photos.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from results import Result, arguments, photo_set, report

from eyespot import audit as auditing
from eyespot.classifier.heads import probabilities
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.evaluation.findings import Report
from eyespot.evaluation.intervals import numbered
from eyespot.evaluation.paired import Difference, compare
from eyespot.transfer.auto import Trying
from eyespot.transfer.better_probe import better_probe
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.lesson import Tuning
from eyespot.transfer.material import Material, gather
from eyespot.transfer.probes import choose, cross_validate, fit
from eyespot.transfer.stages import joined, parts_of
from eyespot.transfer.train import Order, train
from eyespot.weights.catalogue import DEFAULT


def single_stages(material: Material, seed: int) -> dict[str, tuple[Examples, Candidate]]:
    """Every part of the network with the head that is best on it."""
    parts = parts_of(DEFAULT)
    rows = list(material.part(held_out=False))
    examples, _ = material.examples(seed=seed)
    responses = embed([material.photos[i] for i in rows], joined(DEFAULT, parts.names))
    found = {}
    for name in parts.names:
        vectors, mirrored = (
            parts.of(views, [name]) for views in (responses.vectors, responses.mirrored)
        )
        alone = Examples(vectors, mirrored, examples.labels, examples.folds, examples.num_classes)
        found[name] = alone, choose(alone)[0]
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="SECONDS", help="auto's")
    options = parser.parse_args()
    source = photo_set(options.photos, "cifar10-small")
    dataset = open_dataset(source)
    embedded = embed(dataset.photos, pretrained(DEFAULT))
    audit = auditing.audit(dataset, embedded)
    material = gather(dataset, embedded, audit, flip=False)
    learned, asked = (list(material.part(held_out=side)) for side in (False, True))
    groups = [material.groups[i] for i in learned]
    examples, _ = material.examples(seed=options.seed)

    stages = single_stages(material, options.seed)
    best = min(stages, key=lambda name: stages[name][1].log_loss)
    alone, candidate = stages[best]
    contender = better_probe(
        [material.photos[i] for i in learned], examples, groups=groups, network=DEFAULT
    )

    labels = examples.labels
    single = cross_validate(alone, lambda _: candidate)
    out_of_fold = difference(contender.probabilities, single, labels, groups, options.seed)

    ready, parts = contender.fit(), parts_of(DEFAULT)
    whole = embed([material.photos[i] for i in asked], joined(DEFAULT, parts.names))
    views = (whole.vectors, whole.mirrored)
    if len(ready.backbone.parts) == 1:
        seen = [material.vectors[asked], material.mirrored[asked]]
    else:
        seen = [parts.of(each, ready.backbone.parts) for each in views]
    better = probabilities(ready.head, (seen[0] + seen[1]) / 2 if ready.flip else seen[0])
    plain = probabilities(fit(alone, candidate), parts.of(views[0], [best]))
    test_groups = [material.groups[i] for i in asked]
    test = difference(better, plain, material.labels[asked], test_groups, options.seed)
    order = Order(
        source=source, seed=options.seed, trying=Trying(Tuning(), time_limit=options.time_limit)
    )
    tried = train(order).report
    answers = {row.file: row.is_right for row in tried.rows}
    auto = compare(
        ("auto", np.array([answers[material.photos[i].file] for i in asked])),
        ("single stage", plain.argmax(axis=1) == material.labels[asked]),
        groups=numbered(test_groups, len(test_groups)),
        seed=options.seed,
    )
    words = contender.words, f"{best}: {candidate}", _taken(tried)
    report(result(test, auto, out_of_fold, words), as_json=options.json)


def _taken(found: Report) -> str:
    """The way that `auto` took, and what each of them came to out of fold."""
    return "; ".join(
        f"{each.name}{' (taken)' if each.is_chosen else ''} {100 * each.top1:.1f} %, log loss "
        f"{each.log_loss:.3f} on {each.n}"
        for each in found.trials
    )


def difference(
    better: Any, single: Any, labels: Any, groups: list[int], seed: int
) -> tuple[Difference, dict[str, float]]:
    """Top-1 side by side, and the mean log losses."""
    right, others = (each.argmax(axis=1) == labels for each in (better, single))
    together = numbered(groups, len(groups))
    found = compare(("better probe", right), ("single stage", others), groups=together, seed=seed)
    rows = np.arange(len(labels))
    losses = [float(-np.log(each[rows, labels]).mean()) for each in (better, single)]
    return found, {"better_log_loss": losses[0], "single_log_loss": losses[1]}


def points(found: Difference) -> str:
    low, high = found.interval
    return f"{100 * found.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def result(
    test: tuple[Difference, dict[str, float]],
    auto: Difference,
    out_of_fold: tuple[Difference, dict[str, float]],
    words: tuple[str, str, str],
) -> Result:
    found = test[0]
    return Result(
        name="better_probe",
        claim="CIFAR-10 small, top-1 of the better probe minus the best single stage's; of auto",
        target="above 0",
        reached=f"{points(found)}; {points(auto)}",
        is_met=found.difference > 0 and auto.difference > 0,
        n=f"{found.n} test photos; {out_of_fold[0].n} photos out of fold",
        figures={
            "test": asdict(found) | test[1],
            "out_of_fold": asdict(out_of_fold[0]) | out_of_fold[1],
            "auto": asdict(auto),
            "better_probe": words[0],
            "single_stage": words[1],
            "auto_tried": words[2],
        },
    )


if __name__ == "__main__":
    main()
