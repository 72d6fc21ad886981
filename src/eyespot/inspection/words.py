"""The words of a diagram: what papers write into the box of a layer, and under it in small."""

from __future__ import annotations

import re
from typing import Any, Literal

from torch import Tensor, nn

Kind = Literal[
    "input", "output", "convolution", "linear", "norm", "activation", "pool", "attention",
    "sum", "product", "concatenation", "other",
]  # fmt: skip
Words = tuple[Kind, str, tuple[str, ...]]  # kind, text, notes

NAMES = {
    "SiLU": "swish", "Hardswish": "h-swish", "Hardsigmoid": "h-sigmoid", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "Softmax": "softmax", "BatchNorm2d": "batch norm", "BatchNorm1d": "batch norm",
    "LayerNorm": "layer norm", "LocalResponseNorm": "response norm", "LogSoftmax": "log softmax",
}  # fmt: skip
ACTIVATIONS = {
    "relu": "ReLU", "relu6": "ReLU6", "silu": "swish", "hardswish": "h-swish", "gelu": "GELU",
    "sigmoid": "sigmoid", "hardsigmoid": "h-sigmoid", "tanh": "tanh", "softmax": "softmax",
    "log_softmax": "log softmax", "prelu": "PReLU",
}  # fmt: skip
PASSED_OVER = re.compile(r"Dropout|StochasticDepth|DropPath|Pad|Identity|Flatten")
# functions that only move, view or select numbers, or that a picture of a block does not need
RESHAPES = (
    "view reshape flatten unflatten transpose permute contiguous unsqueeze squeeze expand pad "
    "getitem dropout clone to detach movedim swapaxes t expand_as narrow select get"
)
SPLITS = frozenset({"chunk", "split", "unbind", "tensor_split"})


def is_passed_over(module: nn.Module, taken: Tensor, given: Tensor) -> bool:
    """Whether a diagram is better without: dropout, padding, an adaptive pool that changes nothing.

    An adaptive pool is there for other sizes than the paper's.
    """
    is_idle = isinstance(module, nn.AdaptiveAvgPool2d) and taken.shape == given.shape
    return is_idle or bool(PASSED_OVER.search(type(module).__name__))


def kind(module: nn.Module, taken: Tensor, given: Tensor) -> Kind:
    """What a layer is, for its colour. A layer that holds layers is what its first one is."""
    name = type(module).__name__
    if isinstance(module, nn.Conv2d | nn.Linear):
        return "convolution" if isinstance(module, nn.Conv2d) else "linear"
    for word, found in (("Norm", "norm"), ("Pool", "pool"), ("Attention", "attention")):
        if word in name:
            return found  # type: ignore[return-value]
    if any(isinstance(each, nn.Conv2d) for each in module.modules()):
        return "convolution"
    if any("Pool" in type(each).__name__ for each in module.modules()):
        return "pool"
    if "Shuffle" in name:
        return "other"
    is_alike = taken.shape == given.shape
    few = sum(parameter.numel() for parameter in module.parameters()) <= taken.shape[1]
    return "activation" if is_alike and few and not any(module.children()) else "other"


def module_text(
    module: nn.Module, words: str | None, taken: Tensor, given: Tensor
) -> tuple[str, tuple[str, ...]]:
    """A layer's text and notes. `words` are the caller's, lines between bars: "5x5 | separable"."""
    if words is not None:
        text, *notes = words.format(m=module, c=given.shape[1]).split(" | ")
        return text, tuple(notes)
    if isinstance(module, nn.Conv2d):
        return _convolution(module)
    if isinstance(module, nn.Linear):
        return f"linear, {module.out_features}", ()
    name = type(module).__name__
    if "Pool" in name:
        return _pool(module), ()
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    known = name in NAMES or name.endswith(("LU", "LU6"))
    return NAMES.get(name, name if known else plain.lower()), ()


def _convolution(module: nn.Conv2d) -> tuple[str, tuple[str, ...]]:
    height, width = module.kernel_size
    notes = []
    if module.groups > 1:
        is_depthwise = module.groups == module.in_channels
        notes.append("depthwise" if is_depthwise else f"{module.groups} groups")
    if module.stride[0] > 1:
        notes.append(f"stride {module.stride[0]}")
    return f"{height}x{width}, {module.out_channels}", tuple(notes)


def _pool(module: nn.Module) -> str:
    size: Any = getattr(module, "kernel_size", None)
    described = f"{type(module).__name__} {getattr(module, 'kind', '')}".lower()
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        word = "average" if isinstance(module, nn.AdaptiveAvgPool2d) else "max"
        bins = module.output_size
        return f"global {word}" if bins in (1, (1, 1)) else f"{word} to {bins}x{bins}"
    if size is None and isinstance(inner := getattr(module, "pool", None), nn.Module):
        return _pool(inner)
    stride = getattr(module, "stride", 1)
    stride = stride[0] if isinstance(stride, tuple) else stride
    word = "average" if "avg" in described or "average" in described else "max"
    return f"{word} {size}x{size}" + (f" /{stride}" if stride > 1 else "")


def function_text(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], weights: list[str]
) -> Words | None:
    """The words of a function that computes; None where it only moves numbers."""
    name = name.removesuffix("_")
    if name in RESHAPES.split() or name.endswith("dropout"):
        return None
    if name in ACTIVATIONS:
        return "activation", ACTIVATIONS[name], ()
    if name in SPLITS:
        return "concatenation", "split", ()
    if name in ("cat", "concat", "stack"):
        return "concatenation", "concat", _noted(weights)
    if name in ("add", "iadd", "radd", "sub", "rsub", "isub", "mul", "imul", "rmul"):
        return _arithmetic(name, args, weights)
    if name == "linear":
        return "linear", f"linear, {args[1].shape[0]}", ()
    if name == "scaled_dot_product_attention":
        return "attention", "attention", (f"{args[0].shape[1]} heads",)
    if "pool" in name:
        word = "average" if "avg" in name else "max"
        return "pool", f"{'global ' if args[1] in (1, (1, 1)) else ''}{word}", ()
    if name == "mean":
        return "pool", "global average", ()
    return "other", name.replace("_", " "), ()


def _arithmetic(name: str, args: tuple[Any, ...], weights: list[str]) -> Words:
    numbers = [each for each in args if isinstance(each, int | float)]
    is_product = "mul" in name
    kind: Kind = "product" if is_product else "sum"
    if "sub" in name:
        return kind, f"{numbers[0]:g} −" if numbers else "−", ()
    if numbers:
        return "other", f"{'×' if is_product else '+'} {numbers[0]:g}", ()
    sign = "×" if is_product else "+"
    return ("other", f"{sign} {_plain(weights[0])}", ()) if weights else (kind, sign, ())


def _noted(weights: list[str]) -> tuple[str, ...]:
    return tuple(f"with {_plain(name)}" for name in weights)


def _plain(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")
