"""CIFAR's binary and Python versions, in folders and archives, are one data set to the byte."""

import gzip
import hashlib
import io
import pickle
import tarfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from published import binary, colour, python2, python_batch, rows

from eyespot.datasets.batches import LISTS, read_names
from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.datasets.cifar import CLASSES
from eyespot.datasets.dataset import ImageDataset
from eyespot.datasets.streams import opened
from eyespot.errors import InputError
from eyespot.images.decode import decode

# Of the 20 classes over CIFAR-100's, which are not read.
SUPERCLASSES = [
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
    "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
]  # fmt: skip
TEN = list(CLASSES["CIFAR-10"])
HUNDRED = list(CLASSES["CIFAR-100"])
Files = dict[str, bytes]


def ten_binary() -> Files:
    """Three pictures in the first batch, two in the third, one to test on."""
    return {
        "data_batch_1.bin": binary(colour(3), [6, 9, 0]),
        "data_batch_3.bin": binary(colour(2, seed=1), [3, 3]),
        "test_batch.bin": binary(colour(1, seed=2), [8]),
        "batches.meta.txt": ("\n".join(TEN) + "\n\n").encode(),
        "readme.html": b"<html></html>",
    }


def ten_python() -> Files:
    meta = {"num_cases_per_batch": 10000, "label_names": TEN, "num_vis": 3072}
    return {
        "data_batch_1": python_batch(colour(3), [6, 9, 0]),
        "data_batch_3": python_batch(colour(2, seed=1), [3, 3]),
        "test_batch": python_batch(colour(1, seed=2), [8]),
        "batches.meta": python2(meta),
        "readme.html": b"<html></html>",
    }


def hundred_binary() -> Files:
    return {
        "train.bin": binary(colour(3), [11, 15, 4], [49, 33, 72]),
        "test.bin": binary(colour(2, seed=1), [0, 0], [0, 99]),
        "fine_label_names.txt": ("\n".join(HUNDRED) + "\n").encode(),
        "coarse_label_names.txt": b"aquatic_mammals\n",
    }


def hundred_python() -> Files:
    return {
        "train": python_batch(colour(3), [49, 33, 72], fine=True),
        "test": python_batch(colour(2, seed=1), [0, 99], fine=True),
        "meta": python2({"fine_label_names": HUNDRED, "coarse_label_names": SUPERCLASSES}),
        "file.txt~": b"",
    }


VERSIONS = {
    "cifar-10-batches-bin": ten_binary,
    "cifar-10-batches-py": ten_python,
    "cifar-100-binary": hundred_binary,
    "cifar-100-python": hundred_python,
}
ARCHIVES = {
    "cifar-10-batches-bin": "cifar-10-binary.tar.gz",
    "cifar-10-batches-py": "cifar-10-python.tar.gz",
    "cifar-100-binary": "cifar-100-binary.tar.gz",
    "cifar-100-python": "cifar-100-python.tar.gz",
}


