"""Writes the file tree of README.md anew from the first line of every module.

python docs/file_tree.py
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "eyespot"
BEGIN, END = (
    "<!-- file tree: python docs/file_tree.py -->\n```\n",
    "```\n<!-- end of the file tree -->",
)
WIDTH = 34  # columns before the description
DATA = {
    "style.css": "the look of every page, light and dark, on screen and paper",
    "imagenet_classes.json": "WordNet id and name of the 1,000 classes, in order",
    "history.json": "top-5 errors of the ImageNet challenge by year, and a human's",
    "results.json": "errors that the papers print, with protocol, test set and place",
    "packages.json": "weights that installable packages carry",
    "torchvision.json": "torchvision's published weights",
    "timm.json": "timm's published weights",
    "py.typed": "type checkers may read the hints",
}


def tree() -> str:
    """One line for each file of the package: a room's own files, then the rooms inside it."""
    return "\n".join(["src/eyespot/", *_lines(PACKAGE, 1)]) + "\n"


def _lines(folder: Path, depth: int) -> list[str]:
    lines = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        if path.name != "__init__.py" or depth == 1:
            lines.append(_row(depth, path.name, DATA.get(path.name) or _first_line(path)))
    for path in sorted(folder.iterdir()):
        if (path / "__init__.py").exists():
            lines.append(_row(depth, f"{path.name}/", _first_line(path / "__init__.py")))
            lines += _lines(path, depth + 1)
    return lines


def _row(depth: int, name: str, what: str) -> str:
    return f"{'  ' * depth + name:<{WIDTH}}{what}".rstrip()


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def with_tree(readme: str) -> str:
    """`readme` with the tree as it is now."""
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + tree() + END + rest.partition(END)[2]


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_tree(readme.read_text("utf-8")), "utf-8")
