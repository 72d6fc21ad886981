"""The table of a network, against the paper's own."""

from collections import Counter

import pytest

from eyespot.networks import architectures, find
from eyespot.networks.kernels import Fork, Step, line, listed, written
from eyespot.networks.table import table

NAMES = list(architectures())


def kernels(name: str, module: str) -> tuple[str, ...]:
    (row,) = (row for row in table(find(name)) if row.module == module)
    return row.kernels


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_the_stages_sum_to_the_claims_and_say_what_they_are(name):
    rows = table(find(name))
    assert sum(row.parameters for row in rows) == find(name).parameters
    assert sum(row.multiply_adds for row in rows) == find(name).multiply_adds
    modules = [row.module for row in rows]
    assert max(Counter(modules).values()) == 1
    stages = [stage.module for stage in find(name).stages]
    assert modules[: len(stages)] == stages
    widths = [row.output_shape[0] for row in rows[: len(stages)]]
    assert widths == [stage.channels for stage in find(name).stages]
    assert find(name).head in modules
    for row in rows:
        assert row.kernels and all(row.kernels), row.module
        # a paper's table has no lines of 20 layers that could be told in one
        assert all(len(run) < 260 for run in row.kernels), row.module
    assert any(row.is_auxiliary for row in rows) == name.endswith("_aux")


def test_resnet50_is_table_1_of_its_paper():
    rows = table(find("resnet50"))
    assert [row.output_shape for row in rows] == [
        (64, 112, 112),
        (256, 56, 56),
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
        (1000,),
    ]
    assert rows[0].kernels == ("7x7 64/2",)
    assert rows[1].kernels == (
        "max pool 3x3/2",
        "1x1 64, 3x3 64, 1x1 256 | 1x1 256",
        "1x1 64, 3x3 64, 1x1 256  x 2",
    )
    assert rows[4].kernels[1] == "1x1 512, 3x3 512, 1x1 2048  x 2"
    assert rows[5].kernels == ("average pool, linear 1000",)


def test_v1_5_strides_in_the_3x3():
    assert table(find("resnet50"))[2].kernels[0].startswith("1x1 128/2, 3x3 128,")
    assert table(find("resnet50_v1_5"))[2].kernels[0].startswith("1x1 128, 3x3 128/2,")


def test_mbconv_shows_its_depthwise_kernel_and_its_squeeze():
    rows = table(find("efficientnet_b0"))
    assert rows[1].kernels == ("3x3 dw 32, [8, 32], 1x1 16",)
    assert rows[2].kernels[0] == "1x1 96, 3x3 dw 96/2, [4, 96], 1x1 24"


def test_a_map_of_one_pixel_is_no_squeeze():
    # at 32 pixels the last stages are 1x1 maps
    assert table(find("efficientnet_b0"), image_size=32)[-2].kernels == ("1x1 1280",)


@pytest.mark.parametrize(
    ("name", "module", "lines"),
    [
        ("alexnet", "features.4", ["max pool 3x3/2, 5x5 g2 256, LRN"]),
        ("vgg16", "features.29", ["max pool 2x2/2, 3x3 512 x 3"]),  # Table 1, D
        # Table 1, 3a and 3b: #1x1 | #3x3 reduce, #3x3 | #5x5 reduce, #5x5 | pool proj
        (
            "googlenet",
            "inception3b",
            [
                "LRN, max pool 3x3/2",
                "1x1 64 | 1x1 96, 3x3 128 | 1x1 16, 5x5 32 | max pool 3x3, 1x1 32",
                "1x1 128 | 1x1 128, 3x3 192 | 1x1 32, 5x5 96 | max pool 3x3, 1x1 64",
            ],
        ),
        # Fig. 6: both branches end in a fork
        (
            "inception_v4",
            "features.21",
            [
                "1x1 384, (1x3 256 | 3x1 256) | 1x1 384, 3x1 448, 1x3 512, (1x3 256 | 3x1 256)"
                " | 1x1 256 | average pool 3x3, 1x1 256  x 3"
            ],
        ),
        # Fig. 10: branches are stacked, then a linear 1x1
        (
            "inception_resnet_v1",
            "repeat",
            ["(1x1 32 | 1x1 32, 3x3 32 | 1x1 32, 3x3 32, 3x3 32), 1x1 256  x 5"],
        ),
        ("squeezenet1_0", "classifier.1", ["1x1 1000, average pool"]),  # the head before the pool
        ("densenet121", "features.denseblock1", ["1x1 128, 3x3 32  x 6"]),
        ("resnext50_32x4d", "layer1", ["1x1 128, 3x3 g32 128, 1x1 256  x 2"]),
        ("mobilenet_v1_1_0", "blocks.3", ["3x3 dw 512, 1x1 512  x 5"]),
        # Fig. 5, middle flow
        ("xception", "block11", ["3x3 sep 728, 3x3 sep 728, 3x3 sep 728  x 8"]),
        # Fig. 4: reduction, normal
        (
            "nasnet_a_mobile",
            "cell_7",
            [
                "cell 88/2: sep 5x5 h + sep 7x7 h', max 3x3 h + sep 7x7 h', avg 3x3 h + sep 5x5 h',"
                " s2 + avg 3x3 s1, sep 3x3 s1 + max 3x3 h",
                "cell 88: sep 5x5 h + sep 3x3 h', sep 5x5 h' + sep 3x3 h', avg 3x3 h + h',"
                " avg 3x3 h' + avg 3x3 h', sep 3x3 h + h  x 4",
            ],
        ),
        ("vit_b_16", "to_map", ["(attention of 12 heads, linear 3072, linear 768) x 12"]),
        ("lenet5", "output", ["RBF 10"]),
    ],
)
def test_a_stage_reads_as_in_its_paper(name, module, lines):
    assert list(kernels(name, module))[-len(lines) :] == lines