def unpacked(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def packed(path: Path, folder: str, files: Files) -> Path:
    """As the published archives are: the folder, then its files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as archive:
        top = tarfile.TarInfo(folder)
        top.type = tarfile.DIRTYPE
        archive.addfile(top)
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def contents(dataset: ImageDataset) -> list[tuple[str, str | None, str | None, bytes]]:
    return [(photo.file, photo.label, photo.part, photo.read()) for photo in dataset.photos]


def refusal(source: Path) -> str:
    with pytest.raises(InputError) as refused:
        open_dataset(source)
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


def test_pixels_labels_parts_and_names_are_what_the_rows_say(tmp_path):
    dataset = open_dataset(unpacked(tmp_path / "cifar", ten_binary()))
    assert [(photo.file, photo.label) for photo in dataset.photos] == [
        ("test/00000", "ship"),
        ("train/00000", "frog"),
        ("train/00001", "truck"),
        ("train/00002", "airplane"),
        ("train/20000", "cat"),  # the third batch begins after two of 10,000
        ("train/20001", "cat"),
    ]
    shown = [np.asarray(decode(photo.source).picture) for photo in dataset.photos]
    assert (
        np.stack(shown) == np.concatenate([colour(1, seed=2), colour(3), colour(2, seed=1)])
    ).all()
    assert dataset.name == "cifar"
    assert dataset.left_out == ()


def test_a_red_picture_is_red(tmp_path):
    red = bytes([9]) + bytes([255] * 1024) + bytes(2048)  # all red values come first
    dataset = open_dataset(unpacked(tmp_path, {"data_batch_1.bin": red}))
    assert dataset[0][0].getpixel((31, 31)) == (255, 0, 0)


def test_of_the_two_labels_of_cifar_100_the_second_is_the_class(tmp_path):
    dataset = open_dataset(unpacked(tmp_path, hundred_binary()))
    named = {photo.file: photo.label for photo in dataset.photos}
    assert named["train/00000"] == "mountain"  # 49
    assert named["train/00001"] == "forest"  # 33
    assert named["test/00001"] == "worm"  # 99


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_read_without_pickle_is_what_pickle_and_numpy_read(tmp_path, version):
    files = VERSIONS[version]()
    found = contents(open_dataset(unpacked(tmp_path / version, files)))
    expected = []
    for name in sorted(files):
        if name.endswith(".bin"):
            width = 3074 if "100" in version else 3073
            array = np.frombuffer(files[name], np.uint8).reshape(-1, width)
            labels, pixels = array[:, width - 3073], array[:, width - 3072 :]
        elif name in ("train", "test") or "_batch" in name:
            batch = pickle.loads(files[name], encoding="bytes")
            labels, pixels = (
                batch[b"fine_labels" if "100" in version else b"labels"],
                batch[b"data"],
            )
        else:
            continue
        names = HUNDRED if "100" in version else TEN
        images = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        part = "test" if name.startswith("test") else "train"
        expected += [
            (part, names[label], image.tobytes())
            for label, image in zip(labels, images, strict=True)
        ]
    assert sorted((part, label, content[13:]) for _, label, part, content in found) == sorted(
        expected
    )
    assert all(content[:13] == b"P6\n32 32\n255\n" for *_, content in found)


@pytest.mark.parametrize("one", ["10-", "100-"])
def test_every_version_and_every_way_to_hold_it_is_the_same_data_set(tmp_path, one):
    found = set()
    for version, files in VERSIONS.items():
        if one not in version:
            continue
        archive = packed(tmp_path / "archives" / ARCHIVES[version], version, files())
        plain = tmp_path / "archives" / ARCHIVES[version].removesuffix(".gz")
        plain.write_bytes(gzip.decompress(archive.read_bytes()))
        outer = tmp_path / f"holds {version}"
        unpacked(outer / version, files())
        sources = (archive, plain, outer, outer / version)
        found |= {open_dataset(source).fingerprint for source in sources}
    assert len(found) == 1


def test_a_folder_that_holds_the_archive_is_the_data_set_and_says_so(tmp_path):
    packed(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", ten_python())
    (tmp_path / "notes.txt").write_text("mine")
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 6
    assert dataset.notes[0] == "CIFAR-10 is read from cifar-10-python.tar.gz."
    assert [item.file for item in dataset.left_out] == ["notes.txt"]


def test_the_unpacked_folder_is_taken_before_the_archive_beside_it(tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"half of it")
    unpacked(tmp_path / "cifar-10-batches-py", ten_python())
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 6
    assert dataset.left_out == ()


def test_two_data_sets_in_one_folder_are_refused_with_both_names(tmp_path):
    for version, files in VERSIONS.items():
        unpacked(tmp_path / version, files())
    assert "holds two data sets (cifar-10-batches-bin, cifar-100-binary)" in refusal(tmp_path)


def test_an_archive_gives_its_name_to_the_data_set(tmp_path):
    archive = packed(tmp_path / "cifar-10-binary.tar.gz", "cifar-10-batches-bin", ten_binary())
    assert open_dataset(archive).name == "cifar-10-binary"
    photos, left_out = find_photos([archive])
    assert photos[0].file == f"{archive}/test/00000"
    assert left_out == ()


def test_names_come_from_the_files_own_list_and_else_from_the_published_one(tmp_path):
    files = ten_binary() | {"batches.meta.txt": b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"}
    assert open_dataset(unpacked(tmp_path / "own", files)).classes == ("a", "d", "g", "i", "j")
    del files["batches.meta.txt"]
    dataset = open_dataset(unpacked(tmp_path / "published", files))
    assert dataset.classes == ("airplane", "cat", "frog", "ship", "truck")


def test_fewer_pictures_than_were_published_are_noted(tmp_path):
    (note,) = open_dataset(unpacked(tmp_path, ten_binary())).notes
    assert note.endswith("10,000 to test on; here are 5 and 1.")


def test_the_lists_of_names_are_the_published_ones_to_the_byte(tmp_path):
    """The files of the Python versions, written anew, have the MD5 sums that are known of them."""
    sums = {
        "cifar-10-batches-py": ("batches.meta", "5ff9c542aee3614f3951f8cda6e48888"),
        "cifar-100-python": ("meta", "7973b15100ade9c7d40fb424638fde48"),
    }
    for version, (name, published) in sums.items():
        content = VERSIONS[version]()[name]
        assert hashlib.md5(content).hexdigest() == published
        (tmp_path / name).write_bytes(content)
        data_set, key = LISTS[name]
        with opened(tmp_path / name) as stream:
            assert read_names(stream, key) == CLASSES[data_set]


def test_class_folders_beside_nothing_else_are_read_as_ever(tmp_path):
    for label in ("train", "meta"):  # names of CIFAR-100's files, here of folders
        (tmp_path / label / "cat").mkdir(parents=True)
        (tmp_path / label / "cat" / "1.ppm").write_bytes(b"P6\n1 1\n255\nabc")
    with pytest.raises(InputError, match="mixes split folders"):
        open_dataset(tmp_path)


# ---------------------------------------------------------------- damage

ROW = binary(colour(1), [3])
DAMAGE = {  # what is wrong -> (file, content, what is said)
    "cut in a row": ("data_batch_1.bin", ROW[:-1], "has 3,072 bytes: expected 3,073 bytes for"),
    "empty": ("data_batch_1.bin", b"", "has 0 bytes: expected 3,073"),
    "too many": ("test_batch.bin", bytes(3073 * 10_001), "for each of up to 10,000 pictures"),
    "label 10": ("data_batch_1.bin", ROW + bytes([10]) + ROW[1:], "label 10 (picture 2): expected"),
    "packed": ("data_batch_1.bin", gzip.compress(ROW), "is packed by gzip: expected 3,073"),
    "two names": ("batches.meta.txt", b"cat\ndog\n", "has 2 names of classes: expected 10"),
    "one name": ("batches.meta.txt", b"cat\n" * 10, "has 1 name of classes: expected 10"),
    "no list": ("batches.meta.txt", bytes(100_000), "no list of names"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_one_sentence_that_names_the_file(tmp_path, kind):
    name, content, said = DAMAGE[kind]
    folder = unpacked(tmp_path, ten_binary() | {name: content})
    message = refusal(folder)
    assert said in message
    assert str(folder / name) in message


def test_batches_of_both_data_sets_together_are_refused(tmp_path):
    unpacked(tmp_path, ten_binary() | hundred_binary())
    assert "holds both CIFAR-10 and CIFAR-100" in refusal(tmp_path)


def batch(**changes: object) -> bytes:
    whole = {"labels": [6, 9, 0], "data": rows(colour(3)), "filenames": ["a", "b", "c"]} | changes
    return python2({key: value for key, value in whole.items() if value is not None})


PYTHON_DAMAGE = {
    "no pixels": (batch(data=None), "0 pictures in 'data' and 3 labels"),
    "no labels": (batch(labels=None), "3 pictures in 'data' and 0 labels"),
    "fewer labels": (batch(labels=[1, 2]), "3 pictures in 'data' and 2 labels in 'labels'"),
    "words for labels": (batch(labels=["a", "b", "c"]), "and 0 labels"),
    "label 10": (batch(labels=[1, 2, 10]), "has the label 10 (picture 3)"),
    "label below 0": (batch(labels=[1, -1, 2]), "has the label -1 (picture 2)"),
    "a list": (python2([1, 2]), "do not fit together"),
    "another protocol": (pickle.dumps({}, 4), "no pickle of protocol 2"),
    "four bytes each": (batch(data=rows(colour(3)).astype("<f4")), "a call of something else"),
    "other rows": (batch(data=rows(colour(3)).reshape(6, 1536)), "an array that is not made"),
    "by columns": (batch(data=np.asfortranarray(rows(colour(3)))), "an array that is not made"),
    "too many": (batch(data=np.zeros((10_001, 3072), np.uint8)), "more pictures than the publ"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PYTHON_DAMAGE)
def test_damage_in_a_python_version_is_one_sentence_that_names_the_file(tmp_path, kind):
    content, said = PYTHON_DAMAGE[kind]
    folder = unpacked(tmp_path, ten_python() | {"data_batch_1": content})
    message = refusal(folder)
    assert said in message
    assert str(folder / "data_batch_1") in message


def test_a_python_version_cut_off_at_any_length_is_refused_by_name(tmp_path):
    whole = python_batch(colour(1), [6])
    dense = [*range(1, 400), *range(400, len(whole) - 60, 97), *range(len(whole) - 60, len(whole))]
    for length in dense:
        (tmp_path / "data_batch_1").write_bytes(whole[:length])
        assert str(tmp_path / "data_batch_1") in refusal(tmp_path), length
    (tmp_path / "data_batch_1").write_bytes(whole)
    assert len(open_dataset(tmp_path)) == 1


def test_any_byte_changed_in_a_python_version_is_refused_or_a_picture_at_worst(tmp_path):
    """A changed byte may be a changed pixel; it is never another exception, or a long wait."""
    whole = python_batch(colour(1), [6])
    outside = [*range(300), *range(len(whole) - 60, len(whole))]
    generator = np.random.default_rng(0)
    began = time.perf_counter()
    for place in outside:
        for value in generator.integers(0, 256, 4).tolist():
            changed = whole[:place] + bytes([value]) + whole[place + 1 :]
            (tmp_path / "data_batch_1").write_bytes(changed)
            try:
                assert len(open_dataset(tmp_path)) == 1
            except InputError as error:
                assert str(tmp_path) in str(error)
    assert time.perf_counter() - began < 30


# ---------------------------------------------------------------- archives


def test_an_archive_cut_off_at_any_length_is_refused_by_name(tmp_path):
    one = {"data_batch_1.bin": ten_binary()["data_batch_1.bin"][: 2 * 3073]}
    archive = packed(tmp_path / "cifar.tar.gz", "cifar-10-batches-bin", one)
    whole = archive.read_bytes()
    for length in [*range(300), *range(300, len(whole), 41), len(whole) - 1]:
        archive.write_bytes(whole[:length])
        assert str(archive) in refusal(archive), length


def test_a_flipped_bit_in_an_archive_is_found(tmp_path):
    archive = packed(tmp_path / "cifar.tar.gz", "cifar-10-batches-bin", ten_binary())
    expected = open_dataset(archive).fingerprint
    whole = archive.read_bytes()
    found = 0
    for place in range(10, len(whole), 131):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            assert open_dataset(archive).fingerprint == expected, place
        except InputError:
            found += 1
    assert found > 100


def test_an_archive_without_batches_and_another_archive_are_refused(tmp_path):
    empty = packed(tmp_path / "cifar-10.tar.gz", "cifar-10-batches-bin", {"readme.html": b""})
    assert "holds no batch of CIFAR-10 or CIFAR-100" in refusal(empty)
    page = tmp_path / "cifar-100.tgz"
    page.write_text("<html>404</html>" * 100)
    assert "expected the header of a file 0 bytes inside" in refusal(page)
    other = packed(tmp_path / "birds.tar.gz", "birds", {"1.jpg": b""})
    assert "is an archive" in refusal(other)


def test_the_pixels_are_held_once(tmp_path):
    pictures = colour(6000)
    pixels = pictures.nbytes  # 18.4 MB
    labels = [i % 10 for i in range(len(pictures))]
    for version, files in {
        "binary": {"data_batch_1.bin": binary(pictures, labels)},
        "python": {"data_batch_1": python_batch(pictures, labels)},
    }.items():
        archive = packed(tmp_path / f"cifar-10-{version}.tar.gz", "cifar", files)
        tracemalloc.start()
        dataset = open_dataset(archive)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(dataset) == 6000
        assert peak < 1.35 * pixels, version  # with names, labels, and one block while reading
