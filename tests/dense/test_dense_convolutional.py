"""Networks made fully convolutional, against themselves on crops, and torch on windows."""

import pytest
import torch
from torch import nn

from eyespot.dense import Dense, Geometry, Windowed, convolutionize, windowed
from eyespot.dense.head import read_head, skeleton
from eyespot.dense.layers import SlidingBins, SlidingFlatten, SlidingLinear
from eyespot.dense.slide import Slide
from eyespot.errors import InputError
from eyespot.fields import receptive_fields
from eyespot.networks import build
from eyespot.networks.counting import count
from eyespot.networks.overfeat import ACCURATE, FAST, OverFeat

SAME = 1e-10  # of the logits' spread: float64 has sixteen digits


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def photos(net, height, width=None, *, count=1, seed=0):
    size = (count, net.in_channels, height, width or height)
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ready(name, **options):
    return build(name, num_classes=7, **options).double().eval()


def spread(logits):
    assert logits.max() > logits.min()
    return logits.max() - logits.min()


# a network of every kind of head, and the image size where the paper's is large
NETWORKS = [
    ("lenet5", None), ("lenet5_modern", None), ("multi_column_dnn_cifar10", None),
    ("nin_cifar10", None), ("highway_mnist_10", None), ("highway_mnist_conv_16", None),
    ("highway_cifar_a", None), ("resnet20", None), ("squeezenet1_1", 64),
    ("mobilenet_v3_small", 64),
]  # fmt: skip


