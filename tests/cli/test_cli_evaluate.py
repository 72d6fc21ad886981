"""`eyespot evaluate`: protocols beside the centre crop, ensembles, and crops drawn on a photo."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from small_members import CLASSES, member, texture, write_textures

from eyespot.cli.evaluate import evaluate
from eyespot.errors import EyespotError, InputError
from eyespot.evaluation.crops_sheet import COLOURS, LINE, MARGIN, crops_sheet
from eyespot.evaluation.protocols import PROTOCOLS, protocol
from eyespot.images.preprocessing import Preprocessing


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the bundles a, b and two (which knows two classes), and photos of textures."""
    folder = tmp_path_factory.mktemp("made")
    member(0, name="lenet5_modern").save(folder / "a")
    member(1, name="lenet5_modern").save(folder / "b")
    member(2, name="lenet5_modern", classes=CLASSES[:2]).save(folder / "two")
    write_textures(folder / "photos", photos=8)
    texture("dots", 3, size=(90, 60)).save(folder / "photo.png")
    return folder


def run(*given):
    words = [str(word) for word in given]
    if "--show-crops" not in words:
        words += ["--device", "cpu"]
    result = CliRunner().invoke(evaluate, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def answer(*given):
    return json.loads(run(*given, "--json").stdout)


def flat(text):
    return " ".join(text.split())


def test_center_is_the_default_and_says_nothing_of_protocols(made):
    plain, named = (
        run(made / "a", made / "photos", *more) for more in ((), ("--protocol", "center"))
    )
    assert plain.stdout == named.stdout
    assert "center" not in plain.stdout and "Asked by" not in plain.stdout
    found = answer(made / "a", made / "photos")
    assert found["protocol"]["name"] == "center"
    assert found["protocol"]["views"] == 1
    assert found["against_center"] is None


def test_a_protocol_is_told_with_what_it_gains_over_the_centre_crop(made):
    center = answer(made / "a", made / "photos")
    found = answer(made / "a", "--data", made / "photos", "--protocol", "ten-crop")
    assert found["protocol"] == {
        "name": "ten-crop",
        "views": 10,
        "averages": "probabilities",
        "source": PROTOCOLS["ten-crop"].source,
    }
    against = found["against_center"]
    assert against["first_top1"] == found["top1"]
    assert against["second_top1"] == center["top1"]
    assert against["difference"] == pytest.approx(found["top1"] - center["top1"])
    assert against["only_first"] - against["only_second"] == round(24 * against["difference"])
    told = flat(run(made / "a", made / "photos", "--protocol", "ten-crop").stdout)
    assert "Asked by ten-crop, 10 views of each photo, probabilities averaged." in told
    assert "its centre crop" in told


def test_the_report_says_by_which_protocol(made, tmp_path):
    run(made / "a", made / "photos", "--protocol", "ten-crop", "--out", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Krizhevsky" in page and "10 views of each photo" in page
    assert "its centre crop" in page


def test_an_ensemble_stands_beside_its_members(made, tmp_path):
    words = (made / "a", made / "b", "--data", made / "photos", "--ensemble")
    found = answer(*words)
    assert set(found) == {"ensemble", "members", "best", "against_best", "pairs"}
    assert [each["bundle"] for each in found["members"]] == [str(made / "a"), str(made / "b")]
    best = max(each["top1"] for each in found["members"])
    assert found["against_best"]["second"] == found["best"]
    assert found["against_best"]["difference"] == pytest.approx(found["ensemble"]["top1"] - best)
    assert len(found["pairs"]) == 1
    told = run(*words, "--out", tmp_path / "out")
    assert "the ensemble" in told.stdout and "the best member" in told.stdout
    assert "24 photos, the same for all" in told.stdout
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "This ensemble of 2 classifiers" in page
    assert (tmp_path / "out" / "predictions.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a", "two", "--data", "photos", "--ensemble"), "two cannot vote with"),
        (("a", "--data", "photos", "--ensemble"), "two different bundles"),
        (("a", "a", "--data", "photos", "--ensemble"), "a twice"),
        (("a", "photos", "--protocol", "10-crop"), "Did you mean ten-crop or resnet-ten-crop?"),
        (("a", "photos", "--protocol", "multi-scale:256"), "at most 28 x 28 pixels"),
        (("a", "--show-crops", "no.jpg", "--out", "x.png"), "no.jpg: there is no such file"),
        (("a", "--show-crops", "photo.png", "--out", "x.jpg"), "ends in .png"),
        (("a", "--show-crops", "photo.png", "--out", "photo.png"), "already exists"),
        (("a", "--show-crops", "photos", "--out", "x.png"), "a folder, not a photo"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(made, monkeypatch, words, said):
    monkeypatch.chdir(made)
    with pytest.raises(EyespotError) as told:
        CliRunner().invoke(evaluate, [*words, "--device", "cpu"], catch_exceptions=False)
    assert said in str(told.value)
    assert "\n" not in str(told.value)
    assert not (made / "x.png").exists()


@pytest.mark.parametrize(
    "words", [("a", "b", "--data", "photos", "--out", "x"), ("a", "--show-crops", "photo.png")]
)
def test_words_that_do_not_fit_are_told_as_such(made, monkeypatch, words):
    monkeypatch.chdir(made)
    assert CliRunner().invoke(evaluate, list(words)).exit_code == 2


def test_the_crops_are_drawn_and_listed(made, tmp_path):
    """90 x 60 at 32 pixels of the short side: 48 x 32, whose middle square begins at 8."""
    out = tmp_path / "crops.png"
    words = (made / "a", "--protocol", "ten-crop", "--show-crops", made / "photo.png")
    told = run(*words, "--out", out)
    assert Image.open(out).size[0] > 700
    assert "10 views of each photo" in told.stdout
    found = answer(*words, "--out", out, "--overwrite")
    assert found["views"] == 10
    starts = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)]
    assert found["crops"] == [
        {"rescaled": [48, 32], "box": [8 + x, y, 36 + x, 28 + y]} for x, y in starts
    ]
    assert found["windows"] is None


