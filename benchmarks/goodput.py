"""What a training keeps of its time when it is killed every minute.

ResNet-20 on FashionMNIST, killed (SIGKILL, the whole group of processes) every 60 seconds for ten
minutes and started again by the same command at once. Goodput is the share of the steps that
could have been made in that time at the speed of its first life, start-up taken out: so all that
starting again costs (imports, looking at 70,000 photos, the checkpoint) counts against it, and so
does the work since the last checkpoint.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pairs
from results import Result, arguments, report

from eyespot.errors import EyespotError
from eyespot.training.checkpoints import Record, read

TARGET = 0.90
WORDS = (
    "train", "fashion-mnist", "--method", "scratch", "--network", "resnet20",
    "--recipe", "resnet_cifar_short", "--image-size", "28", "--epochs", "60",
)  # fmt: skip


def life(out: Path, seconds: float) -> None:
    """Train for some seconds, then be killed."""
    process = subprocess.Popen(
        [str(pairs.EYESPOT), *WORDS, "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    else:
        raise SystemExit(f"The training ended by itself, with {process.returncode}.")


def newest(out: Path) -> Record:
    """The newest whole checkpoint."""
    for folder in sorted(out.with_name(f"{out.name}-checkpoints").glob("step-*"), reverse=True):
        try:
            return read(folder)[0]
        except EyespotError:
            continue
    raise SystemExit("There is no checkpoint: a life is too short.")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--every", type=float, default=60.0, help="Seconds between two kills.")
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "model")
        kept = []
        start = time.monotonic()
        for _ in range(options.kills):
            begin = time.monotonic()
            life(out, options.every)
            kept.append(newest(out))
            told = f"step {kept[-1].step:,} after {time.monotonic() - begin:.1f} s"
            print(told, file=sys.stderr, flush=True)
        seconds = time.monotonic() - start
    speed = kept[0].step / kept[0].seconds
    goodput = kept[-1].step / (speed * seconds)
    result = Result(
        name="goodput",
        claim="steps kept by a training that is killed every minute, of the steps possible",
        target=f">= {TARGET:.0%}",
        reached=f"{goodput:.1%}",
        is_met=goodput >= TARGET,
        n=f"{options.kills} kills, {options.every:g} s apart",
        figures={
            "steps": [record.step for record in kept],
            "steps_per_second": speed,
            "seconds": seconds,
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
