"""`eyespot predict imagenet` against the network's own float32 forward in torch, and the truth.

The names of the photos begin with the WordNet id of what they show.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pairs
import torch
from results import Result, arguments, photo_set, report

from eyespot.weights import catalogue
from eyespot.weights.load import load

AGREEMENT, TOP1 = 0.99, 0.85


def forward(photos: list[Path]) -> tuple[list[int], list[int]]:
    """The class with the highest logit for each photo: torch, eager, float32; and the truth."""
    pretrained = load(catalogue.DEFAULT)
    places = {wnid: i for i, (wnid, _) in enumerate(catalogue.imagenet_classes())}
    found = []
    with torch.inference_mode():
        for photo in photos:
            _, pixels = pretrained.preprocessing.read(photo)
            images = torch.from_numpy(pretrained.preprocessing.normalise(pixels[None]))
            found.append(int(pretrained.network(images).argmax()))
    return found, [places[photo.name.partition("_")[0]] for photo in photos]


def main() -> None:
    options = arguments(__doc__).parse_args()
    photos = sorted(photo_set(options.photos, "imagenet-100").iterdir())
    with tempfile.TemporaryDirectory() as folder:
        command = [pairs.EYESPOT, "predict", "imagenet", *photos, "--jsonl"]
        output = pairs.run(command, cache=Path(folder)).output
    labels = {Path(a["file"]): a["label"] for a in map(json.loads, output.splitlines())}
    names = [name for _, name in catalogue.imagenet_classes()]
    found, truth = forward(photos)
    n = len(photos)
    same = sum(labels[p] == names[i] for p, i in zip(photos, found, strict=True))
    right = sum(labels[p] == names[i] for p, i in zip(photos, truth, strict=True))
    result = Result(
        name="imagenet",
        claim="`predict imagenet`: agreement with torch's float32 forward, and top-1",
        target=">= 99 of 100 labels, top-1 >= 85 %",
        reached=f"{same} of {n} labels, top-1 {100 * right / n:.0f} %",
        is_met=same >= AGREEMENT * n and right >= TOP1 * n,
        n=f"{n} photos",
        figures={
            "same_label": same,
            "top1": right / n,
            "torch_top1": sum(a == b for a, b in zip(found, truth, strict=True)) / n,
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
