"""Any classifier as a sliding window: its logits at every place of a large photo, and the proof."""

from eyespot.dense.boxes import Found, suppressed
from eyespot.dense.certificate import Certificate, certify
from eyespot.dense.convolutional import Dense, convolutionize
from eyespot.dense.geometry import Geometry
from eyespot.dense.maps import ClassMaps, ScaleMap, class_maps
from eyespot.dense.scores import ScoreFile
from eyespot.dense.tiles import layout, tiled
from eyespot.dense.windows import Windowed, windowed

__all__ = [
    "Certificate",
    "ClassMaps",
    "Dense",
    "Found",
    "Geometry",
    "ScaleMap",
    "ScoreFile",
    "Windowed",
    "certify",
    "class_maps",
    "convolutionize",
    "layout",
    "suppressed",
    "tiled",
    "windowed",
]
