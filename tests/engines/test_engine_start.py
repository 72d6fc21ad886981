"""From a backbone to an engine: converted once, agreed on, verified at each use, never shared."""

import dataclasses
import json
import shutil
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from eyespot.engines import cache as engine_cache
from eyespot.engines import convert, openvino, pretrained, start
from eyespot.engines.cache import MODEL, RECORD, WEIGHTS, folder_of, verified
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.images.samples import sample_photos
from eyespot.weights.catalogue import DEFAULT

BACKBONE = pretrained(DEFAULT)


@pytest.fixture(scope="module")
def engine():
    return start(BACKBONE)


@pytest.fixture(scope="module")
def crops():
    return convert.real_crops(BACKBONE)[:12]


@pytest.fixture
def own_cache(engine, converted_in, tmp_path, monkeypatch):
    """A copy of the session's cache that may be damaged, and conversions that take less time."""
    converted_in(tmp_path / "cache" / "eyespot")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(convert, "CROPS", 6)
    monkeypatch.setattr(convert, "TORCH_CROPS", 2)
    return folder_of(BACKBONE)


@pytest.fixture
def conversions(monkeypatch):
    """Counts the conversions; they are real."""
    counted = []

    def counting(backbone, folder, *, convert=convert.convert):
        counted.append(folder)
        return convert(backbone, folder)

    monkeypatch.setattr(convert, "convert", counting)
    return counted


def test_a_network_is_converted_once(engine, crops, conversions):
    again = start(BACKBONE)
    assert conversions == []
    assert np.array_equal(again(crops[:1]), engine(crops[:1]))


def test_the_engine_agrees_with_torch(engine, crops):
    """Against the network itself, on crops of real photos, by the labels of its own head."""
    graph = PixelsToAnswer(BACKBONE.load(), BACKBONE).eval()
    with torch.inference_mode():
        expected = graph(torch.from_numpy(crops)).numpy()
        came = np.concatenate([engine(crop[None]) for crop in crops])
        labels = [graph.network.classify(torch.from_numpy(x)).argmax(1) for x in (expected, came)]
    assert came.shape == expected.shape == (12, 1280)
    assert torch.equal(*labels)
    assert len(set(labels[0].tolist())) > 1  # or agreement would say nothing
    if verified(folder_of(BACKBONE)).precision == "float32":
        assert np.abs(came - expected).max() < 1e-3 * expected.std()


def test_the_record_says_what_was_measured(engine):
    record = verified(folder_of(BACKBONE))
    assert (record.architecture, record.source) == ("efficientnet_lite0", DEFAULT)
    assert record.precision == engine.precision
    assert record.processor == openvino.processor()
    if openvino.has_bfloat16():
        assert "with float32 on 200 crops" in record.agreement
        is_used = record.agreement.startswith("bfloat16 used")
        assert is_used == (record.precision == "bfloat16")
    else:
        assert record.agreement == "this processor has no bfloat16"
        assert record.precision == "float32"


def test_one_photo_is_answered_the_same_alone_together_and_on_any_number_of_streams(engine, crops):
    alone = [engine(crop[None]) for crop in crops]
    found = [None] * 36

    def ask(i):
        found[i] = engine(crops[i % 12][None])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(36)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[i], alone[i % 12]) for i in range(36))
    model = folder_of(BACKBONE) / MODEL
    for streams in (1, 5):
        other = openvino.OpenVinoEngine(model, engine.precision, streams=streams)
        assert all(np.array_equal(other(crops[i][None]), alone[i]) for i in range(12))


def test_an_answer_is_a_copy(engine, crops):
    first = engine(crops[:1])
    before = first.copy()
    engine(crops[1:2])
    assert np.array_equal(first, before)


