"""One rule from a photo to pixels, held against the field's rule over a grid of sizes."""

import base64
import dataclasses
import hashlib
import json

import numpy as np
import picture_corpus as corpus
import pytest
from PIL import Image

from eyespot.errors import InputError
from eyespot.images.decode import DECODER, decode
from eyespot.images.preprocessing import Preprocessing, resized_size
from eyespot.values import from_json, to_json

LITE0 = Preprocessing(
    resize=256,
    crop=224,
    interpolation="bicubic",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
)
IMAGENET = dataclasses.replace(LITE0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def field_s_pixels(picture: Image.Image, resize: int, crop: int, filter_: int) -> np.ndarray:
    """torchvision's Resize(int) and CenterCrop, written from its documentation.

    Resize: "if height > width, then image will be rescaled to (size * height / width, size)", the
    longer side as int(); CenterCrop: the offsets are int(round((height - crop) / 2.0)), both ways.
    """
    width, height = picture.size
    if height > width:
        new_height, new_width = int(resize * height / width), resize
    else:
        new_height, new_width = resize, int(resize * width / height)
    resized = np.asarray(picture.resize((new_width, new_height), filter_))
    top = int(round((new_height - crop) / 2.0))  # noqa: RUF046  as its source has it
    left = int(round((new_width - crop) / 2.0))  # noqa: RUF046
    return resized[top : top + crop, left : left + crop]


def noise(width: int, height: int) -> Image.Image:
    generator = np.random.default_rng(width * 10_000 + height)
    return Image.fromarray(generator.integers(0, 256, (height, width, 3)).astype(np.uint8))


SIZES = [(40 + 7 * i, 61) for i in range(46)] + [(61, 40 + 7 * i) for i in range(46)]
SIZES += [(500, 375), (375, 500), (333, 500), (64, 64), (225, 224), (1, 1), (2, 3), (30, 400)]


@pytest.mark.parametrize(("resize", "crop"), [(256, 224), (64, 56), (73, 64), (33, 32), (32, 32)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_pixels_are_the_field_s_over_a_grid_of_sizes(resize, crop, interpolation):
    rule = dataclasses.replace(LITE0, resize=resize, crop=crop, interpolation=interpolation)
    kind = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    for width, height in SIZES[:: 1 if resize < 200 else 4]:
        picture = noise(width, height)
        expected = field_s_pixels(picture, resize, crop, kind[interpolation])
        assert np.array_equal(rule(picture), expected), (width, height)


def test_crop_offsets_and_sizes_are_the_field_s_over_all_sizes_and_other_roundings_are_not():
    others = 0
    for resize, crop in [(256, 224), (232, 224), (235, 224), (255, 240), (320, 299)]:
        for width in range(200, 1200, 3):
            size = resized_size(width, 375, resize)
            short, long = sorted((width, 375))
            assert sorted(size) == [resize, int(resize * long / short)]
            offset = round((max(size) - crop) / 2)
            assert 0 <= offset <= max(size) - crop
            others += offset != (max(size) - crop) // 2
    assert others > 300  # a rule that rounds down would be one pixel off here


def test_bicubic_is_the_cubic_of_the_field_with_antialiasing():
    """Against the kernel itself (R. Keys 1981 with a = -0.5), widened where the picture shrinks."""
    picture = noise(90, 70)
    resized = np.asarray(picture).astype(float)
    for axis, size in [(1, 41), (0, 32)]:  # int(32 * 90 / 70) = 41
        length = resized.shape[axis]
        scale = length / size
        weights = np.zeros((size, length))
        for out in range(size):
            x = np.abs((np.arange(length) + 0.5 - (out + 0.5) * scale) / scale)
            near = 1.5 * x**3 - 2.5 * x**2 + 1
            far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
            weights[out] = np.where(x < 1, near, np.where(x < 2, far, 0))
        weights /= weights.sum(axis=1, keepdims=True)
        resized = np.moveaxis(np.tensordot(weights, resized, (1, axis)), 0, axis).clip(0, 255)
    expected = resized[:, round((41 - 32) / 2) :][:, :32]
    seen = dataclasses.replace(LITE0, resize=32, crop=32)(picture)
    assert np.abs(seen - expected).max() <= 1.01  # two roundings to 8 bits


def test_read_is_decode_and_call_and_the_same_for_file_and_bytes(tmp_path):
    data = corpus.saved("JPEG", noise(500, 375))
    file = tmp_path / "photo.jpg"
    file.write_bytes(data)
    decoded, pixels = LITE0.read(file)
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags["C_CONTIGUOUS"]
    assert np.array_equal(pixels, LITE0.read(data)[1])
    assert np.array_equal(pixels, LITE0(decode(data).picture))
    expected = field_s_pixels(decoded.picture, 256, 224, Image.Resampling.BICUBIC)
    assert np.array_equal(pixels, expected)


def test_a_large_jpeg_is_decoded_small_with_twice_the_pixels_that_are_needed():
    data = corpus.saved("JPEG", Image.fromarray(corpus.gradient(4000, 3000)), quality=90)
    decoded, pixels = LITE0.read(data)
    assert decoded.picture.size == (1000, 750)  # a quarter; an eighth would be below 2 * 256
    assert (decoded.width, decoded.height) == (4000, 3000)
    whole = LITE0(decode(data).picture)
    assert np.abs(pixels.astype(int) - whole).mean() < 1


@pytest.mark.parametrize("size", [(1, 10_000), (10_000, 1), (3, 20_000), (1, 1), (2, 60_000)])
def test_strips_are_cut_to_their_middle_before_they_grow(size):
    picture = Image.new("RGB", size, (10, 200, 30))
    pixels = LITE0(picture)
    assert pixels.shape == (224, 224, 3)
    assert (pixels == (10, 200, 30)).all()


def test_a_strip_shows_its_middle():
    values = np.zeros((10, 1000, 3), np.uint8)
    values[:, 490:510] = 255
    assert (LITE0(Image.fromarray(values))[:, 60:-60] == 255).all()


def test_the_default_s_normalisation_is_exact():
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    images = LITE0.normalise(every)
    assert images.shape == (1, 3, 16, 16)
    assert images.dtype == np.float32
    expected = (np.arange(256, dtype=np.float64) - 127) / 128  # exact in float32: 8 bits, 2^-7
    for channel in range(3):
        assert images[0, channel].ravel().tolist() == expected.tolist()


def test_normalisation_is_the_field_s_to_float32_precision():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    field = (pixels.astype(np.float64) / 255 - IMAGENET.mean) / IMAGENET.std
    difference = np.abs(IMAGENET.normalise(pixels) - field.transpose(0, 3, 1, 2))
    assert difference.max() < 1e-6  # values up to 2.6, three roundings of 2^-24 relative


def test_normalisation_keeps_its_input():
    pixels = np.full((1, 2, 2, 3), 9, np.uint8)
    IMAGENET.normalise(pixels)
    assert (pixels == 9).all()


def test_it_goes_to_json_and_back_and_names_its_decoder():
    text = json.dumps(to_json(IMAGENET))
    assert from_json(Preprocessing, json.loads(text)) == IMAGENET
    assert IMAGENET.decoder == DECODER


@pytest.mark.parametrize(
    "change",
    [
        {"crop": 0},
        {"crop": 257},
        {"resize": 100_000},
        {"interpolation": "nearest"},
        {"channel_order": "BGR"},
        {"std": (0.0, 1.0, 1.0)},
        {"std": (-1.0, 1.0, 1.0)},
        {"mean": (float("nan"), 0.0, 0.0)},
        {"mean": (0.5, 0.5)},
        {"mean": (0.5,)},
        {"mean": (0.5,), "std": (1.0,)},
        {"channel_order": "L"},
        {"padding": -1},
        {"padding": 225},
    ],
)
def test_numbers_that_nobody_can_mean_are_refused(change):
    with pytest.raises(InputError):
        dataclasses.replace(LITE0, **change)


# Grey, padding, mean image

DIGIT = Preprocessing(28, 28, "bilinear", mean=(0.5,), std=(0.25,), channel_order="L")


def greys(side: int = 28) -> Image.Image:
    """Every level of grey, as the decoder gives it: RGB with three equal channels."""
    levels = np.resize(np.arange(256, dtype=np.uint8), (side, side))
    return Image.fromarray(levels).convert("RGB")


def as_mean_image(pixels: np.ndarray, kind: str = "PNG") -> str:
    return base64.b64encode(corpus.saved(kind, Image.fromarray(pixels.squeeze()))).decode()


def test_a_grey_picture_in_grey_is_itself():
    pixels = DIGIT(greys())
    assert pixels.shape == (28, 28, 1)
    assert pixels.tolist() == np.resize(np.arange(256), (28, 28, 1)).tolist()


def test_a_coloured_picture_in_grey_is_its_luma():
    values = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 100, 50]]], np.uint8)
    pixels = dataclasses.replace(DIGIT, resize=1, crop=1)
    # 0.299 * 255 = 76.2, 0.587 * 255 = 149.7, 0.114 * 255 = 29.1, 59.8 + 58.7 + 5.7 = 124.2
    found = [int(pixels(Image.fromarray(values[:, i : i + 1]))[0, 0, 0]) for i in range(4)]
    assert found == [76, 150, 29, 124]


