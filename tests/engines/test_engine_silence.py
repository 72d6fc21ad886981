"""Prediction loads no torch, and nothing calls home: what a process of its own really does."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from eyespot import ImageClassifier
from eyespot.images.samples import sample_photos

HEAVY = ("torch", "torchvision", "sklearn", "scipy", "matplotlib", "pandas", "onnx", "onnxruntime")

PREDICT = """
import json, sys
import eyespot
classifier = eyespot.load(sys.argv[1])
prediction = classifier.predict(sys.argv[2])
print(json.dumps({"label": prediction.label, "modules": sorted(sys.modules)}))
"""

# The first thing that a fresh machine does: convert weights and network, embed, learn, predict.
FIRST_USE = """
import sys
attempts = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        attempts.append((event, str(arguments)))
sys.addaudithook(watch)
import eyespot
from eyespot.engines import convert
convert.CROPS = 4
photos = sys.argv[1:3] * 2
classifier = eyespot.ImageClassifier(kind="linear softmax", folds=2)
classifier.fit(photos, [0, 1, 0, 1], groups=[0, 1, 2, 3])
print(classifier.predict(photos).tolist(), attempts, sys.modules["openvino_telemetry"])
"""


@pytest.fixture
def clean(tmp_path):
    """The environment of a machine on which nothing was set up: an empty home, and `CI` unset."""
    (tmp_path / "home").mkdir()
    hidden = ("CI", "XDG_", "LOCALAPPDATA", "PYTEST", "COV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return kept | {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}


def test_prediction_with_a_cached_engine_loads_no_torch(tmp_path):
    photos = [str(path) for path in sample_photos()]
    trained = ImageClassifier(kind="linear softmax", folds=2).fit(
        photos * 2, ["a", "b"] * 2, range(4)
    )
    bundle = trained.to_classifier().save(tmp_path / "model")
    run = subprocess.run(
        [sys.executable, "-c", PREDICT, str(bundle), photos[1]],
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(run.stdout)
    assert said["label"] == "b"
    loaded = {name.partition(".")[0] for name in said["modules"]}
    assert not loaded & set(HEAVY)
    assert "openvino" in loaded  # or there was no engine at all
    assert run.stderr == ""


def test_nothing_is_connected_to_from_the_first_use_on(tmp_path, clean):
    """By Python's own audit of sockets, and where strace works by the system calls of all."""
    command = [sys.executable, "-c", FIRST_USE, *map(str, sample_photos())]
    trace = tmp_path / "trace"
    if is_tracing_possible():
        calls = "trace=connect,sendto,sendmsg"
        command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", calls, "-o", str(trace), *command]
    run = subprocess.run(command, env=clean, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "[0, 1, 0, 1] [] None\n"
    assert run.stderr == ""
    if is_tracing_possible():
        assert not re.findall(r".*AF_INET.*", trace.read_text())
    assert [path.name for path in (tmp_path / "home").iterdir()] == [".cache"]


def is_tracing_possible():
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


def test_a_connection_would_be_seen(tmp_path, clean):
    """The two watchers above, on a program that does connect."""
    program = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    head = FIRST_USE.partition("import eyespot")[0]
    watched = [sys.executable, "-c", f"{head}{program}; print(attempts)"]
    run = subprocess.run(watched, env=clean, capture_output=True, text=True, check=True)
    assert "socket.connect" in run.stdout
    if is_tracing_possible():
        trace = tmp_path / "trace"
        command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect", "-o", str(trace)]
        subprocess.run([*command, sys.executable, "-c", program], env=clean, check=True)
        assert "AF_INET" in trace.read_text()
