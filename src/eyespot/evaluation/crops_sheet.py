"""The crops of a protocol drawn on a photo: a panel for each scale and each part, crops numbered."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from eyespot.evaluation.crops import Box, Crop, Region, boxes, regions
from eyespot.evaluation.protocols import Crops, Protocol, WholePhoto
from eyespot.evaluation.views import whole_size
from eyespot.images.preprocessing import Preprocessing, central_box, resized_size
from eyespot.pages.words import count

PAPER, INK, QUIET = "#fbfaf7", "#1d2327", "#5b656c"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
COLUMNS = 3
ALONE, BESIDE = 720, 420  # pixels of a panel's longer side
MARGIN, GAP, LINE = 24, 20, 22
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # where a corner's crop has its number


@dataclass(frozen=True)
class Panel:
    """A part of the rescaled photo, and the crops that are taken from it."""

    region: Region
    boxes: tuple[Box, ...]
