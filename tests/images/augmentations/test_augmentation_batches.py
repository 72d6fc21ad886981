"""Mixup and cutmix: pixels and labels against arithmetic by hand, of arrays and of tensors."""

from collections import Counter

import numpy as np
import pytest
import torch
from scripted import Scripted, chi_square, nth

from eyespot.images.augmentations.catalogue import mixed
from eyespot.images.augmentations.cutmix import Cutmix
from eyespot.images.augmentations.mixup import Mixup

ORDER = (0.9, 0.1, 0.5)  # draws whose ranks make the partners 1, 2, 0


def batch(n: int = 3, side: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Images whose every value is 10, 20, 30, and their labels."""
    images = np.zeros((n, 2, side, side), np.float32) + 10
    images += 10 * np.arange(n, dtype=np.float32)[:, None, None, None]
    return images, np.eye(n, dtype=np.float32)


def both(each, *numbers: float, side: int = 8):
    """The answer for arrays; the one for tensors is the same, and what was given stays."""
    images, targets = batch(side=side)
    got = each(images, targets, Scripted(*numbers))
    tensors = each(torch.tensor(images), torch.tensor(targets), Scripted(*numbers))
    for mine, theirs in zip(got, tensors, strict=True):
        assert mine.dtype == np.float32
        assert theirs.dtype == torch.float32
        assert np.array_equal(mine, theirs.numpy())
    assert np.array_equal(images, batch(side=side)[0])
    assert np.array_equal(targets, batch(side=side)[1])
    return got


def test_mixup_is_the_weighted_mean_of_partners_and_of_their_labels():
    """Share 0.75: 0.75 * 10 + 0.25 * 20 = 12.5, then 20 with 30, then 30 with 10."""
    images, targets = both(Mixup(0.2), 0.75, *ORDER)
    assert [np.unique(image).tolist() for image in images] == [[12.5], [22.5], [25.0]]
    assert targets.tolist() == [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]]


def test_cutmix_puts_the_partner_s_rectangle_in_and_shares_labels_by_area():
    """Share 0.75 of 8 x 8: sides 8 sqrt(0.25) = 4; about (5, 3): rows 3 to 6, columns 1 to 4."""
    images, targets = both(Cutmix(1.0), 0.75, nth(5, 8), nth(3, 8), *ORDER)
    expected = np.full((8, 8), 10.0)
    expected[3:7, 1:5] = 20
    assert np.array_equal(images[0, 0], expected)
    assert np.array_equal(images[0, 1], expected)
    assert images[2].max() == 30
    assert images[2, 0, 3:7, 1:5].max() == 10
    assert targets.tolist() == [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]]  # 16 / 64


def test_what_cutmix_cuts_off_at_the_edge_does_not_count():
    """About row 0 and column 7: rows 0-1, columns 5-7, so 2 * 3 = 6 of 64 pixels."""
    images, targets = both(Cutmix(1.0), 0.75, nth(0, 8), nth(7, 8), *ORDER)
    assert (images[0, 0] == 20).sum() == 6
    assert (images[0, 0, :2, 5:] == 20).all()
    assert targets[0].tolist() == [1 - 6 / 64, 6 / 64, 0]


def test_nothing_and_everything_can_be_replaced():
    for share, changed in [(1.0, 0), (0.0, 64)]:
        images, targets = both(Cutmix(1.0), share, nth(4, 8), nth(4, 8), *ORDER)
        assert (images[0, 0] == 20).sum() == changed
        assert targets[0].tolist() == [1 - changed / 64, changed / 64, 0]


@pytest.mark.parametrize("each", [Mixup(0.2), Mixup(1.0), Cutmix(1.0)], ids=repr)
@pytest.mark.parametrize(("n", "side"), [(1, 1), (1, 8), (2, 1), (5, 7), (16, 28)])
def test_labels_stay_distributions_and_agree_with_the_pixels(each, n, side):
    images, targets = batch(n, side)
    images[:, :, :, :] = np.arange(n, dtype=np.float32)[:, None, None, None]
    for seed in range(20):
        shown, labels = each(images, targets, np.random.default_rng(seed))
        assert shown.shape == images.shape
        assert np.allclose(labels.sum(axis=1), 1, atol=1e-6)
        means = shown.mean(axis=(1, 2, 3))  # a picture's values are its index
        assert np.allclose(means, labels @ np.arange(n), atol=1e-4 * n)


def test_the_share_is_drawn_from_the_beta_distribution():
    """Beta(0.2, 0.2): mean 1/2, variance 0.04 / (0.16 * 1.4) = 0.1786; one draw for the batch."""
    images, targets = batch(2, 1)
    generator = np.random.default_rng(0)
    pairs = [Mixup(0.2)(images, targets, generator)[1] for _ in range(4000)]
    shares = np.array([labels[0, 0] for labels in pairs if labels[0, 1] > 0])
    assert all(abs(labels[0, 0] - labels[1, 1]) < 1e-6 for labels in pairs)
    assert len(shares) > 1500  # every second draw of partners exchanges the two
    assert abs(shares.mean() - 0.5) < 4 * np.sqrt(0.1786 / len(shares))
    assert abs(shares.var() / 0.1786 - 1) < 0.05


def test_one_of_several_is_drawn_for_each_batch():
    images, targets = batch()
    generator, seen = np.random.default_rng(0), Counter()
    for _ in range(1000):
        shown, _ = mixed((Mixup(1.0), Cutmix(1.0)), images, targets, generator)
        seen[len(np.unique(shown)) > 3 or not set(np.unique(shown)) <= {10, 20, 30}] += 1
    assert chi_square(seen.values()) < 30  # cutmix leaves 10, 20 and 30; mixup hardly ever
    assert mixed((), images, targets, generator) == (images, targets)
