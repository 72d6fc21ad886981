"""ImageNet's folders of WordNet ids, its flat validation set, and the lists of its classes."""

from pathlib import Path

import pytest
from traps import jpeg, write

from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.datasets.checks import check_trainable
from eyespot.errors import InputError

TENCH, COCK, FOX = "n01440764", "n01514668", "n02119789"
TOP = "ILSVRC/Data/CLS-LOC"
CYCLE = (TENCH, COCK, FOX)  # picture 1 is a tench, picture 2 a cock, picture 3 a fox, and so on
LINES = "".join(f"{CYCLE[i % 3]}\n" for i in range(50_000))


def add_train(top: Path) -> None:
    for seed, wnid in enumerate((TENCH, COCK, FOX)):
        for number in (7, 9):
            write(top / "train" / wnid / f"{wnid}_{number}.JPEG", jpeg(10 * seed + number))


def add_val(folder: Path, *numbers: int) -> None:
    for number in numbers or (1, 2, 3, 49_999):
        write(folder / f"ILSVRC2012_val_{number:08}.JPEG", jpeg(number % 97))


@pytest.fixture
def kaggle(tmp_path):
    """As Kaggle's archive unpacks, without the list."""
    root = tmp_path / "imagenet"
    add_train(root / TOP)
    add_val(root / TOP / "val")
    write(root / TOP / "test" / "ILSVRC2012_test_00000001.JPEG", jpeg(5))
    write(root / "ILSVRC/Annotations/CLS-LOC/val/ILSVRC2012_val_00000001.xml", b"<annotation/>")
    # the pictures with running numbers, which look like classes
    numbered = "".join(f"ILSVRC2012_val_{i:08} {i}\n" for i in range(1, 5))
    write(root / "ILSVRC/ImageSets/CLS-LOC/val.txt", numbered.encode())
    return root


def add_table(folder: Path) -> None:
    boxes = "85 1 499 272"
    rows = [
        f"ILSVRC2012_val_00049999,{TENCH} {boxes} ",  # in no order
        f"ILSVRC2012_val_00000002,{COCK} {boxes} {COCK} {boxes} ",
        f"ILSVRC2012_val_00000001,{TENCH} {boxes} ",
        f"ILSVRC2012_val_00000003,{FOX} {boxes} ",
    ]
    write(
        folder / "LOC_val_solution.csv", "\r\n".join(["ImageId,PredictionString", *rows]).encode()
    )


def labels(source: Path, part: str = "validation") -> dict[int, str | None]:
    """Number of a picture -> its class."""
    photos = [photo for photo in open_dataset(source).photos if photo.part == part]
    return {int(photo.path.stem.rpartition("_")[2]): photo.label for photo in photos}


TRUTH = {1: TENCH, 2: COCK, 3: FOX, 49_999: TENCH}  # 49,999 = 3 x 16,666 + 1


def test_kaggles_folder_with_its_table_is_read_whole(kaggle):
    add_table(kaggle)
    dataset = open_dataset(kaggle)
    assert dataset.classes == (TENCH, COCK, FOX)
    assert labels(kaggle) == TRUTH
    train = [photo for photo in dataset.photos if photo.part == "train"]
    assert [(photo.file, photo.label) for photo in train[:2]] == [
        (f"{TOP}/train/{TENCH}/{TENCH}_7.JPEG", TENCH),
        (f"{TOP}/train/{TENCH}/{TENCH}_9.JPEG", TENCH),
    ]
    assert [(item.file, item.reason) for item in dataset.left_out] == [
        (
            f"{TOP}/test/ILSVRC2012_test_00000001.JPEG",
            "what the test pictures show was never published",
        )
    ]
    assert dataset.notes == (
        f"The pictures are read from {TOP}/.",
        "What the validation pictures show is read from LOC_val_solution.csv.",
    )
    assert dataset.held_out_part == "validation"
    check_trainable(dataset)


@pytest.mark.parametrize("inside", ["", "ILSVRC", "ILSVRC/Data", TOP])
def test_any_of_the_folders_on_the_way_may_be_given(kaggle, inside):
    add_table(kaggle)
    assert labels(kaggle / inside) == TRUTH
    assert len(open_dataset(kaggle / inside)) == 10


def test_the_flat_folder_alone_is_a_validation_set(kaggle):
    add_table(kaggle)
    assert labels(kaggle / TOP / "val") == TRUTH


