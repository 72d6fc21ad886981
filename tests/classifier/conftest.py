"""A real photo that is always there: scikit-learn brings it."""

import pytest

from eyespot.images.samples import sample_photos


@pytest.fixture
def real_sample():
    """Paths of the two photos in scikit-learn's package."""
    return sample_photos()
