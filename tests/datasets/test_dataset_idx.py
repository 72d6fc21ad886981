"""MNIST's form: what its files say is read to the byte, and damage is told in one sentence."""

import gzip
import os
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from published import FASHION_TEST, FASHION_TRAIN, MNIST_TRAIN, grey, idx, write_idx

from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.datasets.checks import check_trainable
from eyespot.datasets.idx import DIGITS, GARMENTS
from eyespot.datasets.places import located
from eyespot.errors import InputError
from eyespot.images.decode import decode

LABELS = [3, 1, 4, 1, 5, 9, 2, 6]
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@pytest.fixture
def digits(tmp_path):
    """Eight pictures to learn from and three to test on."""
    write_idx(tmp_path / "digits", "train", grey(8), LABELS)
    return write_idx(tmp_path / "digits", "t10k", grey(3, seed=1), [7, 7, 1])


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as refused:
        open_dataset(folder)
    return str(refused.value)


def test_pixels_labels_parts_and_names_are_what_the_files_say(digits):
    dataset = open_dataset(digits)
    found = {photo.file: photo for photo in dataset.photos}
    assert list(found) == [f"test/{i:05}" for i in range(3)] + [f"train/{i:05}" for i in range(8)]
    assert [found[f"train/{i:05}"].label for i in range(8)] == [str(label) for label in LABELS]
    assert [found[f"test/{i:05}"].label for i in range(3)] == ["7", "7", "1"]
    assert {photo.part for file, photo in found.items() if file.startswith("test")} == {"test"}
    assert {photo.part for file, photo in found.items() if file.startswith("train")} == {"train"}
    for i, pixels in enumerate(grey(8)):
        picture = np.asarray(decode(found[f"train/{i:05}"].source).picture)
        assert (picture == pixels[:, :, None]).all()  # grey is red = green = blue
    assert dataset.classes == ("1", "2", "3", "4", "5", "6", "7", "9")
    assert dataset.name == "digits"
    assert dataset.held_out_part == "test"
    assert dataset.notes == dataset.left_out == ()


def test_a_published_data_set_is_known_as_one_and_a_folder_of_photos_is_not(tmp_path, digits):
    assert open_dataset(digits).is_published
    for label in ("ant", "bee"):
        (tmp_path / "mine" / label).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "mine" / label / "1.png")
    assert not open_dataset(tmp_path / "mine").is_published


def test_a_picture_that_is_no_square_keeps_its_height_and_width(tmp_path):
    tall = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)  # 3 rows of 5 pixels
    picture, _ = open_dataset(write_idx(tmp_path, "train", tall, [0, 1]))[1]
    assert picture.size == (5, 3)
    assert picture.getpixel((4, 0)) == (19, 19, 19)  # 15 + 4, the last of the first row


@pytest.mark.parametrize(("packed", "dot"), [(True, False), (False, True), (True, True)])
def test_packed_files_and_the_other_spelling_are_the_same_data_set(tmp_path, digits, packed, dot):
    other = tmp_path / "other" / "digits"
    write_idx(other, "train", grey(8), LABELS, packed=packed, dot=dot)
    write_idx(other, "t10k", grey(3, seed=1), [7, 7, 1], packed=packed, dot=dot)
    assert open_dataset(other).fingerprint == open_dataset(digits).fingerprint


def test_one_pixel_changes_the_fingerprint(digits):
    before = open_dataset(digits).fingerprint
    changed = grey(8)
    changed[5, 2, 2] ^= 1
    write_idx(digits, "train", changed, LABELS)
    assert open_dataset(digits).fingerprint != before


def test_of_a_file_and_its_packed_copy_one_is_read(digits):
    write_idx(digits, "train", grey(8), LABELS, packed=True)
    (digits / "train-images-idx3-ubyte.gz").write_bytes(b"not even packed")
    assert len(open_dataset(digits)) == 11


