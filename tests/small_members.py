"""Small classifiers that tell three textures apart, mostly, and the pictures to try them on."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from eyespot.classifier.card import Card
from eyespot.classifier.trained import Learned, from_network
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build, find

CLASSES = ("dots", "stripes", "waves")
LEARNED_FROM = 20  # pictures of each class


def texture(label, seed, *, size=(48, 40)):
    """A picture of the class `label`, another one for every seed; noise makes some of them hard."""
    generator = np.random.default_rng([CLASSES.index(label), seed])
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    phase, pace = generator.uniform(0, 6.28), generator.uniform(0.5, 0.9)
    across, down = np.sin(pace * x + phase), np.sin(pace * y + phase)
    pattern = {"dots": across * down, "stripes": across, "waves": down}[label]
    noise = generator.normal(0, 1, (size[1], size[0], 3))
    pixels = 128 + 40 * pattern[..., None] + 50 * noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_textures(root: Path, *, photos=8, first=0, classes=CLASSES) -> Path:
    """`photos` pictures in a folder for each class; `first` is the first seed."""
    for label in classes:
        (root / label).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + photos):
            texture(label, seed).save(root / label / f"{seed}.png")
    return root


def seen_by(name="resnet20") -> Preprocessing:
    """What a network for small pictures sees: 32 of 36 pixels, or the 28 x 28 greys of a digit."""
    if build(name).in_channels == 1:
        return Preprocessing(28, 28, "bilinear", (0.5,), (0.25,), "L")
    return Preprocessing(36, 32, "bilinear", (0.5,) * 3, (0.25,) * 3)


@cache
def member(seed=0, *, name="resnet20", classes=CLASSES, learned: bytes = b"nothing"):
    """A classifier on fresh weights, its last layer fitted on textures by least squares.

    `learned` is the content of a file that it says it has learned from.
    """
    preprocessing = seen_by(name)
    network = build(name, num_classes=len(classes), seed=seed).eval()
    labels = [label for label in classes for _ in range(LEARNED_FROM)]
    pictures = [
        preprocessing(texture(label, 1000 + 100 * seed + i % LEARNED_FROM))
        for i, label in enumerate(labels)
    ]
    with torch.inference_mode():
        images = torch.from_numpy(preprocessing.normalise(np.stack(pictures)))
        embeddings = network.forward_embedding(images).double().numpy()
    middle = embeddings.mean(axis=0)
    one_hot = np.array([[label == each for each in classes] for label in labels], np.float64)
    centred = embeddings - middle
    ridge = 0.01 * np.trace(centred.T @ centred) / len(middle) * np.eye(len(middle))
    weight = 6 * np.linalg.solve(centred.T @ centred + ridge, centred.T @ one_hot).T
    layer = network.get_submodule(find(name).head)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(-weight @ middle))
    content = (hashlib.sha256(learned).hexdigest(),)
    return from_network(
        network,
        architecture=name,
        preprocessing=preprocessing,
        classes=classes,
        learned=Learned(content, (0,), pictures[:1]),
        card=Card(trained_on=dict.fromkeys(classes, LEARNED_FROM)),
        device="cpu",
    )
