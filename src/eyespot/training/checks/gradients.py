"""Do the gradients that training follows agree with differences that anybody can work out?

Each kind of layer of a network is taken out, given random weights and inputs in float64, and its
outputs are weighed to one number f. Along a random direction u, torch's gradient must give what
(f(x + hu) - f(x - hu)) / 2h gives.

Where rectifiers and maxima have a kink between x - hu and x + hu, the two differ though both are
right. A step ten times smaller, or another point, mostly has none, while a wrong gradient is wrong
everywhere: so the smallest error over three steps counts, and a tensor that fails is tried again at
two other points.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.training.checks.findings import Finding

NAME = "gradients"
LIMIT = 1e-6  # relative error
STEPS = (1e-5, 1e-6, 1e-7)  # of about normally distributed inputs; rounding costs 1e-16 / step
POINTS = 3
PHOTOS = 4  # of two, batch norm of a 1x1 map would make +1 and -1 whatever comes
NOT_LAYERS = (nn.Sequential, nn.ModuleList, nn.Identity, nn.Flatten)


@dataclass(frozen=True)
class LayerGradient:
    """One kind of layer, at its smallest place in the network."""

    kind: str  # the class of the module; "Conv2d in groups" by itself
    place: str  # its name in the network
    mode: str  # "training" or "evaluation"
    error: float  # relative, the largest of inputs and weights
    tensor: str  # whose error that is
    points: int  # that were needed


def check_gradients(
    network: Network,
    image_size: int,
    *,
    generator: torch.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[LayerGradient, ...]:
    """Every kind of layer in `network`, which is on the meta device: its weights do not matter.

    Blocks are kinds, too: what they add, multiply and shuffle is checked in them. Layers that know
    batches from single photos are checked in training and in evaluation.
    """
    shapes = input_shapes(network, image_size)
    places = layer_kinds(network, shapes)
    found = []
    for done, (kind, place) in enumerate(places.items()):
        module = network.get_submodule(place)
        for is_training in (True, False) if _has_modes(module) else (True,):
            error, tensor, points = _check(module, shapes[place], is_training, generator)
            mode = "training" if is_training else "evaluation"
            found.append(LayerGradient(kind, place, mode, error, tensor, points))
        if progress is not None:
            progress(done + 1, len(places))
    return tuple(found)


def layer_kinds(network: Network, shapes: dict[str, Any]) -> dict[str, str]:
    """Kind -> the name of its module that has the fewest weights and inputs."""
    smallest: dict[str, tuple[int, str]] = {}
    for place, module in network.named_modules():
        if place in shapes and not isinstance(module, (*NOT_LAYERS, Network)):
            size = sum(p.numel() for p in module.parameters()) + _numbers(shapes[place])
            kind = _kind(module)
            if kind not in smallest or size < smallest[kind][0]:
                smallest[kind] = (size, place)
    return {kind: place for kind, (_, place) in smallest.items()}


def _kind(module: nn.Module) -> str:
    is_grouped = isinstance(module, nn.Conv2d) and module.groups > 1
    return f"{type(module).__name__}{' in groups' if is_grouped else ''}"


def _has_modes(module: nn.Module) -> bool:
    return any(isinstance(each, nn.BatchNorm2d) for each in module.modules())


def input_shapes(network: Network, image_size: int) -> dict[str, Any]:
    """Name of a module -> the shapes of what it is called with first, in training."""
    shapes: dict[str, Any] = {}
    names = {module: name for name, module in network.named_modules()}

    def record(module: nn.Module, arguments: Any) -> None:
        shapes.setdefault(names[module], _shapes(arguments))

    hooks = [module.register_forward_pre_hook(record) for module in names]
    size = (PHOTOS, network.in_channels, image_size, image_size)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        network.train().forward_train(torch.empty(size, device="meta"))
    for hook in hooks:
        hook.remove()
    return shapes


def _shapes(arguments: Any) -> Any:
    """Tensors as their shapes; what else a layer is called with as it is."""
    if isinstance(arguments, Tensor):
        return arguments.shape
    return tuple(map(_shapes, arguments)) if isinstance(arguments, tuple | list) else arguments


def _numbers(shapes: Any) -> int:
    if isinstance(shapes, torch.Size):
        return shapes.numel()
    return sum(map(_numbers, shapes)) if isinstance(shapes, tuple) else 0


def _check(
    module: nn.Module, shapes: tuple[Any, ...], is_training: bool, generator: torch.Generator
) -> tuple[float, str, int]:
    """The largest error of the module's tensors, whose it is, and how many points were needed."""
    errors: dict[str, float] = {}
    points = 0
    while points < POINTS and (points == 0 or max(errors.values()) > LIMIT):
        points += 1
        for name, error in _at_a_point(module, shapes, is_training, generator):
            errors[name] = min(error, errors.get(name, error))
    worst = max(errors, key=lambda name: errors[name])
    return errors[worst], worst, points


