"""HTML that is safe by construction: text is escaped wherever it is used, only `Html` is not.

`Html` comes from `tag` and `join` alone. Names of files and classes are text like any other: bytes
that are no characters, controls and quotes in them can neither break a page nor run.
"""

import re
from collections.abc import Iterable, Mapping

VOID = frozenset({"img", "br", "hr", "meta", "link", "col", "wbr"})
# What no HTML text may hold: controls but tab and newline, lone surrogates, non-characters.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9:-]*")
ADDRESSED = ("href", "src", "action", "formaction", "xlink:href")


class Html(str):
    """Markup, written as it is. Every other `str` is text. Adding two strings gives text again."""

    __slots__ = ()


def text(value: str) -> Html:
    """`value` with everything that HTML could misread escaped or made visible; `Html` unchanged."""
    if isinstance(value, Html):
        return value
    visible = visible_text(value)
    for character, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "#39")):
        visible = visible.replace(character, f"&{entity};")
    return Html(visible)


def visible_text(value: str) -> str:
    """`value` with controls, lone surrogates and non-characters replaced by what can be seen."""
    return FORBIDDEN.sub(_visible, value)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20:
        return chr(0x2400 + code)  # the control's own picture: ␀ ␛ ...
    return "\ufffd"


def join(parts: Iterable[str], between: str = "") -> Html:
    """The parts one after the other, each escaped unless it is `Html`."""
    return Html(text(between).join(text(part) for part in parts))


def tag(name: str, attributes: Mapping[str, str | None] | None = None, *children: str) -> Html:
    """One element. An attribute that is None is not written; plain strings are escaped.

    >>> tag("p", {"class": "quiet"}, "ants & ", tag("b", None, "bees"))
    '<p class="quiet">ants &amp; <b>bees</b></p>'

    Raises `ValueError` on what our pages never hold: scripts, inline styles, event handlers, and
    addresses other than a place on the same page or an embedded picture.
    """
    written = "".join(
        f' {key}="{_attribute(key, value)}"'
        for key, value in (attributes or {}).items()
        if value is not None
    )
    if not ATTRIBUTE.fullmatch(name) or name in ("script", "style", "iframe", "object", "embed"):
        raise ValueError(f"a page has no <{name}>")
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def _attribute(key: str, value: str) -> str:
    if not ATTRIBUTE.fullmatch(key) or key.startswith("on") or key == "style":
        raise ValueError(f"a page has no attribute {key!r}")
    if key in ADDRESSED and not value.startswith(("#", "data:image/jpeg;base64,")):
        raise ValueError(f"{key} is '#place' or an embedded JPEG, not {value[:40]!r}")
    return text(str(value))
