"""One temperature for all scores: the one with the least log loss, and never too sure of few."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from eyespot.classifier.calibration import calibrated, fit_temperature


def test_the_temperature_is_the_one_with_the_least_log_loss():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 3, 400)
    logits = generator.normal(size=(400, 3))
    logits[np.arange(400), labels] += 1
    logits *= 4  # four times too sure

    def loss(t):  # two photos' worth of the labels is spread over all three
        logs = log_softmax(logits / t, axis=1)
        blur = 2 / 402
        return -((1 - blur) * logs[np.arange(400), labels] + blur * logs.mean(axis=1)).mean()

    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded")
    temperature, losses = calibrated(logits.astype(np.float32), labels)
    assert temperature == pytest.approx(best.x, rel=0.026)  # the grid's steps are 5 %
    logs = log_softmax(logits / temperature, axis=1)
    assert losses == pytest.approx(-logs[np.arange(400), labels], abs=1e-5)
    assert 2 < temperature < 8  # the logits were four times too large


def test_a_temperature_by_hand():
    # Two photos with logits (1, 0); one is of class 0, the other of class 1: the honest answer is
    # one half, which no finite temperature gives, so the highest one is taken.
    temperature, losses = calibrated(np.array([[1, 0], [1, 0]], np.float32), np.array([0, 1]))
    assert temperature == pytest.approx(20)
    # -log(1 / (1 + exp(-1/20))) = log(1.951229) = 0.668460
    assert losses[0] == pytest.approx(0.668460, abs=1e-6)


@pytest.mark.parametrize("photos", [2, 10, 200])
def test_few_photos_all_answered_rightly_are_no_reason_to_be_sure(photos):
    # Platt's target for n photos that are all right is (n + 1) / (n + 2). With logits (1, 0) the
    # probability is 1 / (1 + exp(-1/t)), so 1/t = log(n + 1): t = 0.910, 0.417, 0.189.
    logits = np.tile(np.array([1, 0], np.float32), (photos, 1))
    temperature, _ = calibrated(logits, np.zeros(photos, np.int64))
    assert temperature == pytest.approx(1 / np.log(photos + 1), rel=0.026)


def test_a_temperature_alone_is_the_same_one():
    generator = np.random.default_rng(4)
    scores = generator.normal(scale=5, size=(300, 10)).astype(np.float32)
    truth = np.where(generator.random(300) < 0.7, scores.argmax(1), generator.integers(0, 10, 300))
    assert fit_temperature(scores, truth) == calibrated(scores, truth)[0] > 1
