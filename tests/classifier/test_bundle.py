"""The bundle: written whole, read back exactly, and refused when any byte is not as it was."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from small_bundles import CLASSES, DIMENSIONS, PHOTOS, small_classifier

import eyespot
from eyespot.classifier import bundle, stored
from eyespot.classifier.bundle import CARD, NEEDED, REFERENCE, SUMS, VALUES, WEIGHTS
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.coverage import ClassCoverage, Coverage, CoverageFigures
from eyespot.classifier.novelty import Novelty, NoveltyFigures, Told
from eyespot.engines import pretrained
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.weights.catalogue import DEFAULT

KINDS = pytest.mark.parametrize("kind", ["linear softmax", "linear SVM", "nearest neighbours"])


@pytest.fixture
def saved(tmp_path):
    pages = {"report.html": "<p>100 %</p>\n", "predictions.csv": "file,label\n"}
    return bundle.save(small_classifier(), tmp_path / "birds-model", pages=pages)


@pytest.fixture
def untouched(monkeypatch):
    """Whoever reads a value, an array or a network of a damaged bundle fails the test."""

    def used(*arguments, **options):
        pytest.fail("a damaged bundle was used before it was refused")

    for name in ("read_values", "read_head", "read_reference", "load_network"):
        monkeypatch.setattr(stored, name, used)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_same(one, other):
    """Equal dataclasses, arrays compared bit for bit."""
    assert type(one) is type(other)
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        else:
            assert a == b, field.name


def knowing(*, negatives=None):
    """The small classifier with a threshold, label sets, and figures of both."""
    small = small_classifier()
    told = Told("noise", 24, 0.75, (0.6, 0.1 + 0.7), 0.9)
    figures = NoveltyFigures(9, 0.9, (0.5, 1.0), (told,), (told, told), told)
    covered = CoverageFigures(9, 1.0, (0.7, 1.0), 1.5, 0.5, (ClassCoverage("bee", 0, None),))
    return dataclasses.replace(
        small,
        reference=dataclasses.replace(small.reference, negatives=negatives),
        novelty=Novelty(3, tuple(i / 70 for i in range(101)), has_negatives=negatives is not None),
        coverage=Coverage(0.95, (0.25, 0.5, 1.0), (40, 19, 0), (False, False, True)),
        card=dataclasses.replace(small.card, novelty=figures, coverage=covered),
    )


@pytest.mark.parametrize("negatives", [None, np.eye(2, DIMENSIONS, dtype=np.float32)])
def test_what_a_classifier_knows_of_itself_is_read_back_exactly(negatives, tmp_path):
    classifier = knowing(negatives=negatives)
    loaded = Classifier.load(classifier.save(tmp_path / "model"))
    assert (loaded.novelty, loaded.coverage) == (classifier.novelty, classifier.coverage)
    assert loaded.card == classifier.card
    assert_same(loaded.reference, classifier.reference)


def test_novelty_with_negatives_is_not_saved_without_them(tmp_path):
    classifier = knowing(negatives=np.eye(2, DIMENSIONS, dtype=np.float32))
    without = dataclasses.replace(classifier.reference, negatives=None)
    with pytest.raises(EyespotError, match="keep them"):
        dataclasses.replace(classifier, reference=without).save(tmp_path / "model")


IMPOSSIBLE = {
    "a falling distance": ("novelty", "quantiles", [1.0] + [0.0] * 100, "distances rise"),
    "too few distances": ("novelty", "quantiles", [0.0] * 100, "101 distances"),
    "all is kept": ("novelty", "kept", 1.0, "between 0 and 1"),
    "no neighbour": ("novelty", "neighbours", 0, "1 neighbour or more"),
    "negatives that are not there": ("novelty", "has_negatives", True, "negatives"),
    "a class without a threshold": ("coverage", "thresholds", [0.5], "for each class"),
    "a threshold above 1": ("coverage", "thresholds", [0.5, 0.5, 1.5], "between 0 and 1"),
    "sure of all": ("coverage", "coverage", 1.0, "between 0 and 1"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_it_cannot_know_of_itself_is_refused(what, tmp_path):
    part, field, value, reason = IMPOSSIBLE[what]
    path = knowing().save(tmp_path / "model")
    rewrite(path, lambda values: values | {part: values[part] | {field: value}})
    with pytest.raises(IntegrityError, match=reason):
        bundle.load(path)


def test_label_sets_of_other_classes_are_refused(tmp_path):
    path = knowing().save(tmp_path / "model")
    two = {"coverage": 0.95, "thresholds": [0, 1], "n": [1, 1], "is_pooled": [True, True]}
    rewrite(path, lambda values: values | {"coverage": two})
    with pytest.raises(IntegrityError, match="its label sets are not of its classes"):
        bundle.load(path)


@KINDS
@pytest.mark.parametrize("flip", [False, True])
def test_a_bundle_is_read_back_exactly(kind, flip, tmp_path):
    classifier = small_classifier(kind=kind, flip=flip)
    loaded = Classifier.load(classifier.save(tmp_path / "model"))
    assert_same(loaded.head, classifier.head)
    assert_same(loaded.reference, classifier.reference)
    assert loaded.backbone == classifier.backbone
    assert loaded.backbone.key == classifier.backbone.key
    assert (loaded.classes, loaded.card, loaded.flip) == (CLASSES, classifier.card, flip)
    for name, array in classifier.backbone.tensors().items():
        assert np.array_equal(loaded.backbone.tensors()[name], array)


def test_the_embedded_network_comes_back_whole_and_answers_the_same(tmp_path, real_sample):
    backbone = pretrained(DEFAULT)
    small = small_classifier()
    generator = np.random.default_rng(0)
    head = dataclasses.replace(
        small.head, weight=generator.normal(size=(3, 1280)).astype(np.float32)
    )
    vectors = np.repeat(small.reference.vectors[:, :1], 1280, axis=1)
    reference = dataclasses.replace(small.reference, vectors=vectors)
    classifier = dataclasses.replace(small, backbone=backbone, head=head, reference=reference)
    loaded = eyespot.load(classifier.save(tmp_path / "model"))
    assert loaded.predict(real_sample) == classifier.predict(real_sample)
    expected, came = backbone.load().state_dict(), loaded.backbone.load().state_dict()
    assert set(came) == set(expected)
    for name, tensor in expected.items():
        if name.startswith("classifier."):  # now it is the head that was trained
            assert np.array_equal(came["classifier.1.weight"].numpy(), head.weight)
        else:
            assert np.array_equal(came[name].numpy(), tensor.numpy())


def test_a_network_exchanged_and_sealed_is_refused_before_it_is_ignored(tmp_path):
    path = small_classifier().save(tmp_path / "model")
    other = small_classifier(seed=1).save(tmp_path / "other")
    (path / WEIGHTS).write_bytes((other / WEIGHTS).read_bytes())
    bundle.seal(path)
    with pytest.raises(IntegrityError, match=r"is not the network that classifier\.json names"):
        Classifier.load(path)


def test_another_decoder_than_the_makers_is_told(tmp_path, monkeypatch):
    path = small_classifier().save(tmp_path / "model")
    assert Classifier.load(path).notes == ()
    monkeypatch.setattr(bundle, "DECODER", "Pillow 99 with libjpeg-turbo 9")
    loaded = Classifier.load(path)
    assert "here photos are decoded by Pillow 99" in loaded.notes[0]
    assert loaded.backbone.preprocessing.decoder == "Pillow 99 with libjpeg-turbo 9"


def test_two_bundles_of_one_classifier_are_the_same_bytes(tmp_path):
    one = small_classifier().save(tmp_path / "one")
    two = bundle.save(small_classifier(), tmp_path / "two", pages={"report.html": "other"})
    for name in (VALUES, WEIGHTS, REFERENCE):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    again = Classifier.load(one).save(tmp_path / "again")
    assert (again / VALUES).read_bytes() == (one / VALUES).read_bytes()
    assert (again / WEIGHTS).read_bytes() == (one / WEIGHTS).read_bytes()


def test_a_bundle_holds_no_path_name_or_date_of_its_maker(saved):
    words = [str(saved.parent), os.environ.get("USER", "root") + "@", "birds-model"]
    for name in (VALUES, WEIGHTS, REFERENCE):
        content = (saved / name).read_bytes()
        assert not [word for word in words if word.encode() in content]


def test_the_sums_are_those_of_sha256sum(saved):
    """Anybody can check a bundle with coreutils: `sha256sum --check SHA256SUMS`."""
    lines = (saved / SUMS).read_text().splitlines()
    names = [line.split("  ", 1)[1] for line in lines]
    assert names == sorted({*NEEDED, "report.html", "predictions.csv"})
    if shutil.which("sha256sum"):
        assert os.system(f"cd '{saved}' && sha256sum --check --quiet --strict {SUMS}") == 0


def damage(folder, generator, *, flips, cuts):
    """Damage one file after another, and put each back: (what was done, name)."""
    files = sorted(folder.iterdir())
    sizes = np.array([path.stat().st_size for path in files], float)
    for what in ["flip"] * flips + ["cut"] * cuts:
        # half of the damage where most of the bytes are, half in any file
        shares = sizes / sizes.sum() / 2 + 0.5 / len(files)
        path = files[generator.choice(len(files), p=shares)]
        before = path.read_bytes()
        place = int(generator.integers(len(before)))
        if what == "flip":
            bit = 1 << int(generator.integers(8))
            path.write_bytes(before[:place] + bytes([before[place] ^ bit]) + before[place + 1 :])
        else:
            path.write_bytes(before[:place])
        yield f"{what} at byte {place} of {path.name}", path.name
        path.write_bytes(before)


def assert_all_refused(folder, *, flips, cuts):
    refused = 0
    for what, name in damage(folder, np.random.default_rng(0), flips=flips, cuts=cuts):
        with pytest.raises(IntegrityError) as caught:
            bundle.load(folder)
        message = str(caught.value)
        assert "\n" not in message, what
        # A damaged list of sums may accuse the file that it is wrong about.
        accused = [name] if name != SUMS else [*(p.name for p in folder.iterdir()), "SHA256SUMS"]
        assert any(word in message for word in accused), (what, message)
        refused += 1
    assert refused == flips + cuts


def test_flipped_bits_and_lost_ends_are_found_before_anything_is_used(saved, untouched):
    assert_all_refused(saved, flips=40, cuts=10)


@pytest.mark.slow
def test_a_thousand_flips_and_two_hundred_cuts_of_a_real_bundle_are_found(tmp_path, untouched):
    classifier = dataclasses.replace(small_classifier(), backbone=pretrained(DEFAULT))
    folder = classifier.save(tmp_path / "model")
    assert_all_refused(folder, flips=1000, cuts=200)


def test_whole_bundles_are_not_refused_so_the_tests_above_can_fail(saved):
    assert set(bundle.verify(saved)) == {path.name for path in saved.iterdir()} - {SUMS}
    assert len(bundle.load(saved).reference.labels) == PHOTOS


@pytest.mark.parametrize("name", [*NEEDED, "report.html", SUMS])
def test_a_missing_file_is_named(saved, untouched, name):
    (saved / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        bundle.load(saved)


@pytest.mark.parametrize("name", [*NEEDED, "report.html", SUMS])
def test_bytes_appended_to_a_file_are_found(saved, untouched, name):
    with (saved / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(IntegrityError, match=name):
        bundle.load(saved)


def test_a_file_too_many_is_named(saved, untouched):
    (saved / "extra.py").write_text("print()")
    with pytest.raises(IntegrityError, match=r"extra\.py does not belong"):
        bundle.load(saved)


def test_a_folder_in_the_place_of_a_file_is_named(saved, untouched):
    (saved / WEIGHTS).unlink()
    (saved / WEIGHTS).mkdir()
    with pytest.raises(IntegrityError, match=WEIGHTS):
        bundle.load(saved)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(saved, untouched):
    (saved / CARD).unlink()
    os.mkfifo(saved / CARD)
    with pytest.raises(IntegrityError, match=CARD):
        bundle.load(saved)


def test_files_that_changed_places_are_found(saved, untouched):
    one, two = saved / WEIGHTS, saved / REFERENCE
    a, b = one.read_bytes(), two.read_bytes()
    one.write_bytes(b)
    two.write_bytes(a)
    with pytest.raises(IntegrityError, match=rf"{REFERENCE}|{WEIGHTS}"):
        bundle.load(saved)


@pytest.mark.parametrize("name", [VALUES, WEIGHTS, REFERENCE, SUMS])
def test_a_file_of_another_bundle_is_found(saved, untouched, tmp_path, name):
    other = bundle.save(small_classifier(seed=1), tmp_path / "other")
    shutil.copy(other / name, saved / name)
    with pytest.raises(IntegrityError, match=rf"{name}|report\.html|{CARD}"):
        bundle.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[::-1],
        lambda lines: [*lines, lines[0]],
        lambda lines: lines[1:],
        lambda lines: [line.upper() for line in lines],
        lambda lines: [line.replace("  ", " *") for line in lines],
        lambda lines: ["\ufeff" + lines[0], *lines[1:]],
        lambda lines: [line + "\r" for line in lines],
        lambda lines: [],
    ],
    ids=["reordered", "doubled", "shortened", "upper", "binary", "marked", "windows", "empty"],
)
def test_a_list_of_sums_that_was_written_by_somebody_else_is_refused(saved, untouched, change):
    lines = (saved / SUMS).read_text().splitlines()
    (saved / SUMS).write_bytes("".join(line + "\n" for line in change(lines)).encode())
    with pytest.raises(IntegrityError, match=SUMS):
        bundle.load(saved)


def test_a_huge_list_of_sums_is_not_read(saved, untouched):
    with (saved / SUMS).open("r+b") as file:
        file.truncate(1 << 33)  # 8 GiB, sparse
    with pytest.raises(IntegrityError, match=SUMS):
        bundle.load(saved)


@pytest.mark.parametrize("name", [".DS_Store", "._README.md", "Thumbs.db", "desktop.ini"])
def test_what_systems_leave_in_any_folder_does_no_harm(saved, name):
    (saved / name).write_bytes(b"whatever")
    bundle.load(saved)
    bundle.seal(saved)
    assert name not in (saved / SUMS).read_text()


def test_an_edited_card_is_accepted_after_sealing(saved):
    (saved / CARD).write_text("# My birds\n", "utf-8")
    with pytest.raises(IntegrityError, match="eyespot bundle seal"):
        bundle.load(saved)
    bundle.seal(saved)
    assert bundle.load(saved).classes == CLASSES


def test_only_whole_bundles_are_sealed(saved, tmp_path):
    with pytest.raises(InputError, match="lacks"):
        bundle.seal(tmp_path)
    (saved / "sub").mkdir()
    with pytest.raises(InputError, match="sub is no file"):
        bundle.seal(saved)


def test_weights_that_change_after_loading_are_not_used(saved):
    loaded = bundle.load(saved)
    content = bytearray((saved / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (saved / WEIGHTS).write_bytes(content)
    for use in (loaded.backbone.load, loaded.backbone.tensors):
        with pytest.raises(IntegrityError, match="has changed since it was loaded"):
            use()


def test_a_bundle_of_a_later_format_says_so(saved):
    rewrite(saved, lambda values: values | {"format": 4, "something": "new"})
    with pytest.raises(EyespotError, match="has format 4, this eyespot reads formats 1 to 3"):
        bundle.load(saved)


def test_more_photos_are_remembered_by_content_than_have_a_vector(tmp_path):
    """A network that was trained on 60,000 pictures knows each of them again."""
    classifier = small_classifier()
    more = tuple(f"{i:064x}" for i in range(1000))
    reference = dataclasses.replace(
        classifier.reference, contents=classifier.reference.contents + more
    )
    path = dataclasses.replace(classifier, reference=reference).save(tmp_path / "model")
    loaded = bundle.load(path).reference
    assert_same(loaded, reference)
    assert (len(loaded.contents), len(loaded.labels)) == (PHOTOS + 1000, PHOTOS)


def rewrite(folder, change):
    """Change `classifier.json` as its owner could, and seal the bundle."""
    values = json.loads((folder / VALUES).read_text("utf-8"))
    (folder / VALUES).write_text(json.dumps(change(values)), "utf-8")
    bundle.seal(folder)


def nested(depth):
    return f'{{"format": {stored.FORMAT}, "a": ' + "[" * depth + "]" * depth + "}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '"format"',
        "\ud800".encode("utf-8", "surrogatepass"),
        b"\xff\xfe{\x00}\x00",
        *(nested(depth) for depth in (100, 900, 960, 985, 995, 1_000, 100_000)),
        '{"format": 1, "format": 1}',
        '{"format": 1e999}',
        '{"format": ' + "9" * 10_000 + "}",
        "[" + "0," * 100_000 + "0]",
    ],
    ids=lambda text: f"{text[:20]!r} of {len(text)}",
)
def test_hostile_json_is_refused_in_a_line_that_names_the_file(saved, text):
    (saved / VALUES).write_bytes(text if isinstance(text, bytes) else text.encode())
    bundle.seal(saved)
    with pytest.raises(EyespotError, match=VALUES) as caught:
        bundle.load(saved)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_a_name_that_stands_twice_is_refused(saved):
    text = (saved / VALUES).read_text("utf-8")
    (saved / VALUES).write_text(text.replace('"flip": false', '"flip": true, "flip": false'))
    bundle.seal(saved)
    with pytest.raises(IntegrityError, match=VALUES):
        bundle.load(saved)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "0", "-1"])
def test_impossible_temperatures_are_refused(saved, number):
    text = (saved / VALUES).read_text("utf-8")
    (saved / VALUES).write_text(text.replace('"temperature": 0.37', f'"temperature": {number}'))
    bundle.seal(saved)
    with pytest.raises(IntegrityError, match=VALUES):
        bundle.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v | {"classes": ["bee", "wasp"]},
        lambda v: v | {"classes": ["bee", "wasp", "bee"]},
        lambda v: v | {"classes": []},
        lambda v: v | {"classes": "bee"},
        lambda v: v | {"flip": 1},
        lambda v: v | {"head": v["head"] | {"kind": "nearest neighbours"}},
        lambda v: v | {"head": v["head"] | {"strength": -1}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"crop": 41}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"resize": 10**9}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"std": [0, 1, 1]}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"mean": [0.5, 0.5]}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"channel_order": "L"}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"padding": -1}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"padding": 10**9}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"padding": None}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"mean_image": "AAAA"}},
        lambda v: v | {"preprocessing": v["preprocessing"] | {"mean_image": 7}},
        lambda v: v | {"card": None},
        lambda v: v | {"unknown": 1},
        lambda v: {name: value for name, value in v.items() if name != "output"},
    ],
)
def test_values_that_eyespot_never_writes_are_refused(saved, change):
    rewrite(saved, change)
    with pytest.raises(IntegrityError, match=rf"{VALUES}|{WEIGHTS}"):
        bundle.load(saved)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (WEIGHTS, {"head.weight": None}),
        (WEIGHTS, {"head.bias": np.zeros(4, np.float32)}),
        (WEIGHTS, {"head.weight": np.full((3, 6), np.nan, np.float32)}),
        (WEIGHTS, {"head.weight": np.zeros((3, 6), np.float64)}),
        (WEIGHTS, {"head.weight": np.zeros((3, 6, 1), np.float32)}),
        (REFERENCE, {"contents": None}),
        (REFERENCE, {"contents": np.zeros((9, 31), np.uint8)}),
        (REFERENCE, {"contents": np.zeros((8, 32), np.uint8)}),
        (REFERENCE, {"contents": np.zeros((8, 32), np.uint8)}),
        (REFERENCE, {"labels": np.full(9, 3)}),
        (REFERENCE, {"labels": np.full(9, -1)}),
        (REFERENCE, {"labels": np.zeros(9, np.float32)}),
        (REFERENCE, {"vectors": np.zeros((8, 6), np.float32)}),
        (REFERENCE, {"more": np.zeros(1, np.float32)}),
    ],
)
def test_arrays_that_eyespot_never_writes_are_refused(saved, name, change):
    arrays = load_file(saved / name) | change
    save_file({key: a for key, a in arrays.items() if a is not None}, saved / name)
    bundle.seal(saved)
    with pytest.raises(IntegrityError, match=name):
        bundle.load(saved)


def test_a_network_of_another_kind_is_refused_when_it_is_built(saved):
    with pytest.raises(IntegrityError, match="does not hold a efficientnet_lite0"):
        bundle.load(saved).backbone.load()


def test_an_existing_bundle_is_replaced_only_when_asked_and_nothing_else_ever(saved, tmp_path):
    with pytest.raises(InputError, match="--overwrite"):
        small_classifier(seed=1).save(saved)
    assert bundle.load(saved).card.seed == 0
    small_classifier(seed=1).save(saved, overwrite=True)
    assert bundle.load(saved).card.seed == 1
    assert not (saved / "report.html").exists()  # of the old one nothing is left
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"precious")
    with pytest.raises(InputError, match="is not a bundle"):
        small_classifier().save(folder, overwrite=True)
    assert contents(folder) == {"photo.jpg": b"precious"}


def test_a_save_that_fails_leaves_the_old_bundle_and_no_rubbish(saved, monkeypatch):
    before = contents(saved)
    monkeypatch.setattr(bundle, "seal", lambda folder: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises((EyespotError, OSError)):
        small_classifier(seed=1).save(saved, overwrite=True)
    assert contents(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_what_is_no_bundle_is_told_from_what_is_a_damaged_one(tmp_path, saved):
    with pytest.raises(InputError, match="There is no bundle"):
        bundle.load(tmp_path / "nowhere")
    with pytest.raises(IntegrityError, match="is no eyespot bundle"):
        bundle.load(tmp_path)
    (saved / SUMS).unlink()
    with pytest.raises(IntegrityError, match="has lost its SHA256SUMS"):
        bundle.load(saved)


def test_a_published_network_has_no_training_photos_and_is_not_saved(tmp_path):
    with pytest.raises(EyespotError, match="only a classifier that was trained here"):
        dataclasses.replace(small_classifier(), reference=None).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
