"""The transfer-learning tutorial's loop: fine-tune a whole network, keep the best epoch.

ResNet-18, SGD with learning rate 0.001 and momentum 0.9, a tenth of it every 7 epochs, batches of
4, random resized crops and flips; 25 epochs there (S. Chilamkurthy: Transfer Learning for Computer
Vision Tutorial, pytorch.org). Prints one JSON object with the seconds and accuracy of each epoch.

python fine_tune.py FOLDER --network resnet18 --epochs 25 [--weights FILE]
"""

import argparse
import json
import time
from pathlib import Path

import declare_operators  # noqa: F401  (before timm and torchvision)
import timm
import torch
import torchvision
from timm.data import resolve_data_config
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


def network_of(name, weights, classes):
    """The network with a new head, and the mean and std of its input."""
    if name == "resnet18":  # no pretrained weights can be had offline: for its time alone
        model = torchvision.models.resnet18()
        model.fc = nn.Linear(model.fc.in_features, classes)
        return model, ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    model = timm.create_model(name, checkpoint_path=weights)
    config = resolve_data_config({}, model=model)
    model.reset_classifier(classes)
    return model, (config["mean"], config["std"])


def loaders_of(folder, normalisation):
    crop = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
    centre = [transforms.Resize(256), transforms.CenterCrop(224)]
    end = [transforms.ToTensor(), transforms.Normalize(*normalisation)]
    sets = [
        datasets.ImageFolder(folder / "train", transforms.Compose([*crop, *end])),
        datasets.ImageFolder(folder / "val", transforms.Compose([*centre, *end])),
    ]
    return [DataLoader(s, batch_size=4, shuffle=True, num_workers=2) for s in sets]


def one_epoch(model, training, validation, criterion, optimizer):
    model.train()
    for images, labels in training:
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in validation:
            right += int((model(images).argmax(1) == labels).sum())
    return right / len(validation.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", required=True)
    parser.add_argument("--weights")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    classes = len([path for path in (options.folder / "train").iterdir() if path.is_dir()])
    model, normalisation = network_of(options.network, options.weights, classes)
    training, validation = loaders_of(options.folder, normalisation)
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    seconds, accuracy = [], []
    for _ in range(options.epochs):
        start = time.perf_counter()
        accuracy.append(one_epoch(model, training, validation, nn.CrossEntropyLoss(), optimizer))
        scheduler.step()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "accuracy": accuracy, "n": len(validation.dataset)}))


if __name__ == "__main__":  # the loaders' workers import this file where they are spawned
    main()
