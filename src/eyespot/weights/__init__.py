"""Published weights: `catalogue` lists them, `load.load` gives a network that answers.

`adapt` translates a published state dict to our names; `tensors_digest` tells equal weights.
"""

from eyespot.weights.adapt import adapt
from eyespot.weights.tensors import tensors_digest

__all__ = ["adapt", "tensors_digest"]