def test_a_flipped_bit_is_found_and_the_network_converted_again_without_a_word(
    own_cache, conversions, engine, crops, capfd
):
    content = bytearray((own_cache / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (own_cache / WEIGHTS).write_bytes(content)
    with pytest.raises(IntegrityError, match=WEIGHTS):
        verified(own_cache)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.simplefilter("ignore", DeprecationWarning)  # which Python itself keeps quiet
        again = start(BACKBONE)
    assert capfd.readouterr() == ("", "")
    assert conversions == [own_cache]
    one, two = again(crops[:1])[0], engine(crops[:1])[0]
    assert one @ two > 0.99 * np.linalg.norm(one) * np.linalg.norm(two)
    start(BACKBONE)
    assert conversions == [own_cache]


def test_whatever_is_wrong_with_a_cached_engine_is_found(own_cache):
    """Files missing, cut, empty or of another engine: none is taken for whole."""
    generator = np.random.default_rng(0)
    whole = {path.name: path.read_bytes() for path in own_cache.iterdir()}
    record = json.loads(whole[RECORD])

    def damages():
        for name, content in whole.items():
            yield {name: None}
            yield {name: b""}
            yield {name: content[: len(content) // 2]}
            yield {name: content + b" "} if name != RECORD else {name: content + b"}"}
            for place in generator.integers(len(content), size=6).tolist():
                if name != RECORD:
                    changed = bytes([content[place] ^ 4])
                    yield {name: content[:place] + changed + content[place + 1 :]}
        for change in (
            {"precision": "float30"},
            {"files": {}},
            {"files": {MODEL: record["files"][MODEL]}},
            {"files": record["files"] | {"../escape": "0" * 64}},
            {"later": 1},
        ):
            yield {RECORD: json.dumps(record | change).encode()}

    for damage in damages():
        for name, content in (whole | damage).items():
            if content is None:
                (own_cache / name).unlink()
            else:
                (own_cache / name).write_bytes(content)
        with pytest.raises(IntegrityError):
            verified(own_cache)
    for name, content in whole.items():
        (own_cache / name).write_bytes(content)
    assert verified(own_cache).files.keys() == {MODEL, WEIGHTS}


def test_two_threads_that_start_at_once_convert_once(own_cache, monkeypatch):
    shutil.move(own_cache, own_cache.with_name("aside"))
    counted = []

    def slow(backbone, folder):
        counted.append(folder)
        time.sleep(0.2)
        shutil.copytree(own_cache.with_name("aside"), folder)
        return verified(folder)

    monkeypatch.setattr(convert, "convert", slow)
    threads = [threading.Thread(target=start, args=(BACKBONE,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [own_cache]


def test_an_engine_that_answers_differently_from_torch_is_refused_and_not_kept(
    own_cache, monkeypatch
):
    shutil.rmtree(own_cache)
    before = sorted(path.name for path in own_cache.parent.iterdir())
    answers = convert._answers
    monkeypatch.setattr(convert, "_answers", lambda *arguments: 1.02 * answers(*arguments))
    with pytest.raises(EyespotError, match="pass --device cpu"):
        start(BACKBONE)
    assert sorted(path.name for path in own_cache.parent.iterdir()) == before


def test_a_lower_precision_is_used_only_where_labels_and_embeddings_agree():
    assert convert.Agreement(labels=0.995, cosine=0.999, crops=200).holds
    assert not convert.Agreement(labels=0.99, cosine=1.0, crops=200).holds
    assert not convert.Agreement(labels=1.0, cosine=0.998, crops=200).holds
    assert convert.Agreement(labels=None, cosine=0.999, crops=200).holds
    assert not convert.Agreement(labels=None, cosine=0.998, crops=200).holds


def test_weights_that_are_not_the_ones_they_claim_to_be_are_not_converted(own_cache):
    """Or one changed bundle would give its answers to all that name the same weights."""
    shutil.rmtree(own_cache)

    def changed():
        network = BACKBONE.load()
        with torch.no_grad():
            next(network.parameters()).view(-1)[0] += 1
        return network

    with pytest.raises(IntegrityError, match="not the ones they claim to be"):
        start(dataclasses.replace(BACKBONE, load=changed))
    assert not own_cache.exists()


def test_the_key_is_all_that_an_answer_depends_on():
    preprocessing = dataclasses.replace(BACKBONE.preprocessing, resize=300)
    changes = [
        {"architecture": "efficientnet_lite1"},
        {"weights": "0" * 64},
        {"output": "features.0"},
        {"preprocessing": preprocessing},
    ]
    keys = {dataclasses.replace(BACKBONE, **change).key for change in changes} | {BACKBONE.key}
    assert len(keys) == 5
    assert dataclasses.replace(BACKBONE, load=None, source="elsewhere").key == BACKBONE.key
    assert len({folder_of(dataclasses.replace(BACKBONE, **change)) for change in changes}) == 4


def test_another_version_or_processor_is_another_engine(monkeypatch):
    before = folder_of(BACKBONE)
    monkeypatch.setattr(openvino, "VERSION", "2099.1")
    later = folder_of(BACKBONE)
    monkeypatch.setattr(openvino, "processor", lambda: "another one")
    assert len({before, later, folder_of(BACKBONE)}) == 3
    assert engine_cache.openvino is openvino


def test_torch_gives_the_same_answers_one_by_one_and_in_filled_batches(crops, monkeypatch):
    from eyespot.engines import eager

    one = start(BACKBONE, device="cpu")
    assert one.batch_size == 1
    expected = np.concatenate([one(crop[None]) for crop in crops[:4]])
    monkeypatch.setattr(eager, "PHOTOS_PER_CALL", {"cpu": 4})
    four = start(BACKBONE, device="cpu")
    together = four(crops[:4])
    assert np.abs(together - expected).max() < 1e-3 * expected.std()
    for n in (1, 3):  # a short batch is filled up: the same bits in any company
        assert np.array_equal(four(crops[:n]), together[:n])


def test_a_device_that_is_not_here_is_told_with_those_that_are():
    for device in ("gpu", "cuda:9" if not torch.cuda.is_available() else "tpu", ""):
        with pytest.raises(InputError, match=r"There is no device .*\['cpu'"):
            start(BACKBONE, device=device)


def test_pixels_are_normalised_as_the_preprocessing_says_bit_for_bit(crops):
    graph = PixelsToAnswer(BACKBONE.load(), BACKBONE)
    expected = BACKBONE.preprocessing.normalise(crops)
    assert np.array_equal(graph.normalised(torch.from_numpy(crops)).numpy(), expected)


def test_a_stage_answers_with_its_means_over_positions(crops):
    backbone = pretrained(DEFAULT, output="features.3")
    graph = PixelsToAnswer(backbone.load(), backbone).eval()
    with torch.inference_mode():
        maps = torch.from_numpy(backbone.preprocessing.normalise(crops[:2]))
        for layer in graph.network.features[:4]:
            maps = layer(maps)
        assert torch.allclose(graph(torch.from_numpy(crops[:2])), maps.mean(dim=(2, 3)))


def test_unknown_checkpoints_are_told_with_near_matches():
    with pytest.raises(InputError, match="Did you mean"):
        pretrained("embedded/efficientnet_lite0.imagenet2k")


def test_the_sample_photos_are_there_without_scikit_learn_being_imported():
    assert len(sample_photos()) == 2
    assert all(path.is_file() for path in sample_photos())
    assert "eyespot.engines.convert" in sys.modules
