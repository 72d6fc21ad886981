"""What a user of timm writes to label one photo.

python one_photo.py WEIGHTS CLASSES.json PHOTO
"""

import json
import sys
from pathlib import Path

import declare_operators  # noqa: F401  (before timm and torchvision)
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config

weights, classes, photo = sys.argv[1:]
names = json.loads(Path(classes).read_text())
model = timm.create_model("tf_efficientnet_lite0", checkpoint_path=weights).eval()
transform = create_transform(**resolve_data_config({}, model=model))
with torch.inference_mode():
    scores, places = model(transform(Image.open(photo).convert("RGB"))[None]).softmax(1).topk(5)
labels = [
    {"label": names[i], "score": score}
    for i, score in zip(places[0].tolist(), scores[0].tolist(), strict=True)
]
print(json.dumps({"file": photo, "label": labels[0]["label"], "labels": labels}))
