"""Export: the ONNX model is the same classifier and carries no traces, or it is not written.

Oracles: torch in float32 written out by hand, onnx's checker, and the exported folder run by a
Python that can import numpy, Pillow and onnxruntime only.
"""

import contextlib
import dataclasses
import getpass
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from sklearn.metrics.pairwise import cosine_distances

from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.coverage import Coverage
from eyespot.classifier.export import contents, export, graph, parity, runtime
from eyespot.classifier.export.samples import built_in
from eyespot.classifier.heads import LinearHead, NeighbourHead, probabilities
from eyespot.classifier.novelty import Novelty
from eyespot.cli.main import eyespot
from eyespot.embeddings.neighbours import unit
from eyespot.engines import Backbone, pretrained
from eyespot.errors import EyespotError, InputError, MissingExtraError
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.samples import sample_photos
from eyespot.networks import build
from eyespot.weights import tensors_digest
from eyespot.weights.catalogue import DEFAULT

onnx = pytest.importorskip("onnx", reason="the extra [export] is not installed")
if find_spec("onnxruntime") is None:  # not imported here: that would start its statistics
    pytest.skip("the extra [export] is not installed", allow_module_level=True)

CLASSES = ("ant", "bee", "Überraschung, 100 %", "none", "z")
RULE = Preprocessing(72, 64, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
WRITTEN = {
    "README.md", "SHA256SUMS", "expected.json", "expected.npz", "labels.txt", "model.onnx",
    "photo-1.jpg", "photo-2.jpg", "photo-3.png", "preprocess.py", "preprocessing.json", "verify.py",
}  # fmt: skip

ONLY = """
import sys
class Only:
    def find_spec(self, name, path=None, target=None):
        known = {"numpy", "PIL", "onnxruntime", "preprocess", "verify"} | sys.stdlib_module_names
        if name.partition(".")[0] not in known:
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Only())
sys.path.insert(0, "")
"""


def linear(dimensions: int, seed: int = 0) -> LinearHead:
    generator = np.random.default_rng(seed)
    weight = generator.normal(0, 0.15, (len(CLASSES), dimensions)).astype(np.float32)
    return LinearHead("linear softmax", 1.0, 1.7, weight, np.zeros(len(CLASSES), np.float32))


def parts(count: int, rule: Preprocessing) -> np.ndarray:
    """(N, H, W, 3) pixels of parts of two real photos."""
    return np.stack([rule.read(sample.content)[1] for sample in built_in(count)[2:]])


@cache
def network() -> torch.nn.Module:
    """A ResNet-18 with fresh weights; its norms have seen photos, so its answers depend on them."""
    fresh = build("resnet18", seed=1)
    for module in fresh.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches, here one
    with torch.inference_mode():
        fresh.train()(torch.from_numpy(RULE.normalise(parts(24, RULE))))
    return fresh.eval()


def small(head: str = "linear", *, flip: bool = False, output: str = "embedding") -> Classifier:
    """A network that sees 64 pixels, and a head of five classes."""
    state = network().state_dict()
    backbone = Backbone(
        architecture="resnet18",
        weights=tensors_digest(state, without="fc"),
        preprocessing=RULE,
        output=output,
        source="fresh weights",
        load=network,
        tensors=lambda: {n: t.numpy() for n, t in state.items() if not n.startswith("fc.")},
    )
    dimensions = {"embedding": 512, "layer3": 256}[output]
    generator = np.random.default_rng(0)
    photos = unit(np.abs(generator.normal(0, 1, (40, dimensions))).astype(np.float32))
    labels = generator.integers(0, 5, 40)
    if head == "linear":
        trained = linear(dimensions)
    else:
        trained = NeighbourHead("nearest neighbours", 9.0, 0.9, photos, labels, 5)
    reference = Reference(("00" * 32,) * 40, photos, labels)
    return Classifier(backbone, trained, CLASSES, reference=reference, flip=flip, device="cpu")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The embedded network with a head of five classes."""
    return Classifier(pretrained(DEFAULT), linear(1280), CLASSES, device="cpu")


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    return export(classifier, tmp_path_factory.mktemp("exports") / "five-onnx")


@pytest.fixture
def copy(exported, tmp_path) -> Path:
    """The exported folder, to be damaged."""
    return Path(shutil.copytree(exported.folder, tmp_path / "copy"))


@pytest.fixture(scope="module")
def small_model():
    """The ONNX model of `small`, made once."""
    return graph.to_onnx(small())


@dataclasses.dataclass(frozen=True)
class Commanded:
    """What the command did, and the ONNX model that it wrote, with neighbours and mirror images."""

    folder: Path
    done: Result
    model: bytes


@pytest.fixture(scope="module")
def commanded(tmp_path_factory) -> Commanded:
    """A bundle exported by the command, once for all who look at it."""
    place = tmp_path_factory.mktemp("commanded")
    small("neighbours", flip=True).save(place / "birds-model")
    with contextlib.chdir(place):
        done = run("birds-model/", "--device", "cpu", "--json")
    folder = place / "birds-onnx"
    return Commanded(folder, done, (folder / "model.onnx").read_bytes())


def alone(folder: Path, code: str) -> subprocess.CompletedProcess:
    """Run `code` in `folder` where only numpy, Pillow and onnxruntime can be imported."""
    command = [sys.executable, "-B", "-c", ONLY + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def verify(folder: Path) -> subprocess.CompletedProcess:
    return alone(folder, "import runpy; runpy.run_path('verify.py', run_name='__main__')")


def by_torch(classifier: Classifier, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, H, W, 3) -> probabilities and embeddings, in torch's float32, written out."""
    rule, head = classifier.backbone.preprocessing, classifier.head
    network = classifier.backbone.load()
    with torch.inference_mode():
        images = torch.from_numpy(rule.normalise(pixels))
        embedding = network.forward_embedding(images)
        if classifier.flip:
            embedding = (embedding + network.forward_embedding(images.flip(3))) / 2
        logits = embedding @ torch.from_numpy(head.weight).T + torch.from_numpy(head.bias)
        return torch.softmax(logits / head.temperature, dim=1).numpy(), embedding.numpy()


def with_gps(path: Path, picture: Image.Image) -> None:
    """A photo that tells where it was taken, and by whom."""
    block = Image.Exif()
    block[0x010F] = "SecretMaker"
    block[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    picture.save(path, exif=block, comment=b"SecretComment")


# the model


def test_the_folder_answers_as_torch_where_nothing_else_is_installed(
    classifier, exported, tmp_path
):
    photos = [*sample_photos(), tmp_path / "turned.jpg"]
    turned = Image.Exif()
    turned[274] = 6
    Image.open(photos[0]).save(photos[2], exif=turned)
    done = alone(
        exported.folder,
        "import json, os; os.environ['ORT_DISABLE_TELEMETRY'] = '1'\n"
        "import numpy, onnxruntime, preprocess\n"
        f"pixels = numpy.stack([preprocess.read(p) for p in {[str(p) for p in photos]!r}])\n"
        "p, e = onnxruntime.InferenceSession('model.onnx').run(None, {'pixels': pixels})\n"
        "print(json.dumps([p.tolist(), e.tolist()]))",
    )
    assert done.returncode == 0, done.stderr
    came = [np.array(rows, np.float32) for rows in json.loads(done.stdout)]
    pixels = np.stack([classifier.backbone.preprocessing.read(photo)[1] for photo in photos])
    wanted = by_torch(classifier, pixels)
    assert np.abs(came[0] - wanted[0]).max() < 1e-5  # float32, another order of summation
    assert np.abs(came[1] - wanted[1]).max() < 1e-4 * wanted[1].std()
    assert np.abs(wanted[0][0] - wanted[0][1]).max() > 0.1  # the photos are told apart
    assert np.abs(wanted[0][0] - wanted[0][2]).max() > 1e-3


def test_normalisation_inside_the_model_is_that_of_preprocessing_bit_for_bit(classifier, exported):
    model = onnx.load(exported.folder / "model.onnx")
    (last,) = (node for node in model.graph.node if node.op_type == "Mul")
    part = onnx.utils.Extractor(onnx.shape_inference.infer_shapes(model)).extract_model(
        ["pixels"], [last.output[0]]
    )
    side = classifier.backbone.preprocessing.crop
    pixels = np.resize(np.arange(256, dtype=np.uint8), (3, side, side))
    pixels = np.stack([pixels[0], pixels[1, ::-1], pixels[2].T], axis=-1)[None]  # every value
    (came,) = runtime.session(part.SerializeToString()).run(None, {"pixels": pixels})
    wanted = classifier.backbone.preprocessing.normalise(pixels)
    assert came.dtype == wanted.dtype and came.tobytes() == wanted.tobytes()


def test_mirror_images_are_averaged_inside_the_model(small_model, commanded):
    pixels = parts(3, RULE)
    models = {False: small_model.SerializeToString(), True: commanded.model}
    wanted = {flip: by_torch(small(flip=flip), pixels)[1] for flip in models}
    for flip, model in models.items():
        came = runtime.session(model).run(["embedding"], {"pixels": pixels})[0]
        assert np.abs(came - wanted[flip]).max() < 1e-4 * wanted[flip].std()
    assert np.abs(wanted[True] - wanted[False]).max() > 1e-2 * wanted[False].std()


@pytest.mark.parametrize("k", [1, 9, 400])
def test_the_votes_of_neighbours_are_counted_inside_the_model(k):
    classifier = small("neighbours")
    head = dataclasses.replace(classifier.head, strength=float(k))
    vectors = np.abs(np.random.default_rng(1).normal(0, 1, (6, 512))).astype(np.float32)
    with torch.inference_mode():
        scores = graph.NeighbourScores(head)(torch.from_numpy(vectors)).numpy()
    assert np.abs(scores - head.scores(vectors)).max() < 1e-5
    assert np.ptp(scores, axis=0).max() > 1e-2  # the photos are told apart


def knowing(*, negatives: bool, head: str = "linear") -> Classifier:
    """The small classifier, whose known photos are parts of two photos, and label sets."""
    classifier = small(head)
    known = by_torch(small(), parts(20, RULE))[1] * 1.7  # of any length
    other = np.roll(known[:3], 7, axis=1) if negatives else None
    reference = Reference(("00" * 32,) * 20, known, np.arange(20) % 5, other)
    steps = np.linspace(-0.07, 0.0, 101) if negatives else np.linspace(0.17, 0.25, 101)
    return dataclasses.replace(
        classifier,
        reference=reference,
        novelty=Novelty(3, tuple(steps.tolist()), has_negatives=negatives, nearness=0.24),
        coverage=Coverage(0.9, (0.7, 0.75, 0.8, 1.0, 0.1), (40,) * 5, (False,) * 5),
    )


@cache
def knowing_model(negatives: bool) -> onnx.ModelProto:
    """The ONNX model of `knowing`, made once."""
    return graph.to_onnx(knowing(negatives=negatives))


@pytest.mark.parametrize("negatives", [False, True])
def test_none_of_these_and_label_sets_are_found_inside_the_model(negatives):
    classifier = knowing(negatives=negatives)
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    pixels = np.concatenate([parts(24, RULE)[16:], noise])
    running = runtime.session(knowing_model(negatives).SerializeToString())
    probabilities, embedding, share, sets = running.run(None, {"pixels": pixels})
    # by scikit-learn's distances: to the third nearest, less to negatives within 0.24
    distance = cosine_distances(embedding, classifier.reference.vectors)
    wanted = np.sort(distance, axis=1)[:, 2]
    if negatives:
        away = cosine_distances(embedding, classifier.reference.negatives)
        wanted = wanted - np.minimum(np.sort(away, axis=1)[:, 2], 0.24)
    wanted = np.interp(wanted, classifier.novelty.quantiles, np.linspace(0, 1, 101))
    assert np.abs(share - wanted).max() < 1e-3
    assert np.ptp(wanted) > 0.3  # the pictures are told apart
    inside = 1 - probabilities <= np.array(classifier.coverage.thresholds)
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    assert np.array_equal(sets, inside)
    assert len(set(sets.sum(axis=1))) > 1


def copied(model: onnx.ModelProto) -> onnx.ModelProto:
    """Describing a model changes it."""
    twin = onnx.ModelProto()
    twin.CopyFrom(model)
    return twin


def test_an_exported_folder_carries_all_that_the_classifier_knows_of_itself(tmp_path, monkeypatch):
    model = copied(knowing_model(True))
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: model)
    classifier = knowing(negatives=True)
    exported = export(classifier, tmp_path / "five-onnx")
    exact = exported.parity.exact
    assert exact.none_difference < 1e-3
    assert exact.other_sets == 0
    facts = {
        item.key: item.value for item in onnx.load(exported.folder / "model.onnx").metadata_props
    }
    assert float(facts["none_of_these_above"]) == 0.95
    assert float(facts["none_of_these_distance"]) == classifier.novelty.threshold
    assert float(facts["temperature"]) == 1.7
    assert float(facts["coverage"]) == 0.9
    expected = json.loads((exported.folder / "expected.json").read_text("utf-8"))
    assert set(expected["photos"][0]) >= {"none_of_these", "label_set"}
    readme = (exported.folder / "README.md").read_text("utf-8")
    assert "| output | `none_of_these` |" in readme and "| output | `label_set` |" in readme
    said = verify(exported.folder)
    assert said.returncode == 0, said.stdout
    assert "none_of_these" in said.stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"novelty": Novelty(2, tuple(i / 300 for i in range(101)))}, "none_of_these within"),
        ({"coverage": Coverage(0.9, (0.1,) * 5, (40,) * 5, (False,) * 5)}, "other label sets"),
    ],
)
def test_an_export_that_knows_something_else_of_itself_is_not_written(
    change, reason, tmp_path, monkeypatch
):
    model = copied(knowing_model(False))
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: model)
    with pytest.raises(EyespotError, match=reason):
        export(dataclasses.replace(knowing(negatives=False), **change), tmp_path / "five-onnx")
    assert not (tmp_path / "five-onnx").exists()


