"""How often a part of a photo is found that was pasted into another, and whether it is there.

Of each trial: a target, 25 to 50 % of the height and of the width of one photo, anywhere in it; a
scale of 0.7 to 1.4, evenly by its logarithm; a place in another photo. Both photos and all of these
are drawn from the trial's seed, again where the target would not fit. No target is left out for
what it shows. The same scene without the target says which score is "not there".
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from results import Result, arguments, photo_set, report

from eyespot import files
from eyespot.evaluation.intervals import wilson
from eyespot.evaluation.limits import auroc
from eyespot.finding import find
from eyespot.finding.places import Box
from eyespot.finding.sheet import fitted, outline, score_map
from eyespot.images.decode import decode
from eyespot.inspection.inside.subject import Subject, subject
from eyespot.pages.markup import join, tag
from eyespot.pages.page import page
from eyespot.pages.photos import strip
from eyespot.pages.pieces import paragraph, section
from eyespot.pages.thumbnails import thumbnail

SIDES = (0.25, 0.5)  # of the photo that the target is cut from
SCALES = (0.7, 1.4)
ENOUGH = 0.5  # intersection over union with the true box: found
LEAST_FOUND, LEAST_AUROC = 0.9, 0.9
NEAREST = 4  # right answers in the gallery, those that were the least sure
WIDE = 320  # pixels of a picture in the gallery


@dataclass(frozen=True, eq=False)
class Trial:
    """A target, and a scene with it and without it."""

    seed: int
    target: Image.Image
    scene: Image.Image
    without: Image.Image
    box: Box  # where it is
    scale: float
    names: tuple[str, str]


@dataclass(frozen=True)
class Tried:
    """What a trial gave."""

    seed: int
    overlap: float  # intersection over union of the answer with the truth
    score: float
    score_without: float
    is_there: bool | None
    is_there_without: bool | None
    seconds: float  # of a search, on the clock
    processor_seconds: float

    @property
    def is_found(self) -> bool:
        return self.overlap >= ENOUGH


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0, help="1000 and more: to tune with")
    parser.add_argument("--network", default="imagenet")
    parser.add_argument("--stage", help="as of eyespot find")
    parser.add_argument("--change", choices=sorted(CHANGES), default="none", help="of the target")
    parser.add_argument("--gallery", type=Path, help="write the wrong answers as a page, HTML")
    options = parser.parse_args()
    photos = sorted(photo_set(options.photos, "imagenet-100").glob("*.*"))
    seen = subject(options.network)
    tried = []
    for seed in range(options.first_seed, options.first_seed + options.trials):
        tried.append(searched(seen, drawn(photos, seed, options.change), options.stage))
        if len(tried) % 20 == 0:
            found = sum(each.is_found for each in tried)
            print(f"{len(tried)} trials, {found} found", file=sys.stderr, flush=True)
    if options.gallery:
        again = [each for each in tried if not each.is_found]
        sure = sorted((each for each in tried if each.is_found), key=lambda each: each.score)
        trials = [(each, drawn(photos, each.seed, options.change)) for each in again + sure]
        shown = trials[: len(again) + NEAREST]
        files.write_atomic(options.gallery, gallery(seen, shown, options.stage, len(tried)))
    report(_result(tried, options.change), as_json=options.json)


def drawn(photos: list[Path], seed: int, change: str = "none") -> Trial:
    """The trial of a seed."""
    generator = np.random.default_rng(seed)
    while True:
        first, second = generator.choice(len(photos), 2, replace=False)
        source, without = _picture(photos[first]), _picture(photos[second])
        width, height = (max(1, round(side * generator.uniform(*SIDES))) for side in source.size)
        left, top = _anywhere((width, height), source.size, generator)
        scale = float(np.exp(generator.uniform(*np.log(SCALES))))
        size = max(1, round(scale * width)), max(1, round(scale * height))
        if size[0] <= without.width and size[1] <= without.height:
            break
    cut = (left, top, left + width, top + height)
    pasted = source.crop(cut).resize(size, Image.Resampling.BICUBIC)
    x, y = _anywhere(size, without.size, generator)
    scene = without.copy()
    scene.paste(pasted, (x, y))
    return Trial(
        seed=seed,
        target=CHANGES[change](source, cut),
        scene=scene,
        without=without,
        box=(x, y, x + size[0], y + size[1]),
        scale=scale,
        names=(photos[first].name, photos[second].name),
    )


@cache
def _picture(path: Path) -> Image.Image:
    return decode(path).picture


def _anywhere(
    size: tuple[int, int], room: tuple[int, int], generator: np.random.Generator
) -> tuple[int, int]:
    left, top = (
        int(generator.integers(there - own + 1)) for own, there in zip(size, room, strict=True)
    )
    return left, top


# ---------------------------------------------------------- what else may happen to a target

Cut = tuple[int, int, int, int]


def _turned(degrees: float) -> Callable[[Image.Image, Cut], Image.Image]:
    def turned(source: Image.Image, cut: Cut) -> Image.Image:
        middle = (cut[0] + cut[2]) / 2, (cut[1] + cut[3]) / 2
        return source.rotate(degrees, Image.Resampling.BICUBIC, center=middle).crop(cut)

    return turned


def _jpeg(source: Image.Image, cut: Cut) -> Image.Image:
    buffer = io.BytesIO()
    source.crop(cut).save(buffer, "JPEG", quality=20)
    return Image.open(buffer).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image, Cut], Image.Image]] = {
    "none": lambda source, cut: source.crop(cut),
    "turned-10": _turned(10),
    "turned-20": _turned(20),
    "turned-45": _turned(45),
    "turned-90": _turned(90),
    "mirrored": lambda source, cut: ImageOps.mirror(source.crop(cut)),
    "half-as-bright": lambda source, cut: ImageEnhance.Brightness(source.crop(cut)).enhance(0.5),
    "grey": lambda source, cut: source.crop(cut).convert("L").convert("RGB"),
    "jpeg-20": _jpeg,
    "half-as-wide": lambda source, cut: source.crop(cut).resize(
        (max(1, (cut[2] - cut[0]) // 2), cut[3] - cut[1])
    ),
}


# ------------------------------------------------------------------------- what came out


def searched(seen: Subject, trial: Trial, stage: str | None = None) -> Tried:
    """The search with the target in the scene, and without it."""
    start, own = time.perf_counter(), time.process_time()
    found = find(seen, trial.target, trial.scene, stage=stage)
    absent = find(seen, trial.target, trial.without, stage=stage)
    return Tried(
        seed=trial.seed,
        overlap=shared(found.best.box, trial.box),
        score=found.best.score,
        score_without=absent.best.score,
        is_there=found.is_there,
        is_there_without=absent.is_there,
        seconds=(time.perf_counter() - start) / 2,
        processor_seconds=(time.process_time() - own) / 2,
    )


def shared(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    sides = [max(0, min(one[i + 2], other[i + 2]) - max(one[i], other[i])) for i in (0, 1)]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    both = sides[0] * sides[1]
    return both / (sum(areas) - both)


def _result(tried: list[Tried], change: str) -> Result:
    n = len(tried)
    there = np.array([each.score for each in tried])
    absent = np.array([each.score_without for each in tried])
    share, area = float(np.mean([each.is_found for each in tried])), auroc(there, absent)
    figures = {
        "found_interval_%": [100 * each for each in wilson(share, n)],
        "auroc": area,
        # The variance of an AUROC is at most that of a share of as many trials (D. van Dantzig,
        # Indagationes Mathematicae 13, 1951), so that this interval is rather too wide.
        "auroc_interval": list(wilson(area, n)),
        "mean_overlap": float(np.mean([each.overlap for each in tried])),
        "scores_there_lowest_5%_median": np.quantile(there, [0, 0.05, 0.5]).tolist(),
        "scores_absent_median_95%_highest": np.quantile(absent, [0.5, 0.95, 1]).tolist(),
        "told_there_%": _told([each.is_there for each in tried]),
        "told_there_without_%": _told([each.is_there_without for each in tried]),
        "seconds_median": float(np.median([each.seconds for each in tried])),
        "processor_seconds_median": float(np.median([each.processor_seconds for each in tried])),
        "wrong_seeds": [each.seed for each in tried if not each.is_found],
        "change": change,
    }
    return Result(
        name="find_target",
        claim="a part of a photo that was pasted into another, at scale 0.7 to 1.4, is found",
        target=f"in at least {100 * LEAST_FOUND:.0f} % of the trials, AUROC at least {LEAST_AUROC}",
        reached=f"{100 * share:.1f} %, AUROC {area:.3f}",
        is_met=share >= LEAST_FOUND and area >= LEAST_AUROC,
        n=f"{n} trials, seeds {tried[0].seed} to {tried[-1].seed}, each also without the target",
        figures=figures,
    )


def _told(answers: list[bool | None]) -> float | None:
    known = [each for each in answers if each is not None]
    return 100 * float(np.mean(known)) if known else None


def gallery(seen: Subject, shown: list[tuple[Tried, Trial]], stage: str | None, total: int) -> str:
    """The wrong answers, and the right ones that were the least sure."""
    wrong = [pair for pair in shown if not pair[0].is_found]
    right = [pair for pair in shown if pair[0].is_found]
    body = [
        tag("h1", None, f"{total - len(wrong)} of {total} targets were found"),
        paragraph("Found: the box and the true one share half of what both cover, or more."),
    ]
    for title, some, anchor in (
        ("Wrong answers", wrong, "wrong"),
        ("Right, but the least sure", right, "right"),
    ):
        if some:
            parts = [_shown(seen, each, trial, stage) for each, trial in some]
            body.append(section(title, *parts, anchor=anchor))
    source = " ".join(["python", "benchmarks/find_target.py", *sys.argv[1:]])
    return page(title="Targets that were looked for", body=join(body), source=source)


def _shown(seen: Subject, each: Tried, trial: Trial, stage: str | None) -> str:
    """The target, the scene with the truth and the answer, and the scores."""
    found = find(seen, trial.target, trial.scene, stage=stage)
    scene = fitted(trial.scene, WIDE)
    share = scene.width / trial.scene.width
    for box, value, dash in ((trial.box, "right", 0), (found.best.box, "wrong", 6)):
        left, top, right, bottom = (round(share * edge) for edge in box)
        outline(ImageDraw.Draw(scene), (left, top, right - 1, bottom - 1), value, dash=dash)
    file, where = trial.names
    pictures = [
        (thumbnail(fitted(trial.target, WIDE), size=WIDE), file, "the target"),
        (thumbnail(scene, size=WIDE), where, "full line: where it is; dashed: the answer"),
        (thumbnail(score_map(found), size=WIDE), where, f"scores; the best is {each.score:.2f}"),
    ]
    told = (
        f"Seed {each.seed}: pasted at {trial.scale:.2f} times its size. The answer shares "
        f"{100 * each.overlap:.0f} % with the truth."
    )
    return join((paragraph(told), strip(pictures, title=f"A part of {file} in {where}")))


if __name__ == "__main__":
    main()
