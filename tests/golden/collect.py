"""Copy the facts about eyespot's networks: `python tests/golden/collect.py REFERENCE`."""

import json
import lzma
import sys
from pathlib import Path

from eyespot.networks import architectures
from eyespot.weights.published import PUBLISHED

FOLDER = Path(__file__).parent
LOGITS = (
    "library model image_size gain norm_eps logits_0 logits_1 mean std checksum images_differ_by"
)
COUNTS = (
    "library model image_size parameters buffers multiply_adds multiply_adds_conv "
    "multiply_adds_linear"
)
# the reference's names, where the issue of a network is called otherwise
NAMES = {"alexnet_original": "alexnet", "alexnet_single_gpu": "alexnet_torchvision"}


def collected(reference: Path) -> dict[str, bytes]:
    """File name -> content of every copy, made of the reference folder."""
    keys = ""
    for name in sorted(PUBLISHED):
        source = reference / "keys" / f"{name}.txt"
        if source.is_file():
            keys += f"# {name}\n{source.read_text('utf-8')}"
    logits = json.loads((reference / "golden" / "logits.json").read_text("utf-8"))["models"]
    counts = json.loads((reference / "counts.json").read_text("utf-8"))["models"]
    papers = json.loads((reference / "papers.json").read_text("utf-8"))["architectures"]
    return {
        "keys.txt.xz": lzma.compress(keys.encode(), preset=9 | lzma.PRESET_EXTREME),
        "logits.json": _lines([_only(row, LOGITS) for row in logits if _is_ours(row)]),
        "counts.json": _lines([_counted(row) for row in counts if _is_ours(row)]),
        "papers.json": _lines([_printed(row) for row in papers if _name(row) in architectures()]),
    }


def _is_ours(row: dict) -> bool:
    return f"{row['library']}/{row['model']}" in PUBLISHED


def _only(row: dict, names: str) -> dict:
    return {name: row[name] for name in names.split()}


def _counted(row: dict) -> dict:
    products = row.get("multiply_adds_attention_products", 0)
    return _only(row, COUNTS) | {"multiply_adds_attention_products": products}


def _name(row: dict) -> str:
    return NAMES.get(row["name"], row["name"])


def _printed(row: dict) -> dict:
    """The figures of a paper, without where they were found; what is only recalled is left out."""
    facts = {"name": _name(row), "paper": row["paper"]} | _only(row, "input_size num_classes")
    for name in ("parameters", "multiply_adds"):
        facts[name] = _figure(row[name])
        exact = row[f"exact_{name}"]
        facts[f"exact_{name}"] = exact and exact["value"]
    facts["alternative_counts"] = row.get("alternative_counts", {})
    scaling = row.get("coefficients", {})
    facts["coefficients"] = {k: scaling[k] for k in ("width", "depth", "dropout") if k in scaling}
    stages = [] if row.get("stages_confidence") == "recalled" else row["stages"]
    return facts | {
        "stages": [_only(each, "output_size channels blocks stride") for each in stages]
    }


def _figure(printed: dict | None) -> dict | None:
    """What is printed, as a number of multiply-adds or parameters, and as text."""
    if printed is None or printed["confidence"] == "recalled":
        return None
    text = printed.get("unit_as_printed") or printed.get("as_printed")
    is_both = str(printed.get("counts", "")).startswith("both")  # multiplications and additions
    return {"value": printed["value"] / (2 if is_both else 1), "text": None if is_both else text}


def _lines(rows: list[dict]) -> bytes:
    return ("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n").encode()


if __name__ == "__main__":
    for file, content in collected(Path(sys.argv[1])).items():
        (FOLDER / file).write_bytes(content)
