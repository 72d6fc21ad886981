"""Wrong labels among digits: how many are suspected, and what correcting them brings.

Part of the labels of scikit-learn's digits is replaced by another digit's, drawn anew for every
seed. With 5 % wrong: the share of the wrong labels that is suspected, and of the right ones. With
20 % wrong among two thirds of the digits: top-1 on the other third, whose labels are right, of a
head trained on the labels as they are; on the table that somebody corrected who looked at every
suspect; on one in which every suggestion was taken unseen; and on the true labels.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from results import Result, arguments, report
from scipy import stats
from sklearn.datasets import load_digits

from eyespot.audit import audit
from eyespot.audit.findings import SuspectLabel, expected_wrong
from eyespot.classifier.heads import Head
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings import Embedded, embed
from eyespot.engines import pretrained
from eyespot.transfer.material import Material, gather
from eyespot.transfer.probes import choose, fit
from eyespot.transfer.suspects import suspect_labels
from eyespot.weights.catalogue import DEFAULT

SIDE = 64  # pixels, as the demo writes digits
FEW, MANY = 0.05, 0.20  # shares of wrong labels
SUSPECTED, FALSELY = 0.80, 0.03  # of the wrong labels at least, of the right ones at most
CLASSES = tuple(str(digit) for digit in range(10))


@dataclass(frozen=True)
class Digits:
    """The embedded digits and what they truly are."""

    embedded: Embedded
    truth: NDArray[np.int64]

    def labelled(self, labels: NDArray[np.int64], rows: NDArray[np.int64]) -> Material:
        """Some of the digits under the labels given, with their groups, as training sees them."""
        photos = tuple(
            Photo(Path(f"{i}.png"), f"{labels[i]}/{i:04d}.png", label=str(labels[i]))
            for i in rows.tolist()
        )
        vectors, mirrored = self.embedded.vectors[rows], self.embedded.mirrored[rows]
        facts = tuple(self.embedded.facts[i] for i in rows.tolist())
        embedded = Embedded(photos, vectors, mirrored, facts)
        dataset = ImageDataset("digits", Path("digits"), photos, CLASSES)
        return gather(dataset, embedded, audit(dataset, embedded), flip=False)


def digits() -> Digits:
    """All 1,797, from the cache where they were embedded before."""
    source = load_digits()
    photos = [
        Photo(Path(f"{i}.png"), f"{i}.png", label=str(label), content=_png(image))
        for i, (image, label) in enumerate(zip(source.images, source.target, strict=True))
    ]
    embedded = embed(photos, pretrained(DEFAULT), device="cpu", progress=lambda done, total: None)
    return Digits(embedded, np.asarray(source.target, np.int64))


def _png(image: NDArray[np.float64]) -> bytes:
    pixels = (255 - image * (255 / 16)).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


def spoiled(
    truth: NDArray[np.int64], rows: NDArray[np.int64], share: float, seed: int
) -> NDArray[np.int64]:
    """The labels with `share` of those in `rows` replaced by another digit."""
    generator = np.random.default_rng(seed)
    wrong = generator.choice(rows, round(share * len(rows)), replace=False)
    labels = truth.copy()
    labels[wrong] = (labels[wrong] + generator.integers(1, 10, len(wrong))) % 10
    return labels


def suspects_of(material: Material) -> tuple[SuspectLabel, ...]:
    examples, _ = material.examples(seed=0)
    return tuple(suspect_labels(material, examples, choose(examples)[0]))


def suggested(suspects: Iterable[SuspectLabel], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The labels with every suggestion taken."""
    corrected = labels.copy()
    for item in suspects:
        corrected[int(Path(item.file).stem)] = int(item.suggestion)
    return corrected