def test_neighbours_and_mirror_images_survive_the_conversion(commanded):
    classifier = small("neighbours", flip=True)
    pixels = parts(4, RULE)
    came, embedding = runtime.session(commanded.model).run(None, {"pixels": pixels})
    wanted = by_torch(dataclasses.replace(classifier, head=linear(512)), pixels)[1]
    assert np.abs(embedding - wanted).max() < 1e-4 * wanted.std()
    assert np.abs(came - probabilities(classifier.head, wanted)).max() < 1e-5
    assert np.ptp(came, axis=0).max() > 1e-2


def test_a_stage_of_the_network_is_exported_as_well():
    classifier = small(output="layer3")
    pixels = parts(2, RULE)
    running = runtime.session(graph.to_onnx(classifier).SerializeToString())
    embedding = running.run(["embedding"], {"pixels": pixels})[0]
    wanted = parity.from_engine(classifier, classifier.engine, pixels).embedding
    assert wanted.shape == (2, 256)
    assert np.abs(embedding - wanted).max() < 1e-4 * wanted.std()


def test_the_same_classifier_becomes_the_same_bytes_without_a_word(small_model, capfd):
    again = graph.to_onnx(small())
    assert capfd.readouterr() == ("", "")
    assert again.SerializeToString(deterministic=True) == small_model.SerializeToString(
        deterministic=True
    )


