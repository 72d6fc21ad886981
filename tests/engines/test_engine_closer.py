"""A closer look: what stands in any window of a photo at its full size, beside half of it whole."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.engines import CLOSER, EMBEDDING, Backbone, openvino, pretrained
from eyespot.engines.convert import require_claimed
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import IntegrityError
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights import tensors_digest
from eyespot.weights.catalogue import DEFAULT

RULE = Preprocessing(48, 48, "bilinear", (0.0,) * 3, (1.0,) * 3)
BOTH = f"{EMBEDDING}+{CLOSER}"


class Pooled(nn.Module):
    """One convolution, its map pooled, and a head of two classes."""

    def __init__(self):
        super().__init__()
        self.maps, self.fc = nn.Conv2d(3, 4, 4, stride=4), nn.Linear(4, 2)
        generator = torch.Generator().manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward_features(self, images):
        return self.maps(images).relu()

    def forward_embedding(self, images):
        return self.forward_features(images).mean((2, 3))

    def classify(self, embedding):
        return self.fc(embedding)


def answer(network, output, pixels):
    with torch.inference_mode():
        return PixelsToAnswer(network, Backbone("", "", RULE, output=output))(pixels).numpy()


@pytest.fixture(scope="module")
def pixels():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8))


def test_it_is_the_soft_maximum_of_the_logits_of_all_windows(pixels):
    network = Pooled()
    images = pixels.permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        maps = network.forward_features(images).numpy()
        weight, bias = network.fc.weight.numpy(), network.fc.bias.numpy()
    wanted = np.zeros((3, 2))
    for photo in range(3):
        for label in range(2):
            logits = [
                weight[label] @ maps[photo, :, y : y + 3, x : x + 3].mean((1, 2)) + bias[label]
                for y in range(10)
                for x in range(10)
            ]
            wanted[photo, label] = np.log(np.exp(np.float64(logits)).sum())
    wanted -= wanted.mean(1, keepdims=True)
    np.testing.assert_allclose(answer(network, CLOSER, pixels), wanted, atol=1e-5)


def test_the_other_parts_see_half_the_size_and_each_part_has_length_1(pixels):
    network, found = Pooled(), answer(Pooled(), BOTH, pixels)
    halved = (pixels.float().unflatten(1, (24, 2)).unflatten(3, (24, 2))).mean((2, 4))
    with torch.inference_mode():
        whole = network.forward_embedding(halved.permute(0, 3, 1, 2) / 255).numpy()
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:, :4], whole, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[:, 4:], axis=1), 1, atol=1e-6)


def test_what_fills_one_window_counts_wherever_it_stands():
    """A bright corner is lost in the average, and moves the closer look as much as a whole photo
    of it would, but for the number of windows."""
    network = Pooled()
    with torch.no_grad():
        network.maps.weight.fill_(1 / 48)
        network.maps.bias.zero_()
        network.fc.weight.copy_(torch.tensor([[0.0] * 4, [10.0] * 4]))
        network.fc.bias.zero_()
    dark = torch.zeros(1, 48, 48, 3, dtype=torch.uint8)
    corner, other = dark.clone(), dark.clone()
    corner[:, :12, :12] = other[:, -12:, -12:] = 255
    at_corner, at_other, nowhere = (
        answer(network, CLOSER, photo)[0] for photo in (corner, other, dark)
    )
    np.testing.assert_allclose(at_corner, at_other, atol=1e-5)
    margin = (at_corner[1] - at_corner[0]) - (nowhere[1] - nowhere[0])
    assert margin > 30  # of 40, the logit of a window that is bright all over, less log(100)
    averaged = answer(network, EMBEDDING, corner)
    assert averaged.max() < 0.07  # of 1


def test_openvino_answers_as_torch_does(pixels, tmp_path):
    network = Pooled()
    graph = PixelsToAnswer(network, Backbone("", "", RULE, output=BOTH)).eval()
    with torch.inference_mode():
        openvino.save(openvino.from_torch(graph, pixels[:1]), tmp_path / "model.xml")
    engine = openvino.OpenVinoEngine(tmp_path / "model.xml", "float32", streams=1)
    came = np.concatenate([engine(picture[None]) for picture in pixels.numpy()])
    np.testing.assert_allclose(came, answer(network, BOTH, pixels), rtol=0, atol=1e-5)


def test_the_head_is_part_of_what_the_weights_claim():
    """Two networks with one body and other heads look closer in other ways."""
    plain, twice = pretrained(DEFAULT), pretrained(DEFAULT, output=BOTH)
    assert plain.weights != twice.weights and not plain.may_read_head and twice.may_read_head
    network = twice.load()
    assert twice.weights == tensors_digest(network.state_dict())
    require_claimed(network, twice)
    assert {f"classifier.1.{name}" for name in ("weight", "bias")} <= twice.tensors().keys()
    with torch.no_grad():
        network.classifier[1].bias[0] += 1
    with pytest.raises(IntegrityError, match="not the ones they claim"):
        require_claimed(network, twice)