def test_the_windows_of_a_network_are_drawn_without_weights(made, tmp_path):
    words = ("overfeat_accurate", "--protocol", "overfeat-six", "--show-crops", made / "photo.png")
    found = answer(*words, "--out", tmp_path / "grid.png")["windows"]
    assert (found["window"], found["step"], found["stride"]) == (221, 12, 3)


def test_a_network_that_is_none_is_told_with_near_names(made, tmp_path):
    words = ("overfeat", "--protocol", "overfeat-six", "--show-crops", made / "photo.png")
    with pytest.raises(InputError, match="Did you mean overfeat_fast"):
        run(*words, "--out", tmp_path / "grid.png")


@pytest.mark.parametrize("name", [*PROTOCOLS, "multi-scale:256,384,512"])
@pytest.mark.parametrize("size", [(60, 40), (40, 60), (1, 300), (50, 50)])
def test_the_crops_of_every_protocol_can_be_drawn_on_any_photo(name, size):
    seen = Preprocessing(256, 224, "bilinear", (0.5,) * 3, (0.5,) * 3)
    sheet = crops_sheet(protocol(name), seen, Image.new("RGB", size, "#777777"), name="x.png")
    assert sheet.mode == "RGB" and min(sheet.size) > 60


def test_a_crop_is_drawn_where_it_lies():
    """256 x 256 pixels drawn 720 wide: the middle crop 16 to 240 has its rim at 45 and 675."""
    seen = Preprocessing(256, 224, "bilinear", (0.5,) * 3, (0.5,) * 3)
    grey = Image.new("RGB", (256, 256), "#777777")
    sheet = np.asarray(crops_sheet(protocol("ten-crop"), seen, grey, name="x.png"))
    fifth = tuple(bytes.fromhex(list(COLOURS)[4][1:]))
    rows, columns = np.nonzero((sheet == fifth).all(axis=2))
    top = sheet.shape[0] - MARGIN - 720  # under the title and the panel's own line
    assert (columns.min() - MARGIN, columns.max() - MARGIN) == (45, 674)
    assert (rows.min() - top, rows.max() - top) == (45, 674)
    assert top > MARGIN + LINE
