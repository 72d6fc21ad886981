"""Which idea came from where: what each family took over, what it added, and who took that over."""

from collections.abc import Iterator
from dataclasses import dataclass

from eyespot.errors import InputError
from eyespot.networks.catalogue import architectures, find
from eyespot.networks.ideas import IDEAS, WORKS, Idea, Work

_FIRST = ("rectified linear units", "dropout", "maximum pooling")
_SINCE_2015 = ("batch normalisation", "global average pooling", "rectified linear units")
_SEARCHED = ("batch normalisation", "global average pooling", "depthwise separable convolution")

USES = {  # family -> what it took over; what it added stands in `IDEAS`
    "lenet": ("shared weights on local fields", "back-propagation"),
    "multi_column_dnn": ("convolutional network", "maximum pooling"),
    "alexnet": (*_FIRST, "convolutional network"),
    "zfnet": (
        *_FIRST, "response normalisation", "overlapping pooling",
        "random crops, mirrors and colours",
    ),
    "overfeat": (*_FIRST, "convolutional network", "random crops, mirrors and colours"),
    "nin": (*_FIRST, "convolutional network", "overlapping pooling"),
    "vgg": (*_FIRST, "answers at every place and scale", "1x1 convolution"),
    "googlenet": (
        *_FIRST, "1x1 convolution", "global average pooling", "response normalisation",
        "overlapping pooling",
    ),
    "prelu_net": (
        "maximum pooling", "dropout", "stacks of 3x3 convolutions",
        "pooling over a pyramid of bins",
    ),
    "bn_inception": (
        "rectified linear units", "maximum pooling", "Inception module",
        "1x1 before costly kernels", "stacks of 3x3 convolutions", "global average pooling",
    ),
    "highway": ("convolutional network", "maximum pooling", "gates that let a state pass"),
    "inception_v3": (
        *_SINCE_2015, "dropout", "Inception module", "1x1 before costly kernels",
        "stacks of 3x3 convolutions", "auxiliary classifiers",
    ),
    "resnet": (
        *_SINCE_2015, "maximum pooling", "stacks of 3x3 convolutions", "gated shortcuts",
        "initialisation for rectifiers", "answers at every place and scale",
    ),
    "plain": (
        *_SINCE_2015, "maximum pooling", "stacks of 3x3 convolutions",
        "initialisation for rectifiers",
    ),
    "squeezenet": (
        *_FIRST, "1x1 convolution", "1x1 before costly kernels", "global average pooling",
        "overlapping pooling",
    ),
    "inception_v4": (
        *_SINCE_2015, "dropout", "Inception module", "1x1 before costly kernels",
        "n x 1 after 1 x n", "pool and convolve side by side", "label smoothing",
    ),
    "inception_resnet": (
        *_SINCE_2015, "dropout", "Inception module", "1x1 before costly kernels",
        "n x 1 after 1 x n", "pool and convolve side by side", "residual learning",
        "identity shortcuts",
    ),
    "preact_resnet": (
        *_SINCE_2015, "residual learning", "identity shortcuts", "bottleneck block",
        "initialisation for rectifiers",
    ),
    "wide_resnet": (
        *_SINCE_2015, "residual learning", "identity shortcuts", "bottleneck block",
        "pre-activation", "dropout", "initialisation for rectifiers",
    ),
    "densenet": (
        *_SINCE_2015, "identity shortcuts", "bottleneck block", "pre-activation",
        "Inception module", "initialisation for rectifiers",
    ),
    "xception": (
        *_SINCE_2015, "depthwise separable convolution", "Inception module",
        "identity shortcuts", "residual learning",
    ),
    "resnext": (
        *_SINCE_2015, "residual learning", "identity shortcuts", "bottleneck block",
        "grouped convolution", "Inception module",
    ),
    "mobilenet_v1": (*_SINCE_2015, "depthwise separable convolution"),
    "shufflenet_v1": (
        *_SINCE_2015, "identity shortcuts", "bottleneck block", "grouped convolution",
        "depthwise separable convolution", "width and resolution multipliers",
    ),
    "nasnet": (*_SEARCHED, "search by reinforcement", "auxiliary classifiers", "n x 1 after 1 x n"),
    "senet": (
        *_SINCE_2015, "residual learning", "identity shortcuts", "bottleneck block", "cardinality",
    ),
    "mobilenet_v2": (
        *_SEARCHED, "identity shortcuts", "bottleneck block", "width and resolution multipliers",
    ),
    "amoebanet": (*_SEARCHED, "a cell is searched, then stacked", "search by evolution"),
    "shufflenet_v2": (
        *_SINCE_2015, "depthwise separable convolution", "channel shuffle",
        "identity shortcuts", "every layer reads all before it",
    ),
    "mobilenet_v3": (
        *_SEARCHED, "inverted residuals", "linear bottlenecks", "squeeze-and-excitation", "swish",
        "search for time on a phone", "layers shrunk to a time budget",
    ),
    "efficientnet": (
        *_SEARCHED, "inverted residuals", "linear bottlenecks", "squeeze-and-excitation", "swish",
        "search for time on a phone", "width and resolution multipliers", "stochastic depth",
        "dropout",
    ),
    "vit": (
        "Transformer of self-attention", "layer normalisation", "normalisation before attention",
        "identity shortcuts", "gaussian error linear units", "class token", "dropout",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """One family's place among the ideas."""

    family: str
    added: tuple[Idea, ...]
    took: tuple[Idea, ...]  # newest first
    passed_on: dict[str, tuple[str, ...]]  # name of an idea that it added -> families with it

    @property
    def work(self) -> Work:
        return WORKS[self.family]


@dataclass(frozen=True)
class Branch:
    """An idea in a tree, with those that it grew from below it."""

    idea: Idea
    after: tuple["Branch", ...]  # empty where the tree has told them before
    was_told: bool


def lineage(name: str) -> Lineage:
    """Of a network of the catalogue, or of a family. Raises `InputError` for an unknown name."""
    family = family_of(name)
    added = tuple(idea for idea in IDEAS.values() if idea.work == family)
    took = sorted((IDEAS[each] for each in USES[family]), key=public, reverse=True)
    passed_on = {idea.name: tuple(_users(idea.name)) for idea in added}
    return Lineage(family, added, tuple(took), passed_on)


def family_of(name: str) -> str:
    """The family of `USES` that a network or family belongs to, if need be by its paper.

    Raises `InputError` for a name that is neither, or whose paper has no lineage here.
    """
    if name in USES:
        return name
    rows = architectures().values()
    own = next((row for row in rows if row.family == name), None) or find(name)
    for family in (own.family, *(row.family for row in rows if row.paper == own.paper)):
        if family in USES:
            return family
    raise InputError(f"{name} has no lineage: its paper's ideas are not in the table")


def trees(known: Lineage) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    """What the family added, and what it took over, each with what it grew from.

    No idea is told twice: where it comes again, its own roots are left out, and what grew into
    another idea of the family stands under that one only.
    """
    told: set[str] = set()
    added = tuple(_branch(idea, told) for idea in known.added)
    took = tuple(_branch(idea, told) for idea in known.took if idea.name not in told)
    return added, took


def told(known: Lineage) -> list[Idea]:
    """Every idea of both trees once, in the order of the table: what grew later stands below."""
    names: set[str] = set()
    waiting = [branch for tree in trees(known) for branch in tree]
    while waiting:
        branch = waiting.pop()
        names.add(branch.idea.name)
        waiting += branch.after
    return [idea for idea in IDEAS.values() if idea.name in names]


def _branch(idea: Idea, told: set[str]) -> Branch:
    if idea.name in told:
        return Branch(idea, (), was_told=bool(idea.after))
    told.add(idea.name)
    return Branch(idea, tuple(_branch(IDEAS[name], told) for name in idea.after), was_told=False)


def source(idea: Idea) -> str:
    """Whose an idea is, and where it stands: "ResNet (He et al. 2016), Sect. 3.2"."""
    work = WORKS[idea.work]
    authors = work.authors.split(", ")
    names = work.authors if len(authors) <= 2 else f"{authors[0]} et al."
    if idea.work in USES:
        return f"{work.called} ({names} {work.year}), {idea.where}"
    return f"{names} {work.year}, {idea.where}"


def public(idea: Idea) -> tuple[int, int]:
    """Year and month in which it could first be read."""
    return WORKS[idea.work].public


def _users(name: str) -> Iterator[str]:
    """The families that took an idea over, or one of whose own ideas grew from it, oldest first."""
    origin = IDEAS[name].work
    for family, used in USES.items():
        grown = [idea for idea in IDEAS.values() if idea.work == family and name in idea.after]
        if family != origin and (name in used or grown):
            yield family
