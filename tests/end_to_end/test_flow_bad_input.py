"""What cannot be done is refused in one or two lines, with exit code 2, and leaves no trace."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from flows import CLASSES, ended, run, start, texture, tree, write_textures
from traps import NOBODY, jpeg, write

needs_root = pytest.mark.skipif(
    not hasattr(os, "fork") or os.geteuid() != 0, reason="needs root, to become nobody"
)


def refused_training(root: Path, *words: str) -> None:
    """Training on `root` says `words` and writes nothing, neither here nor there."""
    before = tree(root.parent)
    run("train", root, "--out", root.parent / "model").assert_refused(*words, stages=3)
    run("train", root, "--out", root.parent / "model", "--json").assert_refused(*words)
    assert tree(root.parent) == before


def test_one_class(tmp_path):
    root = write_textures(tmp_path / "photos", photos=4, classes=["dots"])
    refused_training(root, "one class (dots, 4 photos)", "at least 2", "Add a folder")


def test_no_photos(tmp_path):
    (tmp_path / "photos" / "dots").mkdir(parents=True)
    refused_training(tmp_path / "photos", "has no photos", "a folder per class")


def test_only_unreadable_photos(tmp_path):
    root = tmp_path / "photos"
    for label in CLASSES:
        for i in range(3):
            write(root / label / f"{i}.jpg", jpeg(i)[:200])
    refused_training(root, "no photos that can be used", "9 files were left out")


def test_one_photo_per_class(tmp_path):
    root = write_textures(tmp_path / "photos", photos=1)
    refused_training(root, "too few photos per class", "at least 2 photos")


def test_two_splits_without_a_common_class(tmp_path):
    write_textures(tmp_path / "photos" / "train", photos=3, classes=["dots", "waves"])
    write_textures(tmp_path / "photos" / "val", photos=3, classes=["stripes"])
    refused_training(tmp_path / "photos", "none in common", "Rename the folders")


def test_photos_without_class_folders(tmp_path):
    for seed in range(4):
        write(tmp_path / "photos" / f"{seed}.jpg", jpeg(seed))
    refused_training(tmp_path / "photos", "4 photos but no class folders")


def test_two_classes_with_the_same_photos(tmp_path):
    root = tmp_path / "photos"
    for label in ("dots", "waves"):
        for seed in range(4):
            write(root / label / f"{seed}.jpg", jpeg(seed))
    refused_training(root, "no photos that can be used", "the same picture stands under")


def test_two_classes_of_one_picture_each(tmp_path):
    root = tmp_path / "photos"
    for seed, label in enumerate(("dots", "waves")):
        for i in range(4):
            write(root / label / f"{i}.jpg", jpeg(seed))
    refused_training(root, "too few photos per class")


def test_a_missing_folder_is_told_with_a_near_name(tmp_path):
    write_textures(tmp_path / "photos", photos=1)
    for command in (["train"], ["audit"]):
        ran = run(*command, tmp_path / "fotos")
        ran.assert_refused("does not exist", "Did you mean", "photos")
    run("demo", "--photos", tmp_path / "fotos", "--out", tmp_path / "demo")
    assert {path.name for path in tmp_path.iterdir()} <= {"photos"}


def test_a_file_in_place_of_a_folder(tmp_path):
    write(tmp_path / "a.jpg", jpeg(0))
    write(tmp_path / "photos.zip", b"PK\3\4")
    write(tmp_path / "table.xlsx", b"PK\3\4")
    run("train", tmp_path / "a.jpg").assert_refused("is a single file", "class folders")
    run("train", tmp_path / "photos.zip").assert_refused("is an archive", "Unpack it")
    run("train", tmp_path / "table.xlsx").assert_refused("is a .xlsx file", "CSV")
    run("predict", tmp_path / "a.jpg", tmp_path / "a.jpg").assert_refused("bundle")


def test_an_existing_folder_is_not_written_over(made, tmp_path):
    precious = tmp_path / "precious"
    write(precious / "thesis.txt", b"years of work")
    for more in ([], ["--overwrite"]):
        ran = run("train", made.photos, "--out", precious, *more)
        ran.assert_refused("no bundle of eyespot", "--out")
    write(tmp_path / "a.txt", b"text")
    run("train", made.photos, "--out", tmp_path / "a.txt", "--overwrite").assert_refused("--out")
    assert (precious / "thesis.txt").read_bytes() == b"years of work"


def test_nothing_is_written_among_photos(made, tmp_path):
    root = write_textures(tmp_path / "photos", photos=3)
    before = tree(root)
    run("train", root, "--out", root / "model").assert_refused("lies inside", "--out")
    here = run("train", ".", "--json", cwd=root)
    assert here.code == 0
    assert Path(here.json["bundle"]) == tmp_path / "photos-model"
    assert run("train", ".", "--json", cwd=root).json == here.json
    assert tree(root) == before


def test_a_bundle_is_called_like_its_folder(made, tmp_path):
    root = write_textures(tmp_path / "birds.v2", photos=3)
    ran = run("train", root, cwd=tmp_path)
    assert "Saved birds.v2-model" in ran.out
    assert (tmp_path / "birds.v2-model" / "classifier.json").is_file()


def test_unknown_words_are_told_with_near_ones(made, tmp_path):
    photos = made.photos
    run("trian", photos).assert_refused("no command 'trian'", "train")
    run("train", photos, "--ouput", "x").assert_refused("No such option '--ouput'")
    run("train", photos, "--seed", "-1").assert_refused("--seed")
    run("train", photos, "--seed", "one").assert_refused("not a valid integer")
    run("train").assert_refused("Missing argument 'PHOTOS'")
    run("evaluate", made.bundle).assert_refused("BUNDLE and PHOTOS")
    run("predict", "imagnet", photos).assert_refused("Did you mean imagenet")
    run("show", "resnet51").assert_refused("resnet50")
    network = run("train", photos, "--network", "efficientnet_lit0", "--out", tmp_path / "m")
    network.assert_refused("efficientnet_lite0")
    grouping = run("train", photos, "--group-by", "(a", "--out", tmp_path / "m")
    grouping.assert_refused("--group-by", "one bracket")
    assert not list(tmp_path.iterdir())


def test_a_word_that_is_a_name_and_a_folder_is_refused_with_both_spellings(made, tmp_path):
    (tmp_path / "imagenet").mkdir()
    ran = run("predict", "imagenet", made.photos, cwd=tmp_path)
    ran.assert_refused("./imagenet", "built-in")


def test_evaluating_on_photos_of_other_classes(made, tmp_path):
    for seed in range(3):
        write(tmp_path / "new" / "cars" / f"{seed}.jpg", jpeg(seed))
    ran = run("evaluate", made.bundle, tmp_path / "new", "--json")
    ran.assert_refused("no photo to measure on", "no class 'cars'", "dots")


def test_a_directory_that_cannot_be_made_is_told(made, tmp_path):
    write(tmp_path / "file", b"")
    out = tmp_path / "file" / "model"
    run("train", made.photos, "--out", out).assert_refused(str(out))
    table = tmp_path / "file" / "table.csv"
    run("predict", made.bundle, made.photos, "--csv", table).assert_refused(str(table))


def test_traceback_shows_where_an_error_came_from(tmp_path):
    process = start("train", tmp_path / "nowhere", "--traceback")
    ran = ended(process)
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "InputError" in ran.err


@needs_root
def test_a_read_only_photo_folder_is_trained_on_and_a_read_only_place_is_told(made, converted_in):
    """As nobody: photos that may only be read are enough; the bundle needs a place of its own."""
    place = Path(tempfile.mkdtemp(prefix="eyespot-nobody-"))
    try:
        place.chmod(0o755)
        write_textures(place / "photos", photos=4)
        for name in ("home", "out"):
            (place / name).mkdir()
            shutil.chown(place / name, NOBODY)
        converted_in(place / "home" / "eyespot")
        for path in (place / "home").rglob("*"):
            shutil.chown(path, NOBODY)
        for path in (place / "photos").rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        env = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(place / "home")}
        env["HOME"] = str(place / "nowhere")

        def as_nobody(*words):
            prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            return ended(start(*words, cwd=place / "out", env=env, before=prefix))

        trained = as_nobody("train", place / "photos", "--out", "model", "--json")
        assert trained.code == 0, trained.err
        assert trained.json["photos"]["used"] == 12
        refused = as_nobody("train", place / "photos", "--out", place / "model")
        refused.assert_refused("is read-only", "--out")
        (place / "home" / "eyespot").chmod(0o555)
        for path in (place / "home" / "eyespot").rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        told = as_nobody("train", place / "photos", "--out", "second")
        told.assert_refused("home/eyespot", "XDG_CACHE_HOME")
        del env["XDG_CACHE_HOME"]
        homeless = as_nobody("predict", place / "out" / "model", place / "photos")
        homeless.assert_refused("HOME or XDG_CACHE_HOME")
    finally:
        shutil.rmtree(place)


@pytest.mark.parametrize("seed", range(6))
def test_small_odd_folders_are_trained_on_or_refused_in_words(made, tmp_path, seed):
    """Folders drawn at random: few photos, copies, near-copies, conflicts, splits."""
    generator = np.random.default_rng(seed)
    root = tmp_path / "photos"
    parts = [(), ("train", "val"), ("train", "test", "val")][int(generator.integers(3))] or ("",)
    for part in parts:
        for label in CLASSES[: int(generator.integers(2, 4))]:
            for i in range(int(generator.integers(1, 5))):
                picture = texture(label, int(generator.integers(0, 4)))
                if generator.random() < 0.2:
                    picture = texture(CLASSES[int(generator.integers(3))], i)
                path = root / part / label / f"{i}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path, quality=int(generator.choice([80, 90])))
    ran = run("train", root, "--out", tmp_path / "model", "--json")
    if ran.code:
        ran.assert_refused(".")
    else:
        photos = ran.json["photos"]
        assert photos["found"] == photos["used"] + len(photos["skipped"])
        assert photos["used"] == sum(ran.json["split"].values())
        assert run("bundle", "check", tmp_path / "model").code == 0
