"""What a benchmark takes and gives: its arguments, its figures, a table or one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from machine import Machine, machine

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT.parent / "shared" / "photos"
PEERS = ROOT / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True)
class Result:
    """One claim, measured."""

    name: str  # the script's
    claim: str
    target: str  # what has to be reached, in words
    reached: str  # what was, in words
    is_met: bool
    n: str  # of what, and how often
    figures: dict[str, Any]  # all that was measured, with units in the names


def arguments(description: str | None, *, repeats: int | None = None) -> argparse.ArgumentParser:
    """The arguments that all benchmarks share; `repeats` is the default number of pairs."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of the photo sets")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    if repeats is not None:
        parser.add_argument("--repeats", type=int, default=repeats, help="pairs of runs")
    return parser


def with_peers(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the argument that names the python of the peers' environment."""
    parser.add_argument("--peers", type=Path, default=PEERS, help="python of their environment")
    return parser


def photo_set(photos: Path, name: str) -> Path:
    """The folder of a photo set. Ends the benchmark with a sentence where it is not here."""
    folder = photos / name
    if not folder.is_dir():
        skip(f"There are no photos {folder}: name the folder that has {name}/ with --photos")
    return folder


def peers_python(path: Path) -> Path:
    """The python of the peers' environment. Ends the benchmark with a sentence where it is not."""
    if not path.is_file():
        skip(f"There is no environment of the peers at {path}: benchmarks/README.md says how")
    return path


def skip(sentence: str) -> NoReturn:
    """Leave without a result, and say why."""
    print(f"Skipped. {sentence}", file=sys.stderr)
    sys.exit(0)


def report(result: Result, *, as_json: bool, peers: Path | None = None) -> None:
    """Print `result` with the machine, as a table or as one JSON object."""
    here = machine(peers)
    if as_json:
        words = " ".join([Path(sys.argv[0]).name, *(w for w in sys.argv[1:] if w != "--json")])
        command = {"command": f"python benchmarks/{words}", "machine": asdict(here)}
        print(json.dumps(asdict(result) | command))
        return
    print("\n".join(_lines(result, here)))


def _lines(result: Result, here: Machine) -> list[str]:
    rows = {
        "claim": result.claim,
        "target": result.target,
        "reached": f"{result.reached} ({'met' if result.is_met else 'MISSED'})",
        "n": result.n,
        **{name.replace("_", " "): value for name, value in result.figures.items()},
        "processor": f"{here.processor}, {here.cores} cores ({' '.join(here.flags)})",
        "versions": _listed(here.versions),
    }
    if here.peers:
        rows["peers"] = _listed(here.peers)
    return [f"{name:<28}  {_shown(value)}" for name, value in rows.items()]


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return f"{value:.3g}" if isinstance(value, float) else str(value)
