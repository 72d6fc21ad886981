"""Text can never become markup, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_reading import parsed, what_acts, words
from payloads import ODD, PAYLOADS

from eyespot.pages.markup import Html, join, tag, text
from eyespot.pages.page import page


def written(name: str) -> str:
    body = tag("p", {"title": name, "id": "here"}, name)
    return page(title=name, body=body, source=name)


@pytest.mark.parametrize("name", PAYLOADS + ODD)
def test_a_name_is_text_in_element_attribute_title_and_footer(name):
    html = written(name)
    assert what_acts(html) == []
    (here,) = [element for element in parsed(html).iter() if element.get("id") == "here"]
    shown = html_visible(name)
    assert words(here) == shown
    assert here.get("title") == shown


def html_visible(name: str) -> str:
    """What the parser must give back, by an independent rule: only unprintables may change."""
    out = []
    for character in name:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif character in "\t\n":
            out.append(character)
        elif code < 0x20:
            out.append(chr(0x2400 + code))
        elif code & 0xFFFE == 0xFFFE or any(
            low <= code <= high for low, high in ((0x7F, 0x9F), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF))
        ):
            out.append("\ufffd")
        else:
            out.append(character)
    return "".join(out)


@given(st.text(st.characters(), max_size=40))
def test_any_text_gives_a_valid_page_that_says_it(name):
    html = written(name)
    assert what_acts(html) == []
    (here,) = [element for element in parsed(html).iter() if element.get("id") == "here"]
    assert words(here) == html_visible(name)


def test_fifty_payloads_are_tried():
    assert len(set(PAYLOADS)) >= 50


def test_the_check_sees_a_page_that_is_not_escaped():
    html = page(title="x", body=Html("<p>" + PAYLOADS[0] + "</p>"), source="x")
    assert what_acts(html) == ["<script>"]


def test_html_is_written_as_it_is_and_joined_strings_are_text_again():
    bold = tag("b", None, "a & b")
    assert tag("p", None, bold) == "<p><b>a &amp; b</b></p>"
    assert tag("p", None, bold + bold).count("&lt;b&gt;") == 2
    assert join(("<", bold), between="&") == "&lt;&amp;<b>a &amp; b</b>"
    assert text(text("<")) == "&lt;"


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("script", {}),
        ("style", {}),
        ("iframe", {}),
        ("p onclick", {}),
        ("p", {"onclick": "x"}),
        ("p", {"style": "x"}),
        ("p", {"a b": "x"}),
        ("a", {"href": "javascript:alert(1)"}),
        ("a", {"href": "https:" + "//evil.example"}),
        ("img", {"src": "data:image/svg+xml,<svg/>"}),
        ("img", {"src": "photo.jpg"}),
    ],
)
def test_what_could_act_is_refused_when_the_page_is_built(name, attributes):
    with pytest.raises(ValueError, match=r"a page has no|embedded JPEG"):
        tag(name, attributes)
