"""The machine that a figure was measured on: processor, what it multiplies, cores, versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FLAGS = ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx2")
PACKAGES = ("eyespot", "torch", "openvino", "numpy", "Pillow", "timm", "torchvision")


@dataclass(frozen=True)
class Machine:
    """What has to stand beside every figure."""

    processor: str
    flags: tuple[str, ...]  # of FLAGS, those that the processor has
    cores: int  # that this process may use
    memory_gib: float
    system: str
    versions: dict[str, str]
    peers: dict[str, str]  # versions in the peers' environment, empty where it was not used


def machine(peers: Path | None = None) -> Machine:
    """Read what this machine is; `peers` is the python of the peers' environment."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(
        processor=_cpuinfo("model name") or platform.processor() or platform.machine(),
        flags=tuple(flag for flag in FLAGS if flag in _cpuinfo("flags").split()),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(memory, 1),
        system=f"{platform.system()} {platform.release()}",
        versions=_versions(),
        peers=_versions_in(peers) if peers else {},
    )


def file_name(processor: str) -> str:
    """`AMD EPYC 9B14` -> `amd-epyc-9b14`: the name of the file with a machine's results."""
    return re.sub(r"[^a-z0-9]+", "-", processor.lower()).strip("-")


def _cpuinfo(field: str) -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    match = re.search(rf"^{field}\s*:\s*(.*)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _versions_in(python: Path) -> dict[str, str]:
    """The same, told by another environment's python."""
    text = subprocess.run([python, __file__], capture_output=True, check=True, text=True).stdout
    found: dict[str, str] = json.loads(text)
    return found


if __name__ == "__main__":
    json.dump(_versions(), sys.stdout)
