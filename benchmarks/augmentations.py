"""Each augmentation on pictures of 32 and 224 pixels, in microseconds, against torchvision v2.

The claim is of the commonest of small pictures: a random crop with padding, and a flip. torchvision
works on the same Pillow pictures, in its own environment; both are measured in turn.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from results import Result, arguments, peers_python, report, with_peers

from eyespot.images.augmentations.catalogue import Augmentation, augmented, fitted
from eyespot.images.augmentations.examples import examples
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from stopwatch import microseconds

TARGET = 30.0  # microseconds for a random crop and a flip of 32 x 32 pixels
SIZES = (32, 224)
CLAIM = "random_crop, flip"


def picture(size: int) -> Image.Image:
    """Noise: how long any of them takes does not depend on what is in a picture."""
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def tasks(size: int) -> dict[str, Callable[[], object]]:
    """What is measured, by name: the two of the claim, then each alone."""
    seen, generator = picture(size), np.random.default_rng(0)
    common = [
        each
        for each in examples(size).values()
        if isinstance(each, Augmentation) and not isinstance(each, ShortSide)  # as scale jitter
    ]
    lists = {CLAIM: (RandomCrop(size, padding=4), Flip())}
    lists |= {each.KIND: (each,) for each in fitted(common, [seen])}
    return {
        name: lambda steps=steps: augmented(steps, seen, generator) for name, steps in lists.items()
    }


def ours() -> dict[str, float]:
    """`random_crop 32` -> microseconds."""
    return {
        f"{name} {size}": microseconds(task) for size in SIZES for name, task in tasks(size).items()
    }


def theirs(python: Path) -> dict[str, float]:
    script = Path(__file__).parent / "peers" / "augmentations.py"
    run = subprocess.run([python, script], capture_output=True, check=True, text=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


def medians(turns: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def main() -> None:
    parser = with_peers(arguments(__doc__, repeats=3))
    options = parser.parse_args()
    python = peers_python(options.peers)
    pairs = [(ours(), theirs(python)) for _ in range(options.repeats)]
    mine, peers = (medians(list(side)) for side in zip(*pairs, strict=True))
    ratios = {
        name: statistics.median(own[name] / other[name] for own, other in pairs) for name in peers
    }
    name = f"{CLAIM} 32"
    result = Result(
        name="augmentations",
        claim="a random crop with padding and a flip of 32 x 32 pixels",
        target=f"<= {TARGET:.0f} microseconds",
        reached=f"{mine[name]:.1f} microseconds, {ratios[name]:.2f} of torchvision's",
        is_met=mine[name] <= TARGET,
        n=f"{options.repeats} turns, of each the fastest of 7 rounds",
        figures={
            "ours_us": mine[name],
            "torchvision_us": peers[name],
            "share_of_torchvision_over_all": statistics.median(ratios.values()),
        },
    )
    if not options.json:
        print(f"{'':<24}" + "".join(f"{f'{size} pixels':>24}" for size in SIZES))
        for kind in tasks(SIZES[0]):
            cells = [_cell(mine, ratios, f"{kind} {size}") for size in SIZES]
            print(f"{kind:<24}" + "".join(f"{cell:>24}" for cell in cells))
        print()
    report(result, as_json=options.json, peers=python)


def _cell(mine: dict[str, float], ratios: dict[str, float], name: str) -> str:
    """`12.3 us  0.45x`: time, and share of torchvision's where it has the like."""
    ratio = f"{ratios[name]:.2f}x" if name in ratios else ""
    return f"{mine[name]:,.1f} us {ratio:>7}"


if __name__ == "__main__":
    main()
