"""One self-contained HTML page: style inside, no script, no request to anywhere, prints on A4."""

import base64
import hashlib
from importlib import resources

from eyespot.pages.markup import Html, join, tag


def page(*, title: str, body: Html, source: str) -> str:
    """The whole document as one string; `source` is the command that made it, in small print.

    The content policy in its head forbids every request and every script, and names the one style
    by its SHA-256, so that nothing in a file or class name could ever act.
    """
    style = resources.files("eyespot.pages").joinpath("style.css").read_text(encoding="utf-8")
    head = join(
        (
            tag("meta", {"charset": "utf-8"}),
            tag("meta", {"http-equiv": "Content-Security-Policy", "content": policy(style)}),
            tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            tag("meta", {"name": "color-scheme", "content": "light dark"}),
            tag("meta", {"name": "referrer", "content": "no-referrer"}),
            tag("title", None, title),
            Html(f"<style>{style}</style>"),
        ),
        Html("\n"),
    )
    foot = tag("footer", {"class": "quiet"}, "Made by ", tag("code", None, source))
    content = tag("body", None, tag("main", {"id": "top"}, body, foot))
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n{content}\n</html>\n'


def policy(style: str) -> str:
    """The Content-Security-Policy of a page that holds exactly this style."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; script-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'none'"
    )
