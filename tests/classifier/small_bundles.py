"""Small classifiers whose bundles are quick to write, to damage and to check."""

import hashlib

import numpy as np
import torch

from eyespot.classifier.card import Card, Measured
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import LinearHead, NeighbourHead
from eyespot.embeddings.neighbours import unit
from eyespot.engines import Backbone
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights import tensors_digest

DIMENSIONS, PHOTOS = 6, 9
CLASSES = ("bee", "wasp", "Ölkäfer")


def small_classifier(seed=0, *, kind="linear softmax", flip=False):
    """Three classes on six numbers; its network is two small arrays."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(PHOTOS, DIMENSIONS)).astype(np.float32)
    labels = np.arange(PHOTOS) % len(CLASSES)
    arrays = {
        "conv.weight": generator.normal(size=(4, 3, 3, 3)).astype(np.float32),
        "norm.num_batches_tracked": np.array(seed),
    }
    weight = generator.normal(size=(len(CLASSES), DIMENSIONS)).astype(np.float32)
    head = LinearHead(kind, 0.01, 0.37, weight, weight[:, 0].copy())
    if kind == "nearest neighbours":
        head = NeighbourHead(kind, 5.0, 0.8, unit(vectors), labels, len(CLASSES))
    return Classifier(
        backbone=Backbone(
            architecture="efficientnet_lite0",
            weights=tensors_digest({name: torch.tensor(a) for name, a in arrays.items()}),
            preprocessing=Preprocessing(
                40, 32, "bicubic", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
            ),
            source="a small test network",
            tensors=lambda: arrays,
        ),
        head=head,
        classes=CLASSES,
        reference=Reference(
            tuple(hashlib.sha256(bytes([seed, i])).hexdigest() for i in range(PHOTOS)),
            vectors,
            labels,
        ),
        card=Card(
            trained_on=dict.fromkeys(CLASSES, 3),
            fingerprint="f" * 64,
            seed=seed,
            licence="Apache-2.0",
            measured=Measured("cross-validation", 9, 7, 8 / 9, (0.1 + 0.2, 1.0), 0.875),
            notes=("one", "two"),
        ),
        flip=flip,
    )
