"""The parts that a network's answers are made of: their names, their widths, their columns."""

import numpy as np
import pytest
import torch

from eyespot.engines import Backbone
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import InputError
from eyespot.networks import build, find
from eyespot.transfer.stages import Parts, joined, parts_of
from eyespot.weights import catalogue
from eyespot.weights.catalogue import DEFAULT


def test_the_default_network_has_eight_stages_before_its_embedding():
    # Tan, Le 2019, Table 1: stem 32, stages 16 24 40 80 112 192 320, head 1280, which the last
    # 1x1 convolution gives: its average is the embedding and no part of its own
    parts = parts_of(DEFAULT)
    assert parts.widths == (32, 16, 24, 40, 80, 112, 192, 320, 1280)
    assert parts.names == (*(f"features.{i}" for i in range(8)), "embedding")
    assert parts.latest(2) == ("features.7", "embedding")


def test_a_last_stage_that_is_not_the_embedding_is_a_part():
    # Simonyan, Zisserman 2015: five stages of 64 to 512 channels; fc7 has 4096 units
    parts = parts_of("vgg16")
    assert parts.widths == (64, 128, 256, 512, 512, 4096)


def test_widths_are_those_of_the_answers():
    parts = parts_of(DEFAULT)
    backbone = joined(DEFAULT, parts.names)
    graph = PixelsToAnswer(backbone.load(), backbone).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.uint8)
    with torch.inference_mode():
        answer = graph(torch.from_numpy(pixels)).numpy()
    assert answer.shape == (1, sum(parts.widths))
    lengths = [np.linalg.norm(parts.of(answer, [name])) for name in parts.names]
    assert lengths == pytest.approx([1] * 9, abs=1e-5)


def test_columns_come_in_the_order_asked_for():
    parts = Parts(("a", "b", "embedding"), (1, 2, 3))
    rows = np.arange(12, dtype=np.float32).reshape(2, 6)
    assert parts.of(rows, ["embedding", "a"]).tolist() == [[3, 4, 5, 0], [9, 10, 11, 6]]
    assert parts.of(rows, parts.names).tolist() == rows.tolist()


def test_an_unknown_network_is_told():
    with pytest.raises(InputError, match="resnet51"):
        parts_of("resnet51")


@pytest.mark.slow
def test_every_network_with_weights_answers_with_all_of_its_parts():
    checkpoints = {row.network: row for row in catalogue.published().values()}
    assert len(checkpoints) > 80
    for network, row in checkpoints.items():
        parts = parts_of(row.name)
        backbone = Backbone(network, "", row.preprocessing, output=parts.output)
        with torch.device("meta"):
            graph = PixelsToAnswer(build(network).eval(), backbone).to("meta")
            side = max(find(network).image_size, row.preprocessing.crop)
            answer = graph(torch.zeros(1, side, side, 3, dtype=torch.uint8))
        assert answer.shape == (1, sum(parts.widths)), network
