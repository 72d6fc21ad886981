"""What `eyespot compare --time` shows: milliseconds per photo on this machine, by engine."""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import StageLines, note, print_wrapped
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eyespot.engines.timing import Time

RUNS = 20


def show(
    names: Sequence[str], engines: Sequence[str], runs: int | None, *, as_json: bool
) -> dict[str, Any]:
    """Measure, print unless JSON is wanted, and give what `--json` tells."""
    from eyespot.engines import openvino
    from eyespot.engines.start import available_cores
    from eyespot.engines.timing import WARM_UP, measure

    bar = StageLines(is_quiet=as_json)
    bar.begin("time")
    start = time.perf_counter()
    runs = runs or RUNS
    try:
        times = measure(names, engines, runs=runs, advance=bar.advance, tell=note)
    finally:
        bar.stop()
    bar.end(
        f"{runs} runs of each, in turns, after {WARM_UP} that do not count",
        time.perf_counter() - start,
    )
    facts = {
        "processor": openvino.processor(),
        "cores": available_cores(),
        "runs": runs,
        "warm_up": WARM_UP,
        "weights": "random",
        "times": [to_json(row) for row in times],
    }
    if not as_json:
        _print(times, facts)
    return facts


def _print(times: Sequence[Time], facts: dict[str, Any]) -> None:
    width = max(len("network"), *(len(row.network) for row in times))
    click.echo(
        f"\n{'network':<{width}} pixels  {'engine':<18} {'threads':>7}  ms per photo  middle half"
    )
    for name, rows in groupby(times, key=lambda row: row.network):
        for i, row in enumerate(rows):
            first = f"{name:<{width}} {row.image_size:6}" if i == 0 else " " * (width + 7)
            spread = f"{_figure(row.low_ms)}-{_figure(row.high_ms)}"
            figures = f"{row.threads:7}  {_figure(row.median_ms):>12}  {spread}"
            click.echo(f"{first}  {row.engine:<18} {figures}")
    click.echo(err=True)
    print_wrapped(
        f"Median of {facts['runs']} runs on {facts['processor']}; half of the runs lie in the "
        "middle half. Weights are random: they do not change the time. torch gives its threads to "
        "one photo; OpenVINO takes a photo in each thread at once, as eyespot does, and the time "
        "is divided by them. eyespot uses bfloat16 where it has proved its answers equal.",
        err=True,
    )


def _figure(milliseconds: float) -> str:
    """Three digits: "0.142", "7.31", "120"."""
    decimals = 0 if milliseconds >= 99.95 else 1 if milliseconds >= 9.995 else 2
    return f"{milliseconds:.{3 if milliseconds < 0.9995 else decimals}f}"