def found(source: Digits, seed: int) -> dict[str, float]:
    """With few wrong labels: the shares of the wrong and of the right ones that are suspected, and
    how many of the suspects are wrong, beside how many the audit says."""
    rows = np.arange(len(source.truth))
    labels = spoiled(source.truth, rows, FEW, seed)
    suspects = suspects_of(source.labelled(labels, rows))
    corrected = suggested(suspects, labels)
    is_wrong, is_suspect = labels != source.truth, corrected != labels
    return {
        "wrong_suspected": float(is_suspect[is_wrong].mean()),
        "right_suspected": float(is_suspect[~is_wrong].mean()),
        "suspects_wrong": float(is_wrong[is_suspect].mean()),
        "suspects_wrong_expected": (expected_wrong(suspects) or 0.0) / len(suspects),
        "suggestions_right": float((corrected == source.truth)[is_suspect & is_wrong].mean()),
    }


def gained(source: Digits, seed: int) -> dict[str, float]:
    """With many wrong labels: top-1 on right labels, before and after, and with none wrong."""
    order = np.random.default_rng(seed).permutation(len(source.truth))
    test, rows = order[: len(order) // 3], np.sort(order[len(order) // 3 :])
    labels = spoiled(source.truth, rows, MANY, seed)
    material = source.labelled(labels, rows)
    suspects = suspects_of(material)
    unseen, seen = suggested(suspects, labels), labels.copy()
    looked_at = [int(Path(item.file).stem) for item in suspects]
    seen[looked_at] = source.truth[looked_at]
    return {
        "as_they_are": _top1(source, _head(material), test),
        "corrected": _top1(source, _head(source.labelled(seen, rows)), test),
        "suggestions_taken": _top1(source, _head(source.labelled(unseen, rows)), test),
        "true": _top1(source, _head(source.labelled(source.truth, rows)), test),
    }


def _head(material: Material) -> Head:
    examples, _ = material.examples(seed=0)
    return fit(examples, choose(examples)[0])


def _top1(source: Digits, head: Head, rows: NDArray[np.int64]) -> float:
    answers = head.scores(source.embedded.vectors[rows]).argmax(axis=1)
    return float((answers == source.truth[rows]).mean())


def interval(values: list[float]) -> tuple[float, float]:
    """95 % for the mean, by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values) if len(values) > 1 else np.nan
    return float(np.mean(values) - half), float(np.mean(values) + half)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", choices=["found", "gained"], help="one half of it")
    options = parser.parse_args()
    source, seeds = digits(), range(options.seeds)
    reached, met, figures = [], [], {}
    if options.only != "gained":
        few = [found(source, seed) for seed in seeds]
        figures |= {name: [one[name] for one in few] for name in few[0]}
        wrong, right = np.mean(figures["wrong_suspected"]), np.mean(figures["right_suspected"])
        reached.append(f"{100 * wrong:.1f} % of the wrong and {100 * right:.2f} % of the right")
        met.append(bool(wrong >= SUSPECTED and right <= FALSELY))
    if options.only != "found":
        many = [gained(source, seed) for seed in seeds]
        figures |= {f"top1_{name}": [one[name] for one in many] for name in many[0]}
        gains = [one["corrected"] - one["as_they_are"] for one in many]
        low, high = interval(gains)
        figures |= {"gain": gains, "gain_interval": [low, high]}
        points = f"{100 * np.mean(gains):+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
        most = np.mean([one["true"] - one["as_they_are"] for one in many])
        unseen = np.mean([one["suggestions_taken"] - one["as_they_are"] for one in many])
        reached.append(
            f"{points} of top-1 by correcting the suspects, of {100 * most:+.1f} by correcting "
            f"all, {100 * unseen:+.1f} by taking suggestions unseen"
        )
        met.append(bool(np.mean(gains) > 0))
    result = Result(
        name="wrong_labels",
        claim="wrong labels are suspected, right ones hardly, and correcting them helps",
        target="of 5 % wrong >= 80 % suspected, of the right <= 3 %; of 20 % wrong, top-1 gained "
        "in the mean",
        reached="; ".join(reached),
        is_met=all(met),
        n=f"{len(source.truth):,} digits, {options.seeds} seeds",
        figures=figures,
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
