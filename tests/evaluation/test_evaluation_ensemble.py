"""Ensembles: the mean of probabilities, on the photos that no member learned from."""

from dataclasses import replace

import numpy as np
import pytest
from small_members import CLASSES, member, texture, write_textures

from eyespot.datasets.catalogue import open_dataset
from eyespot.errors import InputError
from eyespot.evaluation.ensemble import evaluate_together, mean_of
from eyespot.evaluation.evaluate import evaluate
from eyespot.evaluation.protocols import protocol
from eyespot.evaluation.report import report_html, summary_lines

LENET = "lenet5_modern"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_textures(tmp_path_factory.mktemp("photos") / "p", photos=12)


@pytest.fixture(scope="module")
def dataset(photos):
    return open_dataset(photos)


@pytest.fixture(scope="module")
def members():
    return [(f"m{seed}/", member(seed, name=LENET)) for seed in range(3)]


@pytest.fixture(scope="module")
def together(members, dataset):
    return evaluate_together(members, dataset)


def test_the_mean_of_probabilities_worked_out_by_hand():
    """(0.9 + 0.2 + 0.3) / 3 = 0.4667 and (0.1 + 0.8 + 0.7) / 3 = 0.5333: two of three prevail."""
    each = [np.array([[0.9, 0.1]]), np.array([[0.2, 0.8]]), np.array([[0.3, 0.7]])]
    found = mean_of([row.astype(np.float32) for row in each])
    assert found == pytest.approx(np.array([[1.4 / 3, 1.6 / 3]]))
    sure = mean_of([np.array([[1.0, 0.0]], np.float32), np.array([[0.45, 0.55]], np.float32)])
    assert sure.argmax() == 0  # 0.725: a sure member outweighs an unsure one
    same = np.array([[0.1, 0.2, 0.7]], np.float32)
    assert np.array_equal(mean_of([same] * 7), same)


def test_the_ensemble_answers_with_the_mean_of_what_its_members_say(together, members, photos):
    paths = [photos / row.file for row in together.together.rows]
    mean = np.mean([each.probabilities(paths).astype(np.float64) for _, each in members], axis=0)
    for row, expected in zip(together.together.rows, mean, strict=True):
        assert row.probability == pytest.approx(expected.max(), abs=1e-6)
        assert row.answer == CLASSES[expected.argmax()]
    answers = {tuple(row.answer for row in each.rows) for each in together.members}
    assert len(answers) == 3, "the members do differ"


def test_every_member_stands_beside_it_as_measured_alone(together, members, dataset):
    for report, (_, classifier) in zip(together.members, members, strict=True):
        assert report.metrics == evaluate(classifier, dataset).metrics
    top1 = [report.metrics.top1 for report in together.members]
    assert together.best == int(np.argmax(top1))
    assert together.against_best.second == together.names[together.best]
    assert together.against_best.difference == pytest.approx(
        together.together.metrics.top1 - max(top1)
    )


def test_every_two_members_are_compared_on_the_same_photos(together):
    assert [(p.first, p.second) for p in together.pairs] == [
        ("m0/", "m1/"), ("m0/", "m2/"), ("m1/", "m2/"),
    ]  # fmt: skip
    for found, (i, j) in zip(together.pairs, [(0, 1), (0, 2), (1, 2)], strict=True):
        one, other = (together.members[place].rows for place in (i, j))
        alone = sum(a.is_right and not b.is_right for a, b in zip(one, other, strict=True))
        assert found.only_first == alone
        assert found.n == 36
        assert found.difference == pytest.approx((found.only_first - found.only_second) / 36)


def test_classes_are_matched_by_name_whatever_their_order(dataset, members):
    name, classifier = members[1]
    turned = replace(
        classifier,
        classes=classifier.classes[::-1],
        head=replace(
            classifier.head, weight=classifier.head.weight[::-1], bias=classifier.head.bias[::-1]
        ),
    )
    straight = evaluate_together([members[0], (name, classifier)], dataset)
    matched = evaluate_together([members[0], (name, turned)], dataset)
    for one, other in zip(matched.together.rows, straight.together.rows, strict=True):
        assert dict(one.labels) == pytest.approx(dict(other.labels), abs=1e-6)
    assert matched.members[1].metrics.top1 == straight.members[1].metrics.top1


