"""Photos asked by a protocol, through real networks: what is seen, and what is averaged."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_members import member, seen_by, texture, write_textures

from eyespot.classifier.heads import LinearHead, probabilities, softmax
from eyespot.datasets.dataset import Photo
from eyespot.errors import ImageError, InputError
from eyespot.evaluation import views as module
from eyespot.evaluation.protocols import CENTER, PROTOCOLS, protocol
from eyespot.evaluation.views import asked, averaged, pictures
from eyespot.images.preprocessing import Preprocessing

FLOAT32 = 1e-5  # of probabilities: the head's products are summed in another order than torch's
CROPS = ("mirror", "ten-crop", "resnet-ten-crop", "inception-12")


def photo(picture, name="x.png"):
    """A picture as a photo of a data set."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Photo(Path(name), name, content=buffer.getvalue())


def ask(classifier, name, *found):
    return list(asked(classifier, protocol(name), [photo(each) for each in found]))


def forward(classifier, images):
    """Logits of torch itself for (N, H, W, C) uint8 pixels."""
    network = classifier.backbone.load()
    normalised = classifier.backbone.preprocessing.normalise(np.stack(images))
    with torch.inference_mode():
        return network(torch.from_numpy(normalised)).numpy()


def test_center_is_what_predict_says_to_the_bit(tmp_path):
    folder = write_textures(tmp_path, photos=3)
    paths = sorted(folder.rglob("*.png"))
    classifier = member()
    found = list(asked(classifier, CENTER, [Photo(path, path.name) for path in paths]))
    assert np.array_equal(np.stack(found), classifier.probabilities(paths))


@pytest.mark.parametrize("name", [*CROPS, "googlenet-144", "vgg-150"])
def test_of_a_picture_of_one_colour_all_crops_together_say_what_one_says(name):
    classifier = member(name="lenet5_modern")
    for colour, size in (((200, 30, 90), (50, 31)), ((5, 5, 5), (40, 40))):
        plain = Image.new("RGB", size, colour)
        (alone,), (together,) = ask(classifier, "center", plain), ask(classifier, name, plain)
        assert np.array_equal(alone, together)
    (one,), (other,) = (
        ask(classifier, "center", texture("dots", 0)),
        ask(classifier, name, texture("dots", 0)),
    )
    assert not np.array_equal(one, other), "on any other picture they would not"


@pytest.mark.parametrize("name", CROPS)
def test_probabilities_of_the_views_are_averaged(name):
    """Against torch's own forward of each view and the mean of its softmax."""
    classifier = member(name="lenet5_modern")
    picture = texture("stripes", 3, size=(61, 40))
    seen = list(pictures(protocol(name).views, classifier.backbone.preprocessing, picture))
    assert len(seen) == protocol(name).views.count
    logits = forward(classifier, seen).astype(np.float64)
    each = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    (found,) = ask(classifier, name, picture)
    assert abs(found - each.mean(axis=0)).max() < FLOAT32
    assert each.std(axis=0).max() > 1e-3  # the views differ


def test_views_that_are_the_same_count_as_often_as_they_come():
    """Of a square photo each of GoogLeNet's 48 different views comes three times."""
    classifier = member(name="lenet5_modern")
    picture = texture("waves", 5, size=(40, 40))
    views = protocol("googlenet-144").views
    seen = list(pictures(views, classifier.backbone.preprocessing, picture))
    assert len(seen) == 48
    (found,) = ask(classifier, "googlenet-144", picture)
    assert abs(found - softmax(forward(classifier, seen)).mean(axis=0)).max() < FLOAT32


def test_of_a_nearly_square_photo_two_squares_of_three_are_one():
    """33 x 32: squares at 0, at round(0.5) = 0 and at 1; the first counts for two."""
    classifier = member(name="lenet5_modern")
    picture = texture("waves", 5, size=(33, 32))
    seen = list(
        pictures(protocol("inception-12").views, classifier.backbone.preprocessing, picture)
    )
    assert len(seen) == 8  # centre, its mirror image, all, its mirror image; twice
    each = softmax(forward(classifier, seen))
    (found,) = ask(classifier, "inception-12", picture)
    assert abs(found - (2 * each[:4].sum(axis=0) + each[4:].sum(axis=0)) / 12).max() < FLOAT32
    assert abs(found - each.mean(axis=0)).max() > 10 * FLOAT32


