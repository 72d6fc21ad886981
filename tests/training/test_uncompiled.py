"""Trainings do without torch's compiler, and step as torch's own optimisers do."""

import subprocess
import sys

STEPS = """
import sys
import torch
from torch import nn
from eyespot.training.levenberg_marquardt import LevenbergMarquardt
from eyespot.training.optimisers import SGD, Adam, AdamW, RMSProp
from eyespot.training.uncompiled import uncompiled

def weights(make, **options):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    optimiser = make(network.parameters(), lr=0.1, **options)
    for _ in range(5):
        network.zero_grad()
        network(torch.randn(8, 5)).square().sum().backward()
        optimiser.step()
        optimiser.load_state_dict(optimiser.state_dict())
    return torch.cat([p.detach().ravel() for p in network.parameters()])

asked = {torch.optim.SGD: {"momentum": 0.9}, torch.optim.Adam: {}, torch.optim.AdamW: {}}
ours = {kind: weights(uncompiled(kind), **options) for kind, options in asked.items()}
for rule in (SGD(0.1), Adam(0.1), AdamW(0.1), RMSProp(0.1), LevenbergMarquardt(0.1)):
    network = nn.Sequential(nn.Linear(2, 2))
    optimiser = rule.build(network)
    if not isinstance(rule, LevenbergMarquardt):
        network(torch.ones(1, 2)).sum().backward()
        optimiser.step()
    assert "torch._dynamo" not in sys.modules, f"{rule} loads the compiler"
for kind, options in asked.items():
    assert torch.equal(ours[kind], weights(kind, **options)), kind
    assert not torch.equal(ours[kind], weights(kind, **options, weight_decay=0.1)), kind
assert "torch._dynamo" in sys.modules, "torch's own do without it, too: ours are not needed"
"""


def test_steps_are_those_of_torch_bit_for_bit_and_its_compiler_is_not_loaded():
    run = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
