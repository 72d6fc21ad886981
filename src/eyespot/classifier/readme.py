"""The card in words: the README.md that lies in every bundle, for people and for hubs."""

from __future__ import annotations

from eyespot.classifier.classifier import SCRATCH, Classifier
from eyespot.datasets.names import shown
from eyespot.images.preprocessing import Preprocessing
from eyespot.pages.words import between, percent


def card_text(classifier: Classifier, *, name: str) -> str:
    """Markdown: what this is, how good, learned from what, how to use it, and its licences."""
    card, preprocessing = classifier.card, classifier.backbone.preprocessing
    is_own = classifier.backbone.source == SCRATCH
    learned = card.trained_on or {}
    rows = "\n".join(f"| {cell(label)} | {n:,} |" for label, n in learned.items())
    return f"""# {cell(name)}

An image classifier with {len(classifier.classes)} classes, made by eyespot.

## How good it is
{how_good(classifier)}
Expect less on photos taken elsewhere, otherwise, or of things that are none of these classes.
`report.html` shows every error.

## What it learned from
{sum(learned.values()):,} photos. Each one's content hash{_and_embedding(classifier)} in
`reference.safetensors`; the photos themselves are not in this folder.

| class | photos |
|---|---:|
{rows}

## How it answers
- Network: {classifier.backbone.architecture}, up to its {classifier.backbone.output}.
- Head: {"the network's own" if is_own else classifier.head.kind}.
- Photos: decoded by {preprocessing.decoder}, the short side scaled to {preprocessing.resize} pixels
  ({preprocessing.interpolation}), the central {preprocessing.crop} x {preprocessing.crop} taken\
{_further(preprocessing)}.

    eyespot predict {shown(name)} PHOTO.jpg

## Licences
{weights_licence(classifier)}
The classifier itself belongs to whoever trained it.
"""


def weights_licence(classifier: Classifier) -> str:
    """Whose weights the network began with, one sentence."""
    backbone, licence = classifier.backbone, classifier.card.licence
    if backbone.source == SCRATCH:
        return f"The weights of {backbone.architecture} were trained from scratch, on these photos."
    return f"Pretrained weights: {backbone.source}, licence {licence or 'not stated'}."


def _and_embedding(classifier: Classifier) -> str:
    """How many photos are remembered by their embedding, too."""
    reference = classifier.reference
    if reference is None or len(reference.labels) == len(reference.contents):
        return " and embedding are"
    return f", and the embeddings of {len(reference.labels):,} of them, are"


def _further(preprocessing: Preprocessing) -> str:
    """What is done besides scaling and cropping, where it is."""
    steps = ", seen in grey" if preprocessing.channel_order == "L" else ""
    if preprocessing.padding:
        steps += f", {preprocessing.padding} black pixels put around it"
    if preprocessing.mean_image:
        steps += ", the mean of the training photos taken away"
    return steps


def how_good(classifier: Classifier) -> str:
    """One sentence with the measure, its interval and how it was measured."""
    measured = classifier.card.measured
    if measured is None:
        return "It was not measured."
    groups = ""
    if measured.groups < measured.n:
        groups = f" in {measured.groups:,} groups of photos that belong together"
    return (
        f"{percent(measured.top1)} of {measured.n:,} photos{groups} named correctly (interval "
        f"{between(measured.top1_interval)}; balanced accuracy "
        f"{percent(measured.balanced_accuracy)}), measured by {measured.how}."
    )


def cell(text: str) -> str:
    """Text that cannot leave its place in the Markdown."""
    escaped = "".join(f"\\{c}" if c in r"\`*_{}[]<>|#!" else c for c in shown(text))
    return escaped.replace("&", "&amp;")
