"""What a classifier knows of its limits: unrelated pictures, left-out classes, label sets.

For each folder of photos, with a train and a test part, on the embeddings of the default network:
how many unrelated pictures are refused where 95 % of known photos are kept; each class left out in
turn and asked of the others, by the distance to the k-th nearest training photo, by energy (W. Liu,
X. Wang, J. Owens, Y. Li: Energy-based Out-of-distribution Detection, NeurIPS 2020) and by the
highest probability (D. Hendrycks, K. Gimpel: A Baseline for Detecting Misclassified and
Out-of-Distribution Examples, ICLR 2017); and label sets over random grouped divisions of all
photos: three fifths to learn from, one to calibrate on, one to measure. The head is chosen once.
With ten classes or more, what examples of none of these bring: six drawn classes are known, two are
where the examples come from, two are others; all are asked of the test part.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from results import Result, arguments, photo_set, report

from eyespot.audit import audit
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import Head, probabilities
from eyespot.classifier.novelty import Novelty, distances
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings import embed
from eyespot.embeddings.neighbours import unit
from eyespot.engines import Backbone, pretrained
from eyespot.evaluation import limits
from eyespot.evaluation.unrelated import unrelated as made_here
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.knowing import known_photos, with_novelty
from eyespot.transfer.material import Material, gather
from eyespot.transfer.probes import choose, fit
from eyespot.trust import coverage as label_sets
from eyespot.trust.novelty import KEPT, NEIGHBOURS, Known
from eyespot.trust.novelty import fit as fit_novelty
from eyespot.values import to_json
from eyespot.weights.catalogue import DEFAULT

COVERAGE = 0.95
AUROC, REFUSED, BETWEEN = 0.95, 0.8, (0.93, 0.97)  # what is to be reached
SETS = ("hymenoptera", "cifar10-small")
EXAMPLES = (0, 2, 5, 15, 60)  # of none of these
Score = Callable[[NDArray[np.float32]], NDArray[np.floating]]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--sets", nargs="+", default=SETS, help="names of photo sets")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--draws", type=int, default=12)
    asked = parser.parse_args()
    backbone = pretrained(DEFAULT)
    found: dict[str, dict[str, Any]] = {}
    for name in asked.sets:
        dataset = open_dataset(photo_set(asked.photos, name))
        embedded = embed(dataset.photos, backbone)
        material = gather(dataset, embedded, audit(dataset, embedded), flip=False)
        examples, _ = material.examples(seed=0)
        chosen = choose(examples)[0]
        say(f"{name}: {len(material.photos)} photos, head: {chosen}")
        found[name] = {
            "head": str(chosen),
            "known_and_unrelated": unrelated(material, examples, chosen, backbone),
            "left_out_classes": left_out(material, examples, chosen),
            "label_sets": sets(material, chosen, asked.splits),
            "examples_of_none": examples_of_none(material, backbone, asked.draws),
        }
    report(concluded(found, asked.splits), as_json=asked.json)


def say(line: str) -> None:
    """What comes out on the way; the result alone goes to the output."""
    print(line, file=sys.stderr, flush=True)


def concluded(found: dict[str, dict[str, Any]], splits: int) -> Result:
    """The three claims, over all sets of photos."""
    short = {name: shortened(rows) for name, rows in found.items()}
    reached, met = [], []
    for name, rows in short.items():
        refused, area = rows["refused"]["all"], rows["auroc"]["all"]
        covered, left_out = rows["covered"]["mean"], rows["left_out_auroc"]
        bare = rows["covered_with_empty_sets"]
        words = (
            f"{name}: {100 * refused:.0f} % of unrelated refused, AUROC {area:.3f}, sets hold "
            f"{100 * covered:.1f} % ({100 * bare:.1f} % if they could be empty)"
        )
        met += [refused >= REFUSED, area >= AUROC, covered >= BETWEEN[0], bare <= BETWEEN[1]]
        if left_out:
            each = ", ".join(f"{score} {mean:.3f}" for score, mean in left_out.items())
            words += f", left-out classes AUROC by {each}"
            met.append(left_out["distance"] >= max(left_out.values()))
        reached.append(words)
    return Result(
        name="trust_figures",
        claim="unrelated pictures are refused, classes left out told by distance at least as well "
        "as by energy and probability, label sets at 95 % hold what they say",
        target="AUROC >= 0.95 and >= 80 % refused with 95 % of known photos kept; distance the "
        "best of three; sets hold 93 to 97 % in the mean, before an empty one gets the best label",
        reached="; ".join(reached),
        is_met=all(met),
        n=f"{', '.join(found)}; {splits} divisions for the sets",
        figures={name.replace("-", "_"): rows for name, rows in short.items()},
    )


def shortened(rows: dict[str, Any]) -> dict[str, Any]:
    """Means over classes and divisions, the extremes beside them."""
    new, covered = rows["known_and_unrelated"]["unrelated"], rows["label_sets"]["covered"]
    return {
        "known_kept": rows["known_and_unrelated"]["kept"],
        "refused": {each["name"]: each["refused"] for each in new},
        "auroc": {each["name"]: each["auroc"] for each in new},
        "left_out_auroc": {
            score: float(np.mean([each["auroc"] for each in of]))
            for score, of in rows["left_out_classes"].items()
        },
        "covered": {
            "mean": float(np.mean(covered)),
            "sd": float(np.std(covered)),
            "least": min(covered),
            "most": max(covered),
        },
        "covered_with_empty_sets": float(np.mean(rows["label_sets"]["covered_with_empty_sets"])),
        "labels_in_a_set": float(np.mean(rows["label_sets"]["mean_size"])),
    }


def unrelated(
    material: Material, examples: Examples, chosen: Candidate, backbone: Backbone
) -> dict[str, object]:
    """The figures that `eyespot train` puts on the card."""
    known, held_out = (known_photos(material, held_out=is_so) for is_so in (False, True))
    assert known is not None
    reference = Reference(("",) * len(known.labels), known.vectors, known.labels)
    classifier = Classifier(backbone, fit(examples, chosen), material.classes, reference)
    figures = with_novelty(classifier, known, held_out=held_out, seed=0).card.novelty
    assert figures is not None
    say(f"  known photos kept {100 * figures.kept:5.1f} %   n = {figures.n}")
    for each in figures.unrelated:
        say(
            f"  {each.name:<10} refused {100 * each.refused:5.1f} %   AUROC {each.auroc:.3f}   "
            f"n = {each.n}"
        )
    return to_json(replace(figures, left_out_classes=()))


def left_out(
    material: Material, examples: Examples, chosen: Candidate
) -> dict[str, list[dict[str, object]]]:
    """Each class without its training photos, asked of the test part: AUROC and share refused."""
    held_out = known_photos(material, held_out=True)
    if held_out is None or len(material.classes) < 3:
        return {}
    rows: dict[str, list[dict[str, object]]] = {}
    for place, label in enumerate(material.classes):
        inside = examples.where(examples.labels != place)
        labels = inside.labels - (inside.labels > place)
        inside = replace(inside, labels=labels, num_classes=inside.num_classes - 1)
        out_of_fold = _out_of_fold(inside, chosen)
        for name, score in _scores(inside, chosen).items():
            came = score(held_out.vectors)
            new, usual = came[held_out.labels == place], came[held_out.labels != place]
            refused = float((new > np.quantile(out_of_fold[name], KEPT)).mean())
            told = {
                "class": label,
                "auroc": limits.auroc(new, usual),
                "refused": refused,
                "n": len(new),
            }
            rows.setdefault(name, []).append(told)
    knn = np.array([row["auroc"] for row in rows["distance"]], float)
    for name, told in rows.items():
        areas = np.array([row["auroc"] for row in told], float)
        refused = np.mean([float(str(row["refused"])) for row in told])
        less = knn - areas
        error = less.std(ddof=1) / len(less) ** 0.5
        say(
            f"  left out, {name:<20} AUROC {areas.mean():.3f} ({areas.min():.2f}-{areas.max():.2f})"
            f"   refused {100 * refused:4.1f} %   distance better by {less.mean():+.3f} +- "
            f"{1.96 * error:.3f} over {len(less)} classes"
        )
    return rows


def _scores(examples: Examples, chosen: Candidate) -> dict[str, Score]:
    """Ways to tell what is new from heads and photos that do not know it: larger is newer."""
    head, known = fit(examples, chosen), unit(examples.vectors)
    return {
        "distance": lambda vectors: distances(vectors, known, NEIGHBOURS),
        "energy": lambda vectors: -_log_sum(head, vectors),
        "highest probability": lambda vectors: -probabilities(head, vectors).max(axis=1),
    }


def _log_sum(head: Head, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    scores = head.scores(vectors).astype(np.float64)
    top = scores.max(axis=1)
    return top + np.log(np.exp(scores - top[:, None]).sum(axis=1))


def _out_of_fold(examples: Examples, chosen: Candidate) -> dict[str, NDArray[np.floating]]:
    """What the scores say of known photos that they have not seen."""
    found: dict[str, NDArray[np.floating]] = {}
    for fold in np.unique(examples.folds):
        outside = examples.folds == fold
        for name, score in _scores(examples.where(~outside), chosen).items():
            came = score(examples.vectors[outside])
            found[name] = np.concatenate([found[name], came]) if name in found else came
    return found


def sets(material: Material, chosen: Candidate, splits: int) -> dict[str, object]:
    """The share of photos whose set holds the truth, over divisions of all photos."""
    whole = replace(material, is_held_out=np.zeros(len(material.photos), bool))
    groups = np.array(whole.groups)
    covered, bare, sizes = [], [], []
    for seed in range(splits):
        examples, _ = whole.examples(seed=seed)
        is_asked, is_calibrating = examples.folds == 0, examples.folds == 1
        head = fit(examples.where(~is_asked & ~is_calibrating), chosen)
        part = Known(
            examples.vectors[is_calibrating],
            examples.labels[is_calibrating],
            groups[is_calibrating],
        )
        found, _ = label_sets.fit(
            probabilities(head, part.vectors),
            part.labels,
            classes=whole.classes,
            groups=part.groups,
            coverage=COVERAGE,
            seed=seed,
        )
        asked, truth = probabilities(head, examples.vectors[is_asked]), examples.labels[is_asked]
        told = limits.covered(
            found.sets(asked), truth, classes=whole.classes, groups=groups[is_asked]
        )
        covered.append(told.covered)
        scores = 1 - asked[np.arange(len(truth)), truth]
        bare.append(float((scores <= np.array(found.thresholds, np.float32)[truth]).mean()))
        sizes.append(told.mean_size)
    say(
        f"  label sets at {100 * COVERAGE:g} %: the truth inside {100 * np.mean(covered):.1f} % "
        f"({100 * min(covered):.1f}-{100 * max(covered):.1f} %, sd {100 * np.std(covered):.1f}) "
        f"over {splits} divisions, {np.mean(sizes):.2f} labels in a set; "
        f"{100 * np.mean(bare):.1f} % were empty sets allowed"
    )
    return {"covered": covered, "covered_with_empty_sets": bare, "mean_size": sizes}


def examples_of_none(
    material: Material, backbone: Backbone, draws: int
) -> dict[int, list[list[tuple[float, float]]]]:
    """Number of examples -> draws -> AUROC and share refused: of their kind, others, unrelated."""
    learned, asked = (known_photos(material, held_out=is_so) for is_so in (False, True))
    if asked is None or learned is None or len(material.classes) < 10:
        return {}
    pictures = embed(made_here(), backbone).vectors
    found: dict[int, list[list[tuple[float, float]]]] = {}
    for number in EXAMPLES:
        for seed in range(draws):
            generator = np.random.default_rng(seed)
            parts = np.split(generator.permutation(len(material.classes))[:10], [6, 8])
            known = learned.where(np.flatnonzero(np.isin(learned.labels, parts[0])))
            source = np.flatnonzero(np.isin(learned.labels, parts[1]))
            examples = learned.vectors[generator.permutation(source)[:number]]
            fitted = fit_novelty(known, negatives=examples if number else None)
            usual, *new = (
                _asked(fitted.novelty, known, examples, vectors)
                for vectors in (
                    *(asked.vectors[np.isin(asked.labels, part)] for part in parts),
                    pictures,
                )
            )
            limit = fitted.novelty.threshold
            row = [(limits.auroc(came, usual), float((came > limit).mean())) for came in new]
            found.setdefault(number, []).append(row)
        mean = np.mean(found[number], axis=0)
        told = ", ".join(
            f"{name} refused {100 * refused:.0f} % AUROC {area:.2f}"
            for name, (area, refused) in zip(("alike", "others", "unrelated"), mean, strict=True)
        )
        say(f"  {number:>2} examples of none of these: {told}")
    return found


def _asked(
    novelty: Novelty, known: Known, examples: NDArray[np.float32], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    return distances(
        vectors,
        unit(known.vectors),
        novelty.neighbours,
        negatives=unit(examples) if novelty.has_negatives else None,
        nearness=novelty.nearness,
    )


if __name__ == "__main__":
    main()
