"""Class maps of whole photos: against every window cut out and asked by itself.

LeNet-5 pads nothing, so that its map is exactly the answers to the windows.
"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_members import member, texture

from eyespot.classifier.heads import LinearHead, softmax
from eyespot.datasets.dataset import Photo
from eyespot.errors import InputError
from eyespot.evaluation.protocols import protocol
from eyespot.evaluation.views import asked, pictures

FLOAT32 = 1e-5  # of probabilities: products are summed in another order than torch's
WINDOW, STEP = 28, 4  # pixels, of LeNet-5 as it is taught


def ask(classifier, name, *found):
    photos = []
    for picture in found:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        photos.append(Photo(Path("x.png"), "x.png", content=buffer.getvalue()))
    return list(asked(classifier, protocol(name), photos))


def windows(pixels):
    """Every window of a photo (H, W, C), every 4 pixels."""
    height, width = pixels.shape[:2]
    assert min(height, width) >= WINDOW
    return [
        pixels[top : top + WINDOW, left : left + WINDOW]
        for top in range(0, height - WINDOW + 1, STEP)
        for left in range(0, width - WINDOW + 1, STEP)
    ]


def forward(classifier, images):
    """Logits of torch itself for (N, H, W, C) uint8 pixels."""
    network = classifier.backbone.load()
    normalised = classifier.backbone.preprocessing.normalise(np.stack(images))
    with torch.inference_mode():
        return network(torch.from_numpy(normalised)).numpy()


def test_vgg_averages_logits_over_the_map_and_probabilities_over_mirror_images_and_scales():
    """28 * 256 / 224 = 32 and 28 * 384 / 224 = 48 pixels of the short side of 60 x 40."""
    classifier = member(name="lenet5_modern")
    picture = texture("stripes", 3, size=(60, 40))
    each = []
    for size in ((48, 32), (72, 48)):
        grey = picture.convert("L").resize(size, Image.Resampling.BILINEAR)
        pixels = np.asarray(grey)[..., None]
        for seen in (pixels, pixels[:, ::-1]):
            cells = forward(classifier, windows(seen))
            assert len(cells) == ((size[0] - 28) // 4 + 1) * ((size[1] - 28) // 4 + 1)
            each.append(softmax(cells.mean(axis=0, keepdims=True))[0])
    (found,) = ask(classifier, "vgg-dense:256,384", picture)
    assert abs(found - np.mean(each, axis=0)).max() < FLOAT32
    (one,) = ask(classifier, "vgg-dense", picture)
    assert abs(one - np.mean(each[:2], axis=0)).max() < FLOAT32
    assert abs(found - one).max() > 10 * FLOAT32


def test_overfeat_takes_each_class_at_its_best_place_and_averages_over_scales():
    classifier = member(name="lenet5_modern")
    picture = texture("waves", 4, size=(90, 60))
    seen = list(
        pictures(protocol("overfeat-six").views, classifier.backbone.preprocessing, picture)
    )
    best = [softmax(forward(classifier, windows(pixels))).max(axis=0) for pixels in seen]
    mean = np.mean(best, axis=0)
    assert len(best) == 12 and mean.sum() > 1.01, "the best places of all classes are one"
    (found,) = ask(classifier, "overfeat-six", picture)
    assert abs(found - mean / mean.sum()).max() < FLOAT32


def test_six_sizes_cover_the_middle_of_the_photo_in_its_own_direction():
    """Table 5's pixels are for 221: of 28 they are 28 / 221 as many, 245 * 28 / 221 = 31.04."""
    seen = member(name="lenet5_modern").backbone.preprocessing
    short, long = [31, 36, 40, 49, 54, 58], [31, 40, 49, 58, 63, 72]
    views = protocol("overfeat-six").views
    for size, shapes in (
        ((90, 60), list(zip(short, long, strict=True))),
        ((60, 90), list(zip(long, short, strict=True))),
    ):
        found = list(pictures(views, seen, texture("dots", 0, size=size)))
        assert [pixels.shape[:2] for pixels in found[::2]] == shapes
        for pixels, mirrored in zip(found[::2], found[1::2], strict=True):
            assert np.array_equal(pixels[:, ::-1], mirrored)
    picture = texture("dots", 0, size=(90, 60)).convert("L")
    # 54 x 36 would do for 54 x 36 pixels; of 40 x 36, 7 are cut from either side
    whole = np.asarray(picture.resize((54, 36), Image.Resampling.BILINEAR))
    (shown,) = list(pictures(views, seen, picture.convert("RGB")))[2:3]
    assert np.array_equal(shown[..., 0], whole[:, 7:47])


@pytest.mark.parametrize("name", ["vgg-dense", "overfeat-six"])
def test_of_a_picture_of_one_colour_all_windows_say_what_one_says(name):
    classifier = member(name="lenet5_modern")
    plain = Image.new("RGB", (50, 31), (200, 30, 90))
    (alone,), (together,) = ask(classifier, "center", plain), ask(classifier, name, plain)
    # every class is best everywhere, and probabilities keep their sum
    assert abs(alone - together).max() < FLOAT32


@pytest.mark.parametrize("name", ["vgg-dense", "overfeat-six"])
def test_odd_photos_get_an_answer_of_networks_that_pad_too(name):
    odd = [Image.effect_noise(size, 60).convert("RGB") for size in ((1, 500), (500, 1), (1, 1))]
    for found in ask(member(), name, *odd, texture("dots", 1).convert("L")):
        assert found.sum() == pytest.approx(1, abs=1e-5)


def test_the_temperature_is_the_classifiers():
    """Twice as high, the logits' mean counts half."""
    classifier = member(name="lenet5_modern")
    head = classifier.head
    assert isinstance(head, LinearHead)
    flat = replace(classifier, head=replace(head, temperature=2 * head.temperature))
    half = replace(classifier, head=replace(head, weight=head.weight / 2, bias=head.bias / 2))
    picture = texture("dots", 2)
    (one,), (other,) = ask(flat, "vgg-dense", picture), ask(half, "vgg-dense", picture)
    assert abs(one - other).max() < FLOAT32
    assert abs(one - ask(classifier, "vgg-dense", picture)[0]).max() > 10 * FLOAT32


def test_a_classifier_on_stages_is_told_that_they_have_no_windows():
    classifier = member()
    staged = replace(classifier, backbone=replace(classifier.backbone, output="layer2"))
    with pytest.raises(InputError, match="reads layer2, averaged over it: name a protocol of crop"):
        ask(staged, "vgg-dense", texture("dots", 0))
