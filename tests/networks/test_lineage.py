"""Where ideas come from: everybody has a lineage, and every arrow goes back in time."""

import pytest

from eyespot.errors import InputError
from eyespot.networks import architectures
from eyespot.networks.catalogue import FAMILIES
from eyespot.networks.ideas import IDEAS, WORKS
from eyespot.networks.lineage import USES, family_of, lineage, source, told, trees

ROWS = architectures().values()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_the_catalogue_has_a_lineage(family):
    known = lineage(family)
    assert known.added or known.took
    assert family_of(family) in USES


def test_every_family_is_told_by_the_names_of_its_networks():
    assert {name: family_of(row.family) for name, row in architectures().items()} == {
        name: family_of(name) for name in architectures()
    }


def test_every_arrow_goes_back_in_time():
    late = [
        (family, name)
        for family, used in USES.items()
        for name in used
        if WORKS[IDEAS[name].work].public >= WORKS[family].public
    ]
    late += [
        (idea.name, name)
        for idea in IDEAS.values()
        for name in idea.after
        if WORKS[IDEAS[name].work].public >= WORKS[idea.work].public
        and IDEAS[name].work != idea.work
    ]
    assert late == []


def test_every_idea_has_authors_a_year_and_a_place():
    for idea in IDEAS.values():
        work = WORKS[idea.work]
        assert work.authors and 1950 < work.year < 2030 and idea.where, idea.name
        assert str(work.year) in source(idea) and source(idea).endswith(idea.where)


def test_every_work_gives_an_idea_and_every_family_takes_some():
    givers = {idea.work for idea in IDEAS.values()}
    assert set(WORKS) - givers <= {"plain"}  # the ResNet paper's own yardstick
    assert set(USES) == {work for work in WORKS if work in USES}
    assert [family for family, used in USES.items() if not used] == []


def first_author(authors):
    return authors.replace(",", " ").split()[0]


@pytest.mark.parametrize("family", [family for family in FAMILIES if family in WORKS])
def test_a_work_is_the_paper_of_its_family(family):
    """Highway's row is of its later paper, which names the first one in its title."""
    work = WORKS[family]
    papers = [row.paper for row in ROWS if row.family == family]
    assert any(
        work.year == paper.year
        and (work.arxiv == paper.arxiv or str(work.arxiv) in paper.title)
        and first_author(work.authors) == first_author(paper.authors)
        for paper in papers
    ), papers[0]


# What the papers say themselves: DenseNet Sect. 3, ResNet Sect. 3.3 and 3.4, ResNeXt Sect. 2,
# Xception Sect. 2, MobileNetV3 Sect. 3 and 5, EfficientNet Sect. 4, ViT Sect. 3.1
@pytest.mark.parametrize(
    ("family", "idea", "origin"),
    [
        ("densenet", "batch normalisation", "bn_inception"),
        ("densenet", "bottleneck block", "resnet"),
        ("densenet", "pre-activation", "preact_resnet"),
        ("resnet", "stacks of 3x3 convolutions", "vgg"),
        ("resnet", "initialisation for rectifiers", "prelu_net"),
        ("resnext", "grouped convolution", "alexnet"),
        ("googlenet", "1x1 convolution", "nin"),
        ("xception", "depthwise separable convolution", "sifre"),
        ("mobilenet_v3", "squeeze-and-excitation", "senet"),
        ("efficientnet", "inverted residuals", "mobilenet_v2"),
        ("shufflenet_v2", "channel shuffle", "shufflenet_v1"),
        ("vit", "Transformer of self-attention", "transformer"),
    ],
)
def test_an_idea_came_from_where_the_paper_says(family, idea, origin):
    assert idea in {each.name for each in lineage(family).took}
    assert IDEAS[idea].work == origin


def test_what_was_passed_on_is_what_others_took():
    passed = lineage("nin").passed_on["1x1 convolution"]
    assert {"googlenet", "squeezenet"} <= set(passed)
    assert "nin" not in passed


@pytest.mark.parametrize("family", USES)
def test_a_tree_tells_every_idea_and_no_roots_twice(family):
    known = lineage(family)
    waiting = [branch for tree in trees(known) for branch in tree]
    seen, opened = set(), []
    while waiting:
        branch = waiting.pop()
        seen.add(branch.idea.name)
        if branch.after:
            opened.append(branch.idea.name)
        waiting += branch.after
    assert {idea.name for idea in (*known.added, *known.took)} <= seen
    assert len(opened) == len(set(opened))
    assert [idea.name for idea in told(known)] == [name for name in IDEAS if name in seen]


def test_an_unknown_name_is_told_its_neighbours():
    with pytest.raises(InputError, match="resnet50"):
        family_of("resnet51")
