"""Explanations: what is blacked out, what is said, and which training photos are found."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from small_members import CLASSES, member, texture, write_textures

from eyespot import explain
from eyespot.classifier.card import Measured
from eyespot.classifier.classifier import Reference
from eyespot.cli.explain import explain as explain_command
from eyespot.cli.similar import similar as similar_command
from eyespot.errors import ImageError, InputError
from eyespot.inspection.deletion import Deletion, delete, hottest_tenth


class Brightness:
    """Answers with the brightness of the upper left tenth of a picture of 20 x 20: 6, or less."""

    name, batch_size = "brightness", 1

    def __call__(self, pixels):
        bright = pixels[:, :4, :10].mean(axis=(1, 2, 3)) / 255
        scores = [6 * bright, np.zeros(len(pixels)), np.full(len(pixels), -9)]
        return np.stack(scores, axis=1).astype(np.float32)


def bright():
    """A classifier that says "dots" where the upper left is bright: softmax of (6 b, 0, -9)."""
    classifier = replace(member(), head=replace(member().head, weight=np.eye(3, dtype=np.float32),
                                                bias=np.zeros(3, np.float32)))  # fmt: skip
    vars(classifier)["engine"] = Brightness()
    return classifier


def test_the_hottest_tenth_is_a_tenth_and_the_hottest():
    heat = np.arange(100, dtype=np.float32).reshape(10, 10)
    mask = hottest_tenth(heat)
    assert mask.sum() == 10
    assert mask[9].all()


def test_blacking_out_what_the_answer_hangs_on_lowers_it_and_elsewhere_does_less():
    """e^6 / (e^6 + 1 + e^-9) = 0.9975; without the bright part 1 / (2 + e^-9) = 0.49997."""
    pixels = np.full((20, 20, 3), 255, np.uint8)
    heat = np.zeros((20, 20), np.float32)
    heat[:4, :10] = 1  # 40 of 400 pixels
    found = delete(bright(), pixels, 0, heat=heat, seed=0)
    assert found.before == pytest.approx(0.9975, abs=1e-4)
    assert found.hottest == pytest.approx(0.49997, abs=1e-4)
    assert len(found.elsewhere) == 20
    assert found.hottest <= min(found.elsewhere) < max(found.elsewhere) <= found.before
    assert found.beats_random


def test_a_map_that_is_hot_elsewhere_does_not_beat_random_tenths():
    pixels = np.full((20, 20, 3), 255, np.uint8)
    heat = np.zeros((20, 20), np.float32)
    heat[10:14, 5:15] = 1
    found = delete(bright(), pixels, 0, heat=heat, seed=0)
    assert found.hottest == found.before
    assert not found.beats_random


def test_the_draws_are_those_of_the_seed():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    heat = np.zeros((20, 20), np.float32)
    heat[:4, :10] = 1
    first, again, other = (
        delete(bright(), pixels, 0, heat=heat, seed=seed).elsewhere for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    texture("dots", 5).save(path)
    return path


@pytest.fixture
def trained(tmp_path):
    """A classifier that remembers six photos that lie in a folder, and that folder."""
    folder = write_textures(tmp_path / "photos", photos=2)
    files = sorted(folder.rglob("*.png"))
    contents = tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    labels = np.array([CLASSES.index(file.parent.name) for file in files])
    reference = Reference(contents, member().embed(files), labels)
    return replace(member(), reference=reference), folder


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "none.png").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"none\.png: "):
        explain(member(), tmp_path / "none.png")


def test_an_explanation_is_of_the_answer_unless_another_label_is_asked_for(photo):
    classifier = member()
    found = explain(classifier, photo)
    assert found.label == found.prediction.label
    assert found.probability == pytest.approx(found.prediction.probability)
    # 48 x 40 pixels become int(36 * 48 / 40) = 43 x 36; the middle 32 begin at round(5.5) = 6, 2.
    assert found.seen == pytest.approx((6 / 43, 2 / 36, 38 / 43, 34 / 36))
    other = next(label for label in CLASSES if label != found.label)
    asked = explain(classifier, photo, label=other)
    assert asked.label == other
    assert asked.probability == pytest.approx(dict(found.prediction.labels)[other])
    with pytest.raises(InputError, match="no class 'bots'"):
        explain(classifier, photo, label="bots")


def test_training_photos_are_found_by_their_content_whatever_they_are_called(trained, photo):
    classifier, folder = trained
    moved = folder / "elsewhere"
    moved.mkdir()
    for number, file in enumerate(sorted(folder.rglob("*.png"))):
        file.rename(moved / f"renamed-{number}.png")
    near = explain(classifier, photo, photos=folder).neighbours
    assert len(near.nearest) == 5
    assert [each.photo.path.parent for each in near.nearest] == [moved] * 5
    assert near.notes == ()
    similar = [each.similarity for each in near.nearest]
    assert similar == sorted(similar, reverse=True)


def test_a_photo_that_was_learned_from_is_no_neighbour_of_its_own_and_it_is_told(trained):
    classifier, folder = trained
    own = folder / "dots" / "0.png"
    found = explain(classifier, own, photos=folder)
    assert found.neighbours.was_learned
    assert found.doubts[0].startswith("The classifier learned from this very photo")
    assert own not in [each.photo.path for each in found.neighbours.nearest]


def test_photos_that_are_gone_stand_without_a_picture_and_it_is_told(trained, photo):
    classifier, folder = trained
    for file in (folder / "dots").iterdir():
        file.unlink()
    found = explain(classifier, photo, photos=folder)
    gone = sum(each.photo is None for each in found.neighbours.nearest)
    assert gone in (1, 2)
    assert found.notes[0].startswith(f"{gone} training photo")
    with pytest.raises(InputError, match="There is no folder nowhere"):
        explain(classifier, photo, photos="nowhere")
    told = explain(classifier, photo).notes[0]
    assert "name the folder that they lie in with --photos" in told


def test_the_folder_that_was_trained_from_is_looked_into(trained, photo):
    classifier, folder = trained
    remembers = replace(classifier, card=replace(classifier.card, photos=str(folder)))
    assert all(each.photo for each in explain(remembers, photo).neighbours.nearest)


def test_what_speaks_against_an_answer_is_said(trained, photo):
    classifier, folder = trained
    measured = Measured("cross-validation", 40, 30, 0.9, (0.77, 0.96), 0.9)
    classifier = replace(classifier, card=replace(classifier.card, measured=measured))
    found = explain(classifier, photo, photos=folder)
    said = " ".join(found.reasons)
    assert "Of 40 photos it had not seen it named 90.0 % (interval 77-96 %) correctly." in said
    cold = replace(classifier, head=replace(classifier.head, temperature=100.0))
    unsure = explain(cold, photo, photos=folder)
    assert unsure.doubts[0].startswith(f"It is not sure: {unsure.label} ")
    assert unsure.trust.startswith("Look at this photo yourself: ")
    assert replace(found, doubts=()).trust.startswith("Nothing that we tried speaks against")


def test_the_worth_of_a_map_is_said_in_words(photo):
    found = explain(member(), photo)
    cases = {
        (0.9, 0.5, 0.8): "The answer hangs on what the map shows.",
        (0.9, 0.895, 0.9): "the map is a hint only.",
        (0.9, 0.9, 0.8): "do not read it.",
        (0.5, 0.53, 0.55): "do not read it.",  # either tenth was in the way
    }
    for (before, hottest, elsewhere), words in cases.items():
        told = replace(found, deletion=Deletion(before, hottest, (elsewhere,))).map_worth
        assert told.endswith(words)
    assert "no" in replace(found, deletion=None).map_worth


def test_the_picture_is_a_png_whatever_the_photo_and_its_labels_are(trained, tmp_path):
    classifier, folder = trained
    evil = replace(classifier, classes=("D\u00f6ts \u864e", "s" * 300, "<b>\n"))
    long = tmp_path / "a strip.png"
    Image.new("L", (2000, 40), 90).save(long)
    for file in (long, folder / "waves" / "1.png"):
        found = explain(evil, file, photos=folder)
        path = found.save(tmp_path / "why.png", source="eyespot explain")
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert picture.width == 1076


def test_the_commands_write_their_pictures_and_answer_in_json(trained, photo, tmp_path):
    classifier, folder = trained
    bundle = classifier.save(tmp_path / "model")
    words = [str(bundle), str(photo), "--photos", str(folder), "--device", "cpu", "--json"]
    why, near = tmp_path / "why.png", tmp_path / "near.png"
    ran = CliRunner().invoke(explain_command, [*words, "--out", str(why)], catch_exceptions=False)
    answer = json.loads(ran.stdout)
    assert answer["explained"]["label"] == answer["label"]
    assert len(answer["nearest"]) == 5
    assert why.is_file()
    ran = CliRunner().invoke(
        similar_command, [*words, "--k", "3", "--out", str(near)], catch_exceptions=False
    )
    assert json.loads(ran.stdout)["nearest"] == answer["nearest"][:3]
    with Image.open(near) as picture:
        assert picture.format == "PNG"
    with pytest.raises(InputError, match="already exists"):
        CliRunner().invoke(similar_command, [*words, "--out", str(near)], catch_exceptions=False)


def test_any_folder_can_be_looked_through(trained, photo, tmp_path):
    from eyespot.inspection.similar import similar

    classifier, folder = trained
    (folder / "dots" / "copy.png").write_bytes(photo.read_bytes())
    found = similar(classifier, photo, k=4, photos=None, among=folder)
    assert found.finding == "The 4 photos most like it, the most similar first."
    assert "copy.png" not in [each.photo.path.name for each in found.neighbours.nearest]
    expected = similar(classifier, photo, k=4, photos=folder, among=None)
    both = [[each.content for each in one.neighbours.nearest] for one in (found, expected)]
    assert both[0] == both[1]
    with pytest.raises(InputError, match="remembers no photos: name a folder"):
        similar(replace(classifier, reference=None), photo, k=4, photos=None, among=None)