def test_logits_are_averaged_where_the_paper_says_scores():
    """(1, -1) and (-3, 0) have the mean (-1, -0.5); their probabilities average otherwise."""
    head = LinearHead(
        "linear softmax", 0.0, 0.5, np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    )
    vectors = np.array([[1, -1], [-3, 0]], np.float32)
    scores = averaged(head, vectors, np.array([0, 1]), PROTOCOLS["multi-scale"])
    assert scores == pytest.approx([1 / (1 + np.exp(1)), 1 / (1 + np.exp(-1))])  # 0.5 / 0.5 = 1
    shares = averaged(head, vectors, np.array([0, 1]), PROTOCOLS["ten-crop"])
    # the temperature 0.5 doubles the logits: 1 / (1 + exp(-4)) and 1 / (1 + exp(6))
    assert shares[0] == pytest.approx((1 / (1 + np.exp(-4)) + 1 / (1 + np.exp(6))) / 2)
    twice = averaged(head, vectors, np.array([0, 0, 1]), PROTOCOLS["ten-crop"])
    assert twice[0] == pytest.approx((2 / (1 + np.exp(-4)) + 1 / (1 + np.exp(6))) / 3)


def test_multi_scale_shows_the_whole_photo_at_each_scale():
    """32 * 224 / 224 = 32 and 32 * 336 / 224 = 48 pixels of the short side of 60 x 40."""
    classifier = member()
    picture = texture("dots", 8, size=(60, 40))
    sizes = [(48, 32), (72, 48)]
    images = [np.asarray(picture.resize(size, Image.Resampling.BILINEAR)) for size in sizes]
    logits = np.concatenate([forward(classifier, [image]) for image in images])
    (found,) = ask(classifier, "multi-scale:224,336", picture)
    assert abs(found - softmax(logits.mean(axis=0, keepdims=True))[0]).max() < FLOAT32
    assert abs(logits[0] - logits[1]).max() > 0.1


def test_preact_320_shows_one_larger_crop():
    """32 * 320 / 224 = 45.7 pixels, so 46."""
    classifier = member()
    picture = texture("dots", 8, size=(60, 70))
    larger = replace(seen_by(), resize=46, crop=46)
    (found,) = ask(classifier, "preact-320", picture)
    own = softmax(forward(classifier, [larger(picture)]))[0]
    assert abs(found - own).max() < FLOAT32


def test_heights_and_widths_are_multiples_where_a_network_needs_them():
    """Patches of 16: of 96 x 70 pixels the middle 96 x 64, 3 rows off each end."""
    seen = Preprocessing(70, 70, "bilinear", (0.5,) * 3, (0.5,) * 3)
    picture = texture("waves", 1, size=(96, 70))
    (view,) = pictures(protocol("multi-scale:224").views, seen, picture, step=16)
    assert np.array_equal(view, np.asarray(picture)[3:67])


@pytest.mark.parametrize("name", ["multi-scale:256,384", "preact-320"])
def test_a_network_for_one_size_is_told_what_it_can_take(name):
    with pytest.raises(InputError) as told:
        ask(member(name="lenet5_modern"), name, texture("dots", 0))
    assert name in str(told.value)
    assert "at most 28 x 28 pixels" in str(told.value)
    assert "such as ten-crop" in str(told.value)


@pytest.mark.parametrize("name", ["multi-scale", "preact-320"])
def test_a_mean_image_has_one_size_only(name):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (100, 110, 120)).save(buffer, "PNG")
    mean = base64.b64encode(buffer.getvalue()).decode()
    classifier = member()
    seen = replace(seen_by(), mean_image=mean)
    classifier = replace(classifier, backbone=replace(classifier.backbone, preprocessing=seen))
    with pytest.raises(InputError, match="a mean image of its own size"):
        ask(classifier, name, texture("dots", 0))
    assert len(ask(classifier, "ten-crop", texture("dots", 0))) == 1


ODD = {
    "a strip 1 x 500": Image.effect_noise((1, 500), 60).convert("RGB"),
    "a strip 500 x 1": Image.effect_noise((500, 1), 60).convert("RGB"),
    "one pixel": Image.new("RGB", (1, 1), (9, 99, 199)),
    "smaller than the crop": texture("dots", 0, size=(7, 5)),
    "grey": texture("dots", 1).convert("L"),
}


