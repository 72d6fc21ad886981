"""What networks of the catalogue reach on FashionMNIST's test part, trained here from nothing.

Each training is the user's own command, once for each seed; its epoch is chosen on 6,000 photos of
the training part, and the 10,000 test photos are answered once. What was reached is added to
results/learned/fashion_mnist.json and to the table of docs/results.md; trainings that stand there
with the same command and recipe are not repeated.

python benchmarks/fashion_mnist.py [--only lenet5_modern] [--seeds 3] [--side-by-side 2]
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shlex
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pairs
from machine import machine
from results import ROOT

from eyespot.files import sha256, write_atomic
from eyespot.training.recipes import catalogue as recipes
from eyespot.values import to_json

TARGETS = {  # network: (what the command adds, top-1 that is to be reached)
    "lenet5": ("", 0.89),
    "lenet5_modern": ("--recipe lenet5_modern_mirrored", 0.91),
    "resnet20": ("--recipe resnet_cifar_short --image-size 28", 0.93),
}
WORDS = ("source", "expected")  # of a recipe
KEPT = Path(__file__).with_name("results") / "learned" / "fashion_mnist.json"
PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- made by benchmarks/fashion_mnist.py -->\n", "<!-- until here -->\n"

Rows = dict[str, dict[str, Any]]  # command -> what came out


def command(network: str, seed: int) -> str:
    """What a user types."""
    more = TARGETS[network][0]
    words = f"eyespot train fashion-mnist --method scratch --network {network} {more}".strip()
    return f"{words} --seed {seed}"


def recipe_of(network: str) -> str:
    """SHA-256 of what `command` asks for, so that a changed recipe is measured anew.

    Its words, which decide nothing, are left out.
    """
    words = TARGETS[network][0].split()
    named = "--recipe" in words
    asked = recipes.find(words[1 + words.index("--recipe")]) if named else None
    recipe = replace(asked or recipes.for_network(network), **dict.fromkeys(WORDS, ""), notes=())
    return sha256(json.dumps(to_json(recipe)).encode())


def trained(network: str, seed: int, threads: int) -> dict[str, Any]:
    """Run a training in a folder of its own; what it answered."""
    typed = command(network, seed)
    with tempfile.TemporaryDirectory() as folder:
        words = shlex.split(typed)[1:]
        run = pairs.run([pairs.EYESPOT, *words, "--out", Path(folder, "bundle"), "--json"])
    answer = json.loads(run.output)
    here = machine()
    return {
        "recipe": recipe_of(network),
        "threads": threads,
        "top1": answer["metrics"]["top1"],
        "interval": answer["metrics"]["top1_interval"],
        "n": answer["metrics"]["n"],
        "epochs": answer["epochs"],
        "best_epoch": answer["best"]["epoch"],
        "minutes": run.seconds / 60,
        "processor": f"{here.processor}, {here.cores} cores ({' '.join(here.flags)})",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def table(rows: Rows) -> str:
    """A line for each network, the mean over its seeds, and where it was measured."""
    lines = [
        "| network | top-1 on the test part, mean (each seed) | to be reached | epochs | minutes (threads) | command |",  # noqa: E501
        "|---|---|---|---|---|---|",
    ]
    places = set()
    for network, (_, target) in TARGETS.items():
        start = command(network, 0).removesuffix(" 0")
        found = {
            typed: row
            for typed, row in rows.items()
            if typed.startswith(start) and row["recipe"] == recipe_of(network)
        }
        if not found:
            continue
        top1 = [100 * row["top1"] for row in found.values()]
        each = ", ".join(f"{share:.2f}" for share in top1)
        minutes = sorted((row["threads"], row["minutes"]) for row in found.values())
        epochs = "/".join(sorted({str(row["epochs"]) for row in found.values()}))
        reached = f"**{statistics.mean(top1):.2f} %** ({each})"
        cells = [
            network,
            reached,
            f"{100 * target:.0f} %",
            epochs,
            ", ".join(f"{spent:.1f} ({n})" for n, spent in minutes),
            f"`{start} N`",
        ]
        lines.append(f"| {' | '.join(cells)} |")
        places |= {f"{row['processor']}, {row['date']}" for row in found.values()}
    return "\n".join([*lines, "", "Measured on " + "; ".join(sorted(places)) + "."]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=list(TARGETS), action="append")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--side-by-side", type=int, default=1, help="Each on its share of cores.")
    options = parser.parse_args()
    threads = max(1, machine().cores // options.side_by_side)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    rows: Rows = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    missing = [
        (network, seed)
        for network in options.only or TARGETS
        for seed in range(options.seeds)
        if rows.get(command(network, seed), {}).get("recipe") != recipe_of(network)
    ]
    with ThreadPoolExecutor(options.side_by_side) as pool:
        for (network, seed), row in zip(
            missing, pool.map(lambda one: trained(*one, threads), missing), strict=True
        ):
            rows[command(network, seed)] = row
            write_atomic(KEPT, json.dumps(rows, indent=1) + "\n")
            print(f"{100 * row['top1']:6.2f} %  {command(network, seed)}", flush=True)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    write_atomic(PAGE, before + BEGIN + "\n" + table(rows) + "\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