@pytest.mark.parametrize(("name", "image_size"), NETWORKS)
@torch.inference_mode()
def test_on_the_trained_size_there_is_one_cell_and_it_is_the_classifiers_answer(name, image_size):
    net = ready(name)
    dense = convolutionize(net, image_size=image_size)
    size = image_size or net.image_size
    assert isinstance(dense, Dense) and dense.geometry.window == size
    images = photos(net, size, count=2)
    logits, embeddings = net(images), net.forward_embedding(images)
    assert dense(images).shape == (2, 7, 1, 1)
    assert (dense(images)[..., 0, 0] - logits).abs().max() <= SAME * spread(logits)
    assert (dense.embed(images)[..., 0, 0] - embeddings).abs().max() <= SAME * spread(embeddings)
    assert (logits[0] - logits[1]).abs().max() > 1e6 * SAME * spread(logits), "nothing is seen"
    step = dense.geometry.step
    larger = dense(photos(net, size + 2 * step, size + step))
    assert larger.shape == (1, 7, 3, 2)
    assert dense.embed(photos(net, size + 2 * step, size + step)).shape[2:] == (3, 2)


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern", "highway_mnist_10"])
@torch.inference_mode()
def test_without_padding_every_cell_is_the_classifiers_answer_to_its_crop(name):
    """Over a grid of sizes, of which most are no multiple of the step, and all positions."""
    net, compared = ready(name), 0
    dense = convolutionize(net)
    window, step = dense.geometry.window, dense.geometry.step
    for height in range(window, window + 2 * step + 2):
        width = 2 * window + 3 - height // 3
        photo = photos(net, height, width, seed=height)
        cells = dense(photo)
        # the last window begins at the largest multiple of the step that leaves room for it
        assert cells.shape[2:] == ((height - window) // step + 1, (width - window) // step + 1)
        assert cells.shape[2:] == dense.geometry.fitting(height, width)
        for row in range(cells.shape[2]):
            for column in range(cells.shape[3]):
                left, top, right, bottom = dense.geometry.box(row, column)
                assert (right - left, bottom - top) == (window, window)
                crop = net(photo[:, :, top:bottom, left:right])[0]
                assert (cells[0, :, row, column] - crop).abs().max() <= 1e-8 * spread(crop)
                compared += 1
    assert compared > 50
    assert dense.notes == ()


def test_weights_are_shared_and_learn_together():
    net = build("lenet5_modern")
    dense = convolutionize(net)
    assert {id(each) for each in dense.parameters()} == {id(each) for each in net.parameters()}
    images = torch.randn(1, 1, 32, 28, generator=torch.Generator().manual_seed(0))
    before = dense(images)
    with torch.no_grad():
        net.classifier[0].weight[:, 0] += 1
    assert not torch.equal(dense(images), before)
    dense(images).square().mean().backward()
    assert all(each.grad is not None and each.grad.any() for each in net.parameters())
    net.double()
    assert dense(images.double()).dtype == torch.float64


def test_it_is_in_the_networks_own_mode_and_drops_where_the_network_does():
    for is_training in (True, False):
        net = build("squeezenet1_1").train(is_training)
        net.features[0].eval()  # as where a part of a network is frozen
        modes = [module.training for module in net.modules()]
        dense = convolutionize(net, image_size=64)
        assert dense.training == is_training
        assert [module.training for module in net.modules()] == modes
        images = photos(net, 64).float()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            assert torch.equal(dense(images), dense(images)) == (not is_training)


def test_what_looks_at_networks_from_outside_can_look_at_it():
    net = build("lenet5_modern", num_classes=3)
    dense = convolutionize(net)
    assert list(dense.state_dict()) == [f"network.{key}" for key in net.state_dict()]
    # C1 and C3 on 36 pixels, then 3 x 3 times the 120 units with 256 inputs, and so on
    maps = 32**2 * 6 * 25 + 12**2 * 16 * 150
    assert count(dense, 36).multiply_adds == maps + 9 * (256 * 120 + 120 * 84 + 84 * 3)
    fields = {field.module: field for field in receptive_fields(dense, 36)}
    assert fields["network.features.5"].rows.size == 16 and fields[""].rows == dense.sees[0]
    assert all(each.device.type == "cpu" for each in net.parameters())
    assert "SlidingLinear" in repr(dense)


def test_nothing_is_left_on_the_network():
    net = build("lenet5")
    before = set(vars(net))
    convolutionize(net)
    assert set(vars(net)) == before
    for module in net.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks


def test_auxiliary_heads_stay_out_of_the_map():
    with torch.device("meta"):
        net = build("googlenet_torchvision_aux")
        dense = convolutionize(net, image_size=64)
        assert [type(each).__name__ for each in dense.head] == [
            "AvgPool2d", "Dropout", "SlidingLinear",
        ]  # fmt: skip
        assert dense.eval()(torch.empty(1, 3, 128, 96)).shape == (1, 1000, 3, 2)


def test_what_squeezes_the_whole_photo_says_so_and_windows_are_exact():
    net = ready("mobilenet_v3_small")
    dense = convolutionize(net, image_size=64)
    (note,) = dense.notes
    assert "avgpool of MobileNetV3 reads the whole photo" in note
    assert "eyespot.dense.windowed is exact" in note
    exact = windowed(net, image_size=64, step=32, batch_size=4)
    photo = photos(net, 128, 96, count=2)
    with torch.inference_mode():
        cells, slid, crop = exact(photo), dense(photo), net(photo[:, :, 64:128, 32:96])
        embedding = net.forward_embedding(photo[:, :, 64:128, 32:96])
        assert (exact.embed(photo)[..., 2, 1] - embedding).abs().max() < 1e-9
    assert cells.shape == slid.shape == (2, 7, 3, 2)
    assert (cells[..., 2, 1] - crop).abs().max() <= SAME * spread(crop)
    assert (slid[..., 2, 1] - crop).abs().max() > 1e-6 * spread(crop)


@pytest.mark.parametrize("name", ["vit_ti_16", "multi_column_dnn_mnist_committee"])
def test_what_looks_at_the_whole_photo_at_once_is_shown_windows(name):
    with torch.device("meta"):
        net = build(name).eval()
        found = convolutionize(net)
        assert isinstance(found, Windowed)
        assert "looks at the whole photo at once" in found.notes[0]
        window, step = found.geometry.window, found.geometry.step
        images = torch.empty(1, net.in_channels, window + step, window)
        assert found(images).shape == (1, net(images[:, :, :window]).shape[1], 2, 1)


def test_what_cannot_be_is_refused_in_one_sentence():
    net = build("lenet5")
    dense, windows = convolutionize(net), windowed(net)
    for asked, words in (
        (lambda: dense(torch.zeros(1, 1, 31, 40)), "windows of 32 x 32 pixels, and the photo has"),
        (lambda: windows(torch.zeros(1, 1, 40, 31)), "31: enlarge it"),
        (lambda: dense(torch.zeros(1, 3, 32, 32)), "expects 1 channels"),
        (lambda: dense(torch.zeros(1, 40, 40)), "add the axis N"),
        (lambda: convolutionize(net, image_size=28), "at least 32 x 32 pixels"),
        (lambda: windowed(net, step=0), "pass step=32"),
    ):
        with pytest.raises(InputError) as told:
            asked()
        assert words in str(told.value) and "\n" not in str(told.value)
    net.image_size = None
    with pytest.raises(InputError, match="pass image_size=224"):
        convolutionize(net)


# ---------------------------------------------------------------- layers, against torch's


def every_window(maps, window):
    for row in range(maps.shape[2] - window[0] + 1):
        for column in range(maps.shape[3] - window[1] + 1):
            yield row, column, maps[:, :, row : row + window[0], column : column + window[1]]


@pytest.mark.parametrize("window", [(1, 1), (3, 3), (5, 4), (7, 7)])
@torch.inference_mode()
def test_layers_do_under_every_window_what_torch_does_to_that_window(window):
    maps = torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    size = 3 * window[0] * window[1]
    linear = nn.Linear(size, 4, dtype=torch.float64)
    pairs = [
        (SlidingLinear(linear, window, spacing=1), lambda part: linear(part.flatten(1))),
        (SlidingFlatten(window, spacing=1), lambda part: part.flatten(1)),
    ]
    for bins in ((1, 1), (2, 3), (6, 6)):  # more bins than cells give some cells twice
        mean, most = nn.AdaptiveAvgPool2d(bins), nn.AdaptiveMaxPool2d(bins)
        pairs += [
            (SlidingBins("mean", window, bins), lambda part, pool=mean: pool(part).flatten(1)),
            (SlidingBins("maximum", window, bins), lambda part, pool=most: pool(part).flatten(1)),
        ]
    for sliding, one in pairs:
        found, compared = sliding(maps), 0
        for row, column, part in every_window(maps, window):
            assert (found[:, :, row, column] - one(part)).abs().max() < 1e-12
            compared += 1
        assert compared == found.shape[2] * found.shape[3] == (10 - window[0]) * (9 - window[1])


# ---------------------------------------------------------------- offset pooling

# OverFeat, Table 5: input, layer 5 before the pool, output map. Of scale 5 the table prints 32 x 35
# before the pool, which is not what 497 pixels give: (497 - 7) // 2 + 1 = 246, 246 // 3 = 82,
# 82 - 6 = 76, 76 // 2 = 38. Its printed output, 18 x 24, is that of 38.
TABLE_5 = [
    ((245, 245), (17, 17), (3, 3)),
    ((281, 317), (20, 23), (6, 9)),
    ((317, 389), (23, 29), (9, 15)),
    ((389, 461), (29, 35), (15, 21)),
    ((425, 497), (32, 38), (18, 24)),
    ((461, 569), (35, 44), (21, 30)),
]


def test_overfeats_six_scales_give_the_maps_of_its_table():
    with torch.device("meta"):
        dense = convolutionize(build("overfeat_accurate").eval(), offsets=True)
        assert dense.geometry == Geometry(window=221, step=12)
        for size, before, output in TABLE_5:
            images = torch.empty(1, 3, *size)
            assert dense.last_map(images).shape[2:] == before
            assert dense(images).shape == (1, 1000, *output)


@pytest.mark.parametrize(("table", "size"), [(ACCURATE, 221), (FAST, 231)])
@torch.inference_mode()
def test_offset_pooling_is_the_last_pool_at_every_offset_interleaved(table, size):
    """As Sect. 3.3 says it: pool from each offset, slide the classifier, put the maps together."""
    layers = tuple((4, *layer[1:]) for layer in table)
    window = 5 if table is ACCURATE else 6
    net = OverFeat(layers, image_size=size, full=(window, 6, 6), num_classes=5).double().eval()
    for parameter in net.parameters():  # a tenth of a thousandth goes a long way through six layers
        nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(1))
    dense = convolutionize(net, image_size=size, offsets=True)
    last_map = dense.last_map(photos(net, 281, 317))
    side = table[-1][4]
    found = torch.full_like(dense.head(last_map), float("nan"))
    for down in range(side):
        for right in range(side):
            pooled = net.pool(last_map[:, :, down:, right:])
            found[:, :, down::side, right::side] = net.classifier(pooled)
    assert found.isfinite().all()
    assert (dense.head(last_map) - found).abs().max() <= SAME * spread(found)
    plain = convolutionize(net, image_size=size)
    assert plain.geometry.step == side * dense.geometry.step
    assert torch.allclose(plain.head(last_map), found[:, :, ::side, ::side], rtol=0, atol=1e-12)


@torch.inference_mode()
def test_offsets_of_a_pool_that_overlaps_lie_as_close_as_the_cells_before_it():
    """AlexNet's last pool, 3x3 every 2 cells of 16 pixels: the map's step is 16, not 32."""
    with torch.device("meta"):
        bones = skeleton(build("alexnet", num_classes=4))
        head = read_head(bones, torch.empty(1, 3, 227, 227), torch.empty(1, 256, 13, 13))
        slide = Slide(bones, head.window, offsets=True).along(head.layers)
        assert slide.stride == 1
        assert nn.Sequential(*slide.layers)(torch.empty(1, 256, 15, 14)).shape == (1, 4, 3, 2)
