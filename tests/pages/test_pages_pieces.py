"""The pieces: what is said is there, colour is never alone, and the matrix is a real table."""

import pytest
from page_reading import local, parsed, what_acts, words
from payloads import ODD, PAYLOADS

from eyespot.pages.glossary import TERMS, glossary, term
from eyespot.pages.intervals import interval_drawing, small_interval
from eyespot.pages.markup import Html, join
from eyespot.pages.matrix import by_confusion, confused_pairs, matrix
from eyespot.pages.page import page
from eyespot.pages.photos import gallery, photo_card, strip
from eyespot.pages.pieces import (
    chart,
    definitions,
    details,
    measured,
    name,
    probability_bars,
    section,
    table,
    warning,
)


def tree(*pieces: Html):
    html = page(title="x", body=join(pieces), source="x")
    assert what_acts(html) == []
    return parsed(html)


def all_of(root, kind: str):
    return [element for element in root.iter() if local(element) == kind]


@pytest.mark.parametrize("evil", PAYLOADS + ODD)
def test_every_piece_takes_any_name(evil):
    tree(
        gallery([photo_card(None, evil, above=evil, labels=[(evil, 0.5)], truth=evil)], more=evil),
        strip([(None, evil, evil)], title=evil),
        matrix([evil, "b"], [[1, 2], [0, 3]], place=lambda i, j: f"c-{i}-{j}", caption=evil),
        table([evil, evil], [[evil, evil]], caption=evil),
        warning(evil, evil, command=evil),
        details(evil, evil),
        definitions([(evil, evil)]),
        chart(evil, interval_drawing(0.5, (0.4, 0.6), reference=(evil, 0.9)), note=evil),
        section(evil, name(evil), anchor="a"),
    )


def test_bars_are_in_order_up_to_five_with_none_of_these_last():
    labels = [(f"class {i}", 0.3 - i / 50) for i in range(8)]
    root = tree(probability_bars(labels, none_of_these=0.07))
    rows = [words(row) for row in all_of(root, "li")]
    assert rows[:2] == ["class 030.0 %", "class 128.0 %"]
    assert len(rows) == 6
    assert rows[-1] == "none of these7.0 %"
    fills = [e for e in all_of(root, "rect") if e.get("class") != "track"]
    assert [e.get("width") for e in fills][:2] == ["30.0%", "28.0%"]
    assert [e.get("class") for e in fills] == ["other"] * 5 + ["none"]


def test_right_and_wrong_carry_a_mark_and_a_word_not_only_a_colour():
    root = tree(probability_bars([("bee", 0.7), ("ant", 0.2)], truth="ant"))
    rows = [words(row) for row in all_of(root, "li")]
    assert rows == ["wrong: bee70.0 %", "right: ant20.0 %"]
    assert len([e for e in all_of(root, "svg") if "mark" in e.get("class")]) == 2


def test_a_card_names_its_file_on_hover_and_for_screen_readers():
    picture = "data:image/jpeg;base64,AAAA"
    root = tree(gallery([photo_card(picture, "a/b.jpg", above="truth")]))
    (image,) = all_of(root, "img")
    assert image.get("alt") == "a/b.jpg"
    assert [e.get("title") for e in all_of(root, "span") if e.get("title")] == ["a/b.jpg"]


def test_a_photo_that_cannot_be_shown_says_so():
    assert "cannot be shown" in words(tree(photo_card(None, "a.jpg")))


def test_the_matrix_is_a_table_with_row_and_column_headers_and_linked_counts():
    confusion = [[8, 2, 0], [1, 9, 0], [0, 0, 0]]
    root = tree(
        matrix(["a", "b", "c"], confusion, place=lambda i, j: f"p-{i}-{j}", caption="photos")
    )
    heads = all_of(root, "th")
    assert [words(e) for e in heads if e.get("scope") == "col"] == ["a", "b", "c", "photos"]
    assert [words(e) for e in heads if e.get("scope") == "row"] == ["a", "b", "c"]
    body = [[words(cell) for cell in all_of(row, "td")] for row in all_of(root, "tr")[1:]]
    assert body == [["8", "2", "", "10"], ["1", "9", "", "10"], ["", "", "0", "0"]]
    assert [e.get("href") for e in all_of(root, "a")] == ["#p-0-0", "#p-0-1", "#p-1-0", "#p-1-1"]
    kinds = [e.get("class") for e in all_of(root, "td")[1:4]]
    assert kinds == ["share-8 diagonal", "share-2", None]


