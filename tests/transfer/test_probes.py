"""The choice of a head: from training photos alone, cautious, the same on every machine."""

import numpy as np
import pytest
from scipy.special import log_softmax
from threadpoolctl import threadpool_limits

from eyespot.classifier.heads import NEIGHBOURS, NeighbourHead, probabilities
from eyespot.datasets.splits import grouped_folds
from eyespot.engines import run
from eyespot.transfer import probes
from eyespot.transfer.candidates import (
    MEAN,
    SOFTMAX,
    STRENGTHS,
    SVM,
    Candidate,
    Examples,
    Member,
    judged,
    scores_of,
)
from eyespot.transfer.probes import choose, cross_validate, fit


def examples(*, seed=0, n=120, classes=3, dimensions=16, spread=1.0, mirrored=True, folds=5):
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = generator.normal(size=(classes, dimensions))
    vectors = centres[labels] + generator.normal(scale=spread, size=(n, dimensions))
    other = vectors + generator.normal(scale=0.3, size=(n, dimensions)) if mirrored else None
    fold = np.arange(n) // classes % folds
    return Examples(
        vectors.astype(np.float32),
        None if other is None else other.astype(np.float32),
        labels,
        fold,
        classes,
    )


def same_heads(one, other):
    pairs = zip(vars(one).items(), vars(other).items(), strict=True)
    return all(np.array_equal(a[1], b[1]) for a, b in pairs)


def test_all_kinds_and_strengths_are_tried_and_the_chosen_one_comes_first():
    found = choose(examples(spread=1.5))
    tried = [(c.kind, c.strength) for c in found if not c.members]
    assert sorted(tried) == sorted((kind, s) for kind, path in STRENGTHS.items() for s in path)
    best = min((c for c in found if not c.members), key=lambda c: c.log_loss)
    assert found[0].kind == MEAN
    assert (best.kind, best.strength) in {(m.kind, m.strength) for m in found[0].members}
    assert found[0].log_loss <= best.log_loss + best.log_loss_error


def test_only_the_strengths_asked_for_are_tried():
    found = choose(examples(), strengths={NEIGHBOURS: (3.0,)})
    assert [(c.kind, c.strength) for c in found] == [(NEIGHBOURS, 3.0)]


def test_the_mean_is_of_the_linear_heads_within_one_standard_error_of_the_best(monkeypatch):
    # 120 photos, 2.0 each by the best head. 0.002 more on half of them is 0.001 in the mean, with a
    # standard error of 0.001 / sqrt(119): too much, however small. +1.1 and -0.9 are 0.1 in the
    # mean, with 1 / sqrt(119) = 0.0917: too much as well; +1.09 and -0.91 are 0.09: near enough.
    even = np.arange(120) % 2 == 0
    losses = {
        (SOFTMAX, 0.1): np.where(even, 2.002, 2.0),
        (SOFTMAX, 0.03): np.where(even, 3.09, 1.09),
        (SOFTMAX, 0.003): np.full(120, 2.0),
        (SVM, 0.1): np.where(even, 1.09, 3.09),
        (SVM, 0.01): np.where(even, 3.1, 1.1),
        (NEIGHBOURS, 5.0): np.full(120, 2.0),
    }
    paths = {SOFTMAX: (0.1, 0.03, 0.003), SVM: (0.1, 0.01), NEIGHBOURS: (5.0,)}

    def judged(kind, strength, with_mirrored, logits, labels):
        own = losses.get((kind, strength), np.full(120, 1.9))
        return Candidate(kind, strength, with_mirrored, 0.9, own.mean(), 0.04, 2.0), own

    monkeypatch.setattr(probes, "judged", judged)
    found = choose(examples(mirrored=False), strengths=paths)[0]
    assert (found.kind, found.strength) == (MEAN, 3.0)
    near = ((SOFTMAX, 0.03), (SOFTMAX, 0.003), (SVM, 0.1))
    assert found.members == tuple(Member(*each, 2.0) for each in near)
    assert str(found) == "mean of 3 linear heads, on photos"


