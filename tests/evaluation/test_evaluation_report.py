"""report.html: valid, self-contained, safe, true to its numbers, and small enough to send."""

import base64
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from page_reading import local, parsed, what_acts, words
from payloads import ODD, PAYLOADS
from PIL import Image
from reports import evil_report, measured, report

from eyespot.datasets.dataset import LeftOut
from eyespot.evaluation.answers import Neighbour
from eyespot.evaluation.gallery import ERRORS_SHOWN, choose
from eyespot.evaluation.report import Note, report_html

FLOWERS = ("rose", "tulip", "daisy")


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """A JPEG with place and camera in it."""
    picture = Image.effect_noise((640, 480), 80).convert("RGB")
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    picture.save(path, exif=exif, comment=b"a secret")
    return path


@pytest.fixture(scope="module")
def full(photo):
    """A report with everything in it: photos, neighbours, a random split, notes."""
    random_split, *_ = measured([[60, 0, 0], [0, 20, 0], [1, 0, 59]], FLOWERS)
    made = report(
        [[52, 0, 8], [6, 12, 2], [4, 0, 56]],
        FLOWERS,
        group_size=4,
        random_split=random_split,
        trained_on=(("rose", 200), ("tulip", 40), ("daisy", 210)),
    )
    near = (Neighbour("train/rose/9.jpg", "rose", 0.91, photo),)
    return replace(
        made,
        rows=tuple(replace(row, source=photo, nearest=near) for row in made.rows),
        left_out=(LeftOut("a.jpg", "the file ends too early"), LeftOut("b.txt", "not a photo")),
        notes=(Note("3 photos are dark.", "They teach little.", "eyespot audit birds/"),),
        making=(("network", "efficientnet_lite0"), ("seed", "0")),
        seconds=(("embedding", 6.1), ("head", 0.4)),
        table="predictions.csv",
    )


@pytest.fixture(scope="module")
def html(full):
    return report_html(full)


def test_the_page_is_valid_and_nothing_in_it_can_act(html):
    assert what_acts(html) == []


def test_the_page_asks_for_nothing(html):
    without_pictures = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", html)
    assert not re.search(r"https?:|//\w|url\(|@import|<script|file:", without_pictures)


