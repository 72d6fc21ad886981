"""Every experiment by name."""

from functools import cache
from importlib import import_module
from types import MappingProxyType

from eyespot.errors import lookup
from eyespot.experiments.experiment import Experiment

# One module per experiment; each has EXPERIMENT. A new one is one more line.
MODULES = (
    "degradation",
    "batch_norm",
    "width_depth",
    "random_search",
    "augmentation",
    "first_filters",
)


@cache
def experiments() -> MappingProxyType[str, Experiment]:
    """All experiments by name."""
    modules = (import_module(f"eyespot.experiments.{module}") for module in MODULES)
    return MappingProxyType({module.EXPERIMENT.name: module.EXPERIMENT for module in modules})


def find(name: str) -> Experiment:
    """One experiment. Raises `InputError` with near matches for an unknown name."""
    return lookup("experiment", name, experiments())
