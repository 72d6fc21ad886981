"""Writes a page for each family of networks, its picture, and the timeline of them all.

python docs/network_pages.py
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import torch
from network_blocks import FAMILIES, Block
from network_tables import PRINTED, deviations, errors, figures, stages
from network_timeline import timeline, timeline_picture

from eyespot.inspection.blocks import taken, trace
from eyespot.inspection.boxes import boxes
from eyespot.inspection.diagram import Drawing, diagram
from eyespot.networks.architecture import Architecture, Network, Paper
from eyespot.networks.catalogue import architectures, build, find
from eyespot.networks.citation import bibtex, citation
from eyespot.networks.lineage import lineage, source
from eyespot.weights.catalogue import loads

ROOT = Path(__file__).resolve().parents[1]
PAGES = Path("docs/networks")
PICTURES = Path("docs/pictures/networks")
COMMAND = "python docs/network_pages.py"
MADE = f"<!-- made by {COMMAND} -->\n"
DIGESTS = "<!-- of {}, as {} -->\n"


def files() -> Iterator[tuple[Path, str]]:
    """Every page and picture: its path in the repository, its content."""
    for family in families():
        yield PICTURES / f"{family}.svg", picture(family)
        yield PAGES / f"{family}.md", page(family)
    yield PICTURES / "timeline.svg", timeline_picture(families())
    yield PAGES / "README.md", MADE + timeline(families())


def sources() -> str:
    """SHA-256 over everything that the pages are made of: equal ones make equal pages."""
    package = ROOT / "src" / "eyespot"
    paths = [
        *(package / "networks").glob("*"),
        *(package / "inspection").glob("*.py"),
        *(package / "weights").glob("*.py"),
        *(ROOT / "docs").glob("network_*.py"),
        package / "pages" / "markup.py",
        PRINTED,
    ]
    here = (path for path in paths if path.is_file())
    return _digest({path.relative_to(ROOT): path.read_text("utf-8") for path in here})


def is_fresh() -> bool:
    """Whether the files lie here that were made of these very sources; else they are to compare."""
    contents = {path: _bare((ROOT / path).read_text("utf-8")) for path in _lying()}
    readme = ROOT / PAGES / "README.md"
    made = DIGESTS.format(sources(), _digest(contents))
    return readme.is_file() and made in readme.read_text("utf-8")


def stale() -> list[str]:
    """The files that are not as they would be written now, as paths in the repository."""
    made, lying = dict(files()), _lying()
    changed = [
        path
        for path in lying & made.keys()
        if _bare((ROOT / path).read_text("utf-8")) != _bare(made[path])
    ]
    return sorted(path.as_posix() for path in {*changed, *(lying ^ made.keys())})


def _lying() -> set[Path]:
    return {path.relative_to(ROOT) for f in (PAGES, PICTURES) for path in (ROOT / f).glob("*")}


def _bare(content: str) -> str:
    """Without the digests, which change with every source."""
    return re.sub(DIGESTS.format(".*", ".*"), "", content)


def _digest(contents: Mapping[Path, str]) -> str:
    digest = sha256()
    for path in sorted(contents):
        content = contents[path].encode()
        digest.update(f"{path.as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def families() -> dict[str, list[Architecture]]:
    """Family -> its rows, oldest family first."""
    found: dict[str, list[Architecture]] = {}
    for row in architectures().values():
        found.setdefault(row.family, []).append(row)
    return found


def picture(family: str) -> str:
    """The blocks of a family, drawn from the modules that run."""
    about = FAMILIES[family]
    told = ", ".join(block.title.partition(",")[0] for block in about.blocks)
    return diagram([drawing(block) for block in about.blocks], title=f"{about.title}: {told}")


def drawing(block: Block) -> Drawing:
    """A block, traced at the image size of its network."""
    with torch.device("meta"):
        if block.make is not None:
            module, inputs = block.make(), (torch.empty(1, *block.shape),)
        else:
            network = _network(block.network)
            size = find(block.network).image_size
            images = torch.empty(1, network.in_channels, size, size)
            module = network.get_submodule(block.module)
            inputs = taken(network, block.module, images)
        layers = trace(module, inputs, leaves=block.leaves)
    where = f"{block.network}, {block.module}" if block.module else block.network
    drawn = boxes(layers, folds=not block.module)
    return Drawing(block.title, where, drawn, block.new, block.inputs)


@cache
def _network(name: str) -> Network:
    with torch.device("meta"):
        return build(name).eval()


def page(family: str) -> str:
    """The page of a family."""
    about, rows = FAMILIES[family], families()[family]
    idea, notable = _told(family)
    marks = any(block.new for block in about.blocks)
    parts = [
        MADE + f"# {about.title}",
        idea,
        *_papers(rows),
        f"![{about.title}: its blocks](../pictures/networks/{family}.svg)",
        "*Drawn from the modules while they ran" + "; blue is what was new" * marks + ".*",
        f"## What to see in the code\nOne file: [`{family}.py`](../../src/eyespot/networks/"
        f"{family}.py).\n\n{notable}"
        if notable
        else "",
        _lineage(family),
        "## Beside the paper\n" + figures(rows),
        "## Errors\n" + errors(rows),
        f"## The stages of {about.flagship}\n" + stages(find(about.flagship)),
        "## Differences from the paper\n" + deviations(rows),
        "## Build it\n" + _building(about.flagship, rows),
        "[All families](README.md)",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _told(family: str) -> tuple[str, str]:
    """The first sentence of the paper's file, and its remarks."""
    path = import_module(f"eyespot.networks.{family}").__file__
    assert path is not None
    docstring = ast.get_docstring(ast.parse(Path(path).read_text("utf-8"))) or ""
    idea, _, rest = docstring.partition("\n")
    start = rest.find("\n- ")
    return idea, rest[start + 1 :].strip() if start >= 0 else ""