def test_members_with_other_classes_are_refused_by_name(members, dataset):
    other = member(1, name=LENET, classes=("dots", "stripes"))
    with pytest.raises(InputError) as told:
        evaluate_together([members[0], ("two/", other)], dataset)
    assert "two/ cannot vote with m0/: it has no waves." in str(told.value)
    with pytest.raises(InputError, match="it has waves besides"):
        evaluate_together([("two/", other), members[0]], dataset)


@pytest.mark.parametrize("count", [0, 1, "twice"])
def test_fewer_than_two_are_no_ensemble(members, dataset, count):
    chosen = [members[0], members[0]] if count == "twice" else members[:count]
    with pytest.raises(InputError, match="two different bundles"):
        evaluate_together(chosen, dataset)


def test_a_photo_that_one_learned_from_is_left_out_for_all(photos, tmp_path):
    first, second = photos / "dots" / "3.png", photos / "waves" / "5.png"
    learners = [
        ("a/", member(0, name=LENET, learned=first.read_bytes())),
        ("b/", member(1, name=LENET, learned=second.read_bytes())),
    ]
    found = evaluate_together(learners, open_dataset(photos))
    left_out = {item.file: item.reason for item in found.together.left_out}
    assert left_out == {
        "dots/3.png": "a classifier of these learned from this photo",
        "waves/5.png": "a classifier of these learned from this photo",
    }
    files = {row.file for row in found.together.rows}
    assert len(files) == 34 and not files & set(left_out)
    for report in found.members:
        assert {row.file for row in report.rows} == files


def test_a_photo_that_cannot_be_read_is_left_out_for_all(tmp_path, members):
    folder = write_textures(tmp_path / "p", photos=3)
    (folder / "dots" / "bad.png").write_bytes((folder / "dots" / "0.png").read_bytes()[:300])
    found = evaluate_together(members, open_dataset(folder))
    assert [item.file for item in found.together.left_out] == ["dots/bad.png"]
    assert {report.metrics.n for report in (*found.members, found.together)} == {9}


def test_a_photo_that_goes_away_meanwhile_is_left_out_for_those_that_have_seen_it(
    tmp_path, members
):
    folder = write_textures(tmp_path / "p", photos=3)
    goes = folder / "stripes" / "0.png"

    def progress(done, total):
        if done == total // 2:  # the first member has seen all
            goes.unlink()

    found = evaluate_together(members[:2], open_dataset(folder), progress=progress)
    assert [item.file for item in found.together.left_out] == ["stripes/0.png"]
    again = evaluate_together(members[:2], open_dataset(folder))
    assert found.together.rows == again.together.rows
    assert [report.rows for report in found.members] == [report.rows for report in again.members]


def test_photos_that_all_were_learned_from_are_measured_and_told(tmp_path):
    (tmp_path / "p" / "dots").mkdir(parents=True)
    texture("dots", 0).save(tmp_path / "p" / "dots" / "0.png")
    content = (tmp_path / "p" / "dots" / "0.png").read_bytes()
    learners = [("a/", member(0, name=LENET, learned=content)), ("b/", member(1, name=LENET))]
    found = evaluate_together(learners, open_dataset(tmp_path / "p"))
    for report in (*found.members, found.together):
        assert report.measured_by == "training photos"
        assert "learned from" in report.notes[0].seen


def test_each_member_is_asked_by_the_protocol_first(members, dataset, together):
    """GoogLeNet's order: the mean over crops, then over networks."""
    ten = protocol("ten-crop")
    found = evaluate_together(members[:2], dataset, protocol=ten)
    alone = [evaluate(each, dataset, protocol=ten) for _, each in members[:2]]
    assert [report.rows for report in found.members] == [report.rows for report in alone]
    assert found.members[0].rows != together.members[0].rows
    assert found.together.protocol == ten


def test_the_report_of_an_ensemble_names_its_members(together):
    lines = summary_lines(together.together)
    assert lines[0].startswith("This ensemble of 3 classifiers names")
    page = report_html(together.together)
    best = together.names[together.best]
    for text in (" ".join(lines), page):
        assert f"Its best member is {best}." in text
        assert f"the ensemble and {best}" in text or f"The ensemble is better than {best}" in text
    for name, report in zip(together.names, together.members, strict=True):
        assert f"member {name}" in page
        assert f"top-1 {100 * report.metrics.top1:.1f} %" in page
