"""One set of weights as a value: where it comes from, what it claims, how to feed it."""

from __future__ import annotations

from dataclasses import dataclass, field

from eyespot.images.preprocessing import Preprocessing
from eyespot.values import LATER

OWN = "own"  # the publisher of weights that the user added


@dataclass(frozen=True)
class Checkpoint:
    """Facts stated by the publisher, or by whoever added weights of their own; else `None`."""

    name: str  # "torchvision/resnet50.imagenet1k_v2"
    network: str  # ours, in which the weights give their own answers: "resnet50_v1_5"
    publisher: str
    published: str  # the publisher's name of the network: "torchvision/resnet50"
    source: str  # an address, "python package NAME==VERSION", or words: then only by hand
    file: str  # the published file's name; within the package for a python package
    sha256_prefix: str | None  # the publisher's, of the file
    sha256: str | None  # in full, where we know it beforehand
    digest: str | None  # of the tensors without the head, where we know it beforehand
    licence: str | None
    preprocessing: Preprocessing
    classes: str  # name of a class list; "own": `labels`
    top1: float | None  # claimed on ImageNet's validation photos, percent
    top5: float | None
    recipe: str | None  # where the training is described
    hub: str | None  # the publisher's id on its hub
    is_default: bool  # the publisher's choice among the weights of this network
    notes: tuple[str, ...]
    labels: tuple[str, ...] = field(default=(), metadata=LATER)  # in the order of the logits
    entries: str | None = field(default=None, metadata=LATER)  # whose names a file of yours has

    @property
    def is_own(self) -> bool:
        """Whether the user added it; the file and these facts lie in a folder of theirs."""
        return self.publisher == OWN

    @property
    def is_non_commercial(self) -> bool:
        """Whether the publisher's licence forbids commercial use."""
        terms = f"{self.licence} {' '.join(self.notes)}".lower()
        return "-nc" in terms or "noncommercial" in terms

    @property
    def url(self) -> str | None:
        """Where the file can be fetched, if anywhere."""
        return self.source if self.source.startswith(("https://", "http://")) else None

    @property
    def package(self) -> str | None:
        """The installable package that carries the file, with its version, if any."""
        kind, _, requirement = self.source.rpartition("python package ")
        return requirement if self.source.startswith("python package ") and not kind else None
