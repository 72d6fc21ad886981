"""LeNet-5's optimiser: second derivatives by hand and by autograd, rates as the paper prints."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.networks.lenet import ScaledTanh, Subsampling
from eyespot.training.initialisation import LeCun
from eyespot.training.levenberg_marquardt import LevenbergMarquardt, curvature
from eyespot.training.losses import CrossEntropy, MaximumAPosteriori


def squares(logits, targets):
    """(N, K) -> (N,): half the squared distance, whose second derivative is 1."""
    return (logits - targets).square().sum(1) / 2


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def exact(network, images, targets, loss):
    """The diagonal of the Hessian of the mean loss, by differentiating twice."""
    parameters = list(network.parameters())
    mean = loss(network(images), targets).mean()
    slopes = torch.autograd.grad(mean, parameters, create_graph=True)
    found = {}
    for parameter, slope in zip(parameters, slopes, strict=True):
        rows = [
            torch.autograd.grad(each, parameter, retain_graph=True)[0].flatten()[i]
            for i, each in enumerate(slope.flatten())
        ]
        found[parameter] = torch.stack(rows).view_as(parameter)
    return found


def test_of_a_linear_layer_it_is_the_mean_square_of_the_inputs():
    # inputs (1, 2) and (3, 0): h of the weights (1 + 9) / 2 = 5 and (4 + 0) / 2 = 2, of biases 1
    network = nn.Sequential(nn.Linear(2, 3).double())
    images = torch.tensor([[1.0, 2.0], [3.0, 0.0]], dtype=torch.float64)
    found = curvature(network, [(images, drawn(2, 3))], squares, samples=2)
    assert found[network[0].weight].tolist() == [[5, 2]] * 3
    assert found[network[0].bias].tolist() == [1, 1, 1]


def test_of_cross_entropy_the_outputs_have_p_times_1_minus_p():
    network = nn.Sequential(nn.Linear(3, 4).double())
    images, targets = drawn(6, 3), functional.one_hot(torch.arange(6) % 4, 4).double()
    found = curvature(network, [(images, targets)], CrossEntropy(), samples=6)
    p = network(images).softmax(1)
    expected = torch.einsum("nk,nd->kd", p * (1 - p), images.square()) / 6
    assert torch.allclose(found[network[0].weight], expected, rtol=1e-12)
    whole = exact(network, images, targets, CrossEntropy())
    assert torch.allclose(found[network[0].weight], whole[network[0].weight], rtol=1e-12)


def test_behind_a_squashing_function_the_slope_is_squared_and_its_curvature_left_out():
    # one weight w, y = w2 * tanh(w x): h of w2 is tanh^2, h of w is (w2 * (1 - tanh^2))^2 x^2
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Tanh(), nn.Linear(1, 1, bias=False))
    network.double()
    images = torch.tensor([[0.7]], dtype=torch.float64)
    found = curvature(network, [(images, torch.zeros(1, 1))], squares, samples=1)
    first, second = network[0].weight, network[2].weight
    state = torch.tanh(first * 0.7)
    assert torch.allclose(found[second], state.square(), rtol=1e-12)
    assert torch.allclose(found[first], (second * (1 - state**2) * 0.7) ** 2, rtol=1e-12)


def test_a_shared_weight_has_the_sum_over_its_connections():
    # a 1x1 convolution of one channel over 4 pixels, E = sum of y^2 / 2: h = sum of x^2 = 30
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Flatten()).double()
    images = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], dtype=torch.float64)
    found = curvature(network, [(images, torch.zeros(1, 4))], squares, samples=1)
    assert found[network[0].weight].item() == 30


def test_subsampling_counts_its_four_inputs():
    # coefficient c, inputs 1, 2, 3, 4: h of c is 1 + 4 + 9 + 16 = 30, of the bias 1
    layer = Subsampling(1).double()
    nn.init.constant_(layer.coefficient, 0.5)
    nn.init.zeros_(layer.bias)
    network = nn.Sequential(layer, nn.Flatten())
    images = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], dtype=torch.float64)
    found = curvature(network, [(images, torch.zeros(1, 1))], squares, samples=1)
    assert found[layer.coefficient].item() == 30
    assert found[layer.bias].item() == 1


def test_without_hidden_layers_lenets_criterion_is_exact():
    """The output bends the loss itself; F6's own weights see nothing but it."""
    network = build("lenet5").double()
    LeCun().apply(network, torch.Generator().manual_seed(0))
    images = drawn(3, 1, 32, 32)
    targets = functional.one_hot(torch.tensor([0, 3, 9]), 10).double()
    loss = MaximumAPosteriori(junk=60.0)
    found = curvature(network, [(images, targets)], loss, samples=3)

    linear, squash = network.f6[0], ScaledTanh()
    states = network.forward_features(images).flatten(1).detach()
    sums = linear(states).detach().requires_grad_()

    def criterion(numbers):
        return loss(network.classify(numbers), targets).sum()

    outputs = squash(sums).detach().requires_grad_()
    (slopes,) = torch.autograd.grad(criterion(outputs), outputs, create_graph=True)
    second = torch.stack(
        [torch.autograd.grad(slopes[:, k].sum(), outputs, retain_graph=True)[0][:, k]
         for k in range(84)], dim=1,
    )  # fmt: skip
    (slope,) = torch.autograd.grad(squash(sums).sum(), sums)
    curved = second * slope.square()
    assert torch.allclose(found[linear.bias], curved.mean(0), rtol=1e-9)
    expected = torch.einsum("nk,nd->kd", curved, states.square()) / 3
    assert torch.allclose(found[linear.weight], expected, rtol=1e-9)