# what is written


def test_everything_that_is_promised_is_in_the_folder(exported):
    assert set(exported.files) == WRITTEN
    assert {path.name for path in exported.folder.iterdir()} == WRITTEN
    assert exported.folder.parent.joinpath("five-onnx") == exported.folder
    assert [path.name for path in exported.folder.parent.iterdir()] == ["five-onnx"]


def test_the_model_says_what_it_is(classifier, exported):
    model = onnx.load(exported.folder / "model.onnx")
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["names"]) == list(CLASSES)
    assert facts["task"] == "classify"
    assert json.loads(facts["imgsz"]) == [224, 224]
    assert facts["format_version"] == "1"
    assert float(facts["parity_max_abs_diff"]) == exported.parity.exact.max_abs_difference
    assert facts["decoder"].startswith("Pillow ")
    assert (exported.folder / "labels.txt").read_text("utf-8").split("\n") == [*CLASSES, ""]


def test_the_model_passes_onnx_own_checker_and_has_the_promised_face(exported):
    path = exported.folder / "model.onnx"
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path, load_external_data=False)
    assert all(opset.version >= 18 and opset.domain == "" for opset in model.opset_import)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    (pixels,) = model.graph.input
    shape = [axis.dim_param or axis.dim_value for axis in pixels.type.tensor_type.shape.dim]
    assert (pixels.name, shape) == ("pixels", ["N", 224, 224, 3])
    assert pixels.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [output.name for output in model.graph.output] == ["probabilities", "embedding"]


