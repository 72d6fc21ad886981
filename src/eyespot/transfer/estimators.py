"""eyespot in scikit-learn's words: `fit`, `predict`, `transform` on embeddings, and on photos.

Buitinck et al.: API design for machine learning software: experiences from the scikit-learn
project, arXiv:1309.0238. Only the constructor's arguments are parameters; what was learned ends in
an underscore. So `clone`, `cross_val_score`, `GridSearchCV` and `Pipeline` work as they always do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import Tags, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from eyespot.classifier.card import Card, fingerprint
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import Head, Vectors
from eyespot.engines import EMBEDDING, pretrained
from eyespot.transfer.looking import Photos, look
from eyespot.transfer.probes import choose, fit
from eyespot.transfer.settings import AUTO, Groups, RandomState, encoded, in_folds, seed_of, to_try
from eyespot.weights import catalogue

Answers = NDArray[np.float64]


class HeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped library
    """The head alone: embeddings in, labels out. Kind and strength by grouped cross-validation.

    `kind` is "auto", "linear softmax", "linear SVM" or "nearest neighbours". `strength` fixes the
    weight decay of the first two, or the number of neighbours; by default several are tried.
    After `fit`, `candidates_` tells how each one did on photos held out, the chosen one first.

    >>> HeadClassifier().fit(X, y, groups=video).predict_proba(X_new)
    """

    def __init__(
        self,
        kind: str = AUTO,
        *,
        strength: float | None = None,
        folds: int = 5,
        random_state: RandomState = 0,
    ) -> None:
        self.kind = kind
        self.strength = strength
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: Groups = None) -> HeadClassifier:  # noqa: N803
        """Learn from X (N, D) and labels y (N,) of any kind; groups (N,) are never separated.

        Raises `InputError`, a `ValueError` here, where there is nothing to choose by.
        """
        vectors, answers = validate_data(self, X, y, dtype=np.float32, ensure_min_samples=2)
        self.classes_, labels = encoded(answers)
        self.seed_ = seed_of(self.random_state)
        examples = in_folds(
            vectors, None, labels, self.classes_, groups=groups, folds=self.folds, seed=self.seed_
        )
        self.candidates_ = choose(examples, strengths=to_try(self.kind, self.strength))
        self.head_: Head = fit(examples, self.candidates_[0])
        return self

    def decision_function(self, X: ArrayLike) -> Answers:  # noqa: N803
        """(N, D) -> (N, K) calibrated logits; for two classes (N,), above 0 for `classes_[1]`."""
        return _decision(self._logits(X))

    def predict_proba(self, X: ArrayLike) -> Answers:  # noqa: N803
        """(N, D) -> (N, K) calibrated probabilities, columns as in `classes_`."""
        return _shares(self._logits(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """(N, D) -> (N,) labels."""
        best = self._logits(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def _logits(self, X: ArrayLike) -> Answers:  # noqa: N803
        check_is_fitted(self)
        return _calibrated(self.head_, validate_data(self, X, dtype=np.float32, reset=False))


class ImageClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped library
    """Photos in, labels out: a published network's embeddings and a head chosen on them.

    X is a list, array or column of paths, or an array (N, H, W, 3) of uint8 pixels. Embeddings of
    files are kept in the cache, so each photo is looked at once in a whole cross-validation.

    `network` names a checkpoint or a network, `flip` answers with the mean over a photo and its
    mirror image, `device` is "auto" or torch's name of one; the rest is as in `HeadClassifier`.

    >>> classifier = ImageClassifier().fit(paths, labels, groups=video)
    >>> cross_val_score(classifier, paths, labels, groups=video, cv=StratifiedGroupKFold(5))
    >>> classifier.to_classifier().save("birds-model")
    """

    def __init__(
        self,
        network: str = catalogue.DEFAULT,
        *,
        flip: bool = False,
        kind: str = AUTO,
        strength: float | None = None,
        folds: int = 5,
        random_state: RandomState = 0,
        device: str = "auto",
    ) -> None:
        self.network = network
        self.flip = flip
        self.kind = kind
        self.strength = strength
        self.folds = folds
        self.random_state = random_state
        self.device = device

    def fit(self, X: Photos, y: ArrayLike, groups: Groups = None) -> ImageClassifier:  # noqa: N803
        """Learn from N photos and labels y (N,); photos of one group are never separated.

        Without `groups`, copies of a file are a group. Raises `InputError`, a `ValueError` here,
        naming the photo that cannot be read.
        """
        check_consistent_length(X, y, groups)
        self.classes_, labels = encoded(column_or_1d(y, warn=True))
        self.seed_ = seed_of(self.random_state)
        seen = look(X, pretrained(self.network), flip=self.flip, device=self.device)
        examples = in_folds(
            seen.vectors,
            seen.mirrored,
            labels,
            self.classes_,
            groups=seen.contents if groups is None else groups,
            folds=self.folds,
            seed=self.seed_,
            names=seen.contents,
        )
        self.candidates_ = choose(examples, strengths=to_try(self.kind, self.strength))
        self.head_: Head = fit(examples, self.candidates_[0])
        self.reference_ = Reference(seen.contents, seen.vectors, labels)
        return self

    def decision_function(self, X: Photos) -> Answers:  # noqa: N803
        """(N, K) calibrated logits; for two classes (N,), above 0 for `classes_[1]`."""
        return _decision(self._logits(X))

    def predict_proba(self, X: Photos) -> Answers:  # noqa: N803
        """(N, K) calibrated probabilities, columns as in `classes_`."""
        return _shares(self._logits(X))

    def predict(self, X: Photos) -> NDArray[Any]:  # noqa: N803
        """(N,) labels. Raises `InputError` naming a photo that cannot be read."""
        best = self._logits(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def to_classifier(self) -> Classifier:
        """The same as the object that `eyespot.load` gives: to save, to export, to predict with."""
        check_is_fitted(self)
        reference = self.reference_
        classes = tuple(str(label) for label in self.classes_)
        counts = np.bincount(reference.labels, minlength=len(classes)).tolist()
        return Classifier(
            backbone=pretrained(self.network),
            head=self.head_,
            classes=classes,
            reference=reference,
            card=Card(
                trained_on=dict(zip(classes, counts, strict=True)),
                fingerprint=fingerprint(
                    reference.contents, [classes[label] for label in reference.labels]
                ),
                seed=self.seed_,
                licence=catalogue.find(self.network).licence,
            ),
            flip=self.flip,
            device=self.device,
        )

    def _logits(self, X: Photos) -> Answers:  # noqa: N803
        check_is_fitted(self)
        seen = look(X, pretrained(self.network), flip=self.flip, device=self.device)
        return _calibrated(self.head_, seen.vectors)

    def __sklearn_tags__(self) -> Tags:
        return _takes_photos(super().__sklearn_tags__())


class Embedder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped library
    """Photos in, the response of a published network out: (N, D) for whatever learns from arrays.

    X is as in `ImageClassifier`. `output` is "embedding", or a module of the network whose maps
    are averaged over positions, e.g. one of `eyespot networks --json`'s `stages`.

    >>> make_pipeline(Embedder(), LinearSVC()).fit(paths, labels)
    """

    def __init__(
        self,
        network: str = catalogue.DEFAULT,
        *,
        output: str = EMBEDDING,
        flip: bool = False,
        device: str = "auto",
    ) -> None:
        self.network = network
        self.output = output
        self.flip = flip
        self.device = device

    def fit(self, X: Photos, y: ArrayLike | None = None) -> Embedder:  # noqa: N803
        """Nothing is learned. Raises `InputError` for an unknown network."""
        pretrained(self.network, output=self.output)
        return self

    def transform(self, X: Photos) -> Vectors:  # noqa: N803
        """N photos -> (N, D) float32. Raises `InputError` naming a photo that cannot be read."""
        backbone = pretrained(self.network, output=self.output)
        return look(X, backbone, flip=self.flip, device=self.device).vectors

    def __sklearn_tags__(self) -> Tags:
        tags = _takes_photos(super().__sklearn_tags__())
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        return tags


def _calibrated(head: Head, vectors: Vectors) -> Answers:
    return head.scores(np.ascontiguousarray(vectors)).astype(np.float64) / head.temperature


def _decision(logits: Answers) -> Answers:
    return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits


def _shares(logits: Answers) -> Answers:
    from scipy.special import softmax

    shares: Answers = softmax(logits, axis=1)
    return shares


def _takes_photos(tags: Tags) -> Tags:
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    return tags