def test_grey_is_resized_and_cropped_as_each_channel_is():
    in_grey = dataclasses.replace(DIGIT, resize=40, crop=32, interpolation="bicubic")
    in_colour = dataclasses.replace(LITE0, resize=40, crop=32)
    picture = noise(90, 61).convert("L").convert("RGB")
    assert np.array_equal(in_grey(picture)[..., 0], in_colour(picture)[..., 1])


def test_padding_is_black_and_lies_around_the_crop():
    padded = dataclasses.replace(DIGIT, padding=2)
    assert padded.size == 32
    pixels = padded(Image.new("RGB", (28, 28), (9, 9, 9)))
    assert pixels.shape == (32, 32, 1)
    assert (pixels[2:30, 2:30] == 9).all()
    assert pixels.sum() == 9 * 28 * 28  # and nothing else, though the picture went on
    bare = dataclasses.replace(LITE0, resize=40, crop=32)
    pixels = dataclasses.replace(bare, padding=4)(noise(60, 40))
    assert np.array_equal(pixels[4:36, 4:36], bare(noise(60, 40)))
    assert pixels.shape == (40, 40, 3) and not pixels[:4].any() and not pixels[:, 36:].any()


def test_a_crop_is_finished_as_the_whole_way_would():
    padded = dataclasses.replace(DIGIT, padding=2)
    assert np.array_equal(padded.of_crop(noise(28, 28)), padded(noise(28, 28)))
    with pytest.raises(InputError, match="crop of 28 x 28 pixels, not 27 x 28"):
        padded.of_crop(noise(27, 28))


