"""Every number that a paper prints of its training is the recipe's, or its notes tell otherwise."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from eyespot.training.optimisers import Adam, AdamW, LevenbergMarquardt
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.catalogue import find

FACTS = json.loads(
    (Path(__file__).parents[1] / "golden" / "recipes.json").read_text("utf-8")
)  # papers.json's, see golden/README.md


def held(recipe: Recipe, fact: str) -> float | None:
    """What the recipe has for a fact of the table."""
    optimiser = recipe.optimiser
    if isinstance(optimiser, LevenbergMarquardt) and fact in ("momentum", "weight_decay"):
        return 0
    if isinstance(optimiser, Adam | AdamW) and fact == "momentum":
        return optimiser.beta1
    if fact in ("momentum", "weight_decay"):
        return getattr(optimiser, fact)
    if fact == "label_smoothing":
        return getattr(recipe.loss, "label_smoothing", 0)
    if fact == "gradient_clipping":
        return recipe.clip_norm
    return getattr(recipe, fact)


def numbers(text: str) -> set[float]:
    """ "64,000 steps" -> 64000; "0.0005" and "5e-4" are one number."""
    return {float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def differing(recipe: Recipe, row: dict[str, float]) -> list[str]:
    """Facts that are neither the recipe's nor told in its notes."""
    told = numbers(" ".join(recipe.notes))
    facts = sorted(set(row) - {"name", "expected", "iterations"})
    return [fact for fact in facts if held(recipe, fact) != row[fact] and row[fact] not in told]


@pytest.mark.parametrize("row", FACTS, ids=lambda row: row["name"])
def test_the_numbers_of_a_paper_are_its_recipes_or_the_notes_say_why_not(row):
    assert differing(find(row["name"]), row) == []


def test_a_wrong_number_would_be_found():
    (row,) = [row for row in FACTS if row["name"] == "wrn_cifar_2016"]
    recipe = find("wrn_cifar_2016")
    optimiser = replace(recipe.optimiser, weight_decay=0.0001)
    wrong = replace(recipe, optimiser=optimiser, epochs=100)
    assert differing(wrong, row) == ["epochs", "weight_decay"]


@pytest.mark.parametrize(
    "row", [row for row in FACTS if "iterations" in row], ids=lambda row: row["name"]
)
def test_steps_are_counted_as_epochs_of_the_papers_data(row):
    recipe = find(row["name"])
    steps = recipe.epochs * recipe.photos / recipe.batch_size
    assert abs(steps - row["iterations"]) <= recipe.photos / recipe.batch_size / 2  # half an epoch
    assert row["iterations"] in numbers(" ".join(recipe.notes))


@pytest.mark.parametrize("row", FACTS, ids=lambda row: row["name"])
def test_what_came_out_is_told_as_it_was_printed(row):
    """Accuracies may stand as shares or percent; one of the printed numbers at least is told."""
    told = numbers(find(row["name"]).expected)
    printed = {round(value * (100 if value < 1 else 1), 3) for value in row["expected"]}
    printed |= set(row["expected"])
    assert not printed or printed & told


def test_the_table_is_seen():
    assert len(FACTS) == 36
    compared = [fact for row in FACTS for fact in row if fact not in ("name", "expected")]
    assert len(compared) == 134