@pytest.mark.parametrize("name", [*CROPS, "googlenet-144", "vgg-150"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_photos_get_an_answer_as_by_center(name, odd):
    (found,) = ask(member(name="lenet5_modern"), name, ODD[odd])
    assert found.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["multi-scale:224,256", "preact-320"])
def test_odd_photos_get_an_answer_where_the_network_takes_any_size(name):
    for found in ask(member(), name, *ODD.values()):
        assert found.sum() == pytest.approx(1, abs=1e-5)


def test_of_a_strip_the_middle_is_shown_as_a_whole_photo():
    """4 times as long as wide, at most: what a network keeps of a picture grows with it."""
    seen = seen_by()
    strip = texture("waves", 2, size=(400, 32))
    (view,) = pictures(protocol("multi-scale:224").views, seen, strip)
    assert np.array_equal(view, np.asarray(strip)[:, 136:264])  # (400 - 128) / 2 = 136


def test_unreadable_photos_keep_their_place():
    bad = Photo(Path("bad.jpg"), "bad.jpg", content=b"no picture")
    good = photo(texture("dots", 0))
    gone = Photo(Path("there/is/none.jpg"), "none.jpg")
    found = list(asked(member(), protocol("ten-crop"), [bad, good, gone, good]))
    assert [isinstance(each, ImageError) for each in found] == [True, False, True, False]
    assert np.array_equal(found[1], found[3])


def test_a_large_photo_is_decoded_with_pixels_for_the_largest_scale(monkeypatch):
    """VGG's 512 for crops of 224: at least 1,024 of the short side; center needs 512 only."""
    buffer = io.BytesIO()
    Image.new("RGB", (4096, 3072)).save(buffer, "JPEG")
    sides = []
    decode = module.decode

    def watched(*given, **options):
        decoded = decode(*given, **options)
        sides.append(min(decoded.picture.size))
        raise ImageError("seen enough")

    monkeypatch.setattr(module, "decode", watched)
    seen = Preprocessing(256, 224, "bilinear", (0.5,) * 3, (0.5,) * 3)
    classifier = member()
    classifier = replace(classifier, backbone=replace(classifier.backbone, preprocessing=seen))
    large = Photo(Path("large.jpg"), "large.jpg", content=buffer.getvalue())
    for name, least in (("ten-crop", 512), ("googlenet-144", 704), ("vgg-150", 1024)):
        list(asked(classifier, protocol(name), [large]))
        assert least <= sides[-1] < 2 * least
    assert sides == [768, 768, 1536]  # a quarter of 3072, a quarter, a half


def test_a_photo_asked_alone_and_in_company_gets_the_same_bits():
    classifier = member(name="lenet5_modern")
    several = [texture(label, seed) for label in ("dots", "waves") for seed in range(3)]
    together = ask(classifier, "ten-crop", *several)
    alone = [ask(classifier, "ten-crop", each)[0] for each in several]
    assert np.array_equal(together, alone)


def test_the_answers_flip_does_not_double_the_views_of_a_protocol():
    classifier = member()
    flipped = replace(classifier, flip=True)
    picture = texture("dots", 4)
    for name in ("ten-crop", "preact-320", "mirror"):
        assert np.array_equal(ask(classifier, name, picture), ask(flipped, name, picture))
    assert not np.array_equal(ask(classifier, "center", picture), ask(flipped, "center", picture))


def test_probabilities_are_the_calibrated_ones():
    """With a temperature of 4 the views' probabilities are flatter, and so is their mean."""
    classifier = member()
    calibrated = replace(classifier, head=replace(classifier.head, temperature=4.0))
    picture = texture("dots", 4)
    seen = list(pictures(protocol("ten-crop").views, seen_by(), picture))
    (found,) = ask(calibrated, "ten-crop", picture)
    assert abs(found - softmax(forward(classifier, seen) / 4).mean(axis=0)).max() < FLOAT32
    assert found.max() < ask(classifier, "ten-crop", picture)[0].max()
    assert probabilities(calibrated.head, np.zeros((1, 64), np.float32)).shape == (1, 3)
