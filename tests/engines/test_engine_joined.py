"""An output that joins several stages: every part from one pass, averaged, brought to length 1."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.engines import EMBEDDING, Backbone, openvino
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import InputError
from eyespot.images.preprocessing import Preprocessing

HALF = (0.5, 0.5, 0.5)
RULE = Preprocessing(16, 16, "bilinear", HALF, HALF)


class TwoStages(nn.Module):
    """Two convolutions, the second one's map pooled; counts how often it runs."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.early, self.late = nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 6, 3, stride=2)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)
        self.passes = 0

    def forward_features(self, images):
        self.passes += 1
        return self.late(self.early(images).relu())

    def forward_embedding(self, images):
        return self.forward_features(images).amax((2, 3))


def graph_of(output):
    return PixelsToAnswer(TwoStages(), Backbone("", "", RULE, output=output)).eval()


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype(np.uint8)


def alone(output, pixels):
    with torch.inference_mode():
        return graph_of(output)(torch.from_numpy(pixels)).numpy()


def test_joined_parts_are_the_single_outputs_each_of_length_1_in_their_order(pixels):
    found = alone(f"early+late+{EMBEDDING}", pixels)
    single = [alone(part, pixels) for part in ("early", "late", EMBEDDING)]
    wanted = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in single]
    assert found.shape == (5, 4 + 6 + 6)
    # float32 sums of at most 6 squares: a few units in the last place
    np.testing.assert_allclose(found, np.concatenate(wanted, axis=1), rtol=0, atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3  # it depends on the photo
    other = alone(f"late+early+{EMBEDDING}", pixels)
    assert np.array_equal(other[:, :6], found[:, 4:10])


def test_all_parts_come_from_one_pass(pixels):
    graph = graph_of(f"early+late+{EMBEDDING}")
    with torch.inference_mode():
        graph(torch.from_numpy(pixels))
    assert graph.network.passes == 1


def test_stages_without_the_embedding_can_be_joined(pixels):
    both = alone(f"early+late+{EMBEDDING}", pixels)
    assert np.array_equal(alone("early+late", pixels), both[:, :10])


def test_a_part_that_is_no_stage_is_told_by_its_name(pixels):
    with pytest.raises(InputError, match="There is no layer 'erly'"):
        alone(f"erly+{EMBEDDING}", pixels)


def test_the_order_and_choice_of_parts_is_in_the_key():
    outputs = ("embedding", "early+embedding", "embedding+early", "early")
    assert len({Backbone("", "", RULE, output=output).key for output in outputs}) == 4


def test_openvino_answers_joined_parts_as_torch_does(pixels, tmp_path):
    graph = graph_of(f"early+{EMBEDDING}")
    with torch.inference_mode():
        model = openvino.from_torch(graph, torch.from_numpy(pixels[:1]))
        wanted = graph(torch.from_numpy(pixels)).numpy()
    openvino.save(model, tmp_path / "model.xml")
    engine = openvino.OpenVinoEngine(tmp_path / "model.xml", "float32", streams=1)
    came = np.concatenate([engine(picture[None]) for picture in pixels])
    np.testing.assert_allclose(came, wanted, rtol=0, atol=1e-5)  # lengths of 1, sums reordered