def test_nothing_of_this_machine_is_in_any_file(exported):
    names = {str(Path.home()), sys.prefix, sys.base_prefix, str(exported.folder.parent)}
    names |= {str(Path(__file__).parents[2]), f"/{getpass.getuser()}/"}
    paths = re.compile(rb"[\"' ](/(home|root|Users|tmp|work|usr|opt|var)/|[A-Z]:\\)")
    for path in exported.folder.iterdir():
        content = path.read_bytes()
        found = [name for name in names if name.encode() in content]
        assert not found, (path.name, found)
        if path.suffix not in (".jpg", ".png", ".npz"):
            assert not paths.search(content), path.name


def test_the_parity_is_measured_on_many_files_and_told(exported):
    measured = exported.parity
    assert measured.photos == 32 and measured.left_out == ()
    assert measured.exact.same_labels == 32
    assert 0 < measured.exact.max_abs_difference < 1e-5
    text = (exported.folder / "README.md").read_text("utf-8")
    assert f"{measured.exact.max_abs_difference:.1e}" in text
    assert "torch" in measured.exact.engine and "danielbuechele" in text


# verify.py


def test_verify_agrees_where_nothing_else_is_installed(exported):
    done = verify(exported.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("equal in every bit") == 3
    assert done.stdout.endswith("All equal.\n")


LOST = ["model.onnx", "photo-2.jpg", "expected.json", "README.md"]

EACH = """
import contextlib, io, json, os, runpy, traceback
came = {}
for name in os.listdir():
    said = io.StringIO()
    with contextlib.chdir(name), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = runpy.run_path("verify.py", run_name="__main__") and 0
        except SystemExit as ended:
            code = ended.code
        except Exception:
            code = traceback.print_exc() or 1
    came[name] = [code, said.getvalue()]
print(json.dumps(came))
"""


@pytest.fixture(scope="module")
def damaged(exported, tmp_path_factory) -> dict[str, tuple[int, str]]:
    """What verify.py says, and its exit code, for "bit NAME" and "lost NAME": by one Python."""
    root = tmp_path_factory.mktemp("damaged")
    for name in WRITTEN:
        folder = shutil.copytree(exported.folder, root / f"bit {name}", copy_function=os.link)
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).unlink()
        (folder / name).write_bytes(content)
    for name in LOST:
        folder = shutil.copytree(exported.folder, root / f"lost {name}", copy_function=os.link)
        (folder / name).unlink()
    shutil.copytree(exported.folder, root / "whole", copy_function=os.link)
    done = alone(root, EACH)
    assert done.returncode == 0, done.stderr
    came = {name: (code, said) for name, (code, said) in json.loads(done.stdout).items()}
    assert came.pop("whole")[0] == 0
    return came


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_verify_names_a_file_with_a_flipped_bit(damaged, name):
    code, said = damaged[f"bit {name}"]
    assert code == 1
    assert name in said or name == "SHA256SUMS"


