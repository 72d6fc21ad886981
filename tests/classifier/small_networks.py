"""Networks that look at the picture although nobody trained them, and what they answer."""

import hashlib
from functools import cache

import numpy as np
import torch
from torch import nn

from eyespot.classifier.card import Card
from eyespot.classifier.trained import Learned, from_network
from eyespot.images.decode import decode
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.samples import sample_photos
from eyespot.images.statistics import with_statistics
from eyespot.networks import build, find

CLASSES = ("bag", "boot", "coat", "Öse", "shirt", "z")
PHOTOS = 12
SEEN = {  # network -> how it sees pictures, where not as its paper's size and standardised
    "lenet5": {"padding": 2, "normalisation": "lenet"},
    "resnet20": {"normalisation": "mean_image"},
    "googlenet_aux": {"size": 64},
    "squeezenet1_0": {"size": 64},
    "squeezenet1_1": {"size": 32},
    "vit_ti_16": {"size": 32},
}


def rule(name, *, size=None, padding=0, normalisation="standardise", pixels=None):
    """How `name` sees pictures, measured on parts of two real photos."""
    side = (size or find(name).image_size) - 2 * padding
    channels = build(name).in_channels
    colours = "L" if channels == 1 else "RGB"
    half = (0.5,) * channels
    seen = Preprocessing(side, side, "bilinear", half, half, colours, padding=padding)
    return with_statistics(seen, parts(seen), normalisation)


@cache
def parts(preprocessing, count=PHOTOS):
    """(count, H, W, C) pixels of parts of two real photos."""
    generator = np.random.default_rng(0)
    pictures = [decode(path).picture for path in sample_photos()]
    pixels = []
    for i in range(count):
        left, top, side = (int(generator.integers(*ends)) for ends in ((300,), (200,), (60, 220)))
        part = pictures[i % 2].crop((left, top, left + side, top + side))
        pixels.append(preprocessing(part))
    return np.stack(pixels)


def lively(name, preprocessing, *, seed=0):
    """Fresh weights, every layer moved and scaled so that its sums are 0 on average, and differ.

    With fresh weights most networks answer nearly the same whatever they see, and whatever is done
    wrongly before. Norms have seen the pictures.
    """
    network = build(name, num_classes=len(CLASSES), seed=seed)

    def scale(layer, inputs, sums):
        spread = sums.std().clamp(min=1e-3)
        layer.weight.div_(spread)
        if layer.bias is None:
            return sums / spread
        axes = (0, 2, 3) if isinstance(layer, nn.Conv2d) else tuple(range(sums.dim() - 1))
        middle = sums.mean(axes)
        layer.bias.copy_((layer.bias - middle) / spread)
        shape = (-1, 1, 1) if isinstance(layer, nn.Conv2d) else (-1,)
        return (sums - middle.view(shape)) / spread

    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches, here one
        if isinstance(module, nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, generator=torch.Generator().manual_seed(seed))
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    images = torch.from_numpy(preprocessing.normalise(parts(preprocessing)))
    with torch.inference_mode():
        hooks = [layer.register_forward_hook(scale) for layer in layers]
        network(images)
        for hook in hooks:
            hook.remove()
    return network.train()


def trained(name, preprocessing, network, *, classes=CLASSES, photos=PHOTOS, **options):
    """The network as a classifier that has learned from parts of two photos."""
    pixels = parts(preprocessing, photos)
    return from_network(
        network,
        architecture=name,
        preprocessing=preprocessing,
        classes=classes,
        learned=Learned(
            contents=tuple(hashlib.sha256(picture).hexdigest() for picture in pixels),
            labels=tuple(i % len(classes) for i in range(len(pixels))),
            pictures=pixels,
        ),
        card=Card(trained_on=dict.fromkeys(classes, 2), seed=3),
        **options,
    )


def logits(network, preprocessing, pixels):
    """(N, K) of the network itself, in eval mode."""
    with torch.inference_mode():
        return network.eval()(torch.from_numpy(preprocessing.normalise(pixels)))


def by_torch(network, preprocessing, photos, *, temperature=1.0):
    """(N, K) probabilities of the network itself, written out."""
    pixels = np.stack([preprocessing.read(photo)[1] for photo in photos])
    answers = logits(network, preprocessing, pixels) / temperature
    return torch.softmax(answers, dim=1).numpy()


def telling(network, preprocessing):
    """A temperature at which the probabilities tell pictures apart."""
    return float(logits(network, preprocessing, parts(preprocessing)).std(0).mean()) / 2


def made(name, **options):
    """The network, how it sees pictures, and the classifier that it became."""
    seen = rule(name, **SEEN.get(name, {}))
    network = lively(name, seen)
    temperature = telling(network, seen)
    return network, seen, trained(name, seen, network, temperature=temperature, **options)
