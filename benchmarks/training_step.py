"""One training step of ResNet-18 at 224 pixels, as `eyespot train` makes it, against plain torch.

Forward, backward and update, in turn in one process: torch's default (float32), channels last, and
ours, which chooses layout and precision by the processor. With `--compiled`, torch.compile too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from results import Result, arguments, report

from eyespot.networks import build
from eyespot.training import precision
from eyespot.training.losses import CrossEntropy
from eyespot.training.step import Rule, backward

BATCH, SIDE, CLASSES = 32, 224, 10
WITH_AMX, WITHOUT = 3.0, 0.97  # times eager; as fast as the best of the others, to measuring


def plain(*, channels_last: bool = False, compiled: bool = False) -> Callable[[], None]:
    """A step as a script would make it."""
    network = build("resnet18", num_classes=CLASSES).train()
    images, labels = torch.randn(BATCH, 3, SIDE, SIDE), torch.arange(BATCH) % CLASSES
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9)
    forward = torch.compile(network) if compiled else network

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(forward(images), labels).backward()
        optimiser.step()

    return step


def ours(device: torch.device) -> tuple[Callable[[], None], Rule]:
    network = build("resnet18", num_classes=CLASSES).train()
    numbers = precision.decided("auto", network, device)
    layout = precision.prefers_channels_last(network, precision=numbers, device=device)
    precision.lay_out(network, channels_last=layout)
    rule = Rule(CrossEntropy(), (), numbers, layout, device)
    images = torch.randn(BATCH, 3, SIDE, SIDE)
    targets = torch.eye(CLASSES)[torch.arange(BATCH) % CLASSES]
    optimiser = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9)

    def step() -> None:
        backward(network, images, targets, rule, photos=BATCH)
        optimiser.step()

    return step, rule


def main() -> None:
    parser = arguments(__doc__, repeats=5)
    parser.add_argument("--compiled", action="store_true", help="torch.compile, too")
    options = parser.parse_args()
    step, rule = ours(torch.device("cpu"))
    steps = {"ours": step, "eager": plain(), "channels_last": plain(channels_last=True)}
    if options.compiled:
        steps["compiled"] = plain(compiled=True)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(options.repeats + 1):
        for name, each in steps.items():
            begin = time.perf_counter()
            each()
            if turn:  # the first warms up
                seconds[name].append(time.perf_counter() - begin)
    ratios = {
        name: statistics.median(b / a for a, b in zip(seconds["ours"], theirs, strict=True))
        for name, theirs in seconds.items()
    }
    has_amx = torch.cpu._is_amx_tile_supported()
    worst = min(ratio for name, ratio in ratios.items() if name != "ours")
    result = Result(
        name="training_step",
        claim="one training step of ResNet-18 at 224, against eager float32",
        target=f">= {WITH_AMX:g}x" if has_amx else "not slower than the best of the others",
        reached=f"{ratios['eager']:.2f}x eager, {worst:.2f}x the best of the others",
        is_met=ratios["eager"] >= WITH_AMX if has_amx else worst >= WITHOUT,
        n=f"batches of {BATCH}, {options.repeats} turns, {torch.get_num_threads()} threads",
        figures={
            "precision": rule.precision,
            "images_per_second": {
                name: BATCH / statistics.median(each) for name, each in seconds.items()
            },
            "ratios": ratios,
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
