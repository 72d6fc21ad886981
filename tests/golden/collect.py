"""Copy the facts about eyespot's networks: `python tests/golden/collect.py REFERENCE`."""

import json
import lzma
import sys
from pathlib import Path

from eyespot.networks import architectures
from eyespot.weights.published import PUBLISHED

FOLDER = Path(__file__).parent
RESULTS = "../../src/eyespot/networks/results.json"  # from the folder: part of the package
LOGITS = (
    "library model image_size gain norm_eps logits_0 logits_1 mean std checksum images_differ_by"
)
# logits measured with the auxiliary heads, which the key list of the same name is without
WITH_HEADS = {"googlenet": "googlenet_aux"}
# weights for larger images: the same entries, with a position for each of more patches, and one
LARGER = {
    "torchvision/vit_b_16_384": ("torchvision/vit_b_16", (384 // 16) ** 2),
    "torchvision/vit_l_16_512": ("torchvision/vit_l_16", (512 // 16) ** 2),
}
COUNTS = (
    "library model image_size parameters buffers multiply_adds multiply_adds_conv "
    "multiply_adds_linear"
)
# the reference's names, where the issue of a network is called otherwise
NAMES = {"alexnet_original": "alexnet", "alexnet_single_gpu": "alexnet_torchvision"}
CIFAR = (
    "resnet20 resnet32 resnet44 resnet56 resnet110 resnet1202 "
    "plain20 plain32 plain44 plain56 plain110 preact_resnet110"
)
NAMES |= {f"{name}_cifar10": name for name in CIFAR.split()}
# the reference's names of recipes by the year of the conference, ours by that of arXiv
YEARS = {
    "resnet_imagenet_2016": "resnet_imagenet_2015",
    "resnet_cifar_2016": "resnet_cifar_2015",
}
TRAINED = "momentum batch_size epochs iterations weight_decay label_smoothing gradient_clipping"


def collected(reference: Path) -> dict[str, bytes]:
    """File name -> content of every copy, made of the reference folder."""
    keys = ""
    for name in sorted(PUBLISHED):
        base, patches = LARGER.get(name, (name, 0))
        source = reference / "keys" / f"{base}.txt"
        if source.is_file():
            entries = source.read_text("utf-8")
            if patches:
                entries = entries.replace(" 1x197x", f" 1x{patches + 1}x")
            keys += f"# {name}\n{entries}"
    logits = json.loads((reference / "golden" / "logits.json").read_text("utf-8"))["models"]
    counts = json.loads((reference / "counts.json").read_text("utf-8"))["models"]
    printed = json.loads((reference / "papers.json").read_text("utf-8"))
    papers, recipes = printed["architectures"], printed["recipes"]
    return {
        "keys.txt.xz": lzma.compress(keys.encode(), preset=9 | lzma.PRESET_EXTREME),
        "logits.json": _lines([_logits(row) for row in logits if _is_ours(row)]),
        "counts.json": _lines([_counted(row) for row in counts if _is_ours(row)]),
        "papers.json": _lines([_printed(row) for row in papers if _name(row) in architectures()]),
        "recipes.json": _lines([_trained(row) for row in recipes]),
        RESULTS: _results([row for row in papers if _name(row) in architectures()]),
    }


def _is_ours(row: dict) -> bool:
    return f"{row['library']}/{row['model']}" in PUBLISHED


def _only(row: dict, names: str) -> dict:
    return {name: row[name] for name in names.split()}


def _logits(row: dict) -> dict:
    """The logits of a network, and of its auxiliary heads."""
    facts = _only(row, LOGITS) | {"model": WITH_HEADS.get(row["model"], row["model"])}
    return facts | {name: row[name] for name in row if name.startswith("aux_logits")}


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
    value = printed["value"] / (2 if is_both else 1)
    return {"value": value, "text": None if is_both else text, "where": printed.get("where")}


def _results(papers: list[dict]) -> bytes:
    """Network -> the errors that its paper and others print, one a line."""
    errors: dict[str, list[str]] = {}
    for row in papers:
        for each in row["errors"]:
            errors.setdefault(_measured(row, each), []).append(json.dumps(_result(each)))
    networks = [f'"{name}": [\n' + ",\n".join(lines) + "\n]" for name, lines in errors.items()]
    return ("{\n" + ",\n".join(networks) + "\n}\n").encode()


def _measured(row: dict, error: dict) -> str:
    """The network that an error is of: all columns together, where the counts are of one."""
    name = _name(row)
    dropout = "_dropout" if "with dropout" in error["protocol"] else ""
    others = (f"{name}_committee", f"{name}{dropout}")
    return next((other for other in others if other in architectures()), name)


def _result(row: dict) -> dict:
    facts = _only(row, "top1_error top5_error protocol test_set where confidence")
    if "top-5 recalled" in row.get("note", ""):
        facts["confidence"] = "top-5 recalled"
    return facts


def _trained(row: dict) -> dict:
    """The numbers of a recipe, and all those of what came out; what is told in words is not."""
    facts = {"name": YEARS.get(row["name"], row["name"])}
    for name in TRAINED.split():
        if isinstance(row.get(name), int | float):
            facts[name] = row[name]
    return facts | {"expected": sorted(_numbers(row.get("expected", {})))}


def _numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for each in value for number in _numbers(each)]
    return [value] if isinstance(value, int | float) else []


def _lines(rows: list[dict]) -> bytes:
    return ("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n").encode()


if __name__ == "__main__":
    for file, content in collected(Path(sys.argv[1])).items():
        (FOLDER / file).write_bytes(content)
