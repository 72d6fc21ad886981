"""Read a page as a browser would, by html5lib's strict parser, and list what could act in it."""

import xml.etree.ElementTree as ElementTree

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "footer", "header", "nav"),
    *("section", "aside", "figure", "figcaption", "div", "p", "h1", "h2", "h3", "span", "b"),
    *("strong", "a", "code", "bdi", "ul", "li", "dl", "dt", "dd", "details", "summary", "img"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "path", "rect", "line", "circle", "text", "g", "image", "use", "title"),
}
ADDRESSES = ("href", "src", "action", "formaction", "data", "srcset", "background", "poster")


def parsed(page: str) -> ElementTree.Element:
    """The tree of a whole page; any mistake in its markup is an error."""
    return html5lib.HTMLParser(strict=True).parse(page.encode("utf-8"), transport_encoding="utf-8")


def local(element: ElementTree.Element) -> str:
    return str(element.tag).removeprefix(XHTML).removeprefix(SVG)


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def what_acts(page: str) -> list[str]:
    """Elements, attributes and addresses that no page of ours holds."""
    found = []
    for element in parsed(page).iter():
        if local(element) not in ALLOWED:
            found.append(f"<{local(element)}>")
        for key, value in element.attrib.items():
            if key.startswith("on") or key in ("style", "srcdoc"):
                found.append(key)
            if key.split("}")[-1] in ADDRESSES and not value.startswith(
                ("#", "data:image/jpeg;base64,")
            ):
                found.append(f"{key}={value[:60]}")
        if element.get("http-equiv") not in (None, "Content-Security-Policy"):
            found.append(f"http-equiv {element.get('http-equiv')}")
    return found
