"""A training in words, for people: its recipe fact by fact, and the part of the report about it."""

from __future__ import annotations

import dataclasses
from typing import Any

from eyespot.pages.markup import Html
from eyespot.pages.pieces import chart, code, definitions, paragraph, quiet, section
from eyespot.pages.words import count, duration, percent
from eyespot.training.curves import MEASURED, curves_drawing, finding, remarks
from eyespot.training.facts import Fitted
from eyespot.training.recipe import Recipe
from eyespot.training.schedules import in_words

NORMALISATIONS = {
    "none": "from 0 to 1",
    "signed": "from -1 to 1",
    "channel_mean": "less the mean of each channel over the training photos",
    "mean_image": "less the mean picture of the training photos",
    "standardise": "each channel to mean 0 and deviation 1 over the training photos",
    "pretrained": "as the pretrained weights expect them",
    "lenet": "black at -0.1, white at 1.175",
}
CARD_FACTS = ("length", "what learns", "optimiser", "changed by")
ENDINGS = {
    "finished": "It went to its planned end",
    "time limit": "It was planned to end within its time limit",
    "early": "It stopped early: the validation photos showed no more gain",
}


def facts(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    """What the recipe says, (what, how); what it does not use is not mentioned."""
    image, mixed = recipe.image, recipe.batch_augmentations
    rows = [
        ("length", f"{count(recipe.epochs, 'epoch')}, {count(recipe.batch_size, 'photo')} a step"),
        ("what learns", "" if recipe.fine_tuning is None else recipe.fine_tuning.words),
        ("optimiser", told(recipe.optimiser)),
        ("learning rate then", in_words(recipe.schedule, recipe.epochs)),
        ("loss", told(recipe.loss)),
        ("photos", f"{image.size} x {image.size} pixels, {NORMALISATIONS[recipe.normalisation]}"),
        ("changed by", "; ".join(map(told, recipe.augmentations)) or "nothing"),
        ("mixed by", "; ".join(map(told, mixed))),
        ("held back by", "; ".join(map(told, recipe.regularisers))),
        ("gradients", "" if recipe.clip_norm is None else f"clipped to norm {recipe.clip_norm:g}"),
        ("weights averaged", "" if recipe.ema is None else told(recipe.ema)),
        ("first weights", "" if recipe.initialisation is None else told(recipe.initialisation)),
        ("source", recipe.source),
        ("expected there", recipe.expected),
        ("notes", " ".join(recipe.notes)),
    ]
    return tuple((what, how) for what, how in rows if how)


def told(value: Any) -> str:
    """One value of a recipe in words: its own, or its kind and what it holds."""
    if words := getattr(value, "words", ""):
        return str(words)
    kind = str(value.KIND).replace("_", " ")
    held = [
        f"{field.name.replace('_', ' ')} {_short(getattr(value, field.name))}"
        for field in dataclasses.fields(value)
        if getattr(value, field.name) not in (None, False, ())
    ]
    return f"{kind}: {', '.join(held)}" if held else kind


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return " and ".join(map(_short, value))
    if dataclasses.is_dataclass(value):
        return f"({told(value)})"
    return "on" if value is True else str(value)


def learning_section(fitted: Fitted, recipe: Recipe) -> Html:
    """The section of the report: the curves, and what was done."""
    history, best = fitted.history, fitted.best
    learned = f"{ENDINGS[fitted.stopped]}, after {duration(fitted.seconds)} of training."
    kept = "The weights of the last epoch are in the bundle."
    if best is not None and best.validation_top1 is not None:
        kept = (
            f"The weights of epoch {best.epoch} are in the bundle, the best on the validation "
            f"photos ({percent(best.validation_top1)})."
        )
        if best.epoch == 0:
            kept = (
                "The weights that it began with are in the bundle: no epoch did better on the "
                f"validation photos ({percent(best.validation_top1)})."
            )
    return section(
        "How it learned",
        chart(finding(history, best), curves_drawing(history, best), note=MEASURED),
        *(paragraph(sentence) for sentence in remarks(history)),
        paragraph(learned, " ", kept),
        definitions([("recipe", recipe.name), *facts(recipe)]),
        paragraph(
            quiet(
                "Every epoch is in ",
                code("history.csv"),
                ", the recipe as it was run in ",
                code("recipe.json"),
                ".",
            )
        ),
        anchor="learning",
    )


def card_section(fitted: Fitted, recipe: Recipe) -> str:
    """The paragraph of the bundle's README."""
    rows = "\n".join(f"- {what}: {how}." for what, how in facts(recipe) if what in CARD_FACTS)
    how = "From scratch" if recipe.fine_tuning is None else "Fine-tuned"
    return f"""
## How it was trained
{how} by the recipe {recipe.name} ({recipe.source or "no source stated"}):
{finding(fitted.history, fitted.best)}.
{rows}

`recipe.json` is the whole recipe as it was run, `history.csv` and `curves.svg` show every epoch.
"""
