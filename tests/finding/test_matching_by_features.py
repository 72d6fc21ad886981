"""The kernel: normalised correlation by hand, whitening, and peaks finer than a cell."""

import math

import numpy as np
import pytest
import torch

from eyespot.finding.matching import correlation, vertex, whitening
from eyespot.finding.places import Looked, best_places, middles


def test_the_correlation_of_a_tiny_map_is_that_of_the_hand():
    maps = torch.tensor([[[1.0, 2.0, 0.0], [0.0, 1.0, 2.0]], [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]])
    kernel = torch.tensor([[[1.0, 2.0]], [[0.0, 1.0]]])  # length sqrt(1 + 4 + 0 + 1) = sqrt(6)
    # Row 0, column 0: the kernel itself. Column 1: 1*2 + 2*0 + 0*1 + 1*0 = 2, the window's length
    # sqrt(4 + 1) = sqrt(5). Row 1, column 0: 1*0 + 2*1 + 0*1 + 1*0 = 2, length sqrt(1 + 1);
    # column 1: 1*1 + 2*2 + 0*0 + 1*1 = 6, length sqrt(1 + 4 + 0 + 1) = sqrt(6).
    expected = [[1, 2 / math.sqrt(30)], [2 / math.sqrt(12), 1]]
    assert correlation(maps, kernel).numpy() == pytest.approx(np.array(expected), abs=1e-6)


def test_the_correlation_equals_that_of_all_windows_one_by_one():
    generator = torch.Generator().manual_seed(1)
    maps = torch.randn(20, 9, 11, generator=generator)  # more channels than are transformed at once
    kernel = torch.randn(20, 4, 3, generator=generator)
    windows = maps.unfold(1, 4, 1).unfold(2, 3, 1).permute(1, 2, 0, 3, 4).flatten(2)
    expected = torch.nn.functional.cosine_similarity(windows, kernel.flatten()[None, None], dim=2)
    found = correlation(maps, kernel)
    assert found.shape == (6, 9)
    assert torch.allclose(found, expected, atol=1e-6)
    moved = torch.roll(expected, 1, 1)
    assert not torch.allclose(found, moved, atol=1e-2), "an answer that is off by one would pass"


def test_windows_and_kernels_of_zeros_are_like_nothing():
    maps = torch.zeros(3, 5, 5)
    maps[:, 3:, 3:] = 1
    found = correlation(maps, torch.ones(3, 2, 2))
    assert found[0, 0] == 0
    assert found[3, 3] == pytest.approx(1)
    assert correlation(maps, torch.zeros(3, 2, 2)).abs().max() == 0


def test_whitened_channels_are_uncorrelated_and_constant_maps_become_zero():
    generator = torch.Generator().manual_seed(2)
    mixed = torch.tensor([[2.0, 0.0, 0.0], [1.0, 2.0, 0.0], [0.0, 1.0, 2.0]])
    maps = (mixed @ torch.randn(3, 4000, generator=generator) + 5).reshape(3, 50, 80)
    white = whitening(maps)(maps).flatten(1)
    assert white.mean(1).abs().max() < 1e-4
    correlated = torch.corrcoef(white)
    assert (correlated - torch.eye(3)).abs().max() < 0.05
    # The covariance is mixed @ mixed.T: 2 / sqrt(4 * 5) between the first two.
    before = torch.corrcoef(maps.flatten(1))
    assert before[0, 1] == pytest.approx(2 / math.sqrt(20), abs=0.05)
    flat = torch.full((3, 10, 10), 7.0)
    assert whitening(flat)(flat).abs().max() < 1e-3


def test_the_vertex_is_the_parabolas():
    # -(x - 0.25)^2 at -1, 0 and 1: -1.5625, -0.0625, -0.5625
    assert vertex(-1.5625, -0.0625, -0.5625) == pytest.approx(0.25)
    assert vertex(1.0, 1.0, 1.0) == 0.0


def looked(scale: float, peaks: dict[tuple[int, int], float]) -> Looked:
    """Boxes of 4 x 2 cells, times the scale, in a scene of 12 x 10 cells."""
    size = (4 * scale, 2 * scale)
    scores = torch.zeros(12 - int(size[0]) + 1, 10 - int(size[1]) + 1)
    for place, score in peaks.items():
        scores[place] = score
    return Looked(scale, size, scores)


def test_the_second_best_place_is_apart_from_the_best():
    # The box at row 3 shares 3 of 4 rows with the best one, the box at row 6 one of four.
    one = looked(1.0, {(2, 1): 0.9, (3, 1): 0.8, (5, 1): 0.6})
    two = looked(2.0, {(0, 6): 0.5})
    found = best_places([one, two], (40, 48), (4.0, 4.0), count=3)
    assert [round(each.score, 3) for each in found] == [0.9, 0.6, 0.5]
    # Rows 1, 2 and 3 score 0, 0.9 and 0.8: the parabola's largest value lies 0.4 cells on, at
    # 0.5 * (0 - 0.8) / (0 - 1.8 + 0.8); a cell has 4 pixels.
    left, top, right, bottom = found[0].box
    assert (left, right) == (4, 12) and (top, bottom) == (round(9.6), round(25.6))
    assert found[2].box == (24, 0, 40, 32) and found[2].scale == 2.0


def test_no_second_place_where_there_is_no_room():
    found = best_places([looked(3.0, {(0, 0): 0.4})], (40, 48), (4.0, 4.0), count=2)
    assert len(found) == 1


def test_the_score_map_holds_the_best_of_all_scales_at_the_middle_of_their_boxes():
    one, two = looked(1.0, {(0, 0): 0.5}), looked(2.0, {(2, 3): 0.7})
    drawn = middles([one, two], (12, 10))
    assert drawn.shape == (12, 10)
    # Of 9 x 9 windows in 12 x 10 cells the first has its middle in row 1, column 0 (rounded down);
    # of 5 x 7 windows the one in row 2, column 3 has it in row 2 + 3, column 3 + 1.
    assert drawn[1, 0] == np.float32(0.5) and drawn[5, 4] == np.float32(0.7)
    assert np.isnan(drawn[0]).all() and np.isnan(drawn[-2:]).all()