def test_no_record_of_the_photos_and_no_path_of_the_machine_is_in_the_page(html, photo):
    assert str(photo.parent) not in html
    words_alone = re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)  # any three letters come up there
    assert not re.search("SecretCamera|GPS|Exif|a secret", words_alone)
    pictures = [base64.b64decode(data) for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", html)]
    assert len(pictures) > 20
    assert not [raw for raw in pictures if re.search(rb"Exif|SecretCamera|a secret|xmpmeta", raw)]


def test_the_four_answers_come_before_any_figure(html):
    (head,) = [e for e in parsed(html).iter() if local(e) == "header"]
    text = words(head)
    places = [
        text.index(part)
        for part in (
            "This classifier names 6 in 7 of your photos correctly.",  # 120 of 140: 85.7 %
            "Measured on 140 photos in 35 groups it had never seen: 85.7 % (interval ",
            "A random split would have told you 99.3 %",
            "Weakest: tulip (12 of 20), mostly taken for rose.",
            "Next: photograph about 100 more of tulip",
        )
    ]
    assert places == sorted(places)
    assert html.index("Weakest") < html.index('class="interval"')


def test_the_sections_stand_in_order_and_every_link_leads_somewhere(html):
    root = parsed(html)
    sections = [e.get("id") for e in root.iter() if local(e) == "section"]
    assert sections == ["matrix", "errors", "classes", "sureness", "left-out", "making", "words"]
    places = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(places) == len(set(places))
    links = {e.get("href") for e in root.iter() if local(e) == "a"}
    assert links <= {f"#{place}" for place in places}
    assert {"#cell-0-2", "#cell-1-0", "#cell-1-2", "#cell-2-0", "#cell-0-0"} <= links


def test_every_error_is_shown_with_truth_labels_bars_and_neighbours(html, full):
    root = parsed(html)
    (errors,) = [e for e in root.iter() if e.get("id") == "errors"]
    cards = [e for e in errors.iter() if e.get("class") == "card"]
    assert len(cards) == len(full.errors) == 20
    text = words(cards[0])  # the commonest confusion first: 8 roses taken for daisies
    assert text.startswith("truth rosewrong: daisy70.0 %right: rose15.0 %tulip15.0 %")
    assert "Nearest training photos" in text
    assert len([e for e in cards[0].iter() if local(e) == "img"]) == 2


def test_every_share_has_n_and_interval_beside_it(html):
    text = words(parsed(html))
    assert re.search(r"top-185\.7 % interval \d+-\d+ %, n = 140", text)
    assert re.search(r"balanced accuracy\d+\.\d % interval \d+-\d+ %, n = 140", text)
    assert "95 %, bootstrap over 35 groups, 2,000 resamples" in text


def test_left_out_files_and_the_making_are_told(html):
    text = words(parsed(html))
    for part in (
        "2 files were left out: found, but not used.",
        "the file ends too early 1 file",
        "embedding6.1 s",
        "6.5 s in all",
        "3 photos are dark. They teach little. eyespot audit birds/",
    ):
        assert part in text


@pytest.mark.parametrize("name", PAYLOADS + ODD)
def test_no_name_anywhere_can_act_or_break_the_page(name):
    page = report_html(evil_report(name, None))
    page.encode("utf-8")
    assert what_acts(page) == []


def test_a_photo_that_is_gone_is_said_and_does_not_stop_the_report():
    made = report([[2, 1], [0, 2]], FLOWERS[:2])  # its photos do not exist
    assert "cannot be shown" in words(parsed(report_html(made)))


def test_no_errors_and_nothing_left_out_have_their_sentences():
    text = words(parsed(report_html(report([[20, 0], [0, 20]], FLOWERS[:2]))))
    assert "None of these photos was mistaken." in text
    assert "Nothing: every photo that was found was used." in text


def test_sureness_is_called_wrong_only_beyond_what_chance_does():
    def title(confusion):
        text = words(parsed(report_html(report(confusion, FLOWERS[:2]))))
        return re.search(r"It is (?:right|surer|less)[^\n]*?(?=Where)", text)[0]

    # every answer has 70 % in these
    assert title([[7, 3], [0, 0]]) == "It is right about as often as it is sure"
    assert title([[7, 1], [0, 1]]) == "It is right about as often as it is sure"
    assert title([[400, 10], [0, 0]]).startswith("It is less sure than it could be: 70.0 %")
    assert title([[40, 60], [0, 0]]).startswith("It is surer than it should be: 70.0 %")


def test_galleries_are_capped_commonest_confusion_first_and_say_what_is_missing(photo):
    made = report([[900, 400, 0], [50, 900, 0], [1, 0, 900]], FLOWERS)
    made = replace(made, table="predictions.csv")
    chosen = choose(made)
    assert list(chosen.wrong) == [("rose", "tulip"), ("tulip", "rose"), ("daisy", "rose")]
    assert sum(len(rows) for rows in chosen.wrong.values()) <= ERRORS_SHOWN
    text = words(parsed(report_html(made)))
    assert "376 more not shown, the surest are shown. All are in predictions.csv." in text
    assert "402 further errors not shown." in text


def test_a_report_on_5000_photos_stays_below_five_megabytes(photo):
    size = 40
    confusion = [[113 if i == j else 0 for j in range(size)] for i in range(size)]
    for i in range(size):
        for step in range(1, 13):
            confusion[i][(i + step) % size] = 1
    made = report(confusion, tuple(f"class {i}" for i in range(size)))
    near = tuple(Neighbour(f"{i}.jpg", "class 1", 0.9, photo) for i in range(3))
    rows = tuple(replace(row, source=photo, nearest=near) for row in made.rows)
    page = report_html(replace(made, rows=rows))
    assert made.metrics.n == 5000
    assert 1_000_000 < len(page.encode("utf-8")) < 5_000_000  # noise compresses worst of all


def test_the_report_needs_neither_torch_nor_scikit_learn():
    code = (
        "import sys, eyespot.evaluation.report, eyespot.evaluation.table\n"
        "print([m for m in ('torch', 'sklearn', 'matplotlib', 'openvino') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
