"""Where a protocol's crops lie: against lists worked out by hand, and inside the photo always."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from eyespot.evaluation.crops import Crop, crops_of, panels, regions
from eyespot.evaluation.protocols import PROTOCOLS, Crops, scaled
from eyespot.evaluation.views import pictures
from eyespot.images.preprocessing import Preprocessing

CROPS = {name: each.views for name, each in PROTOCOLS.items() if isinstance(each.views, Crops)}
HALF = (0.5, 0.5, 0.5)
SIZES = [(w, h) for w in (*range(1, 60, 7), 224, 333, 500, 640) for h in (1, 9, 28, 31, 224, 375)]


def corners(name, width, height, side=224):
    """(left, top) of the crops of a photo, mirror images and resized squares apart."""
    views = crops_of(CROPS[name], width, height, side=side)
    return [v.box[:2] for v in views if not v.is_mirrored and v.box[2] - v.box[0] == side]


# A square photo: what the paper's 256 x 256 has at its corners and in its middle (caffe-zoo's
# oversampling of AlexNet). Others: 256 * 500 / 375 = 341.3, so 341 x 256, whose middle square
# begins at (341 - 256) / 2 = 42.5, half to even 42; a 100 x 50 is enlarged to 512 x 256.
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), [(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)]),
        ((900, 900), [(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)]),
        ((500, 375), [(42, 0), (74, 0), (42, 32), (74, 32), (58, 16)]),
        ((375, 500), [(0, 42), (32, 42), (0, 74), (32, 74), (16, 58)]),
        ((100, 50), [(128, 0), (160, 0), (128, 32), (160, 32), (144, 16)]),
    ],
)
def test_alexnets_crops_lie_in_the_corners_and_the_middle_of_the_middle_square(size, expected):
    assert corners("ten-crop", *size) == expected


# 28 * 256 / 224 = 32 exactly; 32 * 256 / 224 = 36.57, so 37, and (37 - 32) / 2 = 2.5 goes to 2;
# 299 * 256 / 224 = 341.7, so 342, and (342 - 299) / 2 = 21.5 goes to 22.
@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (28, [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)]),
        (32, [(0, 0), (5, 0), (0, 5), (5, 5), (2, 2)]),
        (299, [(0, 0), (43, 0), (0, 43), (43, 43), (22, 22)]),
    ],
)
def test_scales_are_in_proportion_to_the_crop_that_was_trained_on(side, expected):
    assert corners("ten-crop", 40, 40, side) == expected


def test_resnets_crops_lie_in_the_corners_of_the_whole_photo():
    # 341 - 224 = 117, whose half 58.5 goes to 58; 256 - 224 = 32
    expected = [(0, 0), (117, 0), (0, 32), (117, 32), (58, 16)]
    assert corners("resnet-ten-crop", 500, 375) == expected


# 640 x 480: 256 * 640 / 480 = 341.3 -> 341, spare 85, half 42.5 -> 42; 288 -> 384, spare 96;
# 320 -> 426.7 -> 426, spare 106; 352 -> 469.3 -> 469, spare 117, half 58.5 -> 58
SQUARES = {256: (0, 42, 85), 288: (0, 48, 96), 320: (0, 53, 106), 352: (0, 58, 117)}


def test_googlenets_squares_lie_left_centre_right_or_top_centre_bottom():
    wide = list(regions(CROPS["googlenet-144"], 640, 480, side=224))
    high = list(regions(CROPS["googlenet-144"], 480, 640, side=224))
    assert [(r.box[3], r.box[0]) for r in wide] == [
        (scale, start) for scale, starts in SQUARES.items() for start in starts
    ]
    assert [r.box for r in high] == [(b[1], b[0], b[3], b[2]) for b in (r.box for r in wide)]
    names = [" ".join(r.name for r in found[:3]) for found in (wide, high)]
    assert names == [
        "left square centre square right square",
        "top square centre square bottom square",
    ]


def test_googlenets_144_views_differ_and_lie_where_the_paper_says():
    views = crops_of(CROPS["googlenet-144"], 640, 480, side=224)
    assert len(views) == len(set(views)) == 4 * 3 * 6 * 2 == 144
    assert Counter(view.is_mirrored for view in views) == {False: 72, True: 72}
    for scale, starts in SQUARES.items():
        spare = scale - 224
        half = spare // 2  # 16, 32, 48, 64
        inside = [(0, 0), (spare, 0), (0, spare), (spare, spare), (half, half)]
        expected = {(x + left, y) for left in starts for x, y in inside}
        of_scale = [view for view in views if view.size[1] == scale]
        crops = {view.box[:2] for view in of_scale if view.box[2] - view.box[0] == 224}
        squares = {view.box for view in of_scale if view.box[2] - view.box[0] == scale}
        assert crops == expected
        assert squares == {(left, 0, left + scale, scale) for left in starts}


def test_of_a_square_photo_three_squares_are_one():
    for name, views, different in (("googlenet-144", 144, 48), ("inception-12", 12, 4)):
        found = crops_of(CROPS[name], 300, 300, side=224)
        assert (len(found), len(set(found))) == (views, different)


def test_vggs_grid_has_five_places_in_each_direction():
    # 640 x 480 at 384: 512 x 384, 288 and 160 to spare; at 512: 682 x 512, 458 and 288
    starts = corners("vgg-150", 640, 480)
    assert len(starts) == 75
    assert starts[25:50] == [(x, y) for y in (0, 40, 80, 120, 160) for x in (0, 72, 144, 216, 288)]
    assert starts[50:] == [(x, y) for y in (0, 72, 144, 216, 288) for x in (0, 114, 229, 344, 458)]


@pytest.mark.parametrize("name", CROPS)
@pytest.mark.parametrize("side", [28, 32, 224])
def test_every_crop_is_a_square_inside_the_rescaled_photo(name, side):
    scales = [scaled(scale, side) for scale in CROPS[name].scales]
    for width, height in SIZES:
        found = crops_of(CROPS[name], width, height, side=side)
        assert len(found) == CROPS[name].count
        assert [min(size) for size in dict.fromkeys(v.size for v in found)] == scales
        for view in found:
            left, top, right, bottom = view.box
            assert 0 <= left < right <= view.size[0]
            assert 0 <= top < bottom <= view.size[1]
            assert right - left == bottom - top
            assert right - left == side or right - left in scales


@pytest.mark.parametrize("name", CROPS)
def test_each_view_is_followed_by_its_mirror_image(name):
    views = crops_of(CROPS[name], 500, 375, side=224)
    pairs = zip(views[::2], views[1::2], strict=True)
    assert all(Crop(one.size, one.box, is_mirrored=True) == other for one, other in pairs)


def test_the_panels_of_a_drawing_hold_the_same_crops():
    seen = Preprocessing(256, 224, "bilinear", HALF, HALF)
    for views in CROPS.values():
        drawn = panels(views, 500, 375, seen)
        boxes = [(region.size, box) for region, found in drawn for box in found]
        straight = [v for v in crops_of(views, 500, 375, side=224) if not v.is_mirrored]
        assert boxes == [(view.size, view.box) for view in straight]


def test_the_middle_crop_of_resnets_ten_is_the_classifiers_own_over_a_grid_of_sizes():
    """Two ways to the same pixels: 28 * 256 / 224 = 32."""
    seen = Preprocessing(32, 28, "bilinear", HALF, HALF)
    generator = np.random.default_rng(0)
    for width in range(17, 90, 3):
        for height in range(19, 70, 5):
            pixels = generator.integers(0, 256, (height, width, 3), np.uint8)
            own = seen(Image.fromarray(pixels))
            views = list(pictures(CROPS["resnet-ten-crop"], seen, Image.fromarray(pixels)))
            assert np.array_equal(views[8], own), (width, height)
            assert np.array_equal(views[9], own[:, ::-1])
            assert not any(np.array_equal(view, own) for view in views[:8]), "it could not fail"


def test_a_mirrored_photo_has_the_same_views():
    """Of 40 x 32 pixels nothing is resized, and the middles lie between two pixels."""
    seen = Preprocessing(32, 28, "bilinear", HALF, HALF)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    for name in ("ten-crop", "resnet-ten-crop", "inception-12"):
        views = [
            {view.tobytes() for view in pictures(CROPS[name], seen, Image.fromarray(each))}
            for each in (pixels, np.ascontiguousarray(pixels[:, ::-1]))
        ]
        assert views[0] == views[1]
        assert len(views[0]) == CROPS[name].count
