"""The embedded network for the peers: the same tensors under timm's names, and the class names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pairs
from results import ROOT

from eyespot.weights import catalogue
from eyespot.weights.cache import ready

SCRIPTS = ROOT / "benchmarks" / "peers"


@dataclass(frozen=True)
class Peer:
    """How the peers' scripts are called."""

    python: Path
    weights: Path
    classes: Path

    def command(self, script: str, *words: str | Path) -> list[str | Path]:
        """A script that takes the weights, the class names and then photos."""
        return [self.python, SCRIPTS / script, self.weights, self.classes, *words]


def prepare(python: Path, folder: Path) -> Peer:
    """Write what the peers need into `folder`."""
    checkpoint = catalogue.find(catalogue.DEFAULT)
    peer = Peer(python, folder / "timm.safetensors", folder / "classes.json")
    peer.classes.write_text(json.dumps(catalogue.classes(checkpoint)), encoding="utf-8")
    command = [python, SCRIPTS / "rename_weights.py", ready(checkpoint).path, peer.weights]
    pairs.run(command, paths=[ROOT / "src"])
    return peer
