"""torch's optimisers without its compiler.

They load it at their first step, only to ask it to pass over some of their methods: a second of
every start and 70 MB, and nothing is compiled here. Both are gone around by what `functools.wraps`
leaves behind; a torch that does otherwise loads its compiler as before.
"""

from __future__ import annotations

import sys
from typing import TypeVar

import torch

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)
ASIDE = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def uncompiled(kind: type[Kind]) -> type[Kind]:
    """`kind` with the same steps, bit for bit; `kind` itself where it is loaded anyway."""
    step = getattr(kind.step, "__wrapped__", None)
    if "torch._dynamo" in sys.modules or step is None:
        return kind
    for name in ASIDE:
        method = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if method is not None:
            method.__dict__.setdefault("__dynamo_disable", method)
    return type(kind.__name__, (kind,), {"step": torch.no_grad()(step)})
