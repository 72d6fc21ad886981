"""Flipped bits and truncations of a bundle: each has to be refused in one line naming the file.

Half of the flips fall anywhere in the bundle's bytes, so mostly into the weights; the others first
choose a file, so that each file is hit often. A few go through the command line too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pairs
from results import Result, arguments, photo_set, report

from eyespot.classifier import bundle
from eyespot.errors import EyespotError

BY_COMMAND = 20  # damages, of all, that `eyespot predict` sees too


@dataclass(frozen=True)
class Damage:
    """One thing that happens to one file."""

    file: Path
    place: int  # byte, or the length that is left
    bit: int | None  # None: the file ends at `place`

    def applied(self, content: bytes) -> bytes:
        if self.bit is None:
            return content[: self.place]
        flipped = content[self.place] ^ (1 << self.bit)
        return content[: self.place] + bytes([flipped]) + content[self.place + 1 :]


def damages(folder: Path, *, flips: int, truncations: int, seed: int) -> list[Damage]:
    """What is going to happen to the bundle `folder`."""
    generator = np.random.default_rng(seed)
    files = sorted(folder.iterdir())
    sizes = np.array([file.stat().st_size for file in files])
    even = np.full(len(files), 1 / len(files))
    chosen = []
    for i in range(flips + truncations):
        weight = sizes / sizes.sum() if i % 2 and i < flips else even
        k = int(generator.choice(len(files), p=weight))
        bit = int(generator.integers(8)) if i < flips else None
        chosen.append(Damage(files[k], int(generator.integers(sizes[k])), bit))
    return chosen


def complaint(folder: Path) -> str | None:
    """What loading says, or None where it says nothing."""
    try:
        bundle.load(folder)
    except EyespotError as error:
        return str(error)
    return None


def complaint_of_command(folder: Path, photo: Path, cache: Path) -> str | None:
    """The same of `eyespot predict`, whose exit code has to be 2."""
    command = [pairs.EYESPOT, "predict", folder, photo]
    environment = dict(os.environ, XDG_CACHE_HOME=str(cache))
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    return run.stderr.strip() if run.returncode == 2 and not run.stdout else None


def is_refused(said: str | None, file: Path) -> bool:
    """Whether it is one line with the name of the damaged file."""
    return said is not None and "\n" not in said and file.name in said


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--truncations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    photos = photo_set(options.photos, "hymenoptera")
    photo = next((photos / "val").rglob("*.jpg"))
    refused, by_command = {True: 0, False: 0}, 0
    with tempfile.TemporaryDirectory() as temporary:
        cache, folder = Path(temporary, "cache"), Path(temporary, "ants-bees")
        pairs.run([pairs.EYESPOT, "train", photos, "--out", folder], cache=cache)
        numbers = {"flips": options.flips, "truncations": options.truncations}
        planned = damages(folder, **numbers, seed=options.seed)
        step = max(1, len(planned) // BY_COMMAND)
        for i, damage in enumerate(planned):
            content = damage.file.read_bytes()
            damage.file.write_bytes(damage.applied(content))
            refused[damage.bit is not None] += is_refused(complaint(folder), damage.file)
            if i % step == 0:
                said = complaint_of_command(folder, photo, cache)
                by_command += is_refused(said, damage.file)
            damage.file.write_bytes(content)
        is_whole = complaint(folder) is None
        files = len(list(folder.iterdir()))
        shutil.rmtree(cache)
    commands = len(range(0, len(planned), step))
    result = Result(
        name="damage",
        claim="a damaged bundle is refused in one line that names the file",
        target="all",
        reached=f"{refused[True]:,} flipped bits and {refused[False]:,} truncations refused",
        is_met=sum(refused.values()) == len(planned) and by_command == commands and is_whole,
        n=f"{options.flips:,} flipped bits, {options.truncations:,} truncations, {files} files",
        figures={
            "refused_by_the_command": f"{by_command} of {commands}",
            "whole_again_loads": is_whole,
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