def _papers(rows: Sequence[Architecture]) -> Iterator[str]:
    papers: dict[Paper, None] = dict.fromkeys(row.paper for row in rows)
    for paper in papers:
        link = f" [arXiv](https://arxiv.org/abs/{paper.arxiv})" if paper.arxiv else ""
        entry = f"<details><summary>BibTeX</summary>\n\n```bibtex\n{bibtex(paper)}\n```\n</details>"
        yield f"{citation(paper)}{link}\n\nNew: {paper.introduced}.\n\n{entry}"


def _lineage(family: str) -> str:
    """What the family added, what became of that, and what it took over."""
    found = lineage(family)
    lines = ["## Where it came from, where it went", "| it added | went into |", "|---|---|"]
    for idea in found.added:
        users = [_link(user) for user in found.passed_on[idea.name] if user in families()]
        lines.append(f"| {idea.name} ({idea.where}) | {', '.join(users) or '-'} |")
    lines += ["", "| it took over | from |", "|---|---|"]
    for idea in found.took:
        told = source(idea)
        is_here = idea.work in families()
        lines.append(f"| {idea.name} | {f'[{told}]({idea.work}.md)' if is_here else told} |")
    return "\n".join(lines)


def _link(family: str) -> str:
    return f"[{FAMILIES[family].title}]({family}.md)"


def _building(flagship: str, rows: Sequence[Architecture]) -> str:
    """Python, commands, and the published weights that the family's networks load."""
    lines = [
        "```python",
        "from eyespot.networks import build",
        "",
        f'network = build("{flagship}")',
        "```",
        "```",
        f"eyespot show {flagship}",
        f"eyespot networks --family {rows[0].family}",
        "```",
    ]
    published = [(row.name, loads(row.name)) for row in rows if loads(row.name)]
    if not published:
        return "\n".join([*lines, "", "No published weights are known for this family."])
    lines += ["", "| network | loads the published weights of |", "|---|---|"]
    lines += [
        f"| `{name}` | {', '.join(f'`{each}`' for each in all_)} |" for name, all_ in published
    ]
    return "\n".join([*lines, "", f"`eyespot weights {published[0][0]}` says where they are."])


def write() -> None:
    """Write what has changed, and remove pages of families that are no more."""
    made = dict(files())
    digests = DIGESTS.format(sources(), _digest(made))
    made[PAGES / "README.md"] = digests + made[PAGES / "README.md"]
    for folder in (PAGES, PICTURES):
        (ROOT / folder).mkdir(parents=True, exist_ok=True)
    for path in _lying() - made.keys():
        (ROOT / path).unlink()
    for path, content in made.items():
        (ROOT / path).write_text(content, "utf-8")


if __name__ == "__main__":
    write()
