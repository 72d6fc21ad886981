"""Write the tables of checkpoints: `python tests/golden/collect_weights.py REFERENCE`.

Every checkpoint of the reference folder whose network is in `weights/published.py` and whose logits
are those of our 1,000 classes. What the publisher states is copied as it stands.
"""

import json
import sys
from pathlib import Path

from eyespot.weights import catalogue
from eyespot.weights.published import PUBLISHED

FOLDER = Path(catalogue.__file__).parent

# A file that two networks take: with its auxiliary heads, and without.
ALSO = {
    "torchvision/googlenet": ("torchvision/googlenet_aux",),
    "torchvision/inception_v3": ("torchvision/inception_v3_noaux",),
}
# Weights for another image size than their publisher's network has by default: with other entries.
OF_A_SIZE = {
    "torchvision/vit_b_16.imagenet1k_swag_e2e_v1": "torchvision/vit_b_16_384",
    "torchvision/vit_l_16.imagenet1k_swag_e2e_v1": "torchvision/vit_l_16_512",
}
TRANSFORM = (
    "As published, pixels are normalised by mean (0.485, 0.456, 0.406) and deviation (0.229, "
    "0.224, 0.225), and the network itself goes on to mean and deviation 0.5 (transform_input). "
    "Here one step does both: (x - 0.5) / 0.5 is the same."
)
NO_AUXILIARY = "The auxiliary heads of the published file are left out: they answer no photo."
SWAG = "The licence is CC-BY-NC 4.0: not for commercial use."
REMARKS = {
    "torchvision/googlenet": (TRANSFORM, NO_AUXILIARY),
    "torchvision/googlenet_aux": (TRANSFORM,),
    "torchvision/inception_v3": (TRANSFORM,),
    "torchvision/inception_v3_noaux": (TRANSFORM, NO_AUXILIARY),
}


def tables(reference: Path) -> dict[str, bytes]:
    """File name -> content of each publisher's table, networks in the order of `PUBLISHED`."""
    return {f"{name}.json": _lines(_rows(reference, name)) for name in ("torchvision", "timm")}


def checkpoints(reference: Path, library: str) -> dict[str, dict]:
    """The reference's checkpoints by the names that they have here."""
    content = (reference / f"weights_{library}.json").read_text("utf-8")
    return {
        f"{library}/{row['architecture']}.{row['tag'].lower()}": row
        for row in json.loads(content)["checkpoints"]
    }


def is_usable(row: dict) -> bool:
    """Whether it has a head for ImageNet's classes; else it is left out of the tables."""
    return row["classes"] == 1000


def _rows(reference: Path, library: str) -> list[dict]:
    found = []
    for name, row in checkpoints(reference, library).items():
        own, _, tag = name.partition(".")
        for published in (OF_A_SIZE.get(name, own), *ALSO.get(own, ())):
            if published in PUBLISHED and is_usable(row):
                title = name if name in OF_A_SIZE else f"{published}.{tag}"
                found.append((published, _row(title, published, row)))
    order = list(PUBLISHED)
    found.sort(key=lambda pair: (order.index(pair[0]), not pair[1]["default"]))
    return [row for _, row in found]


def _row(name: str, published: str, row: dict) -> dict:
    seen = row["preprocessing"]
    facts = {"name": name, "default": row["is_default"] or name in OF_A_SIZE}
    if name in OF_A_SIZE:
        facts["published"] = published
    # Without a hash, only the publisher's hub is of use: there the file holds nothing but tensors.
    facts["source"] = row["url"] if row["sha256_prefix"] else None
    facts["sha256_prefix"] = row["sha256_prefix"]
    facts |= {"licence": row["licence"], "top1": row["acc@1"], "top5": row["acc@5"]}
    facts |= {"resize": seen["resize_size"]}
    facts |= {"crop": seen["crop_size"] if "crop_size" in seen else seen["input_size"][1]}
    facts |= {key: seen[key] for key in ("interpolation", "mean", "std")}
    notes = list(REMARKS.get(published, ()))
    if row.get("network_input_transform"):
        assert TRANSFORM in notes, f"{name} transforms its input: say so in REMARKS"
        facts |= {"mean": [0.5] * 3, "std": [0.5] * 3}
    if "SWAG" in str(row["licence"]):
        notes.append(SWAG)
    for ours, theirs in (("recipe", "recipe"), ("hub", "hub_id")):
        if row.get(theirs):
            facts[ours] = row[theirs]
    return facts | ({"notes": notes} if notes else {})


BREAKS = ("source", "sha256_prefix", "resize", "recipe", "hub", "notes")  # begin a line each


def _lines(rows: list[dict]) -> bytes:
    return ("[\n" + ",\n".join(map(_text, rows)) + "\n]\n").encode()


def _text(row: dict) -> str:
    """One object over a few short lines."""
    text = ""
    for key, value in row.items():
        gap = ",\n   " if key in BREAKS else ", "
        text += f"{gap if text else ''}{json.dumps(key)}: {json.dumps(value)}"
    return f"  {{{text}}}"


if __name__ == "__main__":
    for file, content in tables(Path(sys.argv[1])).items():
        (FOLDER / file).write_bytes(content)
