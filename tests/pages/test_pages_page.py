"""A page asks for nothing, runs nothing, and can be read: policy, addresses, contrast."""

import base64
import hashlib
import re
from importlib import resources

import pytest
from page_reading import local, parsed, words

from eyespot.pages.markup import tag
from eyespot.pages.page import page

STYLE = resources.files("eyespot.pages").joinpath("style.css").read_text(encoding="utf-8")
LIGHT, DARK = re.findall(r":root\s*\{(.*?)\}", STYLE, re.DOTALL)


@pytest.fixture(scope="module")
def html():
    return page(title="Birds", body=tag("h1", None, "Birds"), source="eyespot train birds/")


def test_the_policy_names_the_style_by_its_hash_and_allows_nothing_else(html):
    tree = parsed(html)
    (meta,) = [e for e in tree.iter() if e.get("http-equiv") == "Content-Security-Policy"]
    (style,) = [e for e in tree.iter() if local(e) == "style"]
    rules = dict(rule.strip().split(" ", 1) for rule in meta.get("content").split(";"))
    digest = base64.b64encode(hashlib.sha256(words(style).encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{digest}'",
        "script-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_policy_comes_before_the_style(html):
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_nothing_is_requested(html):
    assert not re.search(r"https?:|//\w|url\(|@import|@font-face|src=|<script", html)


def test_title_language_and_window_are_stated(html):
    tree = parsed(html)
    assert tree.get("lang") == "en"
    assert [words(e) for e in tree.iter() if local(e) == "title"] == ["Birds"]
    assert "width=device-width, initial-scale=1" in html
    assert "eyespot train birds/" in html


# LOOK's table, by hand: the style must hold these values and no others for these names.
LOOK = {
    "paper": ("#fbfaf7", "#16181a"),
    "card": ("#ffffff", "#1f2225"),
    "ink": ("#1d2327", "#e8e6e1"),
    "quiet": ("#5b656c", "#a4adb3"),
    "line": ("#dcd9d0", "#34393d"),
    "right": ("#0072b2", "#56b4e9"),
    "wrong": ("#d55e00", "#f0803c"),
    "unsure": ("#e69f00", "#f0c04d"),
    "none": ("#7f7f7f", "#a0a0a0"),
}


def values(theme: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", theme))


@pytest.mark.parametrize("name", LOOK)
def test_the_colours_are_those_of_the_table(name):
    assert (values(LIGHT)[name], values(DARK)[name]) == LOOK[name]


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(first: list[float], second: list[float]) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_published():
    assert contrast([0, 0, 0], [1, 1, 1]) == pytest.approx(21)
    assert contrast(channels("#777777"), channels("#ffffff")) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("text", ["ink", "quiet"])
def test_text_stands_out_from_its_ground(theme, ground, text):
    colours = values(theme)
    assert contrast(channels(colours[text]), channels(colours[ground])) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["right", "wrong"])
def test_marks_stand_out_from_the_card(theme, mark):
    colours = values(theme)  # drawn marks: 3:1 (WCAG 2.2, 1.4.11)
    assert contrast(channels(colours[mark]), channels(colours["card"])) >= 3


def shade(step: int) -> tuple[float, str]:
    """How much of a step's shade is mixed with the card, and the name of its text's colour."""
    (rule,) = re.findall(rf"td\.share-{step} \{{(.*?)\}}", STYLE)
    part = int(re.search(r"(\d+)%", rule)[1]) / 100 if "color-mix" in rule else 1.0
    return part, re.search(r"; color: var\(--(\w+)\)", rule)[1]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("hue", ["sequence", "ink"])
@pytest.mark.parametrize("step", range(1, 11))
def test_counts_stand_out_from_every_shade_of_the_matrix(theme, hue, step):
    colours = values(theme)
    part, text = shade(step)
    mixed = [
        part * a + (1 - part) * b
        for a, b in zip(channels(colours[hue]), channels(colours["card"]), strict=True)
    ]
    assert contrast(channels(colours[text]), mixed) >= 4.5


def test_the_shades_of_the_matrix_grow_with_the_share():
    parts = [shade(step)[0] for step in range(1, 11)]
    assert parts == sorted(set(parts))
    assert parts[-1] == 1


def test_motion_can_be_switched_off_and_paper_is_a4():
    assert "prefers-reduced-motion" in STYLE
    assert "size: A4" in STYLE
    assert not re.search(r"(animation|transition)\s*:", STYLE)
