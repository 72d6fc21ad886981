"""Class maps of photos: against the classifier on every crop, by windows and sliding."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import identity
from eyespot.classifier.novelty import Novelty
from eyespot.dense import ScoreFile, class_maps
from eyespot.dense import reading as module
from eyespot.dense.tiles import scaled_size
from eyespot.engines import EMBEDDING, LOGITS, Backbone
from eyespot.errors import InputError
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build

CLASSES = tuple("abcdefghij")


def grey(*, crop=28, padding=0):
    return Preprocessing(
        crop, crop, "bilinear", mean=(0.4,), std=(0.05,), channel_order="L", padding=padding
    )


def small(*, padding=0, flip=False):
    """LeNet-5, which pads nothing, freshly drawn: its answers differ from place to place."""
    network = build("lenet5_modern", seed=3).eval()
    backbone = Backbone(
        architecture="lenet5_modern",
        weights="drawn",
        preprocessing=grey(crop=28 - 2 * padding, padding=padding),
        output=LOGITS,
        load=lambda: network,
    )
    sharp = replace(identity(10), temperature=0.01)  # what is freshly drawn is sure of nothing
    return Classifier(backbone, sharp, CLASSES, device="cpu", flip=flip)


def picture(width=150, height=110, seed=0):
    """Blots, large ones and small ones."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 255, (12, 15, 3), np.uint8))
    fine = Image.fromarray(generator.integers(0, 255, (height, width, 3), np.uint8))
    return Image.blend(coarse.resize((width, height), Image.Resampling.BICUBIC), fine, 0.3)


@pytest.fixture
def small_tiles(monkeypatch):
    for limit in ("BYTES", "LEAST_BYTES"):
        monkeypatch.setattr(module, limit, 59 * 45 * 45)  # of LeNet-5, 59 bytes for a pixel


@pytest.mark.parametrize(("padding", "flip"), [(0, False), (2, False), (0, True)])
def test_by_windows_every_cell_is_what_predict_says_of_the_crop(tmp_path, padding, flip):
    """The crop is saved as a photo of its own, which goes the way of every photo."""
    classifier = small(padding=padding, flip=flip)
    photo = picture(60, 50)
    with ScoreFile(tmp_path / "all.npy") as scores:
        found = class_maps(classifier, photo, is_windowed=True, step=5, scores=scores)
    shares, (only,) = np.load(tmp_path / "all.npy", allow_pickle=False), found.scales
    assert only.cells == (5, 7) and shares.shape == (10, 5, 7)  # (50 - 28) // 5 + 1, (60 - 28) ...
    for row in range(5):
        for column in range(7):
            left, top, right, bottom = only.box(row, column)
            assert (left, top, right, bottom) == (5 * column, 5 * row, left + 28, top + 28)
            inside = (left + padding, top + padding, right - padding, bottom - padding)
            photo.crop(inside).save(tmp_path / "crop.png")
            answer = classifier.predict(tmp_path / "crop.png")
            assert CLASSES[only.labels[row, column]] == answer.label
            assert only.best[row, column] == np.float32(answer.probability)
            assert np.array_equal(shares[:, row, column].max(), only.best[row, column])
    assert len(np.unique(only.labels)) > 1


@pytest.mark.parametrize("flip", [False, True])
def test_without_padding_sliding_says_what_windows_say(small_tiles, tmp_path, flip):
    classifier, photo, maps = small(flip=flip), picture(100, 80), []
    for is_windowed in (False, True):
        with ScoreFile(tmp_path / f"{is_windowed}.npz") as scores:
            found = class_maps(
                classifier, photo, scales=(1.0, 0.7), is_windowed=is_windowed,
                step=4 if is_windowed else None, scores=scores, label="a",
            )  # fmt: skip
        maps.append(found)
    assert maps[0].scales[0].tiles >= 4
    for sliding, windows in zip(maps[0].scales, maps[1].scales, strict=True):
        assert sliding.geometry == windows.geometry
        assert np.array_equal(sliding.labels, windows.labels) and sliding.labels.size >= 77
        assert np.abs(sliding.asked - windows.asked).max() < 1e-5  # float32, other orders of sums
    both = [np.load(tmp_path / f"{which}.npz", allow_pickle=False) for which in (False, True)]
    assert sorted(both[0]) == ["0.7", "1"]
    assert both[0]["1"].dtype == np.float32
    assert both[0]["1"].shape == (10, 14, 19)  # (80 - 28) // 4 + 1, (100 - 28) // 4 + 1
    assert np.allclose(both[0]["1"].sum(axis=0), 1, atol=1e-5)  # probabilities
    assert np.array_equal(both[0]["0.7"][0], maps[0].scales[1].asked)  # "a" is the first
    assert np.abs(both[0]["0.7"] - both[1]["0.7"]).max() < 1e-5
    assert np.ptp(both[0]["0.7"].max(axis=0)) > 0.05


