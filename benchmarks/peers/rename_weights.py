"""Writes eyespot's embedded weights under timm's names, so that both compute with the same numbers.

Run by `same_weights.py` with the peers' python and eyespot's source to import from:
python rename_weights.py OURS.safetensors THEIRS.safetensors
"""

import sys

import declare_operators  # noqa: F401  (before timm and torchvision)
import timm
from safetensors.torch import load_file, save_file

from eyespot.weights.renames import TIMM_EFFICIENTNET_LITE, rename

ours, theirs = sys.argv[1:]
tensors = load_file(ours)
names = timm.create_model("tf_efficientnet_lite0").state_dict()
save_file({name: tensors[rename(name, TIMM_EFFICIENTNET_LITE)] for name in names}, theirs)
