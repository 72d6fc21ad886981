"""The README.md of an exported folder: what it is, how to run it, and what it does not do."""

from __future__ import annotations

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.export.parity import Parity
from eyespot.classifier.export.samples import Samples
from eyespot.classifier.readme import cell, how_good, weights_licence
from eyespot.images.decode import DECODER

_COLOURS = {"RGB": "RGB", "L": "grey"}
BUILT_IN_PHOTOS = """
The photos are parts of china.jpg by danielbuechele and flower.jpg by vultilion (flickr.com), both
under CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/), as scikit-learn carries them;
scaled, cut and encoded anew here.
"""


def text(classifier: Classifier, parity: Parity, *, name: str, photos: Samples) -> str:
    """Markdown without dates, users or paths."""
    seen = classifier.backbone.preprocessing
    side, colours = f"{seen.size}, {seen.size}, {seen.channels}", _COLOURS[seen.channel_order]
    classes = len(classifier.classes)
    attribution = BUILT_IN_PHOTOS if any(photo.is_built_in for photo in photos) else ""
    return f"""# {cell(name)}

An image classifier with {classes:,} classes as ONNX, exported by eyespot.
{how_good(classifier)}

## Use it

    pip install onnxruntime numpy Pillow
    python verify.py    # does it answer on this machine as it did where it was exported?

```python
import json, os
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime sends statistics to its maker otherwise
import onnxruntime
from preprocess import read

session = onnxruntime.InferenceSession("model.onnx")
names = json.loads(session.get_modelmeta().custom_metadata_map["names"])
pixels = read("photo.jpg")[None]  # uint8 (1, {side})
probabilities, embedding = session.run(["probabilities", "embedding"], {{"pixels": pixels}})
print(names[probabilities[0].argmax()], probabilities[0].max())
```

| | name | type | shape |
|---|---|---|---|
| input | `pixels` | uint8, {colours} from 0 to 255 | (N, {side}) |
| output | `probabilities` | float32, each row sums to 1 | (N, {classes}), as in `labels.txt` |
| output | `embedding` | float32 | (N, D) |
{_further(classifier)}
Normalisation, calibration and softmax are inside the model: add none of them. `preprocess.py` reads
JPEG, PNG, WebP and BMP with 8 bits per channel. For everything else (16 bits, CMYK, TIFF, HEIC,
animations, damaged files) it raises `ValueError` rather than give other pixels than eyespot would:
save such a photo as JPEG or PNG.

## What is here
| file | what it is |
|---|---|
| `model.onnx` | network, normalisation, calibration; the class names are in its metadata |
| `labels.txt` | the class names, one per line |
| `preprocess.py`, `preprocessing.json` | from a photo's file to the model's input |
| `photo-1.jpg`, `photo-2.jpg`, `photo-3.png` | three photos without metadata |
| `expected.json`, `expected.npz` | their pixels, embeddings and probabilities, by torch |
| `verify.py` | compares all this on your machine |
| `SHA256SUMS` | for `sha256sum --check` |
{attribution}
## Is it the same classifier?
{_sentences(parity)}
Pixels depend on the JPEG decoder: here {DECODER}.

## Licences
{weights_licence(classifier)}
The classifier itself belongs to whoever trained it.
"""


def _further(classifier: Classifier) -> str:
    """The rows of the outputs that not every classifier has."""
    rows = []
    if classifier.novelty is not None:
        rows.append(
            "| output | `none_of_these` | float32, the share of known photos that look more "
            f"familiar; above {classifier.novelty.kept:g} the photo is none of these | (N,) |\n"
        )
    if classifier.coverage is not None:
        rows.append(
            "| output | `label_set` | bool: the labels that hold the truth in "
            f"{100 * classifier.coverage.coverage:g} % of photos like those learned from | "
            f"(N, {len(classifier.classes):,}) |\n"
        )
    return "".join(rows)


def _sentences(parity: Parity) -> str:
    lines = [
        f"Measured on {parity.photos:,} photos, from their files on:",
        f"{parity.exact.same_labels:,} equal labels and probabilities within "
        f"{parity.exact.max_abs_difference:.1e} of {parity.exact.engine}",
    ]
    if parity.used.engine != parity.exact.engine:
        lines[-1] += ";"
        lines.append(
            f"{parity.used.same_labels:,} and {parity.used.max_abs_difference:.1e} of "
            f"{parity.used.engine}, which eyespot uses where it was exported"
        )
    return "\n".join(lines) + "."
