"""From a folder of photos to an evaluated classifier, against the transfer-learning tutorial.

Ours: `eyespot train` with an empty cache, so the conversion of weights and network counts too; the
probe, and once `--method auto`, which also tries fine-tuning. The tutorial fine-tunes ResNet-18 for
25 epochs. A few epochs of its loop are measured and scaled to 25; its start is counted once.
ResNet-18 starts from random numbers here, because no pretrained ones can be had offline: that
changes its accuracy, not its time. Its accuracy is told by the same loop on our embedded network,
pretrained, run to its end; of its epochs the best counts, as there.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import pairs
from results import Result, arguments, peers_python, photo_set, report, with_peers
from same_weights import Peer, prepare

EPOCHS = 25  # of the tutorial
TARGET = 20.0  # times as fast, on a processor without AMX
AUTO = ("--method", "auto", "--time-limit", "3m")  # fine-tuning tried
AUTO_TARGET = 3.0  # times as fast


def ours(photos: Path, *words: str) -> tuple[pairs.Run, dict[str, Any]]:
    """Train with an empty cache; the run, and what it answered."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "bundle")
        command = [pairs.EYESPOT, "train", photos, *words, "--out", out, "--json"]
        run = pairs.run(command, cache=Path(folder, "cache"))
    return run, json.loads(run.output)


def tutorial(peer: Peer, photos: Path, network: str, epochs: int) -> tuple[float, dict[str, Any]]:
    """Seconds of the tutorial's 25 epochs, from `epochs` of them, and what it answered."""
    script = peer.command("fine_tune.py")[1]
    words = ["--network", network, "--weights", peer.weights, "--epochs", str(epochs)]
    run = pairs.run([peer.python, script, photos, *words])
    answer = json.loads(run.output)
    rest = run.seconds - sum(answer["seconds"])
    return rest + EPOCHS * statistics.mean(answer["seconds"]), answer


def main() -> None:
    parser = with_peers(arguments(__doc__, repeats=3))
    parser.add_argument("--epochs", type=int, default=2, help="of ResNet-18, scaled to 25")
    parser.add_argument("--lite0-epochs", type=int, default=EPOCHS, help="of our own network")
    options = parser.parse_args()
    photos = photo_set(options.photos, "hymenoptera")
    python = peers_python(options.peers)
    with tempfile.TemporaryDirectory() as folder:
        peer = prepare(python, Path(folder))
        mine, theirs = [], []
        for _ in range(options.repeats):
            mine.append(ours(photos))
            theirs.append(tutorial(peer, photos, "resnet18", options.epochs)[0])
        auto, found = ours(photos, *AUTO)
        lite0_seconds, lite0 = tutorial(peer, photos, "tf_efficientnet_lite0", options.lite0_epochs)
    ratios = [scaled / run.seconds for (run, _), scaled in zip(mine, theirs, strict=True)]
    ratio = statistics.median(ratios)
    answer = mine[0][1]
    top1, tuned = answer["metrics"]["top1"], max(lite0["accuracy"])
    seconds = pairs.median([run for run, _ in mine])
    faster = statistics.median(theirs) / auto.seconds
    tried = "fine-tuning" in (each["name"] for each in found["tried"])
    result = Result(
        name="classifier",
        claim="a folder of photos -> evaluated classifier, against the tutorial's fine-tuning loop",
        target=f">= {TARGET:.0f}x at equal or better accuracy; with fine-tuning tried, "
        f">= {AUTO_TARGET:.0f}x",
        reached=f"{ratio:.0f}x, top-1 {100 * top1:.1f} % against {100 * tuned:.1f} %; "
        f"auto {faster:.1f}x",
        is_met=ratio >= TARGET and top1 >= tuned and faster >= AUTO_TARGET and tried,
        n=f"{answer['photos']['used']} photos, {lite0['n']} measured, {options.repeats} pairs",
        figures={
            "ratios": ratios,
            "ours_s": seconds,
            "ours_stages_s": answer["seconds"],
            "resnet18_25_epochs_s": statistics.median(theirs),
            "auto_s": auto.seconds,
            "auto_tried": {each["name"]: each["n"] for each in found["tried"]},
            "auto_top1": found["metrics"]["top1"],
            "lite0_25_epochs_s": lite0_seconds,
            "ratio_to_lite0": lite0_seconds / seconds,
            "lite0_epochs_measured": options.lite0_epochs,
            "lite0_last_epoch_top1": lite0["accuracy"][-1],
        },
    )
    report(result, as_json=options.json, peers=python)


if __name__ == "__main__":
    main()
