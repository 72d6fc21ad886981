"""Any classifier as a sliding window: its logits at every place of a large photo, and the proof."""

from eyespot.dense.certificate import Certificate, certify
from eyespot.dense.convolutional import Dense, convolutionize
from eyespot.dense.geometry import Geometry
from eyespot.dense.windows import Windowed, windowed

__all__ = ["Certificate", "Dense", "Geometry", "Windowed", "certify", "convolutionize", "windowed"]
