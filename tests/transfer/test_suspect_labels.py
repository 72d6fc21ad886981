"""Labels that look wrong, from embeddings: none of a photo's group has taught who answers it."""

from dataclasses import replace

import numpy as np
import pytest

from eyespot.audit import audit
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings.embedded import Embedded, Facts
from eyespot.errors import InputError
from eyespot.transfer.suspects import with_suspects

CLASSES, EACH, DIMENSIONS = ("ant", "bee", "fly"), 20, 32


def facts(i, generator):
    return Facts(
        f"{i:064x}", 9, "JPEG", 640, 480, 1, None, None, int(generator.integers(1 << 63)), ()
    )


def photos(*, wrong=(), part=None):
    """Three classes far apart, 20 photos each; those of `wrong` stand under the next class."""
    generator = np.random.default_rng(0)
    centres = 6 * np.eye(3, DIMENSIONS)
    items, vectors = [], []
    for i in range(3 * EACH):
        truth = i % 3
        label = CLASSES[(truth + 1) % 3] if i in wrong else CLASSES[truth]
        where = None if part is None else part(i)
        items.append(Photo(f"{i}.jpg", f"{label}/x{i}q.jpg", label=label, part=where))
        vectors.append(centres[truth] + generator.normal(size=DIMENSIONS))
    array = np.array(vectors, np.float32)
    embedded = Embedded(tuple(items), array, array, tuple(facts(i, generator) for i in range(60)))
    return ImageDataset("photos", "photos", tuple(items), CLASSES), embedded


def doubted(dataset, embedded):
    found = with_suspects(audit(dataset, embedded), dataset, embedded, seed=0).suspect_labels
    return {item.file: item for item in found}


def test_wrong_labels_are_found_with_what_they_should_be():
    found = doubted(*photos(wrong=(4, 27)))
    # photo 4 is a bee under fly, photo 27 an ant under bee
    assert set(found) == {"fly/x4q.jpg", "bee/x27q.jpg"}
    assert (found["fly/x4q.jpg"].label, found["fly/x4q.jpg"].suggestion) == ("fly", "bee")
    assert found["fly/x4q.jpg"].suggested_probability > 0.5 > found["fly/x4q.jpg"].probability
    assert [near.label for near in found["bee/x27q.jpg"].nearest] == ["ant"] * 3


def test_right_labels_of_classes_far_apart_are_not_doubted():
    assert doubted(*photos()) == {}


def test_held_out_photos_are_answered_by_who_learned_from_the_others():
    wrong = (4, 51, 54, 57)  # a bee under fly; three ants under bee, all of the test part
    found = set(doubted(*photos(wrong=wrong, part=lambda i: "test" if i >= 45 else "train")))
    assert found <= {"fly/x4q.jpg", *(f"bee/x{i}q.jpg" for i in wrong[1:])}
    assert len(found & {f"bee/x{i}q.jpg" for i in wrong[1:]}) >= 2


def test_a_burst_under_one_wrong_label_does_not_vouch_for_itself():
    dataset, embedded = photos(wrong=(4, 7, 10))  # bees under fly: one burst of three
    vectors = embedded.vectors.copy()
    vectors[[7, 10]] = vectors[4] + np.float32(0.01)
    together = tuple(
        replace(photo, group="burst" if i in (4, 7, 10) else None)
        for i, photo in enumerate(embedded.photos)
    )
    embedded = replace(embedded, vectors=vectors, mirrored=vectors, photos=together)
    found = doubted(replace(dataset, photos=together), embedded)
    assert set(found) == {"fly/x4q.jpg", "fly/x7q.jpg", "fly/x10q.jpg"}
    assert all(near.file not in found for item in found.values() for near in item.nearest)


def test_examples_of_none_of_these_have_no_label_to_doubt():
    dataset, embedded = photos(wrong=(4,))
    items = list(embedded.photos)
    items[0] = replace(items[0], label=None)
    dataset = replace(dataset, photos=tuple(items[1:]), negatives=(items[0],))
    assert set(doubted(dataset, replace(embedded, photos=tuple(items)))) == {"fly/x4q.jpg"}


def test_photos_that_cannot_be_trained_on_have_their_sentence():
    dataset, embedded = photos()
    ants = [i for i, photo in enumerate(embedded.photos) if photo.label == "ant"]
    alone = tuple(embedded.photos[i] for i in ants)
    embedded = Embedded(
        alone,
        embedded.vectors[ants],
        embedded.mirrored[ants],
        tuple(embedded.facts[i] for i in ants),
    )
    dataset = replace(dataset, photos=alone, classes=("ant",))
    with pytest.raises(InputError, match="one class"):
        doubted(dataset, embedded)
