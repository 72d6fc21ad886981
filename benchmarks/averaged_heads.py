"""The mean of heads that the evidence cannot tell apart, against choosing one of them.

On the training photos of two sets: each grouped fold is answered by what is chosen and fitted
without it. "Cautious" is the strongest decay within one standard error of the best log loss, "best"
the head of least log loss. Embeddings come from the cache where they are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from results import Result, arguments, photo_set, report

from eyespot import audit as auditing
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.contenders import paired
from eyespot.transfer.material import gather
from eyespot.transfer.probes import choose, cross_validate
from eyespot.weights.catalogue import DEFAULT

SETS = ("hymenoptera", "cifar10-small")

Choice = Callable[[tuple[Candidate, ...]], Candidate]


def singles(tried: tuple[Candidate, ...]) -> list[Candidate]:
    """The heads that are no mean, the most cautious of each kind first."""
    return sorted((each for each in tried if not each.members), key=lambda each: -each.strength)


def best(tried: tuple[Candidate, ...]) -> Candidate:
    return min(singles(tried), key=lambda each: each.log_loss)


def cautious(tried: tuple[Candidate, ...]) -> Candidate:
    least = best(tried)
    limit = least.log_loss + least.log_loss_error
    of_kind = (each for each in singles(tried) if each.kind == least.kind)
    return next(each for each in of_kind if each.log_loss <= limit)


def losses(examples: Examples, choice: Choice) -> tuple[NDArray[np.float64], float]:
    """(N,) nats of each photo out of fold, and top-1."""
    found = cross_validate(examples, lambda inner: choice(choose(inner)))
    true = found[np.arange(len(found)), examples.labels].astype(np.float64)
    return -np.log(np.maximum(true, 1e-7)), float((found.argmax(axis=1) == examples.labels).mean())


def measured(name: str, options: Any) -> dict[str, Any]:
    """Of one set: log loss and top-1 of each way, and what the mean gains, photo by photo."""
    dataset = open_dataset(photo_set(options.photos, name))
    embedded = embed(dataset.photos, pretrained(DEFAULT))
    material = gather(dataset, embedded, auditing.audit(dataset, embedded), flip=False)
    ways: dict[str, Choice] = {"mean": lambda tried: tried[0], "cautious": cautious, "best": best}
    found: dict[str, list[tuple[NDArray[np.float64], float]]] = {way: [] for way in ways}
    for seed in range(options.seeds):
        examples, _ = material.examples(seed=seed)
        for way, choice in ways.items():
            found[way].append(losses(examples, choice))
    nats = {way: np.mean([each for each, _ in rows], axis=0) for way, rows in found.items()}
    groups = [material.groups[i] for i in material.part(held_out=False)]
    gains = {way: paired(nats[way] - nats["mean"], groups) for way in ("cautious", "best")}
    return {
        "n": len(groups),
        "log_loss": {way: float(each.mean()) for way, each in nats.items()},
        "top1": {way: float(np.mean([top1 for _, top1 in rows])) for way, rows in found.items()},
        "gain_and_error": {way: list(gain) for way, gain in gains.items()},
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="of the folds")
    options = parser.parse_args()
    found = {name: measured(name, options) for name in SETS}
    result = Result(
        name="averaged_heads",
        claim="heads within one standard error are averaged, log loss and top-1 out of fold "
        "against the most cautious of them",
        target="less log loss on both sets",
        reached="; ".join(
            f"{name} {each['log_loss']['mean']:.3f} against {each['log_loss']['cautious']:.3f}, "
            f"{100 * each['top1']['mean']:.1f} % against {100 * each['top1']['cautious']:.1f} %"
            for name, each in found.items()
        ),
        is_met=all(each["gain_and_error"]["cautious"][0] > 0 for each in found.values()),
        n=", ".join(f"{name} {each['n']}" for name, each in found.items())
        + f" photos, {options.seeds} x 5 grouped folds",
        figures=found,
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
