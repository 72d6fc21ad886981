"""Limits on new photos: the figures are those that counting the single answers gives."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.metrics import roc_auc_score
from small_members import CLASSES, member, write_textures

from eyespot.classifier.coverage import Coverage
from eyespot.classifier.novelty import Novelty, distances
from eyespot.cli.evaluate import evaluate as evaluate_command
from eyespot.cli.predict import predict as predict_command
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings.neighbours import unit
from eyespot.evaluation.evaluate import BY_CENTER, evaluate
from eyespot.evaluation.protocols import protocol
from eyespot.evaluation.report import report_html
from eyespot.evaluation.unrelated import unrelated

SETS = Coverage(0.8, (0.7, 0.5, 0.6), (9, 9, 9), (False, False, True))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Textures, and among the examples of none of these one that is no picture."""
    root = write_textures(tmp_path_factory.mktemp("new") / "photos", photos=6)
    (root / "none_of_these").mkdir()
    generator = np.random.default_rng(3)
    for i in range(5):
        noise = generator.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(root / "none_of_these" / f"{i}.png")
    (root / "none_of_these" / "5.png").write_bytes(b"nothing")
    return root


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Its reference is 30 textures; it keeps what is as near as 80 % of 18 others were."""
    plain = member(0, name="lenet5_modern")
    folder = write_textures(tmp_path_factory.mktemp("old"), photos=16, first=500)
    files = [sorted((folder / label).iterdir()) for label in CLASSES]
    vectors = plain.embed([path for each in files for path in each[:10]])
    others = plain.embed([path for each in files for path in each[10:]])
    found = distances(others, unit(vectors), 2)
    novelty = Novelty(2, tuple(np.quantile(found, np.linspace(0, 1, 101)).tolist()), kept=0.8)
    labels = np.repeat(np.arange(3), 10)
    contents = tuple(f"{i:064x}" for i in range(30))
    reference = replace(plain.reference, contents=contents, vectors=vectors, labels=labels)
    return replace(plain, reference=reference, novelty=novelty, coverage=SETS)


@pytest.fixture(scope="module")
def answers(classifier, photos):
    """What `predict` says of each readable photo, by its name below the folder."""
    files = [path for path in sorted(photos.rglob("*.png")) if path.name != "5.png"]
    files += [photos / label / "5.png" for label in CLASSES]
    said = classifier.predict(files)
    return {path.relative_to(photos).as_posix(): one for path, one in zip(files, said, strict=True)}


@pytest.fixture(scope="module")
def found(classifier, photos):
    return evaluate(classifier, open_dataset(photos))


def of_classes(answers):
    return {file: one for file, one in answers.items() if not file.startswith("none_of_these/")}


def test_each_row_says_what_predict_says(found, answers):
    assert len(found.rows) == 18
    for row in found.rows:
        one = answers[row.file]
        assert (row.none_of_these, row.is_none_of_these) == (
            one.none_of_these,
            one.is_none_of_these,
        )
        assert row.label_set == one.label_set
        assert row.labels == one.labels
    assert 0 < sum(row.is_none_of_these for row in found.rows) < 18, "the test tells nothing"


def test_known_photos_kept_and_examples_refused_are_counted(found, answers):
    known = [one.is_none_of_these for one in of_classes(answers).values()]
    assert found.novelty.n == 18
    assert found.novelty.kept == 1 - np.mean(known)
    own = [one.is_none_of_these for file, one in answers.items() if file not in of_classes(answers)]
    assert found.novelty.negatives.n == len(own) == 5
    assert found.novelty.negatives.refused == np.mean(own)
    assert [item.file for item in found.left_out] == ["none_of_these/5.png"]


def test_unrelated_pictures_are_told_as_scikit_learn_counts(found, classifier, photos):
    def new(pictures):
        vectors = np.stack(list(classifier.embeddings(pictures)))
        return distances(vectors, unit(classifier.reference.vectors), 2)

    pictures = unrelated()
    usual, made = new(open_dataset(photos).photos), new(pictures)
    noise = np.array([picture.label == "noise" for picture in pictures])
    for told, part in zip(found.novelty.unrelated[:2], (made, made[noise]), strict=True):
        is_new = np.repeat([1, 0], [len(part), len(usual)])
        expected = roc_auc_score(is_new, np.concatenate([part, usual]))
        assert told.auroc == pytest.approx(expected, abs=1e-12)
        assert told.refused == np.mean(part > classifier.novelty.threshold)
        assert told.n == len(part)
    assert [told.name for told in found.novelty.unrelated][1:] == [
        "noise", "gradients", "textures", "digits", "photos",
    ]  # fmt: skip


def test_label_sets_are_counted(found, answers):
    sets = {file: one.label_set for file, one in of_classes(answers).items()}
    inside = [file.partition("/")[0] in labels for file, labels in sets.items()]
    sizes = [len(labels) for labels in sets.values()]
    assert found.coverage.covered == np.mean(inside)
    assert found.coverage.mean_size == np.mean(sizes)
    assert found.coverage.single == np.mean(np.array(sizes) == 1)
    assert max(sizes) > 1, "the test tells nothing"
    assert found.coverage.interval[0] < found.coverage.covered < found.coverage.interval[1]


def test_an_example_that_it_learned_from_is_left_out(classifier, photos):
    """One by its vector, which is what a bundle keeps of an example; one as a training photo."""
    learned = photos / "none_of_these" / "0.png"
    taught = replace(
        classifier,
        reference=replace(classifier.reference, negatives=classifier.embed([learned])),
        novelty=replace(classifier.novelty, has_negatives=True, nearness=0.1),
    )
    made = evaluate(taught, open_dataset(photos))
    reasons = {item.file: item.reason for item in made.left_out}
    assert reasons["none_of_these/0.png"] == "the classifier learned from this photo"
    assert made.novelty.negatives.n == 4


def test_a_classifier_that_cannot_tell_says_that_examples_were_not_asked(photos):
    made = evaluate(member(0, name="lenet5_modern"), open_dataset(photos))
    assert (made.novelty, made.coverage) == (None, None)
    assert {row.none_of_these for row in made.rows} == {None}
    assert len([item for item in made.left_out if "none of these" in item.reason]) == 6


def test_by_other_views_the_limits_are_those_of_the_centre_crop(classifier, photos, found):
    made = evaluate(classifier, open_dataset(photos), protocol=protocol("ten-crop"))
    assert (made.novelty, made.coverage) == (found.novelty, found.coverage)
    assert made.remarks == (BY_CENTER,)
    assert [row.label_set for row in made.rows] == [row.label_set for row in found.rows]
    assert found.remarks == ()


def test_the_report_tells_of_both(found):
    page = report_html(found)
    assert "your examples" in page and "of your 5 examples" in page
    assert 'id="label-sets"' in page and 'id="none-of-these"' in page


def test_evaluate_and_predict_write_the_same_of_a_photo(classifier, photos, tmp_path, monkeypatch):
    classifier.save(tmp_path / "bundle")
    monkeypatch.chdir(photos)
    run = CliRunner().invoke
    words = [str(tmp_path / "bundle"), ".", "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert run(evaluate_command, words, catch_exceptions=False).exit_code == 0
    words[1:-2] = [*CLASSES, "--csv", str(tmp_path / "p.csv")]
    assert run(predict_command, words, catch_exceptions=False).exit_code == 0
    said, measured = (
        {row["file"]: row for row in csv.DictReader(path.open(encoding="utf-8-sig", newline=""))}
        for path in (tmp_path / "p.csv", tmp_path / "out" / "predictions.csv")
    )
    assert len(said) == 18 and set(said) == set(measured)
    for file, row in said.items():
        both = set(row) & set(measured[file]) - {"file"}
        assert len(both) == 4 + 8  # probability, score, refusal, set; labels 2 to 5
        assert [measured[file][key] for key in both] == [row[key] for key in both]
        assert measured[file]["answer"] == row["label"]
        assert row["none_of_these"] and row["is_none_of_these"] and row["label_set"]