KIT = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
ORDER = f"{FOX} 1 kit_fox\n{TENCH} 389 tench\n{COCK} 391 cock\n"
NUMBERS = {FOX: 1, TENCH: 389, COCK: 391}
NAMED = "".join(f"ILSVRC2012_val_{i:08}.JPEG {wnid}\n" for i, wnid in TRUTH.items())
LISTS = {
    "imagenet_2012_validation_synset_labels.txt": LINES,
    "synset_labels.txt": LINES.replace("\n", "\r\n"),
    "val.txt": NAMED,
    "val_map.txt": NAMED.replace(" ", "\t"),
    "val_labels.txt": NAMED.replace("ILSVRC", "val/ILSVRC"),
    KIT: "".join(f"{NUMBERS[CYCLE[i % 3]]}\n" for i in range(50_000)),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("place", ["", "val"])
def test_every_list_says_the_same(tmp_path, name, place):
    add_train(tmp_path)
    add_val(tmp_path / "val")
    write(tmp_path / place / name, LISTS[name].encode())
    if name == KIT:
        write((tmp_path / place / name).parent / "map_clsloc.txt", ORDER.encode())
    assert labels(tmp_path) == TRUTH
    left_out = [item.file for item in open_dataset(tmp_path).left_out]
    assert not any(file.endswith(Path(name).name) for file in left_out)


def test_a_flat_set_without_a_list_is_left_out_with_what_is_wanted(kaggle):
    dataset = open_dataset(kaggle)
    assert {photo.part for photo in dataset.photos} == {"train"}
    reasons = {item.reason for item in dataset.left_out if "val" in item.file}
    assert reasons == {
        "no list says what it shows: expected LOC_val_solution.csv or "
        "imagenet_2012_validation_synset_labels.txt beside the pictures' folder"
    }
    with pytest.raises(InputError, match=r"4 pictures of ImageNet without a class \(no list says"):
        open_dataset(kaggle / TOP / "val")


def test_numbers_whose_order_is_in_matlabs_file_are_not_guessed(tmp_path):
    add_train(tmp_path)
    add_val(tmp_path / "val")
    write(tmp_path / KIT, LISTS[KIT].encode())
    write((tmp_path / KIT).parent / "meta.mat", b"MATLAB 5.0 MAT-file")
    dataset = open_dataset(tmp_path)
    assert {photo.part for photo in dataset.photos} == {"train"}
    reasons = {item.reason for item in dataset.left_out if item.file.startswith("val/")}
    assert len(reasons) == 1
    assert "needs map_clsloc.txt beside it, because meta.mat is not read" in reasons.pop()


def test_caffes_numbers_are_not_taken_for_classes(tmp_path):
    add_val(tmp_path / "val")
    write(tmp_path / "val.txt", b"ILSVRC2012_val_00000001.JPEG 65\n")
    with pytest.raises(InputError, match=r"val\.txt numbers the classes without saying which"):
        open_dataset(tmp_path)


DAMAGE = {
    "a short list": ("synset_labels.txt", LINES[:-10], "has 49,999 lines of classes alone"),
    "a list that begins in order": (
        "val.txt", LINES.replace("\n", " x\n", 1), "does not say in line 1 what a picture shows",
    ),
    "a word": ("synset_labels.txt", "tench\n" + LINES[10:], "does not say in line 1"),
    "no class in a row": (
        "LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,\n", "in line 2",
    ),
    "a page": ("LOC_val_solution.csv", "<html>\n<body>\n", "does not say in line 2"),
    "one name": ("val.txt", "ILSVRC2012_val_00000001.JPEG\n" * 3, "has 3 lines of classes"),
    "an unknown number": (KIT, "390\n" + LISTS[KIT].partition("\n")[2], "does not say in line 1"),
    "few numbers": (KIT, "389\n", "has 1 line of classes alone: expected 50,000"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_list_is_one_sentence_that_names_it(tmp_path, kind):
    name, text, said = DAMAGE[kind]
    add_train(tmp_path)
    add_val(tmp_path / "val")
    write(tmp_path / name, text.encode())
    if name == KIT:
        write((tmp_path / KIT).parent / "map_clsloc.txt", ORDER.encode())
    with pytest.raises(InputError) as refused:
        open_dataset(tmp_path)
    assert said in str(refused.value)
    assert str(tmp_path / name) in str(refused.value)


def test_a_picture_that_the_list_lacks_is_left_out(tmp_path):
    add_train(tmp_path)
    add_val(tmp_path / "val", 1, 2, 4)
    write(tmp_path / "val.txt", NAMED.encode())
    (item,) = open_dataset(tmp_path).left_out
    assert item.file == "val/ILSVRC2012_val_00000004.JPEG"
    assert item.reason == "val.txt does not say what it shows"


def test_validation_pictures_in_class_folders_need_no_list(tmp_path):
    add_train(tmp_path / TOP)
    write(tmp_path / TOP / "val" / FOX / "ILSVRC2012_val_00000001.JPEG", jpeg(1))
    assert labels(tmp_path) == {1: FOX}
    assert labels(tmp_path / TOP) == {1: FOX}


def test_to_predict_no_class_is_needed(kaggle):
    photos, left_out = find_photos([kaggle / TOP / "val"])
    assert len(photos) == 4
    assert left_out == ()
