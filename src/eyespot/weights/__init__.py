"""Pretrained weights: `load` gives a network that answers, `catalogue` lists what there is.

`add` gives a file of your own a name, until `remove`; `from_file` only reads it. `adapt` translates
a published state dict to our names, and `tensors_digest` tells equal weights. The functions are
imported here, not on first use: a module of the same name would take their place.
"""

from eyespot.weights.adapt import adapt
from eyespot.weights.adding import add, remove
from eyespot.weights.load import from_file, load
from eyespot.weights.tensors import tensors_digest

__all__ = ["adapt", "add", "from_file", "load", "remove", "tensors_digest"]
