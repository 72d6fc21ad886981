"""Seconds of a training step of torchvision's ResNet-18: forward, backward, update.

python training_step.py eager|channels-last|compiled --batch 16 --steps 20

Random pictures of 224 x 224 and labels, SGD with momentum. Prints one JSON object.
"""

import argparse
import json
import time

import declare_operators  # noqa: F401  (before torchvision)
import torch
import torchvision
from torch import nn, optim

WARM_UP = 4  # steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["eager", "channels-last", "compiled"])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    torch.manual_seed(0)
    model = torchvision.models.resnet18()
    images = torch.randn(options.batch, 3, 224, 224)
    labels = torch.randint(1000, (options.batch,))
    if options.way != "eager":
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss()
    answer = torch.compile(model) if options.way == "compiled" else model

    def step():
        optimizer.zero_grad()
        criterion(answer(images), labels).backward()
        optimizer.step()

    for _ in range(WARM_UP):
        step()
    seconds = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "threads": torch.get_num_threads()}))


main()
