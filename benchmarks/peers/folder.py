"""What a user of timm writes to label a folder of photos: eager float32, batches, two workers.

python folder.py WEIGHTS CLASSES.json FOLDER... > answers.jsonl
"""

import json
import sys
from pathlib import Path

import declare_operators  # noqa: F401  (before timm and torchvision)
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torch.utils.data import DataLoader, Dataset

SUFFIXES = {".gif", ".jpg", ".jpeg", ".png"}


class Photos(Dataset):
    def __init__(self, files, transform):
        self.files, self.transform = files, transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return self.transform(Image.open(self.files[i]).convert("RGB"))


def main(weights, classes, *folders):
    names = json.loads(Path(classes).read_text())
    model = timm.create_model("tf_efficientnet_lite0", checkpoint_path=weights).eval()
    transform = create_transform(**resolve_data_config({}, model=model))
    files = [f for d in folders for f in sorted(Path(d).rglob("*")) if f.suffix.lower() in SUFFIXES]
    loader = DataLoader(Photos(files, transform), batch_size=32, num_workers=2)
    done = 0
    with torch.inference_mode():
        for images in loader:
            scores, places = model(images).softmax(1).topk(5)
            for row, columns in zip(scores.tolist(), places.tolist(), strict=True):
                labels = [
                    {"label": names[i], "score": s} for i, s in zip(columns, row, strict=True)
                ]
                print(
                    json.dumps(
                        {"file": str(files[done]), "label": names[columns[0]], "labels": labels}
                    )
                )
                done += 1


main(*sys.argv[1:])
