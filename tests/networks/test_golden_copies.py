"""The golden facts in this repository are the reference's, where the reference is at hand."""

from pathlib import Path

import pytest
from golden.collect import FOLDER, collected
from golden.fill import filled, images, uniform

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference is not beside this checkout")
def test_copies_equal_the_reference():
    for file, content in collected(REFERENCE).items():
        assert (FOLDER / file).read_bytes() == content, file


def test_the_fill_rule_gives_its_worked_example():
    assert uniform("conv1.weight", 2).tolist() == [0.2795514383855269, -0.19530911191197142]
    state = filled({"conv1.weight": (64, 3, 7, 7), "bn1.weight": (64,), "bn1.bias": (64,)})
    assert state["conv1.weight"].flatten()[7].item() == -0.02868527993620596
    assert state["bn1.weight"][0].item() == 1.0927282354627172
    assert state["bn1.bias"][0].item() == -0.07976747738352362
    running = filled({"bn1.running_mean": (64,), "bn1.running_var": (64,), "fc.bias": (1000,)})
    assert [each.flatten()[0].item() for each in running.values()] == [
        0.05903786425852438,
        1.103747491701043,
        0.0036895135007916527,
    ]
    assert images(4).flatten()[:2].tolist() == [-1.285622385984422, -1.188965050963576]
