"""Data sets to try the audit's rules on."""

import pytest
from facts_builder import Builder, empty


@pytest.fixture
def builder() -> Builder:
    """A data set of 60 photos that have nothing in common, in two classes; add to it."""
    made = empty()
    for i in range(60):
        made.add(f"{'ab'[i % 2]}/{made.generator.integers(1 << 40):x}x.jpg")
    return made


@pytest.fixture
def nothing() -> Builder:
    return empty()
