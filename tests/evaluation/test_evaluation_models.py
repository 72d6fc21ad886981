"""Two classifiers side by side: the same photos for both, and what is said of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from small_members import CLASSES, member, texture, write_textures

from eyespot.cli.compare_models import compare_models as command
from eyespot.datasets.catalogue import open_dataset
from eyespot.errors import InputError
from eyespot.evaluation.models import compare_models, size_on_disk, verdict


@pytest.fixture
def photos(tmp_path):
    return write_textures(tmp_path / "photos", photos=6)


def constant(label):
    """A classifier that always says `label`."""
    bias = np.array([9.0 if each == label else 0 for each in CLASSES], np.float32)
    head = member().head
    return replace(member(), head=replace(head, weight=np.zeros_like(head.weight), bias=bias))


def test_who_is_better_is_told_from_the_photos_that_one_alone_names(photos):
    """Of 6 dots, 6 stripes and 6 waves each of the two is right on the 6 of its own label.

    So 6 photos are named by the first only and 6 by the second only: McNemar's p is 1.
    """
    found = compare_models(
        ("a", constant("dots")), ("b", constant("waves")), open_dataset(photos), runs=2
    )
    assert (found.first.top1, found.second.top1) == (6 / 18, 6 / 18)
    assert (found.difference.only_first, found.difference.only_second) == (6, 6)
    assert found.difference.p_value == 1
    assert verdict(found) == "No clear difference between a and b"
    low, middle, high = (*found.first.ms_quartiles[:1], found.first.ms, found.first.ms_quartiles[1])
    assert 0 < low <= middle <= high


def test_a_clear_winner_is_named_whichever_stands_first(photos):
    for seed in range(6, 20):
        texture("dots", seed).save(photos / "dots" / f"{seed}.png")  # 20 dots, 6 waves
    data = open_dataset(photos)
    good, bad = ("good", constant("dots")), ("bad", constant("waves"))
    for pair in ((good, bad), (bad, good)):
        found = compare_models(*pair, data, runs=2)
        assert verdict(found) == "good names more photos correctly than bad"


def test_what_one_of_them_learned_from_is_left_out_for_both(photos):
    one, other = photos / "dots" / "0.png", photos / "waves" / "3.png"
    first = member(learned=one.read_bytes())
    second = member(learned=other.read_bytes())
    found = compare_models(("a", first), ("b", second), open_dataset(photos), runs=2)
    assert found.difference.n == 16  # of 18
    assert [item.file for item in found.left_out] == ["dots/0.png", "waves/3.png"]


def test_classes_that_one_lacks_are_left_out_for_both_and_it_is_said(photos):
    fewer = member(classes=("dots", "waves"))
    found = compare_models(("all", member()), ("two", fewer), open_dataset(photos), runs=2)
    assert found.difference.n == 12
    assert {item.file.partition("/")[0] for item in found.left_out} == {"stripes"}
    assert found.notes[0].startswith("all knows 3 classes and two 2: they are compared on photos")


def test_without_a_photo_for_both_there_is_nothing_to_compare(photos):
    pairs = (
        ("a", member(classes=("dots", "waves"))),
        ("b", replace(member(), classes=("x", "y", "stripes"))),
    )
    with pytest.raises(InputError, match="no photo that both can be measured on"):
        compare_models(*pairs, open_dataset(photos), runs=2)


def test_the_size_is_that_of_all_files(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a").write_bytes(b"12345")
    (tmp_path / "model" / "b").write_bytes(b"678")
    assert size_on_disk(tmp_path / "model") == 8
    assert size_on_disk(tmp_path / "imagenet") is None


def test_the_command_prints_a_table_draws_a_chart_and_answers_in_json(photos, tmp_path):
    for name, classifier in (("a", member(0)), ("b", member(1))):
        classifier.save(tmp_path / name)
    words = [str(tmp_path / "a"), str(tmp_path / "b"), "--data", str(photos), "--runs", "2"]
    words += ["--device", "cpu"]
    chart = tmp_path / "c.svg"
    ran = CliRunner().invoke(command, [*words, "--chart", str(chart)], catch_exceptions=False)
    assert "ms per photo" in ran.stdout
    assert "difference, points" in chart.read_text("utf-8")
    answer = json.loads(
        CliRunner().invoke(command, [*words, "--json"], catch_exceptions=False).stdout
    )
    assert [each["name"] for each in answer["models"]] == words[:2]
    assert answer["difference"]["n"] == 18
    with pytest.raises(InputError, match="compared with itself"):
        CliRunner().invoke(
            command, [words[0], words[0], "--data", str(photos)], catch_exceptions=False
        )
