"""A recipe by its name, or from the `recipe.json` of a bundle, perhaps edited."""

from __future__ import annotations

import json
from pathlib import Path

from eyespot.datasets.names import shown
from eyespot.errors import InputError, IntegrityError
from eyespot.training.recipe import Recipe
from eyespot.training.recipes import catalogue
from eyespot.values import from_json

SUFFIX = ".json"
LIMIT = 1 << 20  # bytes; a recipe has some 2,000


def read_recipe(word: str | Path) -> Recipe:
    """The recipe that `word` stands for: a file where it ends in `.json`, else a name.

    Raises `InputError` for an unknown name, and for a file that holds no recipe.
    """
    path = Path(word)
    if path.suffix.lower() != SUFFIX:
        return catalogue.find(str(word))
    name = shown(str(path))
    try:
        if path.stat().st_size > LIMIT:
            raise InputError(f"{name} is too large for a recipe: expected what a bundle has")
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON: expected the recipe.json of a bundle") from error
    try:
        return from_json(Recipe, data, where=name)
    except (IntegrityError, InputError) as error:
        raise InputError(
            f"{error}. Expected a recipe such as the recipe.json of a bundle"
        ) from error
