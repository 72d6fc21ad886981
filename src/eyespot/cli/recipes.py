"""`eyespot recipes` lists how the papers trained their networks, and tells all about one recipe."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import print_json, print_wrapped
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from eyespot.training.recipe import Recipe

WHAT_WIDTH = 20  # columns for what a fact is about
FIRST = ("source", "for", "expected there", "length", "held out")


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list, or object for NAME.")
def recipes(name: str | None, as_json: bool) -> None:
    """List the published recipes: how long, in which batches, at which learning rate.

    NAME is one of the list, and all of it is told: where it is from, what came out there, and what
    could not be taken literally. The name of a network or of a family lists the recipes for it.

    \b
    Examples:
      eyespot recipes
      eyespot recipes resnet_cifar_2015
      eyespot recipes vgg16
    """
    from eyespot.training.recipes import catalogue

    known = catalogue.recipes()
    if name is not None and name in known:
        _print_one(known[name], as_json=as_json)
        return
    rows = list(known.values()) if name is None else _for(name)
    if as_json:
        print_json([facts(row) for row in rows])
    else:
        _print_list(rows, name)


def facts(recipe: Recipe) -> dict[str, Any]:
    """The whole recipe, and which networks are trained with it unless another is asked for."""
    return {**to_json(recipe), "default_for": _defaults().get(recipe.name, [])}


def _for(name: str) -> Sequence[Recipe]:
    """The recipes for a network or a family, the default first. Raises `InputError` for none."""
    from eyespot.networks import architectures
    from eyespot.training.recipes.catalogue import find, for_network, recipes

    rows = architectures()
    of_family = [row.name for row in rows.values() if row.family == name]
    if not of_family and name not in rows:
        return [find(name)]  # raises, with names that are near
    wanted = {name} if of_family else {name, rows[name].family}
    first = [for_network(each) for each in of_family or [name]]
    others = [recipe for recipe in recipes().values() if wanted & set(recipe.networks)]
    return list({recipe.name: recipe for recipe in [*first, *others]}.values())


@cache
def _defaults() -> dict[str, list[str]]:
    """Recipe -> the networks that are trained with it unless another is asked for."""
    from eyespot.networks import architectures
    from eyespot.training.recipes.catalogue import for_network

    found: dict[str, list[str]] = {}
    for name in architectures():
        found.setdefault(for_network(name).name, []).append(name)
    return found


def _print_list(rows: Sequence[Recipe], name: str | None) -> None:
    from eyespot.training.schedules import in_words

    width = max(len(row.name) for row in rows)
    click.echo(f"{'recipe':<{width}} {'epochs':>6} {'batch':>6}  optimiser")
    for row in rows:
        click.echo()
        optimiser = row.optimiser.words.partition(",")[0]
        name_column = click.style(f"{row.name:<{width}}", bold=True)
        click.echo(f"{name_column} {row.epochs:>6,} {row.batch_size:>6,}  {optimiser}")
        schedule = in_words(row.schedule, row.epochs)
        told = f"  {row.source}; for {_few(row.networks)}. Learning rate: {schedule}."
        print_wrapped(f"{told} {_sentence(row.expected)}".rstrip(), indent=2)
    click.echo()
    legend = (
        f"{len(rows)} recipe{'s' * (len(rows) != 1)}. Epochs and batches are the paper's; eyespot "
        "train fits them to your photos, or takes --epochs, --batch-size and --learning-rate."
    )
    if name:
        legend = f"{legend} The first is taken for {name} unless another is asked for."
    print_wrapped(legend, err=True)
    click.echo(f"Try: eyespot recipes {rows[0].name}", err=True)


def _few(names: Sequence[str]) -> str:
    """Up to three of them, and how many more there are."""
    more = len(names) - 3
    return ", ".join(names) if more < 1 else f"{', '.join(names[:3])} and {more} more"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _print_one(recipe: Recipe, *, as_json: bool) -> None:
    if as_json:
        print_json(facts(recipe))
        return
    from eyespot.training import telling

    click.echo(click.style(recipe.name, bold=True))
    told = dict(telling.facts(recipe)) | {"for": _networks(recipe)}
    if recipe.validation:
        told["held out"] = f"{100 * recipe.validation:g} % of the photos, where none are set apart"
    first = [(what, told.pop(what)) for what in FIRST if what in told]
    for what, how in (*first, *told.items()):
        if what == "notes":  # below, one by one
            continue
        print_wrapped(f"  {what:<{WHAT_WIDTH}}{how}", indent=2 + WHAT_WIDTH)
    for note in recipe.notes:
        click.echo()
        print_wrapped(f"  {note}", indent=2)
    click.echo()
    network = (_defaults().get(recipe.name) or _named(recipe.networks))[0]
    click.echo(
        f"Try: eyespot train photos/ --method scratch --network {network} --recipe {recipe.name}",
        err=True,
    )


def _networks(recipe: Recipe) -> str:
    """ "resnet_cifar (resnet20 and 10 more)": families with how many networks they have."""
    from eyespot.networks import architectures

    told = []
    for name in recipe.networks:
        members = [row.name for row in architectures().values() if row.family == name]
        if name in architectures() or not members:
            told.append(name)
        elif len(members) == 1:
            told.append(f"{name} ({members[0]})")
        else:
            told.append(f"{name} ({members[0]} and {len(members) - 1} more)")
    return ", ".join(told)


def _named(names: Iterable[str]) -> list[str]:
    """The networks that names of networks and families stand for."""
    from eyespot.networks import architectures

    rows = architectures().values()
    return [row.name for name in names for row in rows if name in (row.name, row.family)]