@pytest.mark.parametrize("name", LOST)
def test_verify_names_a_file_that_is_missing(damaged, name):
    code, said = damaged[f"lost {name}"]
    assert code == 1
    assert f"DIFFERENT  '{name}' is missing" in said


def one_pixel_off(script: Path) -> None:
    text = script.read_text("utf-8")
    assert "round((side -" in text
    script.write_text(text.replace("round((side -", "int((side - 2 -"), "utf-8")


def resealed(folder: Path) -> Path:
    """As somebody would who wants the change to be believed."""
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "SHA256SUMS"
    }
    (folder / "SHA256SUMS").write_text("".join(f"{s}  {n}\n" for n, s in sums.items()))
    return folder


def test_verify_sees_another_model(copy):
    model = onnx.load(copy / "model.onnx")
    perturb(model)
    onnx.save(model, copy / "model.onnx")
    done = verify(resealed(copy))
    assert done.returncode == 1
    assert re.search(r"DIFFERENT  photo-1.jpg: probabilities, by up to \d", done.stdout)


def test_verify_sees_other_pixels(copy):
    picture = Image.open(copy / "photo-3.png")
    picture.putpixel((picture.width // 2, picture.height // 2), (255, 0, 255))
    picture.save(copy / "photo-3.png")
    done = verify(resealed(copy))
    assert done.returncode == 1
    assert re.search(r"DIFFERENT  photo-3.png: pixels, by up to \d+ of 255", done.stdout)


def test_verify_sees_another_preprocessing(copy):
    one_pixel_off(copy / "preprocess.py")
    done = verify(resealed(copy))
    assert done.returncode == 1
    assert "pixels" in done.stdout


def test_verify_leaves_no_identifier_and_tries_no_connection(exported, tmp_path):
    """onnxruntime keeps a device identifier in the cache folder where it is not forbidden."""
    trace = tmp_path / "trace"
    command = [sys.executable, "-B", "verify.py"]
    if strace := shutil.which("strace"):
        command = [strace, "-f", "-e", "trace=connect", "-o", str(trace), *command]
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "c")}
    done = subprocess.run(command, cwd=exported.folder, env=home, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"trace"}
    if strace:
        assert "AF_INET" not in trace.read_text()


