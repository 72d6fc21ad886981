"""The card in words: the README.md that lies in every bundle, for people and for hubs."""

from __future__ import annotations

from collections.abc import Sequence

from eyespot.classifier.card import Card
from eyespot.classifier.classifier import SCRATCH, Classifier
from eyespot.classifier.suspicion import how_many_are_wrong
from eyespot.datasets.names import shown
from eyespot.images.preprocessing import Preprocessing
from eyespot.pages.words import between, percent


def card_text(
    classifier: Classifier, *, name: str, left_out: int = 0, remarks: Sequence[str] = ()
) -> str:
    """Markdown: what this is, how good, learned from what, how to use it, and its licences.

    `left_out` files were found but not used, and `remarks` were made on the way. The classifier
    knows of neither: with or without those files it is the same, to the byte.
    """
    card, preprocessing = classifier.card, classifier.backbone.preprocessing
    is_own = classifier.backbone.source == SCRATCH
    learned = card.trained_on or {}
    rows = "\n".join(f"| {cell(label)} | {n:,} |" for label, n in learned.items())
    return f"""# {cell(name)}

An image classifier with {len(classifier.classes)} classes, made by eyespot.

## How good it is
{how_good(classifier)}{_by_chance(card)}
Expect less on photos taken elsewhere, otherwise, or of things that are none of these classes.
`report.html` shows every error.
{_how_sure(card)}{_limits(card)}
## What it learned from
{sum(learned.values()):,} photos.{_not_used(card, left_out)}
Each one's content hash{_and_embedding(classifier)} in
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

## How to make it again
{_again(card, remarks)}

## Licences
{weights_licence(classifier)}
The classifier itself belongs to whoever trained it.
"""


def _by_chance(card: Card) -> str:
    """What a random split would have told, where it was tried."""
    if card.random_split is None:
        return ""
    told = percent(card.random_split)
    return (
        f"\nPhotos that belong together were kept together: a random split would have told {told}."
    )


def _how_sure(card: Card) -> str:
    """Are its probabilities true: the figures of calibration."""
    found = card.calibration
    if found is None:
        return ""
    errors, before = found.errors, found.before
    was = ""
    if before is not None:
        was = f" (before temperature scaling {before.brier:.3f} and {before.log_loss:.3f})"
    return f"""
## How sure it is
On these photos it was {percent(found.sure)} sure on average, and right on {percent(found.right)}.
Its calibration error (15 bins of equal mass) is {percent(errors.ece)}; a classifier whose
probabilities are all true would show {percent(found.ece_if_perfect[0])} on as many photos, and at
most {percent(found.ece_if_perfect[1])} in 95 of 100 cases. Brier score {errors.brier:.3f}, log loss
{errors.log_loss:.3f}{was}.
"""


def _limits(card: Card) -> str:
    """What it does with something else, and how often its sets of labels hold the truth."""
    told = []
    if (new := card.novelty) is not None:
        told.append(
            f"It keeps {percent(new.kept)} of {new.n:,} photos of its classes (interval "
            f"{between(new.interval)}) and calls the others none of these."
        )
        for each in new.unrelated[:1]:
            told.append(
                f"Of {each.n:,} unrelated pictures it refuses {percent(each.refused)} (interval "
                f"{between(each.interval)}, AUROC {each.auroc:.3f})."
            )
        if classes := new.left_out_classes:
            refused = percent(sum(each.refused for each in classes) / len(classes))
            told.append(
                f"Of a class that was left out of its training it refuses {refused} of the photos, "
                "in the mean over the classes: a near relative may pass for one of its own."
            )
    if (sets := card.coverage) is not None:
        told.append(
            f"Its sets of labels hold the truth for {percent(sets.covered)} of {sets.n:,} photos "
            f"(interval {between(sets.interval)}), with {sets.mean_size:.2f} labels in the mean."
        )
    return "\n## What it knows of its limits\n" + "\n".join(told) + "\n" if told else ""


def _not_used(card: Card, left_out: int) -> str:
    """Files left out, and labels that may be wrong."""
    told = []
    if left_out:
        were = "file was" if left_out == 1 else "files were"
        told.append(f"{left_out:,} {were} left out: `report.html` says why.")
    if card.suspects:
        look = "label looks" if card.suspects == 1 else "labels look"
        told.append(f"{card.suspects:,} {look} wrong.")
        told += filter(None, [how_many_are_wrong(card.suspects, card.suspects_wrong)])
    return "".join(f" {each}" for each in told)


def _again(card: Card, remarks: Sequence[str]) -> str:
    """From what, with what, and what was given up on the way."""
    made = f" with eyespot {card.version}" if card.version else ""
    notes = "\n".join(f"- {cell(note)}" for note in (*card.notes, *remarks))
    return f"""Seed {card.seed}{made}; the command is in `report.html`.
The same photos, labels and versions give the same classifier. Fingerprint of photos and labels:
`{card.fingerprint or "not known"}`.
{notes}""".rstrip()


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