def test_no_curvature_is_negative_and_the_network_is_left_as_it_was():
    network = build("lenet5")
    LeCun().apply(network, torch.Generator().manual_seed(0))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images, targets = drawn(4, 1, 32, 32).float(), functional.one_hot(torch.arange(4), 10).float()
    logits = network(images)
    found = curvature(network, [(images, targets)], MaximumAPosteriori(1.0), samples=4)
    assert set(found) == set(network.parameters())
    assert all((h >= 0).all() and h.isfinite().all() for h in found.values())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(network(images), logits)


def test_the_first_samples_are_looked_at_and_no_more():
    network = nn.Sequential(nn.Linear(2, 2).double())
    batches = [(drawn(4, 2, seed=i), drawn(4, 2)) for i in range(3)]
    six = torch.cat([images for images, _ in batches])[:6]
    found = curvature(network, iter(batches), squares, samples=6)
    assert torch.allclose(found[network[0].weight][0], six.square().mean(0), rtol=1e-12)
    every = curvature(network, iter(batches), squares, samples=500)  # fewer photos than samples
    twelve = torch.cat([images for images, _ in batches])
    assert torch.allclose(every[network[0].weight][0], twelve.square().mean(0), rtol=1e-12)


def test_a_step_is_divided_by_mu_and_the_curvature():
    # h = 5 and 2, eta 0.1, mu 0.5, gradient 1: steps 0.1 / 5.5 and 0.1 / 2.5
    network = nn.Sequential(nn.Linear(2, 1, bias=False).double())
    nn.init.zeros_(network[0].weight)
    optimiser = LevenbergMarquardt(0.1, mu=0.5).build(network)
    images = torch.tensor([[1.0, 2.0], [3.0, 0.0]], dtype=torch.float64)
    optimiser.before_epoch(network, [(images, drawn(2, 1))], squares)
    network[0].weight.grad = torch.ones(1, 2, dtype=torch.float64)
    optimiser.step()
    assert network[0].weight[0].tolist() == pytest.approx([-0.1 / 5.5, -0.1 / 2.5])
    held = optimiser.state_dict()["state"]
    assert all(isinstance(each["curvature"], torch.Tensor) for each in held.values())
    other = LevenbergMarquardt(0.1, mu=0.5).build(network)
    other.load_state_dict(optimiser.state_dict())
    other.step()  # without looking again
    assert network[0].weight[0].tolist() == pytest.approx([-0.2 / 5.5, -0.2 / 2.5])


def test_lenets_first_rates_lie_where_the_paper_says_and_it_learns():
    """Sect. III.B: from about 7e-5 to 0.016. With weights within 2.4 / fan in nearly all are
    eta / mu = 0.025, and all units saturate."""
    network = build("lenet5")
    LeCun().apply(network, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    prototypes = torch.rand(10, 1, 32, 32, generator=generator)
    labels = torch.arange(200) % 10
    noise = 0.2 * torch.randn(200, 1, 32, 32, generator=generator)
    images = 1.275 * (prototypes[labels] + noise) - 0.1
    targets, loss = functional.one_hot(labels, 10).float(), MaximumAPosteriori(1.0)
    optimiser = LevenbergMarquardt(5e-4).build(network)
    optimiser.before_epoch(network, [(images, targets)], loss)
    rates = torch.cat(
        [(5e-4 / (0.02 + held["curvature"])).flatten() for held in optimiser.state.values()]
    )
    assert 1e-6 < rates.min() < 3e-4
    assert 0.01 < rates.quantile(0.99) <= 0.025
    first = loss(network(images), targets).mean().item()
    for start in range(0, 200, 8):
        optimiser.zero_grad()
        part = slice(start, start + 8)
        loss(network(images[part]), targets[part]).mean().backward()
        optimiser.step()
    assert loss(network(images), targets).mean().item() < first / 3


def test_other_layers_are_refused_with_what_to_do():
    with pytest.raises(InputError, match=r"BatchNorm2d is no layer of theirs. Take a recipe with"):
        LevenbergMarquardt(0.1).build(build("resnet20"))
    LevenbergMarquardt(0.1).build(build("lenet5_modern"))
