"""`eyespot scale` applies the rule that scales a network up, beside what was published."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import print_json, print_wrapped
from eyespot.errors import lookup
from eyespot.values import to_json

if TYPE_CHECKING:
    from eyespot.networks.compound_scaling import Scaling
    from eyespot.networks.counting import Counts

RULES = {"efficientnet": "Tan, Le: EfficientNet (arXiv:1905.11946), Sect. 3.3"}
Published = tuple[str, float, float, int, int, int]  # name, depth, width, pixels, costs


@click.command()
@click.argument("family")
@click.option("--phi", type=float, help="How often the multiply-adds double, from 0, which is B0.")
@click.option("--budget", type=float, help="Multiply-adds, e.g. 2.5e9: finds the largest phi.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def scale(family: str, phi: float | None, budget: float | None, as_json: bool) -> None:
    """Scale FAMILY (efficientnet) up by its paper's rule, beside the nearest published network.

    \b
    Examples:
      eyespot scale efficientnet --phi 3
      eyespot scale efficientnet --budget 2.5e9
    """
    lookup("rule for the family", family, RULES)
    if (phi is None) == (budget is None):
        raise click.UsageError("Give --phi or --budget, one of the two")
    from eyespot.networks.compound_scaling import largest_phi, rule

    if budget is not None:
        phi = largest_phi(budget, lambda scaling: _count(scaling).multiply_adds)
    assert phi is not None
    scaling = rule(phi)
    counts = _count(scaling)
    nearest = min(_published(), key=lambda row: abs(log(row[5] / counts.multiply_adds)))
    if as_json:
        print_json(_facts(scaling, counts, nearest, budget))
    else:
        _print(scaling, counts, nearest, budget)


def _count(scaling: Scaling) -> Counts:
    """Of the rule's network, built without memory."""
    import torch

    from eyespot.networks.compound_scaling import B0, scaled
    from eyespot.networks.counting import count
    from eyespot.networks.efficientnet import EfficientNet
    from eyespot.networks.mbconv import TENSORFLOW

    table = scaled(B0, depth=scaling.depth, width=scaling.width, lite=False)
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        network = EfficientNet(table, TENSORFLOW, lite=False, dropout=0.2)
        return count(network, scaling.image_size)


def _published() -> list[Published]:
    """B0 to B7 with the released coefficients."""
    from eyespot.networks.efficientnet import ROWS

    return [
        (name, depth, width, image_size, parameters, multiply_adds)
        for name, depth, width, _, image_size, parameters, multiply_adds in ROWS
        if "lite" not in name
    ]


def _own_phi(row: Published) -> dict[str, float]:
    """The phi that each released coefficient would be by the rule."""
    from eyespot.networks.compound_scaling import ALPHA, B0_IMAGE_SIZE, BETA, GAMMA

    _, depth, width, image_size, _, _ = row
    shares = {"depth": (depth, ALPHA), "width": (width, BETA)}
    shares["image_size"] = (image_size / B0_IMAGE_SIZE, GAMMA)
    return {name: log(value) / log(base) for name, (value, base) in shares.items()}


def _facts(
    scaling: Scaling, counts: Counts, nearest: Published, budget: float | None
) -> dict[str, Any]:
    costs = {"parameters": counts.parameters, "multiply_adds": counts.multiply_adds}
    name, depth, width, image_size, parameters, multiply_adds = nearest
    return {
        "family": "efficientnet",
        "budget": budget,
        "rule": to_json(scaling) | costs,
        "published": {
            "name": name,
            "depth": depth,
            "width": width,
            "image_size": image_size,
            "parameters": parameters,
            "multiply_adds": multiply_adds,
            "phi": _own_phi(nearest),
        },
    }


def _print(scaling: Scaling, counts: Counts, nearest: Published, budget: float | None) -> None:
    if budget is not None:
        click.echo(f"phi = {scaling.phi:g} is the largest within {budget:,.0f} multiply-adds.")
        click.echo()
    head = f"{'':<17} {'depth':>6} {'width':>6} {'pixels':>6} {'parameters':>13} {'mult-adds':>17}"
    click.echo(head)
    costs = (counts.parameters, counts.multiply_adds)
    ruled = (f"rule, phi = {scaling.phi:g}", scaling.depth, scaling.width, scaling.image_size)
    for name, depth, width, size, parameters, multiply_adds in ((*ruled, *costs), nearest):
        figures = f"{depth:6.3f} {width:6.3f} {size:6} {parameters:13,} {multiply_adds:17,}"
        click.echo(f"{name:<17} {figures}")
    click.echo()
    own = _own_phi(nearest)
    print_wrapped(
        f"Rule ({RULES['efficientnet']}): depth 1.2^phi, blocks of each stage rounded up; width "
        "1.1^phi, channels to the nearest multiple of 8, but not over 10 % fewer; resolution "
        "1.15^phi x 224, to the nearest pixel, for which the paper has no word. Multiply-adds "
        "should double with each phi."
    )
    print_wrapped(
        f"{nearest[0]} is the nearest published one in multiply-adds. Its coefficients are the "
        "released code's; by the rule its depth would be phi = "
        f"{own['depth']:.2f}, its width {own['width']:.2f}, its resolution {own['image_size']:.2f}."
    )
    click.echo(f"Try: eyespot show {nearest[0]}", err=True)
