"""The map of photos: what lies together, what is said of it, and that the page is safe."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from page_reading import parsed, what_acts, words
from PIL import Image

from eyespot.cli.map import map as map_command
from eyespot.datasets.dataset import Photo
from eyespot.errors import InputError
from eyespot.inspection.plane import plane
from eyespot.inspection.plane_page import Mapped, finding, page_html


def clouds(n=12):
    """Two directions with `n` photos each around them, (2 n, 6)."""
    noise = np.random.default_rng(0).normal(0, 0.05, (2 * n, 6))
    noise[:n, 0] += 1
    noise[n:, 1] += 1
    return noise.astype(np.float32)


LABELS = ["ants"] * 12 + ["bees"] * 12


def test_what_is_alike_lies_together():
    found = plane(clouds(), LABELS, seed=0)
    ants, bees = found.places[:12], found.places[12:]
    apart = np.linalg.norm(ants.mean(axis=0) - bees.mean(axis=0))
    spread = max(np.linalg.norm(each - each.mean(axis=0), axis=1).max() for each in (ants, bees))
    assert apart > 2 * spread
    assert found.places.min() == 0
    assert found.places.max() == 1
    assert found.trustworthiness > 0.8


def test_the_same_photos_are_drawn_at_the_same_places():
    first, again = (plane(clouds(), LABELS, seed=3).places for _ in range(2))
    assert np.array_equal(first, again)


def test_a_photo_among_another_class_is_found_and_shares_are_counted():
    """Photo 0 is called a bee and lies among 11 ants: 0 of its 10 nearest are bees.

    Each of the 11 ants has photo 0 among its 11 companions: of its 10 nearest 9 or 10 are ants.
    The bees lie among themselves: 1. So the mean lies between (0 + 11 * 0.9 + 12) / 24 and
    (0 + 11 + 12) / 24.
    """
    labels = ["bees", *LABELS[1:]]
    found = plane(clouds(), labels, seed=0)
    (stranger,) = found.strangers
    assert (stranger.row, stranger.own, stranger.among, stranger.number) == (0, 0, "ants", 10)
    assert found.own_shares[0] == 0
    assert found.own_shares[12:].min() == 1
    assert 21.9 / 24 <= found.own_shares.mean() <= 23 / 24


def test_without_labels_or_with_one_nothing_is_said_of_them():
    for labels in ([None] * 24, ["ants"] * 24):
        found = plane(clouds(), labels, seed=0)
        assert found.own_shares is None
        assert found.strangers == ()


def test_four_photos_are_too_few():
    with pytest.raises(InputError, match="needs 5 photos or more, and 4"):
        plane(clouds()[:4], LABELS[:4], seed=0)


def mapped(labels, tmp_path, name="{}.png"):
    photos = []
    for i, label in enumerate(labels):
        path = tmp_path / name.format(i)
        Image.new("RGB", (40, 30), (10 * i, 0, 90)).save(path)
        photos.append(Photo(path, path.name, label))
    return Mapped("trip", tuple(photos), plane(clouds(), labels, seed=0), "a net", 0, (), ())


def test_the_page_shows_every_photo_and_holds_nothing_that_acts(tmp_path):
    evil = '<script>alert(1)</script>"'
    labels = [evil, *LABELS[1:]]
    page = page_html(mapped(labels, tmp_path), command="eyespot map trip")
    assert what_acts(page) == []
    assert page.count("<image ") == 24
    assert page.count('tabindex="0" role="img"') == 24
    assert evil in words(parsed(page))
    assert "1 photo among another class" in words(parsed(page))


def test_classes_differ_in_shape_as_well_as_in_colour(tmp_path):
    labels = [f"class {i // 2:02d}" for i in range(24)]
    page = page_html(mapped(labels, tmp_path), command="")
    key = page[page.index('<ul class="key">') : page.index("</ul>")]
    marks = re.findall(r'<(circle|path)( cx| d="[^"]*")?[^>]*class="(s-class-\d)', key)
    assert len(marks) == 12
    assert len(set(marks)) == 12


def test_the_finding_is_in_words(tmp_path):
    assert finding(mapped(LABELS, tmp_path)) == "Of each photo's nearest, all have its label."
    mixed = finding(mapped(["bees", *LABELS[1:]], tmp_path))  # 21.9 / 24
    assert mixed == "Of each photo's nearest, 91 in 100 have its label."
    without = finding(mapped([None] * 24, tmp_path))
    assert without == "24 photos, the alike ones side by side."


def test_the_command_writes_a_page_and_says_where(tmp_path, monkeypatch):
    for label, colour in (("red", (200, 20, 20)), ("blue", (20, 20, 200))):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(4):
            picture = Image.new("RGB", (64, 64), colour)
            picture.putpixel((i, i), (0, 255, 0))
            picture.save(tmp_path / "photos" / label / f"{i}.png")
    monkeypatch.chdir(tmp_path)
    asked = ["photos", "--out", "m.html", "--json"]
    ran = CliRunner().invoke(map_command, asked, catch_exceptions=False)
    answer = json.loads(ran.stdout)
    assert len(answer["photos"]) == 8
    assert {each["label"] for each in answer["per_class"]} == {"red", "blue"}
    assert (tmp_path / "m.html").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(InputError, match="already exists"):
        CliRunner().invoke(map_command, asked, catch_exceptions=False)
