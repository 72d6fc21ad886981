"""Copy the facts about eyespot's networks: `python tests/golden/collect.py REFERENCE`."""

import json
import lzma
import sys
from pathlib import Path

from eyespot.networks import architectures
from eyespot.weights.renames import PUBLISHED

FOLDER = Path(__file__).parent
LOGITS = (
    "library model image_size gain norm_eps logits_0 logits_1 mean std checksum images_differ_by"
)
COUNTS = (
    "library model image_size parameters buffers multiply_adds multiply_adds_conv "
    "multiply_adds_linear"
)
PAPERS = "name paper input_size parameters multiply_adds exact_parameters exact_multiply_adds"


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
        "counts.json": _lines([_only(row, COUNTS) for row in counts if _is_ours(row)]),
        "papers.json": _lines([_printed(row) for row in papers if row["name"] in architectures()]),
    }


def _is_ours(row: dict) -> bool:
    return f"{row['library']}/{row['model']}" in PUBLISHED


def _only(row: dict, names: str) -> dict:
    return {name: row[name] for name in names.split()}


def _printed(row: dict) -> dict:
    """The figures of a paper, without where they were found."""
    facts = _only(row, PAPERS)
    for name in ("parameters", "multiply_adds", "exact_parameters", "exact_multiply_adds"):
        facts[name] = facts[name] and facts[name]["value"]
    facts["alternative_counts"] = row.get("alternative_counts", {})
    scaling = row.get("coefficients", {})
    facts["coefficients"] = {k: scaling[k] for k in ("width", "depth", "dropout") if k in scaling}
    stages = [_only(stage, "output_size channels blocks stride") for stage in row["stages"]]
    return facts | {"stages": stages}


def _lines(rows: list[dict]) -> bytes:
    return ("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n").encode()


if __name__ == "__main__":
    for file, content in collected(Path(sys.argv[1])).items():
        (FOLDER / file).write_bytes(content)
