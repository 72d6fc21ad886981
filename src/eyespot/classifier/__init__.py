"""A trained classifier as a value, on disk, and as ONNX."""
