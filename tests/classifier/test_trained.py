"""A network that was trained here, as a classifier: saved, loaded and asked like any other.

One network of each kind of head: linear on the embedding, a 1x1 convolution before the pooling,
fixed codes, columns. Classes are 6, of none of the papers. The oracle is the network itself.
"""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from small_networks import CLASSES, PHOTOS, by_torch, lively, made, parts, rule, trained

from eyespot.classifier import bundle
from eyespot.classifier.assembly import without_auxiliary
from eyespot.classifier.bundle import WEIGHTS
from eyespot.classifier.card import Card
from eyespot.classifier.readme import card_text
from eyespot.classifier.trained import SCRATCH, Learned, from_network
from eyespot.engines import EMBEDDING, LOGITS, convert
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.images.samples import sample_photos
from eyespot.networks import architectures, build
from eyespot.networks.catalogue import FAMILIES
from eyespot.weights import tensors_digest

LINEAR = ["lenet5_modern", "highway_mnist_10", "resnet20"]
OTHERS = ["lenet5", "multi_column_dnn_mnist", "squeezenet1_1"]
LARGER = ["googlenet_aux", "vit_ti_16", "highway_cifar_a", "squeezenet1_0", "nin_cifar10"]
OF_LOGITS = [*OTHERS, "squeezenet1_0", "nin_cifar10"]
KINDS = pytest.mark.parametrize(
    "name", [*LINEAR, *OTHERS, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER)]
)


