"""Every benchmark, one after the other: results/PROCESSOR.json, and the tables of the docs.

Speed goes to docs/performance.md, what is learned and known to docs/results.md. The machine should
have nothing else to do meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import table
from machine import file_name, machine
from results import PEERS, PHOTOS

from eyespot.files import write_atomic

QUICK = {  # script: what a rehearsal asks of it; in this order
    "imagenet": [],
    "ants_bees": ["--seeds", "1"],
    "damage": ["--flips", "50", "--truncations", "10"],
    "help": ["--repeats", "3"],
    "decode": ["--repeats", "1"],
    "augmentations": ["--repeats", "1"],
    "training_step": ["--repeats", "1"],
    "training_pipeline": ["--epochs", "1"],
    "goodput": ["--every", "40", "--kills", "2"],
    "precision": ["--learned", "500", "--epochs", "2", "--seeds", "2"],
    "one_photo": ["--repeats", "2"],
    "folder": ["--repeats", "1"],
    "second_training": ["--repeats", "1"],
    "classifier": ["--repeats", "1", "--epochs", "1", "--lite0-epochs", "1"],
    "memory": ["--count", "1000"],
    "calibration": [],
    "leakage": ["--seeds", "2"],
    "wrong_labels": ["--seeds", "1"],
    "trust_figures": ["--sets", "hymenoptera", "--splits", "2"],
    "heat_maps": ["--draws", "2"],
    "dense_map": ["--repeats", "1", "--megapixels", "1", "--check", "10", "--ten", "1"],
    "find_target": ["--trials", "5"],
    "advise_time": ["--repeats", "1"],
    "averaged_heads": ["--seeds", "1"],
    "closer_look": ["--seeds", "1"],
    "better_probe": ["--time-limit", "60"],
    "squeezenet_tuning": ["--time-limit", "60"],
    "auto": ["--time-limit", "60", "--seeds", "1", "--repeats", "0"],
}
WITH_PEERS = {"augmentations", "one_photo", "folder", "classifier"}


def measured(name: str, words: list[str]) -> dict[str, Any] | None:
    """What a benchmark prints with `--json`; None where it failed or had nothing to work on."""
    script = Path(__file__).with_name(f"{name}.py")
    busy, own = busy_seconds(), children_seconds()
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, script, "--json", *words], stdout=subprocess.PIPE, text=True
    )
    others = busy_seconds() - busy - (children_seconds() - own)
    available = (time.perf_counter() - start) * len(os.sched_getaffinity(0))
    if run.returncode != 0 or not run.stdout:
        print(f"{name:<16} no result", flush=True)
        return None
    result: dict[str, Any] = json.loads(run.stdout)
    result["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    result["others"] = max(0.0, others / available)
    verdict = "met" if result["is_met"] else "MISSED"
    others_share = f"{100 * result['others']:.0f} % of the machine was others'"
    print(f"{name:<16} {verdict:<7} {result['reached']} ({result['target']}); {others_share}")
    return result


def busy_seconds() -> float:
    """Seconds of work that all cores together have done since the machine started."""
    user, nice, system, _, _, interrupts, soft, *_ = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split()[1:8]
    )
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def children_seconds() -> float:
    """Those that went to processes of ours which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, e.g. folder")
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of the photo sets")
    parser.add_argument("--peers", type=Path, default=PEERS, help="python of their environment")
    parser.add_argument("--quick", action="store_true", help="few repetitions, nothing written")
    options = parser.parse_args()
    for name in options.names or QUICK:
        words = QUICK[name] if options.quick else []
        words = words + (["--photos", str(options.photos)] if options.photos != PHOTOS else [])
        if name in WITH_PEERS and options.peers != PEERS:
            words = [*words, "--peers", str(options.peers)]
        result = measured(name, words)
        if result is not None and not options.quick:
            keep(name, result)


def keep(name: str, result: dict[str, Any]) -> None:
    """Among the results of this processor, and in the tables of the docs."""
    path = table.RESULTS / f"{file_name(machine().processor)}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_atomic(path, json.dumps(known | {name: result}, indent=1) + "\n")
    table.main()


if __name__ == "__main__":
    main()
