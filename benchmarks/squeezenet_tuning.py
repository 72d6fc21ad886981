"""SqueezeNet 1.0 with the real weights of a file, on ants and bees: the probe, then fine-tuning.

The head is chosen and the epoch picked on the training photos alone, by groups; the 153 validation
photos are answered once by each. The weights are those of the Deep Compression release, whose
network takes levels of 0 to 255 less (123, 117, 104), in crops of 227 pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from results import PHOTOS, Result, arguments, photo_set, report, skip

from eyespot import audit as auditing
from eyespot.classifier.heads import probabilities, softmax
from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.splits import holdout
from eyespot.embeddings import embed
from eyespot.engines import Backbone
from eyespot.files import sha256
from eyespot.images.preprocessing import Preprocessing
from eyespot.training import scratch
from eyespot.training.pictures import Pictures
from eyespot.transfer import probes
from eyespot.transfer.learning_on import fine_tuned
from eyespot.transfer.lesson import VALIDATION, Tuning, Weights, lesson
from eyespot.transfer.material import Material, gather
from eyespot.transfer.tuned_folds import logits
from eyespot.weights.load import from_file

NETWORK = "squeezenet1_0"
FILE = PHOTOS.parent / "weights" / "squeezenet1_0_deepcompression.safetensors"
SEEN = Preprocessing(
    resize=256,
    crop=227,
    interpolation="bilinear",
    mean=(123 / 255, 117 / 255, 104 / 255),
    std=(1 / 255, 1 / 255, 1 / 255),
)


def material_of(source: Path, file: Path) -> Material:
    """All photos as the network sees them, in groups."""
    backbone = Backbone(
        NETWORK, sha256(file.read_bytes()), SEEN, load=lambda: from_file(file, NETWORK)
    )
    dataset = open_dataset(source)
    embedded = embed(dataset.photos, backbone, device="cpu")
    return gather(dataset, embedded, auditing.audit(dataset, embedded), flip=False)


def tuned(material: Material, options: Any) -> tuple[float, str]:
    """Top-1 on the validation photos after fine-tuning, and what came out."""
    examples, _ = material.examples(seed=options.seed)
    rows = np.array(material.part(held_out=False))
    folds = holdout(
        [str(material.photos[i].label) for i in rows],
        [material.groups[i] for i in rows],
        fraction=VALIDATION,
        seed=options.seed,
        names=[material.contents[i] for i in rows],
    )
    tried = folds.number == 0
    begun = lesson(
        Tuning(unfrozen=options.unfreeze),
        examples.where(~tried),
        [material.photos[i] for i in rows[~tried]],
        ([material.photos[i] for i in rows[tried]], examples.labels[tried].tolist()),
        seed=options.seed,
        weights=Weights("a file", NETWORK, SEEN, lambda: from_file(options.weights, NETWORK)),
    )
    order = scratch.Order(Path("photos"), NETWORK, seed=options.seed, device="cpu")
    fitted = fine_tuned(begun, order, time_limit=options.time_limit)
    asked = list(material.part(held_out=True))
    photos, labels = [material.photos[i] for i in asked], material.labels[asked]
    pictures = Pictures(
        photos, labels.tolist(), num_classes=len(material.classes), preprocessing=SEEN
    )
    right = softmax(logits(begun.network, pictures)).argmax(axis=1) == labels
    assert fitted.best is not None
    return float(right.mean()), scratch.told(fitted)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--weights", type=Path, default=FILE, help="the .safetensors file")
    parser.add_argument("--unfreeze", type=int, default=2, metavar="N")
    parser.add_argument("--time-limit", type=float, default=600.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.weights.is_file():
        skip(f"There are no weights {options.weights}: name the file with --weights")
    material = material_of(photo_set(options.photos, "hymenoptera"), options.weights)
    examples, _ = material.examples(seed=options.seed)
    candidate = probes.choose(examples)[0]
    asked = list(material.part(held_out=True))
    found = probabilities(probes.fit(examples, candidate), material.vectors[asked])
    probe = float((found.argmax(axis=1) == material.labels[asked]).mean())
    top1, told = tuned(material, options)
    result = Result(
        name="squeezenet_tuning",
        claim="SqueezeNet 1.0 on ants and bees, top-1 on the validation photos",
        target="to be said",
        reached=f"probe {100 * probe:.1f} %, fine-tuned {100 * top1:.1f} %",
        is_met=True,
        n=f"{len(asked)} photos, seed {options.seed}",
        figures={"probe": str(candidate), "fine_tuning": told, "unfrozen": options.unfreeze},
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