@pytest.mark.parametrize("kind", ["colour", "grey", "mean image"])
def test_an_onnx_graph_repeats_the_normalisation_bit_for_bit(kind):
    rule = dataclasses.replace(IMAGENET, resize=16, crop=16)
    if kind == "grey":
        rule = dataclasses.replace(DIGIT, resize=16, crop=16, mean=(0.1 / 1.275,), std=(0.78,))
    if kind == "mean image":
        mean = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        rule = dataclasses.replace(rule, mean_image=as_mean_image(mean))
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    helper, kinds, shift = onnx.helper, onnx.TensorProto, rule.shift
    constants = [
        onnx.numpy_helper.from_array(shift if shift.ndim == 3 else shift[:, None, None], "shift"),
        onnx.numpy_helper.from_array(rule.scale[:, None, None], "scale"),
    ]
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=kinds.FLOAT),
        helper.make_node("Transpose", ["floats"], ["channels"], perm=[0, 3, 1, 2]),
        helper.make_node("Sub", ["channels", "shift"], ["moved"]),
        helper.make_node("Mul", ["moved", "scale"], ["images"]),
    ]
    count = rule.channels
    shapes = [
        ("pixels", kinds.UINT8, [1, 16, 16, count]),
        ("images", kinds.FLOAT, [1, count, 16, 16]),
    ]
    given, wanted = ([helper.make_tensor_value_info(*shape)] for shape in shapes)
    graph = helper.make_graph(nodes, "normalise", given, wanted, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    pixels = np.arange(256, dtype=np.uint8).repeat(count).reshape(1, 16, 16, count)
    (images,) = session.run(None, {"pixels": pixels})
    assert np.array_equal(images, rule.normalise(pixels))


@pytest.mark.parametrize("rule", [DIGIT, LITE0], ids=["grey", "colour"])
def test_a_mean_image_is_taken_from_every_pixel(rule):
    rule = dataclasses.replace(rule, resize=24, crop=20, padding=2, std=(0.5,) * rule.channels)
    generator = np.random.default_rng(0)
    mean, first, second = generator.integers(0, 256, (3, 24, 24, rule.channels)).astype(np.uint8)
    seen = dataclasses.replace(rule, mean_image=as_mean_image(mean))
    came = seen.normalise(np.stack([first, second]))
    assert seen.shift.shape == (rule.channels, 24, 24)
    expected = (np.stack([first, second]).astype(float) - mean) / 127.5
    assert came.dtype == np.float32 and came.flags["C_CONTIGUOUS"]
    assert np.abs(came - expected.transpose(0, 3, 1, 2)).max() < 1e-6
    assert np.abs(came - rule.normalise(np.stack([first, second]))).max() > 0.1


def test_a_mean_image_goes_to_json_and_back():
    mean = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)
    seen = dataclasses.replace(DIGIT, mean_image=as_mean_image(mean))
    again = from_json(Preprocessing, json.loads(json.dumps(to_json(seen))))
    assert again == seen and hash(again) == hash(seen)
    assert np.array_equal(again.shift, mean[None].astype(np.float32))


FLAT = np.full((28, 28), 7, np.uint8)


@pytest.mark.parametrize(
    "mean_image",
    [
        "",
        "not base64!",
        "\u00e9",
        base64.b64encode(b"no picture").decode(),
        as_mean_image(FLAT[:27]),
        as_mean_image(np.full((2000, 2000), 7, np.uint8)),
        as_mean_image(np.stack([FLAT] * 3, axis=-1)),
        as_mean_image(FLAT.astype(np.uint16)),
        as_mean_image(FLAT, "BMP"),
        as_mean_image(FLAT)[:40],
    ],
    ids=["empty", "text", "accent", "bytes", "small", "huge", "colour", "16 bit", "BMP", "cut"],
)
def test_a_mean_image_of_another_kind_is_refused(mean_image):
    with pytest.raises(InputError, match="A mean image is a PNG of 28 x 28 pixels, L of 8 bits"):
        dataclasses.replace(DIGIT, mean_image=mean_image)


def test_real_photos_give_one_array_each_time(real_photos):
    files = sorted(real_photos("imagenet-100").iterdir())[:20]
    digests = [
        [hashlib.sha256(LITE0.read(source)[1]).hexdigest() for source in (file, file.read_bytes())]
        for file in files
    ]
    assert all(first == second for first, second in digests)
    assert len({first for first, _ in digests}) == len(files)
