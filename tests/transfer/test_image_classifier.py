"""Photos in: the embedded network and a head, in scikit-learn's tools and as a bundle."""

import pickle
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import eyespot
from eyespot import Embedder, ImageClassifier
from eyespot.classifier.classifier import Classifier
from eyespot.engines import convert, pretrained, start
from eyespot.errors import InputError
from eyespot.weights.catalogue import DEFAULT

SOFTMAX = "linear softmax"  # one kind, where the choice is not what is tested


@pytest.fixture(scope="module")
def fitted(digits):
    return ImageClassifier().fit(digits.paths, digits.labels, groups=digits.groups)


@pytest.fixture
def few_crops(monkeypatch):
    """Conversions that measure less and take less time."""
    monkeypatch.setattr(convert, "CROPS", 6)


def test_photos_are_named_by_their_labels(fitted, digits):
    assert fitted.classes_.tolist() == ["nought", "one", "seven"]
    assert fitted.score(digits.paths, digits.labels) == 1.0
    shares = fitted.predict_proba(digits.paths[:4])
    assert shares.shape == (4, 3)
    assert np.allclose(shares.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert fitted.decision_function(digits.paths[:4]).shape == (4, 3)


def test_new_bursts_are_named_in_grouped_cross_validation(digits):
    scores = cross_val_score(
        ImageClassifier(kind=SOFTMAX),
        digits.paths,
        digits.labels,
        groups=digits.groups,
        cv=StratifiedGroupKFold(3),
        n_jobs=2,
    )
    assert scores.mean() > 0.8  # chance is 0.33


def test_paths_may_be_text_paths_or_an_array(digits, fitted):
    expected = fitted.predict_proba(digits.paths[:3])
    for paths in (
        [str(path) for path in digits.paths[:3]],
        np.array([str(path) for path in digits.paths[:3]]),
        np.array(digits.paths[:3], dtype=object),
        tuple(digits.paths[:3]),
    ):
        assert np.array_equal(fitted.predict_proba(paths), expected)


def test_pixels_are_answered_like_the_file_that_holds_them(digits, fitted):
    expected = fitted.predict_proba(digits.paths[:5])
    assert np.array_equal(fitted.predict_proba(digits.pixels[:5]), expected)
    rows = np.arange(0, 72, 3)
    other = ImageClassifier(kind=SOFTMAX).fit(digits.pixels[rows], np.array(digits.labels)[rows])
    assert other.score(digits.pixels[rows], np.array(digits.labels)[rows]) == 1.0


def test_a_photo_is_answered_the_same_alone_and_in_company(digits, fitted):
    together = fitted.predict_proba(digits.paths)
    alone = np.concatenate([fitted.predict_proba([path]) for path in digits.paths[:6]])
    assert np.array_equal(together[:6], alone)


def test_each_photo_is_looked_at_once_in_a_whole_search(digits, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    starts = []

    class Counting:
        batch_size = 1

        def __init__(self):
            self.photos = 0

        def __call__(self, pixels):
            self.photos += len(pixels)
            return pixels.reshape(1, -1)[:, ::5000].astype(np.float32)

    def counting(backbone, *, device):
        starts.append(Counting())
        return starts[-1]

    monkeypatch.setattr(sys.modules["eyespot.embeddings.embed"], "start", counting)
    search = GridSearchCV(ImageClassifier(kind=SOFTMAX), {"folds": [2, 3], "flip": [False, True]})
    search.fit(digits.paths, digits.labels)
    assert sum(engine.photos for engine in starts) == 2 * len(digits.paths)  # with mirror images


def test_grid_search_chooses_among_photos_on_two_processes(digits):
    search = GridSearchCV(
        ImageClassifier(kind=SOFTMAX), {"flip": [False, True]}, cv=2, n_jobs=2, error_score="raise"
    )
    search.fit(digits.paths, digits.labels)
    assert set(search.best_params_) == {"flip"}
    assert search.predict(digits.paths[:2]).tolist() == ["nought", "nought"]


def test_an_embedder_feeds_whatever_learns_from_arrays(digits):
    pipeline = make_pipeline(Embedder(), LinearSVC(max_iter=10_000))
    scores = cross_val_score(
        pipeline, digits.paths, digits.labels, groups=digits.groups, cv=StratifiedGroupKFold(3)
    )
    assert scores.mean() > 0.8
    with_head = make_pipeline(Embedder(flip=True), eyespot.HeadClassifier(SOFTMAX))
    assert with_head.fit(digits.paths, digits.labels).score(digits.paths, digits.labels) == 1.0


def test_an_embedding_is_the_engines_answer(digits):
    backbone = pretrained(DEFAULT)
    engine = start(backbone)
    _, pixels = backbone.preprocessing.read(digits.paths[0])
    vectors = Embedder().fit_transform(digits.paths[:1])
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, engine(pixels[None]))
    mirror = engine(np.ascontiguousarray(pixels[None, :, ::-1]))
    both = Embedder(flip=True).transform(digits.paths[:1])
    assert np.array_equal(both, (vectors + mirror) / np.float32(2))


def test_a_stage_of_the_network_is_an_embedding_too(digits, few_crops):
    vectors = Embedder(output="features.0").fit_transform(digits.paths[:2])
    assert vectors.shape == (2, 32)  # the channels of EfficientNet-Lite0's stem
    assert not np.array_equal(vectors[0], vectors[1])


def test_clone_and_parameters_come_back_untouched():
    parameters = {
        "network": "resnet50",
        "flip": True,
        "kind": "linear SVM",
        "strength": 0.1,
        "folds": 3,
        "random_state": 7,
        "device": "cpu",
    }
    assert ImageClassifier(**parameters).get_params() == parameters
    assert clone(ImageClassifier(**parameters)).get_params() == parameters
    given = {"network": "resnet18", "output": "layer4", "flip": True, "device": "cpu"}
    assert clone(Embedder(**given)).get_params() == given
    assert ImageClassifier().set_params(flip=True).flip is True


def test_the_classifier_in_it_can_be_saved_and_answers_the_same(digits, fitted, tmp_path):
    classifier = fitted.to_classifier()
    assert isinstance(classifier, Classifier)
    classifier.save(tmp_path / "model")
    loaded = eyespot.load(tmp_path / "model")
    assert loaded.classes == ("nought", "one", "seven")
    assert loaded.card.trained_on == {"nought": 24, "one": 24, "seven": 24}
    expected = fitted.predict_proba(digits.paths)
    assert np.abs(loaded.probabilities(digits.paths) - expected).max() < 1e-6  # float32
    labels = [prediction.label for prediction in loaded.predict(digits.paths)]
    assert labels == fitted.predict(digits.paths).tolist()


def test_with_flip_the_saved_classifier_sees_the_same_embedding(digits, tmp_path):
    fitted = ImageClassifier(flip=True, kind=SOFTMAX).fit(digits.paths, digits.labels)
    classifier = fitted.to_classifier()
    assert np.array_equal(
        classifier.embed(digits.paths[:3]), Embedder(flip=True).fit_transform(digits.paths[:3])
    )


def test_numbers_are_labels_too(digits):
    numbers = [{"nought": 0, "one": 1, "seven": 7}[label] for label in digits.labels]
    fitted = ImageClassifier(kind=SOFTMAX).fit(digits.paths, numbers)
    assert fitted.predict(digits.paths[:1]).dtype.kind == "i"
    assert fitted.to_classifier().classes == ("0", "1", "7")


def test_the_order_of_the_photos_does_not_matter(digits):
    def answers(order):
        classifier = ImageClassifier(kind=SOFTMAX)
        classifier.fit([digits.paths[i] for i in order], [digits.labels[i] for i in order])
        return classifier.candidates_, classifier.predict_proba(digits.paths)

    one, two = answers(range(72)), answers(np.random.default_rng(0).permutation(72))
    assert [c.strength for c in one[0]] == [c.strength for c in two[0]]
    assert np.abs(one[1] - two[1]).max() < 0.01  # sums in another order


def test_fitted_estimators_travel_between_processes(fitted, digits):
    other = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(other.predict_proba(digits.paths), fitted.predict_proba(digits.paths))


def test_a_photo_that_cannot_be_read_is_named(digits, fitted, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no more")
    paths = [*digits.paths, broken]
    with pytest.raises(InputError, match=r"broken\.jpg cannot be used: ") as caught:
        ImageClassifier().fit(paths, [*digits.labels, "one"])
    assert isinstance(caught.value, ValueError)
    with pytest.raises(InputError, match=r"missing\.jpg .*\(and 1 more photos?\): there is no"):
        fitted.predict([tmp_path / "missing.jpg", broken])


@pytest.mark.parametrize(
    ("photos", "message"),
    [
        ("photo.jpg", "one path: put it into a list"),
        ([], "not an empty list"),
        ([1, 2], "a list of shape"),
        ([["a.jpg"], ["b.jpg"]], "a list of shape"),
        (np.zeros((2, 8, 8, 3)), "type float64"),
        (np.zeros((2, 8, 8), np.uint8), r"shape \(2, 8, 8\)"),
        (np.zeros((0, 8, 8, 3), np.uint8), r"shape \(0, 8, 8, 3\)"),
    ],
)
def test_what_is_not_a_list_of_photos_is_refused_in_words(fitted, photos, message):
    with pytest.raises(InputError, match=message):
        fitted.predict(photos)


def test_unknown_networks_and_outputs_are_told_with_near_matches(digits, few_crops):
    with pytest.raises(InputError, match="Did you mean"):
        Embedder("resnet51").fit(digits.paths)
    with pytest.raises(InputError, match="There is no layer 'featurs'"):
        Embedder(output="featurs").fit_transform(digits.paths[:1])
    with pytest.raises(InputError, match="'classifier' gives no maps"):
        Embedder(output="classifier").fit_transform(digits.paths[:1])


def test_nothing_is_answered_before_fit(digits):
    for method in ("predict", "predict_proba", "decision_function"):
        with pytest.raises(NotFittedError):
            getattr(ImageClassifier(), method)(digits.paths[:1])
    with pytest.raises(NotFittedError):
        ImageClassifier().to_classifier()
