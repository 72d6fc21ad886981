"""The tables of a family's page: figures beside the printed ones, errors, stages, deviations."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from eyespot.networks.architecture import Architecture, Deviation
from eyespot.networks.results import Result, headline, results
from eyespot.networks.table import table

PRINTED = Path(__file__).resolve().parents[1] / "tests" / "golden" / "papers.json"


@cache
def printed() -> dict[str, dict[str, Any]]:
    """Network -> what its paper prints of it."""
    rows = json.loads(PRINTED.read_text("utf-8"))
    return {row["name"]: row for row in rows}


def markdown(headers: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """A table whose first `words` columns are set left and the others right."""
    rules = ["---" if i < words else "---:" for i in range(len(headers))]
    lines = [headers, rules, *rows]
    return "\n".join(f"| {' | '.join(_cell(each) for each in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def figures(rows: Sequence[Architecture]) -> str:
    """Parameters and multiply-adds, ours and printed, the error that stands for each network."""
    headers = (
        "network", "edition", "pixels", "parameters", "printed", "multiply-adds", "printed",
        "top-1", "top-5",
    )  # fmt: skip
    lines = []
    for row in rows:
        best = headline(row.name)
        told = printed().get(row.name, {})
        lines.append(
            (
                f"`{row.name}`",
                "the paper's" if row.edition == "paper" else row.edition,
                str(row.image_size),
                f"{row.parameters:,}",
                _figure(told.get("parameters")),
                f"{row.multiply_adds:,}",
                _figure(told.get("multiply_adds")),
                _error(best.top1_error if best else None),
                _error(best.top5_error if best else None),
            )
        )
    return markdown(headers, lines, words=2) + (
        "\n\nParameters are what training learns; multiply-adds are those of one picture of the "
        "size beside them, in convolutions, linear layers and attention. Tests hold every figure, "
        "and that the paper's rounds to it, or that a difference below explains why not."
    )


def _figure(figure: dict[str, Any] | None) -> str:
    """A printed figure, and where it stands if that is known."""
    if figure is None:
        return "-"
    where = f" ({figure['where']})" if figure.get("where") else ""
    if figure["text"]:
        return figure["text"] + where
    return f"{2 * figure['value']:.4g} multiplications and additions{where}"


def _error(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def errors(rows: Sequence[Architecture]) -> str:
    """Every published error, with how and on what it was measured."""
    lines = [
        (
            f"`{row.name}`" + (" *" if result is headline(row.name) else ""),
            _protocol(result),
            result.test_set,
            result.where,
            _error(result.top1_error),
            _error(result.top5_error),
        )
        for row in rows
        for result in results().get(row.name, ())
    ]
    if not lines:
        return "No published errors are known for these networks."
    headers = ("network", "protocol", "test set", "where", "top-1", "top-5")
    told = "Errors in percent. The one with a star stands for its network in the tables."
    return f"{markdown(headers, lines, words=4)}\n\n{told}"


def _protocol(result: Result) -> str:
    recalled = "" if result.confidence == "verified" else f" ({result.confidence})"
    return result.protocol + recalled


def stages(row: Architecture) -> str:
    """The table that the paper prints: what `eyespot show` says of the network."""
    lines = [
        (
            f"`{stage.module}`",
            " x ".join(map(str, stage.output_shape)),
            "<br>".join(stage.kernels),
            f"{stage.parameters:,}",
            "in training only" if stage.is_auxiliary else f"{stage.multiply_adds:,}",
        )
        for stage in table(row)
    ]
    headers = ("stage", "output", "kernels", "parameters", "multiply-adds")
    return markdown(headers, lines, words=3)


def deviations(rows: Sequence[Architecture]) -> str:
    """Each difference once, with its arithmetic and the networks that it holds for."""
    found: dict[Deviation, list[str]] = {}
    for row in rows:
        for each in row.deviations:
            found.setdefault(each, []).append(row.name)
    if not found:
        return "None that we know of."
    lines = []
    for each, names in found.items():
        holders = "all" if len(names) == len(rows) else ", ".join(f"`{name}`" for name in names)
        sum_up = f"<br>`{each.arithmetic}`" if each.arithmetic else ""
        lines.append((holders, f"{each.what}{sum_up}", each.source))
    told = "The arithmetic is evaluated by a test." if any(d.arithmetic for d in found) else ""
    return f"{markdown(('networks', 'what', 'source'), lines, words=3)}\n\n{told}".rstrip()