@KINDS
def test_its_bundle_answers_as_the_network_does(name, tmp_path):
    network, seen, classifier = made(name)
    photos = sample_photos()
    expected = by_torch(network, seen, photos, temperature=classifier.head.temperature)
    assert np.ptp(expected, axis=0).max() > 0.1  # the photos are told apart
    loaded = bundle.load(classifier.save(tmp_path / "model"), device="cpu")
    # float32 in another order of summation, which a small temperature makes larger
    assert np.abs(loaded.probabilities(photos) - expected).max() < 1e-4
    assert (loaded.classes, loaded.backbone) == (CLASSES, classifier.backbone)
    assert loaded.backbone.output == (LOGITS if name in OF_LOGITS else EMBEDDING)
    assert set(bundle.verify(tmp_path / "model")) == set(bundle.NEEDED)
    again = loaded.backbone.load().eval()
    images = torch.from_numpy(seen.normalise(parts(seen)[:2]))
    with torch.inference_mode():
        assert torch.allclose(again(images), network.eval()(images), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_of_every_family_becomes_a_classifier(family):
    """Built again from its tensors it has the same logits, and so has the classifier's head."""
    rows = [row for row in architectures().values() if row.family == family]
    row = min(rows, key=lambda row: row.parameters)
    network = build(row.name, num_classes=len(CLASSES))
    step = network.image_size_step
    least = max(network.smallest_image_size, min(row.image_size, 64))
    seen = rule(row.name, size=-(-least // step) * step)
    classifier = trained(row.name, seen, network, photos=2)
    images = torch.from_numpy(seen.normalise(parts(seen, 2)))
    with torch.inference_mode():
        wanted = network.eval()(images).numpy()
        came = classifier.backbone.load()(images).numpy()
    close = 1e-4 * np.abs(wanted).max()  # float32 in another order of summation
    assert np.abs(came - wanted).max() <= close
    assert np.abs(classifier.head.scores(classifier.reference.vectors) - wanted).max() <= close


@pytest.mark.parametrize("name", ["lenet5", pytest.param("resnet20", marks=pytest.mark.slow)])
def test_its_engine_answers_as_the_network_does(name, tmp_path, monkeypatch):
    """LeNet-5 in grey with black around it, a ResNet with a mean image, both for OpenVINO."""
    monkeypatch.setattr(convert, "CROPS", 12)
    network, seen, classifier = made(name)
    loaded = bundle.load(classifier.save(tmp_path / "model"))
    photos = sample_photos()
    expected = by_torch(network, seen, photos, temperature=classifier.head.temperature)
    came = loaded.probabilities(photos)
    assert loaded.engine.name.startswith("OpenVINO")
    # bfloat16 has 8 digits; light networks are never computed in it
    assert np.abs(came - expected).max() < (1e-4 if name == "lenet5" else 0.05)


def test_prediction_with_its_engine_in_the_cache_loads_no_torch(tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "CROPS", 12)
    classifier = made("lenet5_modern")[2]
    photo = str(sample_photos()[0])
    path = classifier.save(tmp_path / "model")
    expected = bundle.load(path).predict(photo)
    program = (
        "import json, sys, eyespot\n"
        "found = eyespot.load(sys.argv[1]).predict(sys.argv[2])\n"
        "print(json.dumps([found.label, found.probability, 'torch' in sys.modules]))"
    )
    command = [sys.executable, "-c", program, str(path), photo]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [expected.label, expected.probability, False]


def test_photos_are_remembered_by_content_and_the_first_by_what_the_network_sees(tmp_path):
    network, seen, classifier = made("lenet5_modern")
    pixels = parts(seen)
    more = tuple(f"{i:064x}" for i in range(100))
    classifier = from_network(
        network,
        architecture="lenet5_modern",
        preprocessing=seen,
        classes=CLASSES,
        learned=Learned((*classifier.reference.contents, *more), (0, 1, 2), pixels[:3]),
        card=Card(),
    )
    reference = bundle.load(classifier.save(tmp_path / "model")).reference
    assert (len(reference.contents), reference.labels.tolist()) == (PHOTOS + 100, [0, 1, 2])
    with torch.inference_mode():
        images = torch.from_numpy(seen.normalise(pixels[:3]))
        expected = network.eval().forward_embedding(images).numpy()
    assert np.allclose(reference.vectors, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_heads_are_left_behind(name):
    """What remains is the network as its other row has it."""
    with torch.device("meta"):
        network, bare = build(f"{name}_aux", num_classes=6), build(name, num_classes=6)
    names = list(network.state_dict())
    without_auxiliary(network, but=dict.fromkeys(names))
    assert list(network.state_dict()) == names  # as a published one keeps them
    without_auxiliary(network)
    assert list(network.state_dict()) == list(bare.state_dict()) != names


def test_training_may_go_on_and_the_classifier_stays_as_it_was():
    seen = rule("lenet5_modern")
    network = lively("lenet5_modern", seen).train()
    classifier = trained("lenet5_modern", seen, network)
    assert network.training  # it was left as it came
    parts_of_it = {**classifier.backbone.tensors(), "head": classifier.head.weight}
    before = {name: array.copy() for name, array in parts_of_it.items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert all(np.array_equal(parts_of_it[name], array) for name, array in before.items())


def test_networks_with_other_heads_share_an_engine_only_where_the_head_is_the_classifier_s():
    """Of logits the head is a part: two networks that differ in it must not be taken for one."""
    for name, layer, is_shared in (
        ("lenet5_modern", "classifier.4", True),
        ("multi_column_dnn_mnist", "output", False),
    ):
        seen = rule(name)
        network = lively(name, seen)
        one = trained(name, seen, network)
        with torch.no_grad():
            network.get_submodule(layer).weight.mul_(2)
        other = trained(name, seen, network)
        assert (one.backbone.key == other.backbone.key) == is_shared


def test_a_bundle_of_logits_without_its_head_is_refused(tmp_path):
    path = made("multi_column_dnn_mnist")[2].save(tmp_path / "model")
    arrays = load_file(path / WEIGHTS)
    del arrays["network.output.weight"]
    save_file(arrays, path / WEIGHTS)
    bundle.seal(path)
    with pytest.raises(IntegrityError, match="is not the network"):
        bundle.load(path)
    values = json.loads((path / bundle.VALUES).read_text("utf-8"))
    state = {k.removeprefix("network."): torch.from_numpy(a) for k, a in arrays.items()}
    state = {k: tensor for k, tensor in state.items() if not k.startswith("head.")}
    values["weights"] = tensors_digest(state)
    (path / bundle.VALUES).write_text(json.dumps(values), "utf-8")
    bundle.seal(path)
    with pytest.raises(IntegrityError, match="does not hold a multi_column_dnn_mnist"):
        bundle.load(path).backbone.load()


def test_its_card_says_that_nothing_was_pretrained():
    classifier = made("lenet5")[2]
    text = card_text(classifier, name="digits")
    assert "The weights of lenet5 were trained from scratch" in text and "Pretrained" not in text
    assert "seen in grey, 2 black pixels put around it" in text
    assert classifier.backbone.source == SCRATCH
    few = dataclasses.replace(classifier.reference, contents=classifier.reference.contents * 2)
    text = card_text(dataclasses.replace(classifier, reference=few), name="digits")
    assert "content hash, and the embeddings of 12 of them, are in" in text


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_never_kept(number):
    seen = rule("lenet5_modern")
    network = lively("lenet5_modern", seen)
    with torch.no_grad():
        network.features[3].bias[5] = number
    with pytest.raises(EyespotError, match=r"numbers in features\.3\.bias that are not finite"):
        trained("lenet5_modern", seen, network)


def test_what_does_not_belong_together_is_told():
    seen = rule("lenet5_modern")
    network = lively("lenet5_modern", seen)
    with pytest.raises(InputError, match="no lenet5_modern with 2 outputs, one for each class"):
        trained("lenet5_modern", seen, network, classes=("one", "two"))
    with pytest.raises(InputError, match="no lenet5 with 6 outputs"):
        trained("lenet5", seen, network)
    with pytest.raises(InputError, match="ModernLeNet5 expects 1 channels"):
        trained("lenet5_modern", rule("resnet20", size=28), network)
    complete = {"architecture": "lenet5_modern", "preprocessing": seen, "classes": CLASSES}
    complete["card"] = Card()
    for contents, labels in (((), ()), (("00" * 32,), (0, 1)), (("00" * 32,), ())):
        with pytest.raises(InputError, match="Expected labels of 1 to 5,000 training photos"):
            from_network(network, learned=Learned(contents, labels, parts(seen)), **complete)
    with pytest.raises(EyespotError, match="gave 12 answers to 1 pictures"):
        learned = Learned(("00" * 32,), (0,), parts(seen))
        from_network(network, learned=learned, **complete)
