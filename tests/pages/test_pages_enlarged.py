"""A photo that opens larger: by a link, with its heat map, and without a script."""

import pytest
from page_reading import local, parsed, what_acts, words
from payloads import PAYLOADS

from eyespot.pages.enlarged import Enlarged, Heat, opened
from eyespot.pages.page import page
from eyespot.pages.photos import gallery, photo_card

JPEG = "data:image/jpeg;base64,AAAA"
HEAT = Enlarged(JPEG, (400, 200), Heat(JPEG, (0.25, 0.1, 0.75, 1.2), "bees"))


def card(found=HEAT, file="a.jpg"):
    larger = opened(found, file, anchor="photo-3", back="card-3", facts=("in a group",))
    made = photo_card(JPEG, file, anchor="card-3", larger=larger, opens="photo-3")
    return page(title="t", body=gallery([made]), source="eyespot")


def test_a_click_opens_it_where_it_stands_and_another_closes_it():
    root = parsed(card())
    links = {words(e) or e.get("aria-label"): e.get("href") for e in root.iter() if local(e) == "a"}
    assert links == {"larger: a.jpg": "#photo-3", "Close": "#card-3"}
    places = [e.get("id") for e in root.iter() if e.get("id")]
    assert {"card-3", "photo-3", "photo-3-photo"} <= set(places)
    assert len(places) == len(set(places))
    assert "in a group" in words(root) and "speaks for bees" in words(root)


def test_the_photo_is_embedded_once_and_the_heat_lies_where_the_network_looked():
    root = parsed(card())
    images = [e for e in root.iter() if local(e) == "image"]
    assert len(images) == 2  # the photo and its heat; the second drawing uses the first's photo
    assert [e.get("href") for e in root.iter() if local(e) == "use"] == ["#photo-3-photo"]
    # 0.25 x 400, 0.1 x 200, (0.75 - 0.25) x 400, (1.2 - 0.1) x 200
    place = [images[1].get(key) for key in ("x", "y", "width", "height")]
    assert place == ["100.0", "20.0", "200.0", "220.0"]
    frames = {e.get("d") for e in root.iter() if e.get("class") == "seen"}
    assert frames == {"M100.0 20.0h200.0v180.0h-200.0z"}  # not beyond the photo's edge


def test_without_a_heat_map_the_photo_stands_alone():
    root = parsed(card(Enlarged(JPEG, (400, 200))))
    assert len([e for e in root.iter() if local(e) == "figure"]) == 1
    assert "speaks for" not in words(root)


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_name_can_act(name):
    found = Enlarged(JPEG, (4, 4), Heat(JPEG, (0, 0, 1, 1), name))
    assert what_acts(card(found, name)) == []