def test_files_called_packed_that_are_not_are_read_as_they_are(digits):
    for name in FILES:
        (digits / name).rename(digits / f"{name}.gz")
    assert len(open_dataset(digits)) == 11


def test_the_folder_raw_that_torchvision_makes_is_looked_into(tmp_path, digits):
    digits.rename(tmp_path / "raw")
    write_idx(tmp_path / "unrelated", "train", grey(1), [0])
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 11
    assert {item.file.partition("/")[0] for item in dataset.left_out} == {"unrelated"}


def test_what_lies_beside_the_files_is_left_out_by_name(digits):
    (digits / "README.md").write_text("Digits")
    (digits / ".hidden").write_text("")
    (item,) = open_dataset(digits).left_out
    assert item.file == "README.md"
    assert item.reason == "no part of the data set, which lies in IDX files"


def test_a_part_alone_is_a_data_set(tmp_path):
    alone = open_dataset(write_idx(tmp_path / "train", "train", grey(8), [0, 0, 0, 0, 1, 1, 1, 1]))
    check_trainable(alone)
    assert {photo.part for photo in alone.photos} == {"train"}
    tested = open_dataset(write_idx(tmp_path / "test", "t10k", grey(2), [0, 1]))
    with pytest.raises(InputError, match="has no train part, only test"):
        check_trainable(tested)


# ---------------------------------------------------------------- which data set it is


@pytest.mark.parametrize(
    ("part", "labels", "classes", "folder"),
    [
        ("train", FASHION_TRAIN, GARMENTS, "downloads"),
        ("t10k", FASHION_TEST, GARMENTS, "downloads"),
        ("train", MNIST_TRAIN, DIGITS, "fashion-mnist"),  # the usual mistake: the files decide
        ("train", [3, 1, 4], DIGITS, "kmnist"),
    ],
)
def test_the_first_labels_tell_digits_from_garments(tmp_path, part, labels, classes, folder):
    dataset = open_dataset(write_idx(tmp_path / folder, part, grey(len(labels)), labels))
    assert [photo.label for photo in dataset.photos] == [classes[label] for label in labels]
    assert dataset.notes == ()


def test_a_folder_called_after_fashion_has_its_classes_and_a_note(tmp_path):
    for folder in (tmp_path / "Fashion_MNIST", tmp_path / "FashionMNIST" / "raw"):
        dataset = open_dataset(write_idx(folder, "train", grey(3), [9, 0, 6]))
        assert [photo.label for photo in dataset.photos] == ["Ankle boot", "T-shirt", "Shirt"]
        assert "its files are others" in dataset.notes[0]


def test_digits_and_garments_in_one_folder_are_refused(tmp_path):
    write_idx(tmp_path, "train", grey(20), MNIST_TRAIN)
    write_idx(tmp_path, "t10k", grey(20), FASHION_TEST)
    assert "mixes MNIST and FashionMNIST" in refusal(tmp_path)


# ---------------------------------------------------------------- damage


HEAD = bytes([0, 0, 8, 3])
DAMAGE = {  # what is wrong -> (file, content, what is said)
    "empty": (0, b"", "cut off: it ends after 0 bytes"),
    "a web page": (0, b"<!DOCTYPE html>", "begins with 3c 21 44 4f: expected an IDX file of pic"),
    "swapped": (0, idx(np.array(LABELS)), "holds labels: expected an IDX file of pictures"),
    "swapped too": (1, idx(grey(8)), "holds pictures: expected an IDX file of labels"),
    "numbers of four bytes": (1, bytes([0, 0, 12, 1]), "begins with 00 00 0c 01"),
    "too long": (0, idx(grey(8)) + b"\0", "too long: it has 145 bytes, and its header says 144"),
    "no labels": (1, idx(np.array([])), "holds no labels: expected at least one"),
    "fewer labels": (1, idx(np.array(LABELS[:7])), "has 8 pictures, and "),
    "more labels": (1, idx(np.array([*LABELS, 0])), "has 9 labels: expected as many"),
    "label 10": (1, idx(np.array([*LABELS[:7], 10])), "the label 10 (number 8): expected 0 to 9"),
    "flat": (0, HEAD + struct.pack(">3I", 8, 0, 4), "4 x 0 pixels: expected 1 to 1,024"),
    "huge": (0, HEAD + struct.pack(">3I", 8, 2**31, 2**31), "expected 1 to 1,024 on a side"),
}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("packed", [False, True])
def test_damage_is_one_sentence_that_names_the_file(digits, kind, packed):
    number, content, said = DAMAGE[kind]
    if packed and kind == "too long":
        said = "goes on after 144 bytes"
    path = digits / FILES[number]
    path.write_bytes(gzip.compress(content) if packed else content)
    message = refusal(digits)
    assert said in message
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 330