def test_the_best_alone_is_taken_where_no_other_is_near(monkeypatch):
    losses = {0.1: 3.0, 0.03: 2.0, 0.003: 1.0}

    def judged(kind, strength, with_mirrored, logits, labels):
        own = np.full(120, losses[strength])
        return Candidate(kind, strength, with_mirrored, 0.9, own.mean(), 0.04, 1.0), own

    monkeypatch.setattr(probes, "judged", judged)
    found = choose(examples(mirrored=False), strengths={SOFTMAX: tuple(losses)})[0]
    assert (found.kind, found.strength, found.members) == (SOFTMAX, 0.003, ())


def test_a_mean_scores_as_the_mean_of_its_members_each_at_its_temperature():
    found = examples(mirrored=False)
    members = (Member(SOFTMAX, 0.1, 0.5), Member(SOFTMAX, 0.01, 1.0), Member(SVM, 0.03, 0.25))
    mean = Candidate(MEAN, 3.0, False, 0.9, 0.1, 0.01, 1.25, members=members)
    head = fit(found, mean)
    singles = [
        fit(found, Candidate(each.kind, each.strength, False, 0.9, 0.1, 0.01, 1.0))
        for each in members
    ]
    one, two, three = (single.scores(found.vectors) for single in singles)
    expected = (one / 0.5 + two / 1.0 + three / 0.25) / 3
    np.testing.assert_allclose(head.scores(found.vectors), expected, rtol=1e-3, atol=1e-3)
    assert (head.kind, head.strength, head.temperature) == (MEAN, 3.0, 1.25)
    rows, scores = scores_of(found, mean, held_out=0)
    inside = fit(found.where(found.folds != 0), mean)
    assert np.array_equal(rows, found.folds == 0)
    np.testing.assert_allclose(scores, inside.scores(found.vectors[rows]), rtol=1e-4, atol=1e-4)


def test_the_standard_error_is_that_of_a_mean():
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.5, 0.0]], np.float32)
    labels = np.array([0, 1, 0, 1])
    found, each = judged(SOFTMAX, 0.1, False, logits, labels)
    losses = -log_softmax(logits.astype(float) / found.temperature, axis=1)[range(4), labels]
    assert each == pytest.approx(losses)
    assert found.log_loss == pytest.approx(losses.mean())
    assert found.log_loss_error == pytest.approx(losses.std() / 2)  # sqrt(4 photos)
    assert found.top1 == 0.75


