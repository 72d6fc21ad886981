"""Photos through an engine: in order, with their faults in place, and never many at a time."""

import itertools
import threading
import time

import numpy as np
import pytest
from PIL import Image

from eyespot.engines.run import AHEAD, Answer, in_threads, run, run_views
from eyespot.engines.start import available_cores
from eyespot.errors import ImageError
from eyespot.images.preprocessing import Preprocessing

HALF = (0.5, 0.5, 0.5)
PREPROCESSING = Preprocessing(40, 32, "bicubic", mean=HALF, std=HALF)


class Means:
    """An engine that answers with the left and the right half's mean."""

    name = "means"

    def __init__(self, batch_size):
        self.batch_size = batch_size
        self.calls = []

    def __call__(self, pixels):
        assert 0 < len(pixels) <= self.batch_size
        self.calls.append(len(pixels))
        halves = pixels.reshape(len(pixels), 32, 2, 16, 3).mean(axis=(1, 3, 4))
        return halves.astype(np.float32)


@pytest.fixture
def paths(tmp_path):
    """20 photos, dark on the left, numbered by their brightness; the fourth is broken."""
    found = []
    for i in range(20):
        picture = np.zeros((40, 40, 3), np.uint8)
        picture[:, 20:] = 10 * i
        found.append(tmp_path / f"{i}.png")
        Image.fromarray(picture).save(found[-1])
    found[3].write_bytes(b"no picture")
    return found


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("mirrored", [False, True])
def test_answers_come_in_order_and_errors_in_their_place(paths, batch_size, mirrored):
    engine = Means(batch_size)
    answers = list(
        run(engine, PREPROCESSING, paths, mirrored=mirrored, also=lambda c, d: (len(c), d.format))
    )
    assert len(answers) == 20
    assert isinstance(answers[3], ImageError)
    for i, answer in enumerate(answers):
        if i == 3:
            continue
        assert isinstance(answer, Answer)
        assert answer.extra == (paths[i].stat().st_size, "PNG")
        dark, bright = answer.vectors[0]
        assert dark < bright or i == 0
        if mirrored:  # turned left to right
            assert answer.vectors.shape == (2, 2)
            assert answer.vectors[1].tolist() == [bright, dark]
        else:
            assert answer.vectors.shape == (1, 2)
    assert sum(engine.calls) == 19 * (1 + mirrored)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 32])
def test_any_number_of_views_is_answered_in_its_order(paths, batch_size):
    """Photo i has 1 + 5 i views, each a plane of its number: 1, 6, 11, 21 (the third is broken)."""
    engine = Means(batch_size)

    def read(content):
        decoded, pixels = PREPROCESSING.read(content)
        views = 1 + 5 * (int(pixels.max()) // 10)
        return decoded, (np.full_like(pixels, view) for view in range(views))

    sources = [paths[0], paths[1], paths[2], paths[3], paths[4]]
    answers = list(run_views(engine, read, sources, views=21, also=lambda c, d: None))
    assert isinstance(answers.pop(3), ImageError)
    for answer, views in zip(answers, (1, 6, 11, 21), strict=True):
        assert answer.vectors.tolist() == [[view, view] for view in range(views)]
    assert sum(engine.calls) == 1 + 6 + 11 + 21


def test_a_view_is_asked_for_when_the_one_before_it_has_been_answered(paths):
    """144 crops of a photo never lie in memory together where pictures are answered one by one."""
    engine = Means(1)
    made = []

    def read(content):
        decoded, pixels = PREPROCESSING.read(content)

        def views():
            for i in range(144):
                made.append(i - len(engine.calls))
                yield pixels

        return decoded, views()

    (answer,) = run_views(engine, read, paths[:1], views=144, also=lambda c, d: None)
    assert answer.vectors.shape == (144, 2)
    assert set(made) == {0}


def test_no_photos_give_no_answers():
    engine = Means(4)
    assert list(run(engine, PREPROCESSING, [], mirrored=True, also=lambda c, d: None)) == []


def test_results_keep_their_order_however_long_each_takes():
    def slow(i):
        time.sleep(0.002 * (i * 7 % 5))
        return i

    assert list(in_threads(slow, range(60))) == list(range(60))


def test_only_so_many_items_are_taken_ahead_of_the_reader():
    taken = itertools.count()
    results = in_threads(lambda i: i, (next(taken) for _ in itertools.repeat(None)))
    for i in range(30):
        assert next(results) == i
    assert next(taken) <= 30 + (available_cores() + 2) * AHEAD + 1
    results.close()


def test_a_reader_who_leaves_early_does_not_wait_for_the_rest():
    started = []

    def slow(i):
        started.append(i)
        time.sleep(0.05)
        return i

    results = in_threads(slow, range(1000))
    next(results)
    begun = time.monotonic()
    results.close()
    assert time.monotonic() - begun < 2
    count = len(started)
    assert count < 60
    time.sleep(0.3)
    assert len(started) <= count + available_cores() + 2  # the ones that had begun


def test_a_task_that_fails_raises_at_its_place_in_the_order():
    def task(i):
        if i == 5:
            raise ValueError("five")
        return i

    results = in_threads(task, range(10))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)


def test_work_is_shared_among_threads():
    names = set(
        in_threads(lambda i: time.sleep(0.01) or threading.current_thread().name, range(30))
    )
    assert len(names) > 1
