"""How many labels are wrong: by hand for one photo, and counted where it was drawn."""

import numpy as np
import pytest

from eyespot.trust.wrong_labels import chances


def drawn(seed, n, *, classes=5, sharpness=2.5, wrong=0.0, heat=1.0):
    """Probabilities (n, K), the labels, and which are wrong: truths are drawn from what is said.

    `heat` is how many times too high the temperature of the probabilities is.
    """
    generator = np.random.default_rng(seed)
    logits = sharpness * generator.normal(size=(n, classes))
    said, true = (np.exp(logits / t) for t in (heat, 1.0))
    said, true = (each / each.sum(axis=1, keepdims=True) for each in (said, true))
    labels = (true.cumsum(axis=1) < generator.uniform(size=(n, 1))).sum(axis=1)
    is_wrong = generator.uniform(size=n) < wrong
    moved = (labels + generator.integers(1, classes, n)) % classes
    return said, np.where(is_wrong, moved, labels), is_wrong


def test_a_chance_worked_out_by_hand():
    """Two kinds of answers, as right as true probabilities and wrong labels together make them.

    Sure of 99 % each, 94 of 100 are right. By Bayes' rule with the share e of wrong labels and two
    classes, a contradiction is a wrong label with the chance e 0.99 / (e 0.99 + (1 - e) 0.01), and
    e is where (1 - e) 0.99 + e 0.01 = 0.94: e = 0.05 / 0.98. That is 0.842. Of those sure of 70 %
    the same wrong labels leave (1 - e) 0.7 + e 0.3 = 0.68.
    """
    said = np.tile([0.99, 0.01], (1000, 1))
    labels = (np.arange(1000) % 100 >= 94).astype(np.int64)
    unsure = np.tile([0.7, 0.3], (4000, 1))
    few = (np.arange(4000) % 100 >= 68).astype(np.int64)
    found = chances(np.concatenate([said, unsure]), np.concatenate([labels, few]))
    assert found[:1000][labels == 1] == pytest.approx(0.842, abs=0.03)
    assert found[:1000][labels == 0] == pytest.approx(0.0005, abs=0.0005)


@pytest.mark.parametrize("heat", [1.0, 1.6])
@pytest.mark.parametrize(("wrong", "within"), [(0.0, 0.012), (0.05, 0.02), (0.2, 0.03)])
def test_as_many_labels_are_wrong_as_were_made_wrong(wrong, within, heat):
    """The probabilities may be too unsure, as those fitted to wrong labels are."""
    said, labels, is_wrong = drawn(1, 4000, wrong=wrong, heat=heat)
    found = chances(said, labels)
    assert (said.argmax(axis=1) != labels).mean() > 0.2, "the classifier itself is often wrong"
    assert found.mean() == pytest.approx(is_wrong.mean(), abs=within)
    if wrong:  # and those that are likely wrong are
        likely = found > 0.5
        assert is_wrong[likely].mean() == pytest.approx(found[likely].mean(), abs=0.12)


def test_of_an_honest_classifier_hardly_a_suspect_is_wrong():
    """By chances, not by the number of disagreements: 3 in 10 answers differ from the label."""
    from eyespot.trust.suspects import suspects

    said, labels, _ = drawn(2, 900, classes=10, sharpness=2.0)
    rows = suspects(said, labels)
    assert len(rows) > 100
    assert chances(said, labels)[rows].sum() < 0.1 * len(rows)


def test_one_class_or_no_photo_has_no_wrong_label():
    assert chances(np.ones((3, 1)), np.zeros(3, np.int64)).tolist() == [0, 0, 0]
    assert chances(np.empty((0, 3)), np.empty(0, np.int64)).shape == (0,)
