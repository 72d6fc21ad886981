"""Damaged files are refused with a reason, or flagged; nothing but `ImageError` ever leaves."""

import random

import numpy as np
import picture_corpus as corpus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageFile

from eyespot.errors import ImageError
from eyespot.images.decode import decode

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
SEEDS = corpus.seeds()
FIRST_ONLY = {"animated gif", "jpeg of two pictures", "tiff of two pages"}  # the rest is not read


def check_reason(error: ImageError) -> None:
    text = str(error)
    assert text
    assert len(text) < 200
    for stranger in ("\n", "<_io", "PIL", "Error", "object at"):
        assert stranger not in text


@pytest.mark.parametrize("name", sorted(set(SEEDS) - FIRST_ONLY))
def test_a_file_cut_anywhere_is_refused_or_flagged(name):
    data = SEEDS[name]
    whole = decode(data)
    cuts = {*range(0, len(data), max(1, len(data) // 150)), *range(len(data) - 20, len(data))}
    for cut in sorted(cuts):
        try:
            decoded = decode(data[:cut])
        except ImageError as error:
            check_reason(error)
        else:
            assert decoded.notes != whole.notes, f"{name} cut at {cut} of {len(data)} passed"
            assert np.array_equal(decoded.picture, whole.picture)


@pytest.mark.parametrize("name", sorted(FIRST_ONLY))
def test_a_file_cut_behind_its_first_frame_shows_that_frame_whole(name):
    data = SEEDS[name]
    whole = np.asarray(decode(data).picture)
    accepted = 0
    for cut in range(0, len(data), 23):
        try:
            picture = decode(data[:cut]).picture
        except ImageError as error:
            check_reason(error)
        else:
            accepted += 1
            assert np.array_equal(picture, whole)
    assert accepted


@pytest.mark.parametrize("name", ["bmp", "ppm", "tiff", "png", "gif", "jpeg", "webp", "avif"])
def test_the_reason_of_a_cut_file_says_how_many_bytes_there_are(name):
    data = SEEDS[name]
    with pytest.raises(ImageError, match=f"ends early, after {len(data) // 2:,} bytes"):
        decode(data[: len(data) // 2])


def test_a_png_whose_pixels_do_not_match_their_checksum_is_refused():
    data = bytearray(SEEDS["png"])
    data[data.index(b"IDAT") + 4 + 300] ^= 1
    with pytest.raises(ImageError, match="checksum of its 'IDAT' part"):
        decode(bytes(data))
    wrong = bytearray(SEEDS["png"])  # right pixels under a wrong checksum, as PngSuite's xcsn0g01
    wrong[-13] ^= 1
    with pytest.raises(ImageError, match="checksum"):
        decode(bytes(wrong))


def test_where_somebody_lets_pillow_invent_pixels_everything_is_refused(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for name, data in SEEDS.items():
        if name not in FIRST_ONLY:
            with pytest.raises(ImageError):
                decode(data[: len(data) * 3 // 4])
    with pytest.raises(ImageError, match="LOAD_TRUNCATED_IMAGES is on"):
        decode(SEEDS["jpeg"])


def mutated(data: bytes, edits: list[tuple[int, float, int]]) -> bytes:
    """`edits` are (kind, place in [0, 1], number); half of the places lie in the first bytes."""
    changed = bytearray(data)
    for kind, place, number in edits:
        if not changed:
            break
        reach = len(changed) if number & 1 else min(len(changed), 200)
        at = min(int(place * reach), len(changed) - 1)
        if kind == 0:
            changed[at] ^= 1 << number % 8
        elif kind == 1:
            changed[at] = number % 256
        elif kind == 2:
            changed[at : at + 4] = (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff")[number % 3]
        elif kind == 3:
            del changed[at : at + 1 + number % 40]
        elif kind == 4:
            changed[at:at] = changed[at : at + 1 + number % 60]
        else:
            changed = changed[: at + 1]
    return bytes(changed)


def check_outcome(data: bytes) -> bool:
    """Whether `data` was read; a bounded pixel limit keeps the test small."""
    try:
        decoded = decode(data, pixel_limit=2_000_000)
    except ImageError as error:
        check_reason(error)
        return False
    assert decoded.picture.mode == "RGB"
    return True


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(
        st.tuples(st.integers(0, 5), st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8
    ),
)
def test_only_image_errors_leave_mutated_files(name, edits):
    check_outcome(mutated(SEEDS[name], edits))


@pytest.mark.slow
def test_only_image_errors_leave_ten_thousand_mutations():
    generator = random.Random(0)
    read = 0
    for _ in range(10_000):
        edits = [
            (generator.randrange(6), generator.random(), generator.randrange(256))
            for _ in range(generator.choice([1, 1, 2, 4, 16]))
        ]
        read += check_outcome(mutated(generator.choice(sorted(SEEDS.values())), edits))
    assert 500 < read < 9_500  # both outcomes were tried


@given(data=st.binary(max_size=300))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_only_image_errors_leave_random_bytes_behind_a_magic_number(data):
    for start in (b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0+", b"P6 ", b"RIFF", b""):
        check_outcome(start + data)
