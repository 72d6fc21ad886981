"""A classifier as ONNX, with all that is needed to run it and to check it elsewhere."""

from eyespot.classifier.export.folder import Exported, export

__all__ = ["Exported", "export"]