def test_over_twenty_classes_the_most_confused_come_first_and_the_rest_on_demand():
    size = 30
    confusion = [[50 if i == j else 0 for j in range(size)] for i in range(size)]
    confusion[29][28] = 9
    confusion[3][29] = 4
    classes = [f"class {i}" for i in range(size)]
    assert by_confusion(confusion)[:3] == [29, 28, 3]  # 13, 9 and 4 errors; then by order
    assert confused_pairs(confusion) == [(9, 29, 28), (4, 3, 29)]
    root = tree(matrix(classes, confusion, place=lambda i, j: None, caption="photos"))
    first, whole = all_of(root, "table")
    rows = [words(e) for e in all_of(first, "th") if e.get("scope") == "row"]
    assert rows[:3] == ["class 29", "class 28", "class 3"]
    assert len(rows) == 20
    assert len([e for e in all_of(whole, "th") if e.get("scope") == "row"]) == 30
    assert [words(e) for e in all_of(root, "summary")] == ["All 30 classes"]


def test_rows_of_a_shortened_matrix_add_up_to_their_photos():
    size = 25
    confusion = [[(i * 7 + j * 3) % 5 for j in range(size)] for i in range(size)]
    root = tree(
        matrix([f"c{i}" for i in range(size)], confusion, place=lambda i, j: None, caption="x")
    )
    for row in all_of(all_of(root, "table")[0], "tr")[1:]:
        *cells, total = [int(words(cell) or 0) for cell in all_of(row, "td")]
        assert sum(cells) == total


def test_a_thousand_classes_are_listed_pair_by_pair():
    size = 1000
    confusion = [[1 if i == j else 0 for j in range(size)] for i in range(size)]
    confusion[7][8] = 3
    html = matrix([f"c{i}" for i in range(size)], confusion, place=lambda i, j: None, caption="x")
    assert len(html) < 200_000
    assert ["c7", "c8", "3"] in [[words(cell) for cell in row] for row in all_of(tree(html), "tr")]


def test_an_interval_is_said_in_words_for_those_who_do_not_see_it():
    root = tree(interval_drawing(0.905, (0.84, 0.95), reference=("a random split", 0.98)))
    (drawing,) = all_of(root, "svg")
    assert drawing.get("aria-label") == "90.5 %, interval 84-95 %; a random split 98.0 %"
    (dot,) = all_of(root, "circle")
    assert dot.get("cx") == "90.5%"
    (line,) = [e for e in all_of(root, "line") if e.get("class") == "range"]
    assert (line.get("x1"), line.get("x2")) == ("84.0%", "95.0%")
    assert "aria-label" in small_interval(0.5, (0.4, 0.6))


def test_a_measure_has_its_interval_and_n_beside_it():
    root = tree(measured(0.905, 241, interval=(0.84, 0.95)), measured(0.5, 1243, interval=None))
    assert "90.5 % interval 84-95 %, n = 241" in words(root)
    assert "50.0 % n = 1,243" in words(root)


def test_a_warning_says_seen_why_and_command():
    root = tree(warning("3 photos are dark.", "They teach little.", command="eyespot audit birds/"))
    (aside,) = all_of(root, "aside")
    assert words(aside) == "note: 3 photos are dark. They teach little. eyespot audit birds/"


def test_the_glossary_explains_exactly_the_terms_that_are_linked():
    body = join((term("recall"), term("near-duplicate", "near-duplicates")))
    root = tree(body, glossary(body))
    assert [words(e) for e in all_of(root, "dt")] == ["near-duplicate", "recall"]
    places = {e.get("id") for e in root.iter()}
    assert {e.get("href")[1:] for e in all_of(root, "a")} <= places
    with pytest.raises(KeyError):
        term("vibes")


@pytest.mark.parametrize("key", TERMS)
def test_a_term_is_explained_in_one_sentence(key):
    assert TERMS[key].endswith(".")
    assert ". " not in TERMS[key]