def test_boxes_lie_in_the_photo_whatever_the_scale():
    found = class_maps(small(), picture(), scales=(0.5, 2.0), threshold=0.3, overlap=1.0)
    assert {box.scale for box in found.boxes} == {0.5, 2.0}
    for box in found.boxes:
        left, top, right, bottom = box.box
        assert 0 <= left < right <= 150 and 0 <= top < bottom <= 110
        assert {right - left, bottom - top} <= {int(28 / box.scale)}
    sure = sum(int((each.best >= 0.3).sum()) for each in found.scales)
    assert len(found.boxes) == sure > 10
    scores = [box.score for box in found.boxes]
    assert scores == sorted(scores, reverse=True)


def test_windows_that_look_like_none_of_the_classes_become_no_boxes():
    plain = small()
    backbone = replace(plain.backbone, output=EMBEDDING)
    generator = np.random.default_rng(1)
    head = replace(identity(10), weight=generator.normal(size=(10, 84)).astype(np.float32))
    known = np.abs(generator.normal(size=(20, 84))).astype(np.float32)
    contents, labels = tuple(map(str, range(20))), np.arange(20) % 10
    even = tuple(np.linspace(0.45, 0.65, 101).tolist())  # cosine distances of known photos
    tells = replace(
        plain, backbone=backbone, head=head, reference=Reference(contents, known, labels),
        novelty=Novelty(neighbours=3, quantiles=even, kept=0.4),
    )  # fmt: skip
    photo = picture(80, 60)
    ways = [class_maps(tells, photo, threshold=0.0, overlap=1.0)]
    ways.append(class_maps(tells, photo, threshold=0.0, overlap=1.0, is_windowed=True, step=4))
    unfamiliar = [each.scales[0].unfamiliar for each in ways]
    assert np.abs(unfamiliar[0] - unfamiliar[1]).max() < 1e-4
    for found, shares in zip(ways, unfamiliar, strict=True):
        # 40 % are kept: what is less familiar than that is refused
        assert found.refused == (shares > 0.4).sum() and len(found.boxes) == (shares <= 0.4).sum()
        assert found.boxes and found.refused
        assert all(box.unfamiliar <= 0.4 for box in found.boxes)


def test_a_classifier_of_joined_stages_is_asked_by_windows():
    plain = small()
    joined = replace(plain, backbone=replace(plain.backbone, output="features.1+embedding"))
    with pytest.raises(InputError, match="does not slide: pass --windowed"):
        class_maps(joined, picture())


def test_an_unknown_label_and_scales_that_cannot_be_are_told():
    with pytest.raises(InputError, match="There is no label 'k'"):
        class_maps(small(), picture(), label="k")
    # 110 pixels * 0.2 = 22 < 28; 28 / 110 = 0.2545
    with pytest.raises(InputError, match=r"scale 0.2 .* 30 x 22 .* 28 x 28: pass --scales 0.26 or"):
        class_maps(small(), picture(), scales=(1.0, 0.2))
    # 150 * 110 = 16,500; sqrt(1e6 / 16,500) = 7.78; 64 * 16,500 = 1.056e6
    with pytest.raises(InputError, match=r"limit of 1 megapixels: pass --scales 7.78 or .* 2$"):
        class_maps(small(), picture(), scales=(8.0,), megapixels=1)
    assert scaled_size((150, 110), 7.78, 28, 1) == (1167, 856)  # 998,952 pixels
    with pytest.raises(InputError, match="multiplies the photo's sides"):
        scaled_size((150, 110), 0.0, 28, 1)


def test_scores_are_whole_or_not_there(tmp_path):
    path = tmp_path / "deep" / "scores.npz"
    with pytest.raises(KeyboardInterrupt), ScoreFile(path) as scores:
        scores.begin("1", (2, 3, 4))
        scores.add(0, np.zeros((2, 1, 4), np.float32))
        raise KeyboardInterrupt
    assert list(path.parent.iterdir()) == []
    with ScoreFile(path) as scores:
        scores.begin("1", (2, 3, 4))
        scores.add(2, np.full((2, 1, 4), 2, np.float32))
        scores.add(0, np.array([[[0] * 4, [1] * 4], [[5] * 4, [6] * 4]], np.float32))
        scores.end()
    # class by class, rows in order, whatever the order of writing
    assert np.load(path)["1"][:, :, 0].tolist() == [[0, 1, 2], [5, 6, 2]]
    assert [each.name for each in path.parent.iterdir()] == ["scores.npz"]
    with pytest.raises(InputError, match=r"a .npz file, or .npy"):
        ScoreFile(tmp_path / "scores.csv")
