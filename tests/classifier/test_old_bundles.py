"""Bundles of every format that was ever written load, and answer as on the day they were saved.

A folder for each in `tests/golden/bundles`, written by the version of that time.
"""

import dataclasses
import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.classifier import bundle, stored
from eyespot.classifier.bundle import SUMS, VALUES
from eyespot.errors import IntegrityError

KEPT = Path(__file__).parents[1] / "golden" / "bundles"
FORMATS = sorted(path.name for path in KEPT.iterdir())


@pytest.fixture(params=FORMATS)
def old(request, tmp_path):
    """A bundle as it was written: its arrays are kept compressed, its answers are not its own."""
    folder = tmp_path / request.param
    folder.mkdir()
    for path in (KEPT / request.param).iterdir():
        if path.suffix == ".xz":
            (folder / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
        elif path.name != "answers.json":
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def pictures(folder):
    """The four pictures whose answers are kept; the same numbers on every machine."""
    y, x = np.mgrid[0:60, 0:80]
    for i in range(4):
        values = (x * (3 + i) + y * (5 + 2 * i) + i * 40)[..., None] * np.array([1, 2, 3]) % 256
        path = folder / f"{i}.png"
        Image.fromarray(values.astype(np.uint8)).save(path)
        yield path


def test_there_is_one_of_every_older_format():
    assert [f"format-{number}" for number in stored.OLDER] == FORMATS
    assert all(path.stat().st_size < 1e6 for path in KEPT.rglob("*"))


def test_it_answers_as_it_did(old, tmp_path):
    expected = np.array(json.loads((KEPT / old.name / "answers.json").read_text("utf-8")))
    classifier = bundle.load(old, device="cpu")
    came = classifier.probabilities(list(pictures(tmp_path)))
    assert np.abs(came - expected).max() < 1e-5  # float32, another order of summation
    assert np.ptp(expected, axis=0).max() > 0.1  # the pictures are told apart


def test_it_is_saved_anew_in_today_s_format(old, tmp_path):
    classifier = bundle.load(old, device="cpu")
    again = bundle.load(classifier.save(tmp_path / "again"), device="cpu")
    assert json.loads((tmp_path / "again" / VALUES).read_text("utf-8"))["format"] == stored.FORMAT
    assert dataclasses.replace(again, head=None, reference=None, notes=()) == dataclasses.replace(
        classifier, head=None, reference=None, notes=()
    )
    assert np.array_equal(again.head.weight, classifier.head.weight)
    assert again.reference.contents == classifier.reference.contents


def test_a_flipped_bit_in_it_is_found(old):
    for path in sorted(old.iterdir()):
        before = path.read_bytes()
        path.write_bytes(before[:-9] + bytes([before[-9] ^ 4]) + before[-8:])
        with pytest.raises(IntegrityError, match=rf"{path.name}|{SUMS}"):
            bundle.load(old)
        path.write_bytes(before)
    bundle.load(old)  # so the test could fail


LATER = [  # what no bundle of a format or an older one has: its last format, where, a value
    (1, ("preprocessing", "padding"), 0),
    (1, ("preprocessing", "mean_image"), None),
    (2, ("novelty",), None),
    (2, ("coverage",), None),
    (2, ("card", "novelty"), None),
]


@pytest.mark.parametrize(("last", "place", "value"), LATER, ids=lambda item: str(item)[:40])
def test_a_field_of_a_later_format_is_refused(old, last, place, value):
    values = json.loads((old / VALUES).read_text("utf-8"))
    if values["format"] > last:
        pytest.skip("this format has the field")
    (values[place[0]] if len(place) > 1 else values)[place[-1]] = value
    (old / VALUES).write_text(json.dumps(values), "utf-8")
    bundle.seal(old)
    with pytest.raises(IntegrityError, match=f"format {values['format']} has no {place[-1]}"):
        bundle.load(old)


def test_what_older_formats_did_not_know_is_absent(old):
    loaded = bundle.load(old)
    assert loaded.novelty is None
    assert loaded.coverage is None
    assert loaded.reference.negatives is None
