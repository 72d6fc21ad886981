"""Pictures that are on every machine, read without the library that brings them."""

import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from eyespot.images.samples import sample_digits


def test_the_digits_are_those_that_scikit_learn_gives():
    expected = load_digits()
    images, target = sample_digits()
    assert np.array_equal(images, expected.images)
    assert np.array_equal(target, expected.target)
    few, names = sample_digits(16)
    assert np.array_equal(few, expected.images[:16])
    assert names.tolist() == expected.target[:16].tolist()
    assert sample_digits(1)[0].shape == (1, 8, 8)


def test_unrelated_pictures_are_made_without_importing_scikit_learn():
    """It takes a second, a third of a training whose photos are known."""
    code = (
        "import sys; from eyespot.evaluation.unrelated import unrelated; "
        "print(len(unrelated()), 'sklearn' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["66", "False"]
