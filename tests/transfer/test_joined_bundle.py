"""A classifier on several stages joined: on disk and back, and as ONNX, with the same answers."""

import numpy as np
import pytest

from eyespot.classifier.classifier import Classifier, Reference
from eyespot.transfer.candidates import SOFTMAX, Candidate, Examples
from eyespot.transfer.probes import fit
from eyespot.transfer.stages import joined, parts_of
from eyespot.weights.catalogue import DEFAULT


@pytest.fixture(scope="module")
def classifier(digits):
    """Noughts, ones and sevens by the last two stages before the embedding, and it."""
    places = range(0, len(digits.paths), 2)
    names = sorted(set(digits.labels))
    labels = np.array([names.index(digits.labels[i]) for i in places])
    backbone = joined(DEFAULT, parts_of(DEFAULT).latest(3))
    empty = Examples(np.zeros((len(labels), 0), np.float32), None, labels, labels, 3)
    head = fit(empty, Candidate(SOFTMAX, 0.01, False, 0, 0, 0, 1.0))
    seen = Classifier(backbone, head, tuple(names), flip=True)
    vectors = seen.embed([digits.paths[i] for i in places])
    examples = Examples(vectors, None, labels, labels, 3)
    return Classifier(
        backbone,
        fit(examples, Candidate(SOFTMAX, 0.01, False, 0, 0, 0, 0.8)),
        tuple(names),
        reference=Reference(tuple(f"{i:064x}" for i in places), vectors, labels),
        flip=True,
    )


@pytest.mark.slow
def test_a_bundle_of_joined_stages_answers_as_the_classifier_that_was_saved(
    classifier, digits, tmp_path
):
    assert classifier.head.width == 192 + 320 + 1280
    loaded = Classifier.load(classifier.save(tmp_path / "bundle"))
    assert loaded.backbone.parts == ("features.6", "features.7", "embedding")
    fresh = digits.paths[1::6]
    wanted = classifier.probabilities(fresh)
    assert np.array_equal(loaded.probabilities(fresh), wanted)
    true = [classifier.classes.index(label) for label in digits.labels[1::6]]
    assert (wanted.argmax(axis=1) == true).mean() > 0.8


@pytest.mark.slow
def test_joined_stages_are_exported_with_parity(classifier, digits, tmp_path):
    pytest.importorskip("onnxruntime")
    found = classifier.export(tmp_path / "onnx", photos=digits.paths[0].parent)
    assert (found.folder / "model.onnx").is_file()
