"""A network with its preprocessing as a fast callable: photos in, arrays out."""

from eyespot.engines.backbone import (
    CLOSER,
    EMBEDDING,
    JOINED,
    LOGITS,
    Backbone,
    is_plain,
    may_read_head,
    pretrained,
)
from eyespot.engines.start import Engine, available_cores, start

__all__ = [
    "CLOSER",
    "EMBEDDING",
    "JOINED",
    "LOGITS",
    "Backbone",
    "Engine",
    "available_cores",
    "is_plain",
    "may_read_head",
    "pretrained",
    "start",
]
