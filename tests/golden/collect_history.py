"""Write the errors of the challenge's years: `python tests/golden/collect_history.py REFERENCE`.

The reference names an entry in one phrase; `READ` says what that phrase means. A new phrase is an
error until it stands there.
"""

import json
import sys
from pathlib import Path

from eyespot.networks import history

FILE = Path(history.__file__).with_name("history.json")

FEATURES, ONE, ENSEMBLE, UNKNOWN = "features", "one network", "ensemble", "not said"
PEOPLE, LECTURE = "people", "lecture"
READ = {  # phrase: name, kind, networks, remark
    "NEC-UIUC (SVM on hand-made features)": ("NEC-UIUC", FEATURES, None, "SVM"),
    "before 2012: SVM and hand-made features, as lecture 003 rounds it": (
        "before 2012", LECTURE, None, "SVM and hand-made features, rounded",
    ),
    "XRCE (Fisher vectors, SVM)": ("XRCE", FEATURES, None, "Fisher vectors, SVM"),
    "second place: SIFT + Fisher vectors": (
        "second place", FEATURES, None, "SIFT and Fisher vectors",
    ),
    "AlexNet (SuperVision), 5 nets": ("AlexNet", ENSEMBLE, 5, "SuperVision"),
    "AlexNet (SuperVision), 7 nets with ImageNet Fall 2011": (
        "AlexNet", ENSEMBLE, 7, "SuperVision, with ImageNet Fall 2011",
    ),
    "OverFeat, 7 nets, after the competition": ("OverFeat", ENSEMBLE, 7, "after the challenge"),
    "Clarifai (Zeiler), several nets": ("Clarifai", ENSEMBLE, None, "Zeiler"),
    "Clarifai with extra data": ("Clarifai", UNKNOWN, None, "with more data"),
    "MSRA (third)": ("MSRA", UNKNOWN, None, "third"),
    "VGG, 7 nets (second)": ("VGG", ENSEMBLE, 7, "second"),
    "GoogLeNet, 7 nets (winner)": ("GoogLeNet", ENSEMBLE, 7, "winner"),
    "human annotator (Karpathy)": ("human annotator", PEOPLE, None, "Karpathy"),
    "PReLU-net, 6 nets (paper)": ("PReLU-net", ENSEMBLE, 6, "paper"),
    "BN-Inception, 6 nets (paper)": ("BN-Inception", ENSEMBLE, 6, "paper"),
    "ResNet-152 single model, multi-scale, validation": (
        "ResNet-152", ONE, 1, "several scales, validation",
    ),
    "ResNet, 6 nets (winner)": ("ResNet", ENSEMBLE, 6, "winner"),
    "Inception-v4 + 3 Inception-ResNet-v2 (paper)": (
        "Inception-v4 and Inception-ResNet-v2", ENSEMBLE, 4, "paper",
    ),
    "ResNeXt (second)": ("ResNeXt", UNKNOWN, None, "second"),
    "Trimps-Soushen (winner, ensemble)": ("Trimps-Soushen", ENSEMBLE, None, "winner"),
    # "a small ensemble" in section 5.4 of the SENet paper
    "SENet (WMW, winner)": ("SENet", ENSEMBLE, None, "WMW, winner"),
    "EfficientNet-B7 (after the challenge)": (
        "EfficientNet-B7", ONE, 1, "after the challenge, one crop, validation",
    ),
    "nets that use attention": ("networks with attention", LECTURE, None, "\"under 2 %\""),
}  # fmt: skip


def collected(reference: Path) -> bytes:
    """The content of history.json: one entry a line, in the reference's order."""
    papers = json.loads((reference / "papers.json").read_text("utf-8"))
    rows = [json.dumps(_entry(row)) for row in papers["history"]]
    return ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def _entry(row: dict) -> dict:
    name, kind, networks, remark = READ[row["model"]]
    return {
        "year": row["year"],
        "name": name,
        "kind": kind,
        "networks": networks,
        "remark": remark,
        "top5_error": row["top5_error"],
        "test_set": row["protocol"],
        "where": row["where"],
        "confidence": row["confidence"],
        "note": row.get("note"),
    }


if __name__ == "__main__":
    FILE.write_bytes(collected(Path(sys.argv[1])))
