"""What sliding over the whole photo and over scales brings, against the centre crop.

The photos' names begin with the WordNet id of what they show. Which photos each protocol named
wrongly is kept in results/learned/dense_protocols.json, and the table stands in docs/protocols.md;
what stands there with the same weights and photos is not asked again.

python benchmarks/dense_protocols.py [--only overfeat-six] [--weights squeezenet1_0.safetensors]
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from results import ROOT, arguments, photo_set
from squeezenet_tuning import FILE, MEAN, STD

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import identity
from eyespot.classifier.published import published
from eyespot.datasets.catalogue import find_photos
from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import plain
from eyespot.engines import LOGITS, Backbone
from eyespot.errors import ImageError
from eyespot.evaluation.paired import Difference, compare
from eyespot.evaluation.protocols import CENTER, protocol
from eyespot.evaluation.views import asked
from eyespot.files import sha256, write_atomic
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights.load import from_file

DENSE = (
    "vgg-dense",
    "vgg-dense:256,384,512",
    "overfeat-six",
    "multi-scale",
    "ten-crop",
)
ALONE = ("vgg-dense:224", "vgg-dense:320", "vgg-dense:384", "vgg-dense:512")  # one scale each
KEPT = Path(__file__).with_name("results") / "learned" / "dense_protocols.json"
PAGE = ROOT / "docs" / "protocols.md"
BEGIN, END = "<!-- made by benchmarks/dense_protocols.py -->\n", "<!-- until here -->\n"
HEAD = "| protocol | top-1 | against `center` (95 %) | photos that only it / only `center` named | McNemar's p | time |"  # noqa: E501

NETWORK = "squeezenet1_0"
SEEN = Preprocessing(resize=256, crop=227, interpolation="bilinear", mean=MEAN, std=STD)

Rows = dict[str, dict[str, Any]]  # "network, protocol" -> what came out


@dataclass(frozen=True)
class Asked:
    """A classifier, what it is called in the table, and the truth of the photos in its words."""

    name: str
    classifier: Classifier
    photos: tuple[Photo, ...]

    @property
    def key(self) -> str:
        """SHA-256 over the network and the photos: changed ones are asked anew."""
        contents = [sha256(photo.read()) for photo in self.photos]
        return sha256(json.dumps([self.classifier.backbone.key, *contents]).encode())


def squeezenet(file: Path, like: Classifier) -> Classifier:
    """SqueezeNet 1.0 with the weights of a file, and the same thousand classes as `like`."""
    backbone = Backbone(
        NETWORK,
        sha256(file.read_bytes()),
        SEEN,
        output=LOGITS,
        load=lambda: from_file(file, NETWORK),
    )
    head = identity(len(like.classes))
    return Classifier(backbone, head, like.classes, device="cpu", synonyms=like.synonyms)


def answered(way: Asked, name: str) -> dict[str, Any]:
    """Ask for every photo by the protocol `name`: which ones were named wrongly."""
    start, wrong = time.process_time(), []
    answers = asked(way.classifier, protocol(name), way.photos)
    for photo, answer in zip(way.photos, answers, strict=True):
        if isinstance(answer, ImageError):
            raise answer
        if way.classifier.classes[int(answer.argmax())] != photo.label:
            wrong.append(photo.path.name)
    here = machine()
    return {
        "key": way.key,
        "n": len(way.photos),
        "wrong": wrong,
        "seconds": (time.process_time() - start) / len(way.photos),  # of processor time, a photo
        "processor": f"{here.processor}, {here.cores} cores ({' '.join(here.flags)})",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def difference(way: Asked, name: str, rows: Rows) -> Difference:
    """The protocol against the centre crop, photo by photo."""
    right = [
        np.array([photo.path.name not in set(row["wrong"]) for photo in way.photos])
        for row in (rows[f"{way.name}, {name}"], rows[f"{way.name}, {CENTER.name}"])
    ]
    each = np.arange(len(way.photos))
    return compare((name, right[0]), (CENTER.name, right[1]), groups=each, seed=0)


def table(ways: Sequence[Asked], rows: Rows) -> str:
    """A table for each network, and where it was measured."""
    lines, places = [], set()
    for way in ways:
        here = {
            name: rows[f"{way.name}, {name}"]
            for name in (CENTER.name, *DENSE, *ALONE)
            if rows.get(f"{way.name}, {name}", {}).get("key") == way.key
        }
        lines += [
            f"**{way.name}**, {len(way.photos)} photos:",
            "",
            HEAD,
            "|---|---|---|---|---|---|",
        ]
        for name, row in here.items():
            lines.append(f"| {' | '.join(_cells(name, row, difference(way, name, rows)))} |")
            places.add(f"{row['processor']}, {row['date']}")
        lines += ["", _finding(way, [difference(way, name, rows) for name in here]), ""]
    return "\n".join([*lines, "Measured on " + "; ".join(sorted(places)) + "."]) + "\n"


def _cells(name: str, row: dict[str, Any], found: Difference) -> tuple[str, ...]:
    top1, spent = f"{100 * found.first_top1:.0f} %", f"{row['seconds']:.2g} s"
    if name == CENTER.name:
        return f"`{name}`", top1, "", "", "", spent
    middle, low, high = (_points(share) for share in (found.difference, *found.interval))
    between = f"{middle} points ({low} to {high})"
    only = f"{found.only_first} / {found.only_second}"
    return f"`{name}`", top1, between, only, f"{found.p_value:.2g}", spent


def _points(share: float) -> str:
    points = round(100 * share)
    return f"{points:+d}" if points else "0"


def _finding(way: Asked, found: Sequence[Difference]) -> str:
    """Which protocols are clearly worse than the centre crop, in a sentence."""
    worse = [f"`{each.first}`" for each in found if each.is_clear and each.difference < 0]
    if not worse:
        return "None of these is significantly worse than the centre crop."
    return f"Significantly worse than the centre crop: {', '.join(worse)}."


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--weights", type=Path, default=FILE, help="of SqueezeNet 1.0")
    parser.add_argument("--only", choices=[*DENSE, *ALONE], action="append")
    options = parser.parse_args()
    found, _ = find_photos([photo_set(options.photos, "imagenet-100")])
    default = published(device="cpu")
    photos = tuple(
        replace(photo, label=default.synonyms[plain(photo.path.stem)]) for photo in found
    )
    ways = [Asked("EfficientNet-Lite0, the default", default, photos)]
    if options.weights.is_file():
        ways.append(Asked("SqueezeNet 1.0", squeezenet(options.weights, default), photos))
    rows: Rows = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    keys = {way.name: way.key for way in ways}
    for name in (CENTER.name, *(options.only or (*DENSE, *ALONE))):
        for way in ways:
            place = f"{way.name}, {name}"
            if rows.get(place, {}).get("key") != keys[way.name]:
                rows[place] = answered(way, name)
                write_atomic(KEPT, json.dumps(rows, indent=1) + "\n")
                print(f"{len(rows[place]['wrong']):4} wrong  {place}", flush=True)
    made = table(ways, rows)
    if options.json:
        print(json.dumps(rows))
        return
    print(made)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    write_atomic(PAGE, before + BEGIN + "\n" + made + "\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
