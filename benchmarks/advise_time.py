"""`eyespot advise` against one embedding pass over the same photos, each a process of its own.

Both have their engines converted and have seen none of the photos. CPU seconds stand beside the
wall time: they say the same on a machine that has other things to do.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import pairs
from results import Result, arguments, photo_set, report

TARGET = 2.0  # times the time of the pass
PASS = """
import sys
from pathlib import Path
from eyespot.datasets.catalogue import open_dataset
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.weights.catalogue import DEFAULT
dataset = open_dataset(Path(sys.argv[1]))
print(len(embed(dataset.photos, pretrained(DEFAULT))))
"""


def main() -> None:
    parser = arguments(__doc__, repeats=5)
    parser.add_argument("--set", default="cifar10-small", help="name of the photo set")
    options = parser.parse_args()
    photos = photo_set(options.photos, options.set)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)

        def fresh(command: list[str | Path]) -> pairs.Run:
            for file in cache.rglob("embeddings.sqlite*"):
                file.unlink()
            return pairs.run(command, cache=cache)

        both = pairs.alternate(
            lambda: fresh([pairs.EYESPOT, "advise", photos, "--json"]),
            lambda: fresh([sys.executable, "-c", PASS, photos]),
            repeats=options.repeats,
        )
    times = [1 / ratio for ratio in both.ratios]
    ratio = statistics.median(times)
    in_turn = zip(both.ours, both.peers, strict=True)
    cpu = [ours.cpu_seconds / passes.cpu_seconds for ours, passes in in_turn]
    result = Result(
        name="advise_time",
        claim="advise, against one embedding pass over the same photos",
        target=f"<= {TARGET:.0f}x",
        reached=f"{ratio:.2f}x",
        is_met=ratio <= TARGET,
        n=f"{both.peers[0].output.strip()} photos, {options.repeats} pairs of runs",
        figures={
            "ratios": times,
            "cpu_ratio": statistics.median(cpu),
            "advise_s": pairs.median(both.ours),
            "pass_s": pairs.median(both.peers),
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
