"""Every recipe by name, in order of publication, and which one a network is trained with."""

from functools import cache
from importlib import import_module
from types import MappingProxyType

from eyespot.errors import lookup
from eyespot.networks import catalogue as networks
from eyespot.training.recipe import Recipe

# One module per paper, oldest first; each has RECIPES. A new paper is one more line.
PAPERS = (
    "lenet",
    "multi_column_dnn",
    "alexnet",
    "zfnet",
    "overfeat",
    "nin",
    "vgg",
    "googlenet",
    "bn_inception",
    "highway",
    "prelu_net",
    "inception_v3",
    "resnet",
    "resnet_cifar",
    "fb_resnet_torch",
    "preact_resnet",
    "wide_resnet",
    "squeezenet",
    "inception_v4",
    "resnext",
    "densenet",
    "xception",
    "mobilenet_v1",
    "mobilenet_v2",
    "shufflenet",
    "senet",
    "nasnet",
    "mobilenet_v3",
    "efficientnet",
    "vit",
    "torchvision",
)


@cache
def recipes() -> MappingProxyType[str, Recipe]:
    """All recipes of all papers by name, oldest paper first."""
    modules = (import_module(f"eyespot.training.recipes.{paper}") for paper in PAPERS)
    rows: list[Recipe] = [recipe for module in modules for recipe in module.RECIPES]
    table = {recipe.name: recipe for recipe in rows}
    assert len(table) == len(rows), "two recipes share a name"
    return MappingProxyType(table)


def find(name: str) -> Recipe:
    """One recipe. Raises `InputError` with near matches for an unknown name."""
    return lookup("recipe", name, recipes())


def for_network(name: str) -> Recipe:
    """The recipe that a network is trained with unless another is asked for.

    The first that names the network, else the first that names its family. Raises `InputError` for
    a network that is not in the catalogue.
    """
    row = networks.find(name)
    for wanted in (row.name, row.family):
        for recipe in recipes().values():
            if wanted in recipe.networks:
                return recipe
    raise AssertionError(f"no recipe is for {name}")
