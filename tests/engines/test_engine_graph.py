"""The graph that is run, converted and exported begins with the preprocessing's own numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.engines import Backbone, openvino
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.statistics import with_statistics

COLOUR = Preprocessing(16, 16, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
GREY = Preprocessing(12, 12, "bilinear", (0.5,), (0.25,), "L", padding=2)
KINDS = pytest.mark.parametrize(
    ("rule", "normalisation"),
    [(COLOUR, "standardise"), (COLOUR, "mean_image"), (GREY, "lenet"), (GREY, "mean_image")],
)


class AsItIs(nn.Module):
    """A network that answers with its input."""

    def forward_embedding(self, images):
        return images.flatten(1)


def normalising(rule, normalisation):
    """A rule with its statistics, the graph of nothing else, and pixels of every level."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (6, 16, 16, rule.channels)).astype(np.uint8)
    seen = with_statistics(rule, pixels[:3], normalisation)
    return seen, PixelsToAnswer(AsItIs(), Backbone("", "", seen)).eval(), pixels


@KINDS
def test_torch_normalises_as_the_preprocessing_does_bit_for_bit(rule, normalisation):
    seen, graph, pixels = normalising(rule, normalisation)
    wanted = seen.normalise(pixels)
    came = graph.normalised(torch.from_numpy(pixels)).numpy()
    assert came.dtype == wanted.dtype and came.tobytes() == wanted.tobytes()
    darker = seen.normalise(np.maximum(pixels, 1) - 1)
    assert came.tobytes() != darker.tobytes()  # one level is seen


@KINDS
def test_openvino_normalises_alike_but_for_the_last_bits(rule, normalisation, tmp_path):
    """It folds the difference and the product into one step, which rounds once, not twice."""
    seen, graph, pixels = normalising(rule, normalisation)
    with torch.inference_mode():
        model = openvino.from_torch(graph, torch.from_numpy(pixels[:1]))
    openvino.save(model, tmp_path / "model.xml")
    engine = openvino.OpenVinoEngine(tmp_path / "model.xml", "float32", streams=1)
    came = np.concatenate([engine(picture[None]) for picture in pixels])
    with pytest.raises(EyespotError, match="the engine takes"):
        engine(pixels[:1, :, :1])  # which numpy would spread over the whole width
    wanted = seen.normalise(pixels).reshape(len(pixels), -1)
    # a float32 has 24 bits; 255 times the scale is the largest number on the way
    assert np.abs(came - wanted).max() <= 255 * seen.scale.max() * 2**-22