def test_the_linear_layers_of_vgg_have_a_line_each():
    rows = table(find("vgg16"))[-3:]
    assert [row.kernels for row in rows] == [
        ("max pool 2x2/2, linear 4096",),
        ("linear 4096",),
        ("linear 1000",),
    ]
    assert rows[0].parameters == 512 * 7 * 7 * 4096 + 4096


def test_auxiliary_heads_have_parameters_and_run_in_training_only():
    rows = table(find("googlenet_aux"))
    assert [row.module for row in rows if row.is_auxiliary] == ["aux1", "aux2"]
    # 5x5 pools to 4x4; 1x1 from 512 to 128, then 2,048 to 1,024 to 1,000
    assert rows[-2].parameters == 513 * 128 + 2049 * 1024 + 1025 * 1000
    assert rows[-2].multiply_adds == 0
    assert not any(row.is_auxiliary for row in table(find("googlenet")))


def test_attention_has_all_its_projections():
    rows = table(find("vit_b_16"))
    layer = 4 * (768 * 768 + 768) + 2 * 4 * 768 * 768 + 4 * 768 + 768 + 4 * 768  # and two norms
    # the position embedding stands with the encoder, the class token with the first convolution
    assert rows[1].parameters == 12 * layer + 197 * 768 + 2 * 768
    assert rows[0].parameters == 16 * 16 * 3 * 768 + 768 + 768


def test_memory_counts_four_bytes_for_every_number_kept():
    # conv1 gives 64 x 112 x 112 numbers
    assert table(find("resnet18"))[0].memory == 4 * 64 * 112 * 112


def steps(*layers: tuple[str, int, int]) -> list[Step]:
    """(text, tensor read, tensor given), of which tensors below 10 are older than the block."""
    return [Step(text, text, a, b, 10 + i, a) for i, (text, a, b) in enumerate(layers)]


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ([("a", 0, 11), ("b", 11, 12), ("c", 12, 13)], "a, b, c"),
        ([("a", 0, 11), ("b", 11, 12), ("c", 0, 13)], "a, b | c"),
        ([("a", 0, 11), ("b", 11, 12), ("c", 11, 13)], "a, (b | c)"),
        ([("a", 0, 11), ("b", 0, 12), ("c", 99, 13)], "(a | b), c"),  # of both, stacked
        ([("a", 0, 11), ("b", 1, 12), ("c", 11, 13)], "a, c | b"),  # two inputs
        ([("a", 0, 11), ("[4]", 11, 12), ("[8]", 12, 13), ("b", 99, 14)], "a, [4, 8], b"),
        ([("a", 0, 11), ("b", 11, 12), ("c", 0, 13), ("d", 0, 14)], "a, b | c | d"),
        ([("a", 0, 11), ("b", 0, 12), ("c", 99, 13), ("d", 0, 14)], "(a | b), c | d"),
    ],
)
def test_branches_stand_beside_each_other(layers, text):
    assert written(line(steps(*layers))) == text


def test_what_comes_often_in_a_row_is_written_once():
    assert listed(["a", "b", "b", "b", "c"]) == "a, b x 3, c"
    assert listed(["a", "b"] * 3) == "(a, b) x 3"
    assert listed(["a", "a"]) == "a, a"
    assert written(["a", Fork([["x sep 1", "x sep 1"], ["b", "b"]])]) == "a, (x sep 1 x 2 | b, b)"