@pytest.mark.parametrize("gone", FILES)
def test_a_file_without_its_other_half_is_named_with_what_is_missing(digits, gone):
    (digits / gone).unlink()
    assert f"expected {gone}" in refusal(digits)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_off_at_any_length_is_refused_by_name(digits, name, packed):
    whole = (digits / name).read_bytes()
    whole = gzip.compress(whole, mtime=0) if packed else whole
    for length in range(len(whole)):
        (digits / name).write_bytes(whole[:length])
        assert f"{digits / name}" in refusal(digits), length
    (digits / name).write_bytes(whole)
    assert len(open_dataset(digits)) == 11


def test_a_flipped_bit_in_a_packed_file_never_changes_a_picture_unseen(digits):
    path = digits / FILES[0]
    whole = gzip.compress(path.read_bytes(), mtime=0)
    expected = open_dataset(digits).fingerprint
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            assert open_dataset(digits).fingerprint == expected, place
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused >= len(whole) - 10  # of a gzip header's 10 bytes some mean nothing


@pytest.mark.parametrize(
    ("number", "head"),
    [
        (0, HEAD + struct.pack(">3I", 20_000, 1000, 1000)),  # 20 GB of pixels
        (1, b"\0\0\x08\x01" + struct.pack(">I", 2**32 - 1)),  # 4 GB of labels
    ],
)
def test_a_file_that_says_it_unpacks_to_far_more_is_not_unpacked(digits, number, head):
    (digits / FILES[1]).write_bytes(idx(np.zeros(20_000)))
    (digits / FILES[number]).write_bytes(gzip.compress(head + bytes(10_000)))
    began = time.perf_counter()
    assert "it is not unpacked" in refusal(digits)
    assert time.perf_counter() - began < 1


