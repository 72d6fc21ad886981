"""The README tells the truth about the files and the commands."""

import importlib.util
import re
from pathlib import Path

from eyespot.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_file_tree_is_what_the_modules_say():
    spec = importlib.util.spec_from_file_location("file_tree", ROOT / "docs" / "file_tree.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.with_tree(README) == README, "run: python docs/file_tree.py"


def test_every_command_is_in_the_readme():
    told = set(re.findall(r"`eyespot ([\w-]+)", README))
    assert set(COMMANDS) <= told


def test_every_document_that_is_linked_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing
