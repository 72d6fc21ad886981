"""The pages of the networks are as the program would write them now, and lack no family."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from eyespot.networks.catalogue import FAMILIES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "networks"


@pytest.fixture(scope="module")
def pages():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs")
        import network_pages

        yield network_pages


def test_every_family_has_its_blocks_its_page_and_its_picture(pages):
    """A new paper needs a line in docs/network_blocks.py: what of it is drawn."""
    assert set(FAMILIES) - set(pages.FAMILIES) == set(), "docs/network_blocks.py lacks these"
    for family in FAMILIES:
        assert pages.FAMILIES[family].blocks, family
        assert (FOLDER / f"{family}.md").is_file(), f"run: {pages.COMMAND}"
        assert (ROOT / pages.PICTURES / f"{family}.svg").is_file(), f"run: {pages.COMMAND}"


def test_the_pages_are_what_the_program_writes(pages):
    """Of the same sources the same pages are made: only when one has changed are they made anew."""
    assert pages.is_fresh() or pages.stale() == [], f"run: {pages.COMMAND}"


def test_a_page_that_differs_or_has_no_family_would_be_found(pages, monkeypatch):
    lenet = pages.PAGES / "lenet.md"
    monkeypatch.setattr(pages, "files", lambda: [(lenet, "edited"), (Path("docs/new.md"), "")])
    assert {"docs/networks/lenet.md", "docs/new.md", "docs/networks/vgg.md"} <= set(pages.stale())
    monkeypatch.setattr(pages, "_bare", lambda content: content + "edited")
    assert not pages.is_fresh()


def test_every_link_of_a_page_leads_somewhere():
    for path in FOLDER.glob("*.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8"))
        assert links
        missing = [link for link in links if not (path.parent / link).resolve().exists()]
        assert missing == [], path.name


def test_every_picture_can_be_read_and_says_what_it_shows():
    for path in (ROOT / "docs" / "pictures" / "networks").glob("*.svg"):
        drawing = ElementTree.parse(path).getroot()
        assert drawing.find("{http://www.w3.org/2000/svg}title").text
        assert 100 < float(drawing.get("width")) < 1150, f"{path.name} would be unreadably small"