def test_a_bomb_under_a_small_header_is_read_no_further_than_it_says(digits):
    bomb = gzip.compress(idx(grey(8)) + bytes(50_000_000))
    (digits / FILES[0]).write_bytes(bomb)
    tracemalloc.start()
    assert "goes on after 144 bytes" in refusal(digits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_pipe_is_not_waited_for_and_a_folder_is_no_file(digits):
    (digits / FILES[0]).unlink()
    os.mkfifo(digits / FILES[0])
    assert "a named pipe, not a file" in refusal(digits)
    (digits / FILES[0]).unlink()
    (digits / FILES[0]).mkdir()
    assert f"{FILES[0]} cannot be read: a folder" in refusal(digits)


def test_the_pixels_are_held_once(tmp_path):
    side, count = 56, 5000
    pixels = side * side * count  # 15.7 MB
    write_idx(
        tmp_path, "train", grey(count, side=side), [i % 10 for i in range(count)], packed=True
    )
    tracemalloc.start()
    dataset = open_dataset(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(len(photo.read()) for photo in dataset.photos) > pixels
    assert peak < 1.25 * pixels  # with names, labels, and one block while reading


# ---------------------------------------------------------------- by name


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A place where data sets lie by their names, and a working directory without any."""
    write_idx(tmp_path / "shelf" / "fashion-mnist", "train", grey(20), FASHION_TRAIN)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("eyespot.datasets.places.default_folders", lambda: (tmp_path / "shelf",))
    return tmp_path / "shelf"


def test_a_bare_name_is_found_where_data_sets_lie(shelf):
    assert located("fashion-mnist") == located(Path("fashion-mnist")) == shelf / "fashion-mnist"
    assert open_dataset("fashion-mnist").photos[0].label == "Ankle boot"
    assert len(open_dataset(Path("fashion-mnist"))) == 20


def test_a_name_that_is_a_folder_here_too_is_refused_with_both_spellings(shelf):
    write_idx(Path("fashion-mnist"), "train", grey(2), [0, 1])
    with pytest.raises(InputError, match=r"write \./fashion-mnist for what is here, or run"):
        open_dataset("fashion-mnist")
    for path in ("./fashion-mnist", "fashion-mnist/", Path("fashion-mnist")):
        assert len(open_dataset(path)) == 2, path


def test_a_data_set_that_is_not_there_says_where_it_goes(shelf):
    with pytest.raises(InputError) as refused:
        open_dataset("mnist")
    assert f"into {shelf / 'mnist'}/, or give their folder" in str(refused.value)
    (shelf / "fashion-mnist" / FILES[0]).unlink()
    (shelf / "fashion-mnist" / FILES[1]).unlink()
    with pytest.raises(InputError, match="Run make data"):
        open_dataset("fashion-mnist")


@pytest.mark.parametrize("word", ["fashion_mnist", "FashionMNIST", "fashion-minst"])
def test_a_misspelled_name_is_answered_with_the_right_one(shelf, word):
    with pytest.raises(InputError, match="Did you mean fashion-mnist"):
        open_dataset(word)


def test_one_of_the_files_alone_is_answered_with_its_folder(digits):
    with pytest.raises(InputError, match="give the folder that holds its pictures"):
        open_dataset(digits / FILES[0])


def test_to_predict_the_folder_gives_its_pictures_under_their_names(digits, monkeypatch):
    monkeypatch.chdir(digits.parent)
    photos, left_out = find_photos([Path("digits")])
    assert [photo.file for photo in photos][:4] == [
        *(f"digits/test/0000{i}" for i in range(3)),
        "digits/train/00000",
    ]
    assert left_out == ()
    assert decode(photos[0].source).format == "PPM"
    (digits / FILES[0]).write_bytes(b"")
    photos, left_out = find_photos([Path("digits")])
    assert photos == ()
    assert "cut off" in left_out[0].reason


@pytest.mark.slow
def test_fashion_mnist_of_the_debian_package_is_whole_and_opens_in_about_a_second():
    try:
        located("fashion-mnist")
    except InputError as error:
        pytest.skip(str(error))
    began = time.perf_counter()
    dataset = open_dataset(located("fashion-mnist"))
    seconds = time.perf_counter() - began
    # arXiv:1708.07747, section 2: 6,000 pictures of each class to learn from, 1,000 to test on
    counts = {(photo.part, photo.label): 0 for photo in dataset.photos}
    for photo in dataset.photos:
        counts[photo.part, photo.label] += 1
    assert counts == {(p, c): n for p, n in (("train", 6000), ("test", 1000)) for c in GARMENTS}
    picture, label = dataset[0]
    assert picture.size == (28, 28)
    assert dataset.classes[label] == "Ankle boot"
    pixels = np.stack([np.frombuffer(photo.read()[13:], np.uint8) for photo in dataset.photos])
    learned = pixels[[photo.part == "train" for photo in dataset.photos]]
    # the mean and deviation that everybody normalises with: 0.2860 and 0.3530
    assert round(learned.mean() / 255, 4) == 0.2860
    assert round(learned.std() / 255, 4) == 0.3530
    assert seconds < 5  # 0.5 measured; room for a busy machine