# refusals


def perturb(model) -> None:
    """One weight of the first convolution, as a bug in a converter would."""
    tensor = max(model.graph.initializer, key=lambda tensor: len(tensor.dims))
    array = onnx.numpy_helper.to_array(tensor).copy()
    array.flat[0] += 0.5 * np.abs(array).max()
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def test_a_model_that_answers_differently_is_not_written(
    small_model, photos, tmp_path, monkeypatch
):
    model = onnx.ModelProto()
    model.CopyFrom(small_model)
    perturb(model)
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: model)
    with pytest.raises(EyespotError, match=r"was not written.* within 5e-04 .*, got \d+ and \d"):
        export(small(), tmp_path / "out", photos=photos)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("same", "probability", "embedding", "holds"),
    [
        (32, 4e-4, 9e-3, True),
        (31, 1e-7, 1e-6, False),
        (32, 6e-4, 1e-6, False),
        (32, 1e-7, 1.1e-2, False),
        (32, float("nan"), 1e-6, False),
        (32, 1e-7, float("nan"), False),
    ],
)
def test_equal_means_every_label_and_every_number(same, probability, embedding, holds):
    exact = parity.Difference("torch", same, probability, embedding)
    used = parity.Difference("bfloat16", 20, 0.2, 0.1)  # told, but not the model's fault
    assert parity.Parity(32, exact, used, parity.TOLERANCE, ()).holds is holds


