"""A network of each family becomes an engine that answers as torch does."""

import numpy as np
import pytest
import torch
from golden.fill import filled, golden, published_entries
from torch import nn

from eyespot.engines import LOGITS, Backbone, convert, openvino
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build, find
from eyespot.weights import adapt
from eyespot.weights.published import PUBLISHED

ROWS = {f"{row['library']}/{row['model']}": row for row in golden("logits")}
SMALLEST = {}  # family -> the published network with the fewest parameters
for name in sorted(ROWS, key=lambda name: find(PUBLISHED[name].network).parameters):
    SMALLEST.setdefault(find(PUBLISHED[name].network).family, name)


@pytest.mark.slow  # half a minute in all
@pytest.mark.parametrize("published", SMALLEST.values())
def test_an_engine_answers_as_torch(published, tmp_path, monkeypatch):
    """In float32, at the size of the golden logits, with weights that keep the signal alive."""
    monkeypatch.setattr(convert, "CROPS", 3)
    row = ROWS[published]
    state = adapt(filled(published_entries()[published], gain=row["gain"]), published)
    network = build(PUBLISHED[published].network)
    network.load_state_dict(state)
    size = row["image_size"]
    seen = Preprocessing(size, size, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    backbone = Backbone(PUBLISHED[published].network, "", seen, output=LOGITS)
    graph = PixelsToAnswer(network.eval(), backbone).eval()
    crops = convert.real_crops(backbone)
    with torch.inference_mode():
        expected = graph(torch.from_numpy(crops)).numpy()
        openvino.save(openvino.from_torch(graph, torch.from_numpy(crops[:1])), tmp_path / "m.xml")
    engine = openvino.OpenVinoEngine(tmp_path / "m.xml", "float32", streams=1)
    came = np.concatenate([engine(crop[None]) for crop in crops])
    assert abs(expected[0] - expected[1]).max() > 0.05 * expected.std()  # it looks at the photo
    assert abs(came - expected).max() < 1e-3 * expected.std()


def test_an_operation_that_openvino_does_not_know_is_told_in_our_words():
    class Determinant(nn.Module):
        def forward(self, images):
            return torch.linalg.det(images)

    with pytest.raises(EyespotError, match=r"linalg_det.* Pass --device cpu to use torch"):
        openvino.from_torch(Determinant(), torch.ones(1, 3, 4, 4))
