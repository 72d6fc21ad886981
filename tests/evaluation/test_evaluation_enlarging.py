"""Larger photos in a report: how many, how large, and with the right heat map."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from page_reading import local, parsed
from PIL import Image
from small_members import CLASSES, member, texture

from eyespot.evaluation.answers import Row
from eyespot.evaluation.enlarging import BYTES, FAINTEST, HEAT_SIDE, LARGER, enlarged, heat_maps
from eyespot.evaluation.report import report_html
from eyespot.inspection.heat_map import HeatMaps


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("larger") / "dots.png"
    texture("dots", 3, size=(300, 200)).save(path)
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """One that needs few bytes, as texture and noise do not."""
    path = tmp_path_factory.mktemp("plain") / "plain.png"
    Image.new("RGB", (300, 200), "#336699").save(path)
    return path


def row(path, number=0, *, answer="waves"):
    return Row(f"{number}.png", "dots", ((answer, 0.7), ("dots", 0.3)), path)


def read(address):
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_the_heat_is_that_of_the_answer_and_lies_on_what_was_seen(photo):
    """300 x 200 at 28 pixels of the short side is 42 x 28, whose middle square is 7 to 35."""
    classifier = member(0, name="lenet5_modern")
    rows = [row(photo, answer=label) for label in CLASSES]
    every = [
        (label, one)
        for label, one in zip(CLASSES, enlarged(rows, heat_maps(classifier)).values(), strict=True)
        if one.heat is not None
    ]
    label, found = every[0]
    assert found.size == (400, 267)
    assert found.heat.label == label
    assert found.heat.seen == pytest.approx((7 / 42, 0, 35 / 42, 1))
    _, pixels = classifier.backbone.preprocessing.read(photo.read_bytes())
    heat = HeatMaps(classifier)(pixels, CLASSES.index(label)).heat
    drawn = np.asarray(read(found.heat.picture), float)
    assert drawn.shape == (HEAT_SIDE, HEAT_SIDE)
    hottest, coldest = heat >= np.quantile(heat, 0.9), heat <= np.quantile(heat, 0.1)
    large = [np.kron(each, np.ones((2, 2))).astype(bool) for each in (hottest, coldest)]
    assert drawn[large[0]].mean() < drawn[large[1]].mean() - 30
    assert drawn.max() <= 255 * (1 - FAINTEST) + 8  # a rest of the photo is left anywhere


def test_no_more_are_embedded_than_a_report_can_bear(plain, tmp_path):
    assert len(enlarged([row(plain, i) for i in range(LARGER + 9)], None)) == LARGER
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    found = enlarged([row(tmp_path / "noise.png", i) for i in range(LARGER)], None)
    assert sum(len(each.picture) for each in found.values()) <= BYTES
    assert 5 < len(found) < LARGER


def test_what_cannot_be_read_any_more_is_passed_over(photo, tmp_path):
    rows = [row(tmp_path / "gone.png", 0), row(None, 1), row(photo, 2)]
    assert [each.file for each in enlarged(rows, None)] == ["2.png"]


def test_every_larger_photo_of_a_report_can_be_opened_and_closed(plain):
    from reports import report

    made = report([[3, 2], [1, 3]], ("dots", "waves"))
    page = report_html(replace(made, rows=tuple(replace(r, source=plain) for r in made.rows)))
    root = parsed(page)
    places = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(places) == len(set(places))
    links = [e.get("href") for e in root.iter() if local(e) == "a"]
    opening = [link for link in links if link.startswith("#photo-")]
    assert len(opening) == len(set(opening)) == 9
    assert {link[1:] for link in links} <= set(places)