def _at_a_point(
    module: nn.Module, shapes: tuple[Any, ...], is_training: bool, generator: torch.Generator
) -> Iterator[tuple[str, float]]:
    """Tensor -> relative error, at one random point in one random direction each."""
    layer = _randomised(module, generator).train(is_training)
    inputs: list[Tensor] = []
    arguments = _drawn(shapes, inputs, generator)
    weights: list[Tensor] = [p for p in layer.parameters() if p.requires_grad]
    weighing: list[Tensor] = []

    def value() -> Tensor:
        with torch.random.fork_rng(devices=[]):  # what drops at random drops the same each time
            torch.manual_seed(0)
            outputs = _tensors(layer(*_copies(arguments)))
        if not weighing:
            weighing.extend(
                _normal(each.shape, generator) / each.numel() ** 0.5 for each in outputs
            )
        pairs = zip(outputs, weighing, strict=True)
        return torch.stack([(each * weight).sum() for each, weight in pairs]).sum()

    groups: dict[str, list[Tensor]] = {"inputs": inputs}
    if any(layer.children()):
        groups |= {"weights": weights} if weights else {}
    else:
        groups |= {name: [p] for name, p in layer.named_parameters()}
    every = [*inputs, *weights]
    slopes = torch.autograd.grad(value(), every, materialize_grads=True)
    gradients = {id(tensor): slope for tensor, slope in zip(every, slopes, strict=True)}
    for name, tensors in groups.items():
        directions = [_normal(t.shape, generator) * _scale(t) for t in tensors]
        pairs = zip(tensors, directions, strict=True)
        analytic = sum(float((gradients[id(t)] * u).sum()) for t, u in pairs)
        yield name, min(_error(value, tensors, directions, analytic, h) for h in STEPS)


@torch.no_grad()
def _error(
    value: Callable[[], Tensor],
    tensors: list[Tensor],
    directions: list[Tensor],
    analytic: float,
    step: float,
) -> float:
    """|numeric - analytic| / max(|numeric|, |analytic|) for one step."""
    kept = [tensor.clone() for tensor in tensors]
    ends = []
    for signed in (step, -step):
        for tensor, own, direction in zip(tensors, kept, directions, strict=True):
            tensor.copy_(own + signed * direction)
        ends.append(float(value()))
    for tensor, own in zip(tensors, kept, strict=True):
        tensor.copy_(own)
    numeric = (ends[0] - ends[1]) / (2 * step)
    largest = max(abs(numeric), abs(analytic))
    return abs(numeric - analytic) / largest if largest else 0.0


def _randomised(module: nn.Module, generator: torch.Generator) -> nn.Module:
    """A copy in float64 with random weights, so that no sum or zero stands on a kink by design."""
    layer = copy.deepcopy(module).to_empty(device="cpu").double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(_normal(parameter.shape, generator) * _scale(parameter))
        for buffer in layer.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5, generator=generator)  # variances must be positive
            else:
                buffer.zero_()  # counters
    return layer


def _scale(tensor: Tensor) -> float:
    """About what keeps sums over inputs near 1; inputs themselves are about 1."""
    return (tensor[0].numel() or 1) ** -0.5 if isinstance(tensor, nn.Parameter) else 1.0


def _normal(shape: torch.Size, generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float64).normal_(generator=generator)


def _drawn(shapes: Any, drawn: list[Tensor], generator: torch.Generator) -> Any:
    """Random tensors in the places of shapes; each is also added to `drawn`."""
    if isinstance(shapes, torch.Size):
        drawn.append(_normal(shapes, generator).requires_grad_())
        return drawn[-1]
    if isinstance(shapes, tuple):
        return tuple(_drawn(each, drawn, generator) for each in shapes)
    return shapes


def _copies(arguments: Any) -> Any:
    """The same values, which layers may overwrite."""
    if isinstance(arguments, Tensor):
        return arguments.clone()
    return tuple(map(_copies, arguments)) if isinstance(arguments, tuple) else arguments


def _tensors(outputs: Any) -> list[Tensor]:
    if isinstance(outputs, Tensor):
        return [outputs]
    return [tensor for each in outputs for tensor in _tensors(each)]


def told_of_gradients(found: Sequence[LayerGradient]) -> str:
    """One line."""
    worst = max(found, key=lambda each: each.error)
    kinds = len({each.kind for each in found})
    return f"{kinds} kinds of layers, relative errors up to {worst.error:.0e} ({worst.kind})"


def findings_of_gradients(found: Sequence[LayerGradient]) -> tuple[Finding, ...]:
    wrong = [each for each in found if not each.error <= LIMIT]
    if not wrong:
        return ()
    worst = max(wrong, key=lambda each: each.error)
    return (
        Finding(
            NAME,
            f"The gradient of {worst.kind} ({worst.place}, in {worst.mode}) is off by "
            f"{worst.error:.1e} of its size: {worst.tensor}.",
            "Training follows gradients: where they are wrong it goes astray, often silently.",
            "Look at that layer's forward and backward pass: is something detached, rounded, or "
            "computed by hand?",
        ),
    )