def test_a_preprocessing_that_reads_other_pixels_is_not_written(tmp_path, monkeypatch):
    read = parity.preprocess.read

    def one_off(photo, numbers):
        pixels = read(photo, numbers).copy()
        pixels[0, 0, 0] ^= 1
        return pixels

    monkeypatch.setattr(parity.preprocess, "read", one_off)
    with pytest.raises(EyespotError, match=r"read china.jpg differently"):
        export(small(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_verify_itself_is_not_written(
    small_model, photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: small_model)
    scripts = Path(shutil.copytree(contents.STANDALONE, tmp_path / "scripts"))
    one_pixel_off(scripts / "preprocess.py")
    monkeypatch.setattr(contents, "STANDALONE", scripts)
    (tmp_path / "here").mkdir()
    with pytest.raises(EyespotError, match=r"(?s)nothing was written.*DIFFERENT  photo-1"):
        export(small(), tmp_path / "here" / "out", photos=photos)
    assert list((tmp_path / "here").iterdir()) == []


def test_a_folder_in_the_way_is_kept(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="no export of eyespot"):
            export(small(), tmp_path / "mine", overwrite=overwrite)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_an_export_is_replaced_only_if_asked(small_model, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: onnx.ModelProto.FromString(content))
    content = small_model.SerializeToString()
    export(small(), tmp_path / "out", photos=photos)
    with pytest.raises(InputError, match="--overwrite"):
        export(small(), tmp_path / "out")
    (tmp_path / "out" / "more.txt").write_text("old")
    again = export(small(), tmp_path / "out", photos=photos, overwrite=True)
    assert set(again.files) == WRITTEN


def test_without_the_extra_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "NEEDED", ("onnx", "onnx_that_is_not_there"))
    with pytest.raises(
        MissingExtraError, match=r"onnx_that_is_not_there: pip install 'eyespot\[export\]'"
    ):
        export(small(), tmp_path / "out")


# photos of the user


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Four photos with a place in their EXIF, one that only eyespot reads, one that is broken."""
    folder = tmp_path_factory.mktemp("own") / "my photos"
    folder.mkdir()
    for i, path in enumerate(sample_photos()):
        picture = Image.open(path)
        with_gps(folder / f"SecretName{i}.jpg", picture)
        with_gps(folder / f"SecretName{i} part.jpg", picture.crop((50, 50, 300, 250)))
    Image.open(sample_photos()[0]).convert("CMYK").save(folder / "printed.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return folder


@pytest.fixture(scope="module")
def from_own(small_model, photos, tmp_path_factory):
    content = small_model.SerializeToString()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "to_onnx", lambda classifier: onnx.ModelProto.FromString(content))
        return export(small(), tmp_path_factory.mktemp("from own") / "out", photos=photos)


def test_photos_that_cannot_be_compared_are_named(from_own):
    assert from_own.parity.photos == 4
    reasons = {Path(item.file).name: item.reason for item in from_own.parity.left_out}
    assert set(reasons) == {"broken.jpg", "printed.jpg"}
    assert "CMYK" in reasons["printed.jpg"]


def test_photos_leave_without_place_time_camera_or_name(from_own):
    text = (from_own.folder / "README.md").read_text("utf-8")
    assert "danielbuechele" not in text  # no built-in photo is in it
    for path in from_own.folder.iterdir():
        assert b"Secret" not in path.read_bytes(), path.name
    for name in ("photo-1.jpg", "photo-2.jpg", "photo-3.png"):
        with Image.open(from_own.folder / name) as picture:
            assert not picture.getexif() and "comment" not in picture.info
            assert not {"exif", "xmp", "icc_profile", "photoshop"} & set(picture.info)


def test_a_folder_without_photos_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="There is no file"):
        export(small(), tmp_path / "out", photos=tmp_path / "empty")
    (tmp_path / "empty" / "words.jpg").write_text("these are only words")
    with pytest.raises(InputError, match=r"there is none. The first: .*words.jpg"):
        export(small(), tmp_path / "out", photos=tmp_path / "empty")


# the command


def run(*words: str):
    return CliRunner().invoke(eyespot, ["export", *words], catch_exceptions=False)


def test_a_bundle_is_exported_by_the_command(commanded):
    answer = json.loads(commanded.done.stdout)
    assert answer["folder"] == "birds-onnx" and set(answer["files"]) == WRITTEN
    assert answer["parity"]["photos"] == 32 and answer["parity"]["torch"]["same_labels"] == 32
    assert set(answer["parity"]) == {"photos", "tolerance", "torch", "engine", "left_out"}
    assert commanded.done.stderr == ""
    assert verify(commanded.folder).returncode == 0


def test_the_command_says_what_was_measured_and_what_to_do_next(
    small_model, photos, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(graph, "to_onnx", lambda classifier: small_model)
    small().save("birds-model")
    done = run("birds-model", "--device", "cpu", "--photos", str(photos))
    assert re.search(r"4 equal labels, probabilities within \d", done.stdout)
    assert done.stdout.endswith("Try: python birds-onnx/verify.py\n")
    assert "printed.jpg was not compared" in done.stderr.replace("\n  ", " ")


def test_help_and_refusals_import_no_torch():
    code = (
        "import sys\nfrom eyespot.cli.main import main\n"
        "sys.argv = ['eyespot', 'export', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "assert not {'torch', 'onnx', 'onnxruntime', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example:" in done.stdout