def test_few_photos_get_stronger_decays_than_many():
    """What tells the classes apart is faint beside what does not: a weak decay finds it in time."""

    def chosen_of(n):
        generator = np.random.default_rng(0)
        labels = np.arange(n) % 2
        faint = np.where(labels == 1, 0.3, -0.3)[:, None] + generator.normal(scale=0.2, size=(n, 4))
        loud = generator.normal(scale=3, size=(n, 12))
        vectors = np.concatenate([faint, loud], axis=1).astype(np.float32)
        found = Examples(vectors, None, labels, np.arange(n) // 2 % 5, 2)
        chosen = choose(found, strengths={SOFTMAX: STRENGTHS[SOFTMAX]})[0]
        return max(each.strength for each in chosen.members or [chosen])

    assert chosen_of(24) > chosen_of(2000)


def test_mirror_images_are_learned_from_where_they_help():
    """Features that are drawn anew in a mirror image are the ones to ignore."""
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 2
    content = np.where(labels == 1, 1.0, -1.0)[:, None] + generator.normal(size=(120, 4))
    noise = generator.normal(scale=2, size=(2, 120, 60))
    views = [np.concatenate([content, drawn], axis=1).astype(np.float32) for drawn in noise]
    found = Examples(views[0], views[1], labels, np.arange(120) // 2 % 5, 2)
    assert choose(found)[0].with_mirrored


def test_mirror_images_are_not_learned_from_where_they_mislead():
    """As b and d: the mirror image of one class looks like the other class."""
    found = examples(classes=2)
    misleading = Examples(found.vectors, -found.vectors, found.labels, found.folds, 2)
    assert not any(candidate.with_mirrored for candidate in choose(misleading))


def test_examples_without_mirror_images_learn_from_photos_alone():
    found = examples(mirrored=False)
    chosen = choose(found, strengths={NEIGHBOURS: (5.0,)})[0]
    assert not chosen.with_mirrored
    head = fit(found, chosen)
    assert isinstance(head, NeighbourHead)
    assert len(head.vectors) == len(found.labels)
    assert found.where(found.folds == 0).mirrored is None


def test_held_out_labels_change_neither_choice_nor_head():
    """Each fold's answers come from heads chosen and fitted without it, whatever it holds."""
    found = examples()
    outside = found.folds == 2
    changed = found.labels.copy()
    changed[outside] = (changed[outside] + 1) % 3
    other = Examples(found.vectors, found.mirrored, changed, found.folds, 3)
    training, same = found.where(~outside), other.where(~outside)
    assert choose(training) == choose(same)
    assert same_heads(fit(training, choose(training)[0]), fit(same, choose(same)[0]))

    def chosen_on(inner):
        return choose(inner, strengths={SOFTMAX: (0.1, 0.01)})[0]

    one, two = cross_validate(found, chosen_on), cross_validate(other, chosen_on)
    assert np.array_equal(one[outside], two[outside])
    assert not np.array_equal(one[~outside], two[~outside])  # there, they are learned from


def test_cross_validation_answers_each_photo_by_a_head_that_has_not_seen_it():
    found = examples()
    seen = []

    def chosen_on(inner):
        seen.append(set(inner.folds.tolist()))
        return Candidate(SOFTMAX, 0.01, False, 0, 0, 0, 1.0)

    answers = cross_validate(found, chosen_on)
    assert sorted(map(sorted, seen)) == [sorted({0, 1, 2, 3, 4} - {i}) for i in (4, 3, 2, 1, 0)]
    for fold in range(5):
        outside = found.folds == fold
        head = fit(found.where(~outside), chosen_on(found.where(~outside)))
        assert np.array_equal(answers[outside], probabilities(head, found.vectors[outside]))


def test_labels_that_have_nothing_to_do_with_content_read_as_chance_by_groups_alone():
    """The leakage toy: 40 bursts of 25 frames, each burst with a label drawn by lot."""
    generator = np.random.default_rng(0)
    bursts = np.repeat(np.arange(40), 25)
    labels = np.array([0, 1] * 20)[generator.permutation(40)][bursts]
    scenes = generator.normal(size=(40, 32))
    vectors = (scenes[bursts] + generator.normal(scale=0.1, size=(1000, 32))).astype(np.float32)

    def top1(groups):
        folds = grouped_folds([str(x) for x in labels], groups, folds=5, seed=0).number
        found = Examples(vectors, None, labels, folds.astype(np.int64), 2)
        answers = cross_validate(found, lambda _: Candidate(NEIGHBOURS, 5, False, 0, 0, 0, 1.0))
        return (answers.argmax(axis=1) == labels).mean()

    assert top1([None] * 1000) > 0.98  # as a random split says
    assert 0.3 < top1(bursts.tolist()) < 0.7  # 40 coins: 0.5 +- 2.5 standard errors of 0.08


def test_the_result_does_not_depend_on_cores_or_threads(monkeypatch):
    """Folds run side by side or not, BLAS is allowed several threads or one: the same bits."""
    found = examples(n=300, dimensions=64)
    chosen = choose(found)
    head = fit(found, chosen[0])
    with threadpool_limits(limits=1):
        alone = choose(found)
    monkeypatch.setattr(run, "available_cores", lambda: 14)
    with threadpool_limits(limits=2):
        many = choose(found)
        assert same_heads(head, fit(found, many[0]))
    assert chosen == alone == many


def test_a_class_that_is_missing_in_a_fold_is_learned_all_the_same():
    found = examples(n=41, classes=2, mirrored=False)
    labels = found.labels.copy()
    labels[-1] = 2  # a single photo of a third class
    rare = Examples(found.vectors, None, labels, found.folds, 3)
    head = fit(rare, choose(rare)[0])
    assert probabilities(head, found.vectors).shape == (41, 3)
    assert np.isfinite(probabilities(head, found.vectors)).all()
