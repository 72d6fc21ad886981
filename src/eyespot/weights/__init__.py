"""Published weights: `load` gives a network that answers, `catalogue` lists what there is.

`from_file` reads a file of your own, `adapt` translates a published state dict to our names, and
`tensors_digest` tells equal weights. The functions are imported here, not on first use: a module
of the same name would take their place.
"""

from eyespot.weights.adapt import adapt
from eyespot.weights.load import from_file, load
from eyespot.weights.tensors import tensors_digest

__all__ = ["adapt", "from_file", "load", "tensors_digest"]
