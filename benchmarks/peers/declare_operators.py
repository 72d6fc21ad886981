"""Declares two operators, so that torchvision and timm can be imported on a CPU-only torch.

torchvision's wheels bring these compiled for one build of torch; on another, their import fails
with `operator torchvision::nms does not exist`. No benchmark calls them.
"""

import torch

LIBRARY = torch.library.Library("torchvision", "DEF")  # kept: the operators go with the object
LIBRARY.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
LIBRARY.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
