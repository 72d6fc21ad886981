"""A closer look against the probe, on training photos alone: log loss and top-1 out of fold.

Each grouped fold is answered by heads chosen and fitted without it, on the same photos seen once
and seen twice. Embeddings come from the cache where they are there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from averaged_heads import losses
from numpy.typing import NDArray
from results import Result, arguments, photo_set, report

from eyespot import audit as auditing
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.transfer.closer_look import closer
from eyespot.transfer.contenders import paired
from eyespot.transfer.material import gather
from eyespot.weights.catalogue import DEFAULT

SET = "hymenoptera"
WAYS = ("probe", "closer look")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="of the folds")
    options = parser.parse_args()
    dataset = open_dataset(photo_set(options.photos, SET))
    embedded = embed(dataset.photos, pretrained(DEFAULT))
    material = gather(dataset, embedded, auditing.audit(dataset, embedded), flip=False)
    rows = list(material.part(held_out=False))
    twice = embed([material.photos[i] for i in rows], closer(DEFAULT))
    found: dict[str, list[tuple[NDArray[np.float64], float]]] = {way: [] for way in WAYS}
    for seed in range(options.seeds):
        once, _ = material.examples(seed=seed)
        seen = replace(once, vectors=twice.vectors, mirrored=twice.mirrored)
        for way, examples in zip(WAYS, (once, seen), strict=True):
            found[way].append(losses(examples, lambda tried: tried[0]))
    nats = {way: np.mean([each for each, _ in runs], axis=0) for way, runs in found.items()}
    top1 = {way: float(np.mean([share for _, share in runs])) for way, runs in found.items()}
    groups = [material.groups[i] for i in rows]
    gain, error = paired(nats["probe"] - nats["closer look"], groups)
    loss = {way: float(each.mean()) for way, each in nats.items()}
    result = Result(
        name="closer_look",
        claim="a closer look, log loss and top-1 out of fold against the probe's",
        target="less log loss by more than two standard errors",
        reached=f"{SET} {loss['closer look']:.3f} against {loss['probe']:.3f}, "
        f"{100 * top1['closer look']:.1f} % against {100 * top1['probe']:.1f} %",
        is_met=gain > 2 * error,
        n=f"{len(rows)} training photos, {options.seeds} x 5 grouped folds",
        figures={"log_loss": loss, "top1": top1, "gain": gain, "error": error},
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
