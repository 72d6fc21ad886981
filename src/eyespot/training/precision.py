"""In which numbers the network computes, decided once for a training and kept when it goes on.

Weights, losses and updates are float32 always. Where the processor multiplies bfloat16 in hardware,
convolutions and linear layers take their inputs in it: twice as fast on processors with AVX512-BF16
(docs/training.md has the figures), more with AMX and on GPUs.
"""

from __future__ import annotations

import platform
from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.training.facts import Machine, Precision

Wish = Literal["auto", "float32", "bfloat16"]
WORTH_IT = 100_000  # weights in kernels and matrices; below, the conversions cost what they save


def decided(wish: Wish, network: nn.Module, device: torch.device) -> Precision:
    """What "auto" means on this machine. Raises `InputError` for a precision it does not know."""
    if wish not in ("auto", "float32", "bfloat16"):
        raise InputError(f"The precision is auto, float32 or bfloat16, not {wish!r}")
    if wish != "auto":
        return wish
    kernels = sum(p.numel() for p in network.parameters() if p.ndim > 1)
    return "bfloat16" if kernels >= WORTH_IT and _has_bfloat16(device) else "float32"


def _has_bfloat16(device: torch.device) -> bool:
    """Are there instructions for it, or would it be computed the long way round?"""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    return False


def prefers_channels_last(
    network: nn.Module, *, precision: Precision, device: torch.device
) -> bool:
    """Whether kernels are faster as (N, H, W, C) in memory, as measured for docs/training.md.

    No timing here and now decides: two equal trainings could differ in their last bits.
    """
    has_kernels = any(isinstance(module, nn.Conv2d) for module in network.modules())
    return has_kernels and (device.type == "cpu" or precision == "bfloat16")


def lay_out(network: nn.Module, *, channels_last: bool) -> None:
    """Kernels in memory as (N, H, W, C) or as (N, C, H, W); no number changes."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stubs lack it


def computing(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Within, the network's forward pass computes in `precision`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def seed_torch(seed: int, device: torch.device) -> None:
    """The generators that a network draws from. `torch.manual_seed` reaches every kind of device,
    which takes it a millisecond where there is none: too long for each step."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def machine(device: torch.device, processes: int) -> Machine:
    """What the last bits of a result may depend on."""
    is_gpu = device.type == "cuda"
    return Machine(
        threads=torch.get_num_threads(),
        processes=processes,
        device=str(device),
        torch=str(torch.__version__),
        processor=torch.cuda.get_device_name(device) if is_gpu else platform.machine(),
    )
