"""A planted target is found where it is, an absent one is told, and what cannot work says why."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.errors import InputError
from eyespot.finding import find
from eyespot.finding.features import Features
from eyespot.finding.search import stage_of, steps
from eyespot.inspection.inside.subject import subject

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lite0():
    return subject("imagenet")


def blobs(seed: int, size: tuple[int, int]) -> Image.Image:
    """A picture with something everywhere, smooth enough to be seen by a network."""
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 255, (size[1] // 8, size[0] // 8, 3), np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def scene():
    return blobs(0, (224, 176))


@pytest.fixture(scope="module")
def target():
    return blobs(1, (64, 48))


def planted(scene: Image.Image, target: Image.Image, at: tuple[int, int]) -> Image.Image:
    made = scene.copy()
    made.paste(target, at)
    return made


def test_a_planted_target_is_found_at_its_place_and_moves_with_it(lite0, scene, target):
    found = find(lite0, target, planted(scene, target, (96, 64)), scales=(1, 1))
    assert found.best.box == pytest.approx((96, 64, 160, 112), abs=1)
    assert found.best.score > 0.6 and found.is_there and found.lead > 0.3
    moved = find(lite0, target, planted(scene, target, (104, 64)), scales=(1, 1))  # one cell on
    assert moved.best.box[0] - found.best.box[0] == pytest.approx(8, abs=1)
    between = find(lite0, target, planted(scene, target, (100, 64)), scales=(1, 1))
    assert between.best.box[:2] == pytest.approx((100, 64), abs=3)
    assert found.layer == "features.3" and found.scores.shape == (176 // 8, 224 // 8)


def test_a_target_of_another_size_is_found_with_its_size(lite0, scene, target):
    larger = target.resize((80, 60), Image.Resampling.BICUBIC)  # 1.25 times
    found = find(lite0, target, planted(scene, larger, (40, 90)), scales=(1, 1.5))
    assert found.best.scale == pytest.approx(1.25, rel=0.08)
    assert found.best.box == pytest.approx((40, 90, 120, 150), abs=6)


def test_a_target_that_is_not_there_is_told(lite0, scene, target):
    absent = find(lite0, target, scene, scales=(1, 1))
    assert absent.is_there is False and absent.best.score < absent.threshold
    asked = find(lite0, target, scene, scales=(1, 1), threshold=-1, top=3)
    assert asked.is_there and len(asked.matches) == 3 and asked.second == asked.matches[1]
    other = find(lite0, target, scene, scales=(1, 1), stage="2")
    assert other.threshold is None and other.is_there is None


def test_tiles_give_the_maps_of_the_whole(lite0, scene, monkeypatch):
    features = Features(lite0, "features.3")
    whole = features(scene)
    monkeypatch.setattr("eyespot.finding.features.TILE", 80)
    tiled = features(scene)
    assert whole.shape == (40, 22, 28)
    assert torch.allclose(whole, tiled, atol=1e-4 * float(whole.std()))


def test_a_cell_stands_for_its_own_pixels(lite0):
    """A change of one cell's pixels moves that cell most: an offset of one cell would show."""
    grey = Image.new("RGB", (96, 80), (90, 90, 90))
    changed = grey.copy()
    changed.paste((250, 30, 30), (5 * 8, 3 * 8, 6 * 8, 4 * 8))
    features = Features(lite0, "features.3")
    moved = (features(changed) - features(grey)).square().sum(0)
    assert divmod(int(moved.argmax()), moved.shape[1]) == (3, 5)


def test_the_scales_are_even_steps_from_the_smallest_to_the_largest():
    assert steps(0.7, 1.4) == pytest.approx([0.7 * 2 ** (i / 6) for i in range(7)])
    assert steps(1, 1) == [1]


def test_the_default_stage_is_the_last_with_cells_of_eight_pixels(lite0):
    assert stage_of(lite0, None) == "features.3"
    assert stage_of(lite0, "-1") == "features.8"


def refusal(looking, *pictures: Image.Image, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        find(looking, *pictures, **options)
    return str(caught.value)


def test_what_cannot_be_found_says_why(lite0, scene, target):
    blank = Image.new("RGB", (64, 64), "grey")
    assert "blank" in refusal(lite0, blank, scene)
    assert "still larger than the scene, with 64 x 48" in refusal(lite0, scene, target)
    small = refusal(lite0, target.crop((0, 0, 15, 40)), scene)
    assert "15 x 40 pixels, fewer than 3 cells of 8 pixels" in small and "--stage" in small
    assert "within 0.05 and 20" in refusal(lite0, target, scene, scales=(2, 1))
    assert "features.3" in refusal(lite0, target, scene, stage="feature.3")
    assert "has 9 stages" in refusal(lite0, target, scene, stage="12")
    assert "no places" in refusal(lite0, target, scene, stage="classifier")


def test_large_scenes_are_searched_smaller_and_say_so(lite0, scene, target, monkeypatch):
    monkeypatch.setattr("eyespot.finding.search.MOST", 20_000)
    found = find(lite0, target, planted(scene, target, (96, 64)), scales=(1, 1))
    assert "searched at 0.71 of its size" in found.notes[0]  # sqrt(20000 / (224 * 176))
    assert found.best.box == pytest.approx((96, 64, 160, 112), abs=6)


@pytest.mark.slow
def test_targets_pasted_into_photos_are_found(lite0):
    photos = ROOT.parent / "shared" / "photos" / "imagenet-100"
    if not photos.is_dir():
        pytest.skip("the photos are not here")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        path = ROOT / "benchmarks" / "find_target.py"
        spec = importlib.util.spec_from_file_location("find_target", path)
        benchmark = importlib.util.module_from_spec(spec)
        sys.modules["find_target"] = benchmark
        spec.loader.exec_module(benchmark)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    files = sorted(photos.glob("*.*"))
    tried = [benchmark.searched(lite0, benchmark.drawn(files, seed)) for seed in range(2000, 2040)]
    assert sum(each.is_found for each in tried) >= 36
    assert sum(each.score > each.score_without for each in tried) >= 36
    assert replace(tried[0], overlap=0.49).is_found is False
