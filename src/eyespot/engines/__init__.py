"""A network with its preprocessing as a fast callable: photos in, arrays out."""

from eyespot.engines.backbone import EMBEDDING, Backbone, pretrained
from eyespot.engines.start import Engine, available_cores, start

__all__ = ["EMBEDDING", "Backbone", "Engine", "available_cores", "pretrained", "start"]
