"""Hostile model files run nothing, crash nothing, cost little, and are named (M1, M2, M4)."""

import ast
import resource
import time
from pathlib import Path

import hostile
import pytest

import eyespot
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.files import sha256
from eyespot.weights import from_file, tensors
from eyespot.weights.convert import convert

PICKLES = hostile.pickles(Path("canary"))
HEADERS = hostile.safetensors()


def refused(call, path, kinds=EyespotError):
    """That `call` refuses in one line that names `path`, within 2 s and 300 MB."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(kinds) as caught:
        call()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_given_as_weights_is_refused_unread(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    path.write_bytes(PICKLES[name])
    refused(lambda: from_file(path, "resnet18"), path, (InputError, IntegrityError))
    assert not Path("canary").exists()


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch tells what is odd in the file
@pytest.mark.parametrize("name", PICKLES)
def test_the_converter_runs_nothing_even_where_the_hash_is_right(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, target = tmp_path / "weights.pth", tmp_path / "out.safetensors"
    path.write_bytes(PICKLES[name])
    with pytest.raises(InputError) as caught:
        convert(path, sha256(path), "torchvision/resnet18", target)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == [path]  # no canary, no half file


def test_a_canary_would_be_seen(tmp_path, monkeypatch):
    """The attack is real: an unrestricted reader is hurt by it."""
    import pickle

    monkeypatch.chdir(tmp_path)
    pickle.loads(PICKLES["os.system"])  # the attack of this test's own making
    assert Path("canary").exists()


def test_the_archive_that_the_views_are_made_of_is_sound(tmp_path):
    import io

    import torch

    state = torch.load(io.BytesIO(hostile.sound_archive()), weights_only=True)
    assert state["fc.weight"].tolist() == [1.0]


def test_the_converter_refuses_a_file_that_changed_since_it_was_verified(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(PICKLES["os.system"])
    with pytest.raises(IntegrityError, match=r"weights\.pth has the SHA-256"):
        convert(path, "0" * 64, "torchvision/resnet18", tmp_path / "out")


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies_is_refused(name, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(HEADERS[name])
    refused(lambda: tensors.read_header(path), path, IntegrityError)


@pytest.mark.parametrize("name", ["a/../../etc/passwd", "/etc/passwd", "..\\x", "a\x00b", "\ud800"])
def test_tensor_names_are_never_paths(name, tmp_path):
    path = tmp_path / "weights.safetensors"
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    path.write_bytes(hostile._safetensors({name: entry}, b"\0" * 4))
    with pytest.raises(EyespotError):
        from_file(path, "resnet18")
    assert [file.name for file in tmp_path.rglob("*")] == ["weights.safetensors"]


def test_a_sound_file_with_a_header_that_looks_like_a_pickle_is_read(tmp_path):
    # 640 = 0x280: the length begins with the bytes 80 02, as pickles do
    path = tmp_path / "weights.safetensors"
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(640)
    path.write_bytes(hostile._safetensors(header, b"\0" * 4))
    assert tensors.read_header(path).entries["a"].shape == (1,)


FORBIDDEN = {
    "pickle", "cPickle", "_pickle", "dill", "joblib", "shelve", "marshal", "yaml",
}  # fmt: skip


def test_nothing_but_the_converter_reads_pickles():
    """M2 by the syntax tree: one `torch.load`, restricted, in convert.py; no pickle, no eval."""
    root = Path(eyespot.__file__).parent
    loads, others = [], []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            where = f"{path.relative_to(root).as_posix()}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names]
                others += [where for name in names if name.partition(".")[0] in FORBIDDEN]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
                if called == "torch.load":
                    loads.append((path.name, keywords.get("weights_only")))
                if called in ("eval", "exec", "torch.jit.load", "torch.package.PackageImporter"):
                    others.append(where)
                if "allow_pickle" in keywords and keywords["allow_pickle"] != "False":
                    others.append(where)
    assert loads == [("convert.py", "True")]
    assert others == []
