"""Weights of one's own: added once, known by a name to every command, and never half believed."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from published_files import published_file
from safetensors.torch import load_file, save, save_file
from torch.nn import functional

from eyespot import weights
from eyespot.classifier import bundle
from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import LinearHead
from eyespot.classifier.published import published
from eyespot.cli.main import eyespot
from eyespot.engines import EMBEDDING, LOGITS, pretrained
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.networks import build
from eyespot.weights import adapt, catalogue, tensors_digest
from eyespot.weights import cache as weights_cache
from eyespot.weights.convert import convert

REAL = Path(__file__).resolve().parents[3] / "shared" / "weights"
REAL /= "squeezenet1_0_deepcompression.safetensors"
DIGITS = tuple("abcdefghij")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """An empty data folder, and the converter without a process of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def run(command, **_options):
        source, sha256, name, target, *own = command[command.index("eyespot.weights.convert") + 1 :]
        convert(Path(source), sha256, name, Path(target), is_own=own == ["--own"])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(weights_cache.subprocess, "run", run)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "eyespot" / "weights" / "own"


def lenet(path="lenet.safetensors", *, num_classes=10, seed=1):
    save_file(build("lenet5_modern", num_classes=num_classes, seed=seed).state_dict(), path)
    return Path(path)


def photo(path="photo.png"):
    pixels = np.random.default_rng(0).integers(0, 255, (41, 60, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return Path(path)


def run(*words):
    result = CliRunner().invoke(eyespot, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def refused(*words):
    """What is said of a mistake, which is none of ours."""
    result = CliRunner().invoke(eyespot, [str(word) for word in words])
    if isinstance(result.exception, EyespotError):
        assert result.exception.exit_code == 2
        return str(result.exception)
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def not_added(*words):
    """The same of what is not added; nothing is kept."""
    said = refused("weights", "own/a", "--add", *words)
    assert "\n" not in said and not list(Path("data").rglob("*.safetensors"))
    return said


def learned_on(backbone, *, width):
    """A classifier of two classes with a head of its own on the embedding."""
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(4, width)).astype(np.float32)
    head = LinearHead("linear softmax", 0.0, 1.0, vectors[:2], vectors[0, :2])
    reference = Reference(tuple(f"{i:064x}" for i in range(4)), vectors, np.arange(4) % 2)
    return Classifier(backbone, head, ("ant", "bee"), reference, Card(), device="cpu")


def probabilities(name):
    """Of each class, for the photo."""
    return published(name, device="cpu").probabilities([photo()])[0]


# Added


def by_hand(path, picture, *, mean, std, side, crop):
    """Logits of LeNet-5 as taught today, from the file's tensors and nothing of eyespot."""
    grey = Image.open(picture).convert("L")  # 60 x 41, so the long side is int(side * 60 / 41)
    grey = grey.resize((int(side * 60 / 41), side), Image.Resampling.BILINEAR)
    left, top = round((grey.width - crop) / 2), round((grey.height - crop) / 2)
    pixels = np.asarray(grey, np.float64)[top : top + crop, left : left + crop]
    x = torch.from_numpy((pixels - mean) / std)[None, None].float()
    t = load_file(path)
    for name in ("features.0", "features.3"):
        x = functional.conv2d(x, t[f"{name}.weight"], t[f"{name}.bias"])
        x = functional.max_pool2d(x.relu(), 2)
    x = x.flatten(1)
    for name in ("classifier.0", "classifier.2"):
        x = (x @ t[f"{name}.weight"].T + t[f"{name}.bias"]).relu()
    return (x @ t["classifier.4.weight"].T + t["classifier.4.bias"])[0]


def test_answers_are_those_of_the_file_s_tensors_on_pixels_prepared_as_told():
    file = lenet()
    weights.add(file, "own/digits", mean=[33], std=[78], resize=30, crop=28, classes=DIGITS)
    came = probabilities("own/digits")
    expected = by_hand(file, "photo.png", mean=33, std=78, side=30, crop=28).softmax(0).tolist()
    assert came.tolist() == pytest.approx(expected, abs=1e-6)
    otherwise = by_hand(file, "photo.png", mean=33, std=70, side=30, crop=28).softmax(0).tolist()
    assert came.tolist() != pytest.approx(otherwise, abs=1e-4)


def test_it_is_a_checkpoint_as_any_other_and_nothing_else_changes():
    before = catalogue.checkpoints()
    file = lenet()
    row = weights.add(file, "own/digits", classes=DIGITS, licence="CC0-1.0")
    assert list(catalogue.checkpoints()) == [*before, "own/digits"]
    assert catalogue.find("own/digits") == row
    found = weights.load("own/digits")
    assert found.classes == DIGITS and found.checkpoint.licence == "CC0-1.0"
    assert tensors_digest(found.network.state_dict()) == tensors_digest(load_file(file))
    file.unlink()  # the copy is what counts
    assert weights.load("own/digits").classes == DIGITS
    weights.remove("own/digits")
    assert catalogue.checkpoints() == before
    with pytest.raises(InputError, match="There are no weights own/digits"):
        catalogue.find("own/digits")


def test_what_is_not_told_is_as_for_the_published_weights_and_said():
    lenet()
    row = weights.add("lenet.safetensors", "own/a", crop=28, resize=32, classes=DIGITS)
    # nothing is published for it: (x - 0.5) / 0.25
    assert "Not told, so assumed: mean 0.5, std 0.25, interpolation bilinear." in row.notes
    save_file(build("squeezenet1_1", num_classes=3).state_dict(), "three.safetensors")
    row = weights.add("three.safetensors", "own/b", classes=("x", "y", "z"), std=(64, 64, 64),
                      mean=(128, 127.5, 51))  # fmt: skip
    assert row.preprocessing.mean == pytest.approx((128 / 255, 0.5, 0.2))
    assert row.preprocessing.std == pytest.approx((64 / 255,) * 3)
    assert row.notes == (
        "Its entries are those of squeezenet1_1.",
        "Not told, so as for torchvision/squeezenet1_1.imagenet1k_v1: resize 256, crop 224, "
        "interpolation bilinear.",
        "Its mean and std were taken as levels of 0 to 255.",
    )


def test_the_terminal_tells_all_about_it():
    lenet()
    Path("labels.txt").write_text("\ufeff" + "\r\n".join(DIGITS) + "\r\n", "utf-8")
    words = ("--add", "lenet.safetensors", "--classes", "labels.txt", "--licence", "CC0-1.0")
    said = run("weights", "own/digits", *words, "--mean", "0.1", "--std", "0.3")
    assert said.stdout.startswith("Added own/digits (lenet5_modern, 10 classes, 0.2 MB)\nTry: ")
    assert "levels of 0 to 1." in said.stderr and "resize 28, crop 28" in said.stderr
    (line,) = (x for x in run("weights").stdout.splitlines() if "own/digits" in x)
    assert line.split() == ["lenet5_modern", "own/digits", "-", "CC0-1.0", "yes"]
    about = run("weights", "own/digits").stdout
    assert "10, a to j" in about and "levels of 0 to 1." in about and "CC0-1.0" in about
    facts = json.loads(run("weights", "own/digits", "--json").stdout)
    assert facts["publisher"] == "own" and facts["labels"] == list(DIGITS) and facts["present"]
    (row,) = json.loads(run("weights", "own", "--json").stdout)
    assert row == facts
    again = ("weights", "own/digits", *words, "--overwrite", "--json")
    assert json.loads(run(*again).stdout)["name"] == "own/digits"
    removed = json.loads(run("weights", "own/digits", "--remove", "--json").stdout)
    assert removed == {"removed": "own/digits", "folder": facts["folder"]}
    assert "own/digits" not in run("weights").stdout


def test_published_names_of_entries_are_recognised():
    name = "timm/efficientnet_lite0"
    Path("lite.safetensors").write_bytes(content := published_file(name, kind="safetensors"))
    with pytest.raises(InputError, match="timm/efficientnet_lite0, which no entry tells apart"):
        weights.add("lite.safetensors", "own/lite")  # TensorFlow's padding, or not
    row = weights.add("lite.safetensors", "own/lite", network=name)
    assert (row.entries, row.network) == (name, "efficientnet_lite0_timm")
    assert "Its 1,000 classes are taken for ImageNet's, in the usual order." in row.notes
    assert weights.load("own/lite").classes == weights.load(catalogue.DEFAULT).classes
    theirs = adapt(load_file("lite.safetensors"), name)
    assert tensors_digest(weights.load("own/lite").network.state_dict()) == tensors_digest(theirs)
    assert len(content) == (Path("data/eyespot/weights") / row.name / row.file).stat().st_size


def test_half_precision_is_kept_as_given_and_answers_in_float32():
    state = build("lenet5_modern").state_dict()
    halves = {name: tensor.bfloat16() for name, tensor in state.items()}
    save_file(halves, "half.safetensors")
    weights.add("half.safetensors", "own/half", classes=DIGITS)
    loaded = weights.load("own/half").network.state_dict()
    assert all(torch.equal(loaded[name], halves[name].float()) for name in halves)


def test_a_head_that_is_no_product_with_the_embedding_gives_its_own_logits():
    """LeNet-5 of 1998 tells how far F6 is from fixed codes."""
    network = build("lenet5", seed=3).eval()
    save_file(network.state_dict(), "1998.safetensors")
    row = weights.add("1998.safetensors", "own/1998", classes=DIGITS)
    _, pixels = row.preprocessing.read(photo())
    with torch.inference_mode():
        logits = network(torch.from_numpy(row.preprocessing.normalise(pixels[None])))[0]
    expected = logits.softmax(0).tolist()
    assert probabilities("own/1998").tolist() == pytest.approx(expected, abs=1e-5)


def test_another_head_on_the_same_body_is_another_network():
    """The digest is without the head, which must not keep the first one's answers alive."""
    file = lenet()
    weights.add(file, "own/a", classes=DIGITS)
    first = probabilities("own/a")
    keys = {output: pretrained("own/a", output=output).key for output in (EMBEDDING, LOGITS)}
    state = load_file(file)
    save_file(state | {"classifier.4.bias": state["classifier.4.bias"].flip(0)}, file)
    weights.add(file, "own/a", classes=DIGITS, overwrite=True)
    logits = by_hand(file, "photo.png", mean=127.5, std=63.75, side=28, crop=28)
    second = probabilities("own/a")
    assert second.tolist() == pytest.approx(logits.softmax(0).tolist(), abs=1e-6)
    assert np.abs(second - first).max() > 1e-3
    assert pretrained("own/a").key == keys[EMBEDDING]
    assert pretrained("own/a", output=LOGITS).key != keys[LOGITS]


# network, the embedding's width, number of classes; heads that are no layer, auxiliary heads
BODIES = [
    ("lenet5_modern", 84, 10),
    ("lenet5", 84, 10),
    ("multi_column_dnn_mnist", 150, 10),
    pytest.param("googlenet_torchvision_aux", 1024, 12, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("network", "width", "num_classes"), BODIES)
def test_a_bundle_trained_with_them_answers_after_they_are_removed(network, width, num_classes):
    save_file(build(network, num_classes=num_classes).state_dict(), "a.safetensors")
    labels = [f"class {i}" for i in range(num_classes)]
    weights.add("a.safetensors", "own/a", network=network, classes=labels)
    trained = learned_on(pretrained("own/a"), width=width)
    bundle.save(trained, Path("model"))
    with torch.inference_mode():  # by the network itself, with the head laid on its embedding
        _, pixels = trained.backbone.preprocessing.read(photo())
        images = torch.from_numpy(trained.backbone.preprocessing.normalise(pixels[None]))
        embedding = weights.load("own/a").network.forward_embedding(images)[0].numpy()
    scores = torch.from_numpy(trained.head.weight @ embedding + trained.head.bias)
    weights.remove("own/a")
    came = bundle.load(Path("model"), device="cpu").probabilities([Path("photo.png")])[0]
    assert came.tolist() == pytest.approx(scores.softmax(0).tolist(), abs=1e-5)


def test_the_converter_runs_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(weights_cache.subprocess, "run", REAL_RUN)
    file = lenet()
    weights.add(file, "own/digits", classes=DIGITS)
    assert tensors_digest(weights.load("own/digits").network.state_dict()) == tensors_digest(
        load_file(file)
    )


REAL_RUN = subprocess.run


# Refused


def test_several_networks_with_the_same_entries_are_named():
    save_file(build("resnet20").state_dict(), "cifar.safetensors")
    assert "fits resnet20, plain20, which no entry tells apart: say which with --network" in (
        not_added("cifar.safetensors", "--classes", "x")
    )
    row = weights.add("cifar.safetensors", "own/a", network="plain20", classes=DIGITS)
    assert row.network == "plain20"
    assert "It is plain20 as you told; its entries fit resnet20 too." in row.notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--network", "resnet18"), "resnet18 expects 122 entries, but lenet.safetensors does not"),
        (("--network", "lenet55"), "There is no network 'lenet55'. Did you mean lenet5"),
        ((), "tell 10 classes apart, and nobody says which: pass --classes FILE"),
        (("--classes", "nine.txt"), "nine.txt has 9 labels, and the weights tell 10 classes"),
        (("--classes", "twice.txt"), "twice.txt: 'a' stands in lines 1 and 10: give each class"),
        (("--classes", "empty.txt"), "empty.txt: line 2 is no label"),
        (("--classes", "bytes.txt"), "bytes.txt is no text in UTF-8"),
        (("--classes", "none.txt"), "none.txt cannot be read: No such file"),
        (("--classes", "ten.txt", "--crop", "29", "--resize", "29"), "cannot be shown 29 x 29"),
        (("--classes", "ten.txt", "--crop", "40"), "1 <= crop <= resize <= 2048 pixels, not crop"),
        (("--classes", "ten.txt", "--mean", "33", "--std", "0.3"), "are not of one scale"),
        (("--classes", "ten.txt", "--mean", "0.1", "--std", "78"), "are not of one scale"),
        (("--classes", "ten.txt", "--mean", "300"), "levels of 0 to 1, or of 0 to 255"),
        (("--classes", "ten.txt", "--mean", "1,2,3"), "mean and std are 1 finite numbers each"),
        (("--classes", "ten.txt", "--std", "0"), "std above 0"),
        (("--mean", "one"), "'one' are no numbers with commas"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_nothing_is_kept(words, message):
    lenet()
    for name, labels in {
        "ten": DIGITS, "nine": DIGITS[:9], "twice": (*DIGITS[:9], "a"), "empty": ("a", " ", "c"),
    }.items():  # fmt: skip
        Path(f"{name}.txt").write_text("\n".join(labels), "utf-8")
    Path("bytes.txt").write_bytes(b"\xff\xfea")
    assert message in not_added("lenet.safetensors", *words)


def test_a_pickle_is_told_how_to_become_one_of_ours():
    torch.save(build("lenet5_modern").state_dict(), "a.pth")
    said = not_added("a.pth")
    assert "a.pth is no .safetensors file; a pickle can run code" in said
    command = said.partition("python -c ")[2].strip().strip('"')
    exec(command)  # what is said works
    assert load_file("a.safetensors").keys() == build("lenet5_modern").state_dict().keys()
    Path("b.safetensors").write_bytes(Path("a.pth").read_bytes())
    assert "b.safetensors is a PyTorch pickle" in not_added("b.safetensors")


def test_a_damaged_file_an_alien_one_and_numbers_that_are_none_are_refused():
    content = lenet().read_bytes()
    Path("cut.safetensors").write_bytes(content[:-9])
    assert "cut.safetensors is not a sound safetensors file" in not_added("cut.safetensors")
    Path("other.safetensors").write_bytes(save({"w": torch.zeros(3)}))
    assert "other.safetensors fits no network of the catalogue" in not_added("other.safetensors")
    state = build("lenet5_modern").state_dict()
    state["features.0.bias"][2] = float("nan")
    save_file(state, "nan.safetensors")
    assert "holds numbers in features.0.bias that are not finite" in not_added("nan.safetensors")
    assert "nowhere.safetensors cannot be read: No such file" in not_added("nowhere.safetensors")
    assert "folder is no file" in not_added("folder")


@pytest.mark.parametrize("name", ["own/../x", "own/", "own/A", "own/a/b", "timm/x", "own/.a", "a"])
def test_only_names_that_are_folders_of_ours(name):
    with pytest.raises(InputError, match="Weights of your own are called own/"):
        weights.add(lenet(), name, classes=DIGITS)


def test_a_name_that_is_taken_stays_and_an_interrupted_replacement_leaves_the_first(monkeypatch):
    row = weights.add(lenet(), "own/a", classes=DIGITS)
    with pytest.raises(InputError, match="own/a is there already: choose another name, or pass"):
        weights.add(lenet(seed=2), "own/a", classes=DIGITS)
    monkeypatch.setattr("eyespot.weights.adding.sha256", lambda _path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        weights.add(lenet(seed=2), "own/a", classes=DIGITS, overwrite=True)
    assert catalogue.find("own/a") == row
    assert weights.load("own/a").checkpoint == row


def test_a_data_folder_that_cannot_be_written_is_named():
    Path("data").write_text("a file")
    lenet()
    said = refused("weights", "own/a", "--add", "lenet.safetensors")
    assert "The data folder" in said and "cannot be written" in said
    assert run("weights").exit_code == 0


def test_options_that_do_nothing_are_refused():
    for words, message in [
        (("own/a", "--mean", "1,2,3"), "--mean does nothing without --add FILE"),
        (("own/a", "--overwrite"), "--overwrite does nothing without --add FILE"),
        (("--add", "a.safetensors"), "--add needs the NAME of own/my-squeezenet"),
        (("--remove",), "--remove needs the NAME"),
        (("own/a", "--add", "a.safetensors", "--remove"), "--add and --remove do not go together"),
        (("own/a", "--remove"), "There are no weights own/a. To add some: eyespot weights own/a"),
        (("own",), "You have added no weights of your own"),
    ]:
        assert message in refused("weights", *words)


# Damaged


def test_a_damaged_entry_is_named_and_the_others_are_used(data):
    for name in ("own/a", "own/b"):
        weights.add(lenet(), name, classes=DIGITS)
    facts = json.loads((data / "a" / "checkpoint.json").read_text())
    rows = len(catalogue.checkpoints())
    for damage in (
        "{", "[" * 100_000, "{}", json.dumps(facts | {"format": 2}),
        json.dumps(facts | {"checkpoint": facts["checkpoint"] | {"sha256": None}}),
        json.dumps(facts | {"checkpoint": facts["checkpoint"] | {"name": "own/b"}}),
        json.dumps(facts | {"checkpoint": facts["checkpoint"] | {"labels": []}}),
    ):  # fmt: skip
        (data / "a" / "checkpoint.json").write_text(damage)
        assert len(catalogue.checkpoints()) == rows - 1
        with pytest.raises(IntegrityError, match=r"own/a are damaged .*--add FILE --overwrite"):
            catalogue.find("own/a")
    listed = run("weights")
    assert "own/b" in listed.stdout and "own/a" not in listed.stdout
    assert "The weights own/a are damaged" in listed.stderr
    assert "The weights own/a are damaged" in run("doctor").output
    run("weights", "own/a", "--remove")
    assert "damaged" not in run("weights").stderr


def test_every_flipped_bit_of_the_copy_and_of_its_conversion_is_found(data):
    weights.add(lenet(), "own/a", classes=DIGITS)
    converted = weights_cache.ready(catalogue.find("own/a")).path
    copy = data / "a" / "model.safetensors"
    for path in (converted, copy):  # the conversion is made again, from the copy if that is whole
        content = bytearray(path.read_bytes())
        content[-1000] ^= 4
        path.write_bytes(content)
        if path == converted:
            weights.load("own/a")
    converted.unlink()
    with pytest.raises(IntegrityError, match=r"is not the file that was added: its SHA-256 should"):
        weights.load("own/a")
    copy.unlink()
    assert "no" in run("weights", "own").stdout.splitlines()[2].split()
    said = refused("predict", "own/a", photo())
    assert "own/a are not on this machine. Add them again: eyespot weights own/a --add" in said


# What is said of weights that nobody published


def test_only_relatives_are_named_where_a_network_has_no_weights():
    said = refused("filters", "lenet5")
    assert "squeezenet" not in said
    assert (
        "There are no published weights for lenet5. Add a file of yours with `eyespot weights"
        in said
    )
    assert "--random-weights" in said and "a bundle that eyespot train wrote" in said
    save_file(build("lenet5").state_dict(), "1998.safetensors")
    weights.add("1998.safetensors", "own/1998", classes=DIGITS)
    assert "You have added own/1998" in refused("filters", "lenet5")


def test_where_published_weights_are_not_here_ones_own_for_the_network_are_named():
    save_file(build("squeezenet1_1", num_classes=3).state_dict(), "three.safetensors")
    weights.add("three.safetensors", "own/three", classes=("x", "y", "z"))
    assert "You have added own/three for the same network." in refused("filters", "squeezenet1_1")


# The real weights of SqueezeNet 1.0


def test_the_released_squeezenet_names_photos_under_a_name_of_ones_own(real_photos):
    """62 of 100 photos are right in another library's network with this preprocessing."""
    if not REAL.is_file():
        pytest.skip("the released weights are not beside this checkout")
    row = weights.add(REAL, "own/squeezenet1_0", mean=(123, 117, 104), std=(1, 1, 1), crop=227)
    assert (row.network, row.preprocessing.resize) == ("squeezenet1_0", 256)
    network = weights.load("own/squeezenet1_0").network
    wnids = [wnid for wnid, _ in catalogue.imagenet_classes()]
    right = same = 0
    for path in sorted(real_photos("imagenet-100").iterdir())[::5]:
        picture = Image.open(path).convert("RGB")
        short = min(picture.size)
        picture = picture.resize([256 * side // short for side in picture.size], 2)  # bilinear
        left, top = (round((side - 227) / 2) for side in picture.size)
        crop = np.asarray(picture.crop((left, top, left + 227, top + 227)), np.float32)
        images = torch.from_numpy(crop - np.float32([123, 117, 104])).permute(2, 0, 1)[None]
        with torch.inference_mode():
            right += wnids[network(images).argmax()] == path.name.partition("_")[0]
        _, pixels = row.preprocessing.read(path)
        ours = torch.from_numpy(row.preprocessing.normalise(pixels[None]))
        same += torch.allclose(ours, images, rtol=0, atol=1e-4)
    assert 8 <= right <= 17  # of 20
    assert same >= 15  # the others are so large that their JPEG is read at a half
