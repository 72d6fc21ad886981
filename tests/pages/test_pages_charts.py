"""The charts: values stand where arithmetic puts them, names hide nothing, nothing acts."""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest
from payloads import ODD, PAYLOADS
from PIL import ImageFont

from eyespot.networks import architectures
from eyespot.pages.axes import Axis, short, spanning
from eyespot.pages.cost_chart import SHAPES, CostPoint, cost_chart
from eyespot.pages.drawing import broken, text_width, values
from eyespot.pages.history_chart import HistoryBar, history_chart
from eyespot.pages.line_chart import Line, Panel, line_chart, line_drawing
from eyespot.pages.lineage_chart import IdeaRow, lineage_chart
from eyespot.pages.markup import visible_text
from eyespot.pages.placing import Label, crosses, overlap, place

SVG = "{http://www.w3.org/2000/svg}"
KINDS = dict(zip("abcde", ("one", "two", "three", "four", "five"), strict=True))


def parsed(svg):
    """By another library's parser: the file is well-formed, and holds nothing that acts."""
    root = ElementTree.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "text",
        "tspan",
        "line",
        "path",
        "circle",
    }
    for element in root.iter():
        assert not [key for key in element.attrib if key.startswith("on") or "href" in key]
    (style,) = root.iter(f"{SVG}style")
    assert "url" not in style.text and "import" not in style.text
    return root


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def dots(root, told):
    """Middles of the circles whose words begin with `told`, panel by panel."""
    return [
        (float(circle.get("cx")), float(circle.get("cy")))
        for circle in root.iter(f"{SVG}circle")
        if circle[0].text.startswith(told)
    ]


def point(name, accuracy, cost, *, kind="a", series="s", has_caveat=False):
    return CostPoint(name, series, accuracy, cost, cost // 10, kind, has_caveat, f"{name}: told")


def costs(points, **changed):
    words = {"title": "t", "accuracy": "top-1", "kinds": KINDS, "notes": ["n"], "source": "s"}
    return cost_chart(points, **words | changed)


# ---------------------------------------------------------------- where values stand


def test_a_logarithmic_axis_gives_equal_factors_equal_lengths():
    root = parsed(costs([point("p1", 70, 10**8), point("p2", 75, 10**9), point("p3", 80, 10**10)]))
    for panel in (0, 1):
        places = [dots(root, name)[panel] for name in ("p1", "p2", "p3")]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(places)]
        assert steps[0] == pytest.approx(steps[1], abs=0.11)  # written with one decimal
        assert steps[0][0] > 0 > steps[0][1]  # dearer is right, better is up


def test_ticks_are_round_and_stand_on_their_values():
    axis = Axis(3e7, 4e10, 0, 100, is_log=True)
    assert axis.ticks() == [1e8, 1e9, 1e10]
    assert [short(tick) for tick in axis.ticks()] == ["100 M", "1 G", "10 G"]
    assert axis.at(1e9) - axis.at(1e8) == pytest.approx(axis.at(1e10) - axis.at(1e9))
    assert Axis(49.3, 86.7, 0, 1).ticks() == [50, 60, 70, 80]
    assert spanning([76.0], 0, 100).ticks() != []
    assert len(spanning([1.8e9], 0, 100, is_log=True).ticks()) == 2
    assert spanning([98.0, 99.9], 0, 100, most=100).high == 100


def test_bars_are_as_long_as_their_errors_and_the_humans_line_stands_at_its_own():
    bars = [
        HistoryBar(2010 + i, f"bar {i}", "", "", error, False, False, False)
        for i, error in enumerate((28.2, 14.1, 2.35))
    ]
    root = parsed(
        history_chart(bars, title="t", error="e", human=("human", 7.05), notes=(), source="s")
    )
    drawn = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "f-class-1"]
    widths = [float(rect.get("width")) for rect in drawn]
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.01)  # 28.2 / 14.1
    assert widths[0] / widths[2] == pytest.approx(12, rel=0.01)  # 28.2 / 2.35
    (dashed,) = [line for line in root.iter(f"{SVG}line") if line.get("stroke-dasharray")]
    start = float(drawn[0].get("x"))
    assert (float(dashed.get("x1")) - start) / widths[0] == pytest.approx(0.25, rel=0.01)


def test_a_lineage_runs_right_and_down_only():
    rows = [
        IdeaRow("old", "A 1990", (1990, 12), False, False, ("new",)),
        IdeaRow("new", "B 2012", (2012, 7), False, True, ("own",)),
        IdeaRow("own", "C 2016", (2016, 8), True, False, ()),
    ]
    root = parsed(lineage_chart(rows, title="t", network="net", notes=(), source="s"))
    places = [dots(root, name)[0] for name in ("old", "new", "own")]
    assert places == sorted(places) and sorted(y for _, y in places) == [y for _, y in places]
    assert {"'90", "'12", "1990", "2012"} & set(texts(root))


# ---------------------------------------------------------------- what is told


def test_ways_of_measuring_differ_in_shape_not_in_colour_alone():
    points = [point(kind, 70 + i, 10 ** (7 + i), kind=kind) for i, kind in enumerate(KINDS)]
    root = parsed(costs(points))
    assert set(KINDS.values()) <= set(texts(root))  # the legend
    outlines = set()
    for kind in KINDS:
        mark = next(e for e in root.iter() if len(e) and e[0].text == f"{kind}: told")
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", mark.get("d", ""))]
        outlines.add(tuple(round(n - numbers[i % 2]) for i, n in enumerate(numbers)))
    assert len(outlines) == len(KINDS) == len({shape for shape, _ in SHAPES})


def test_only_the_ways_that_are_there_stand_in_the_legend():
    root = parsed(costs([point("p", 70, 10**8, kind="b")]))
    assert "two" in texts(root) and "one" not in texts(root)
    assert not [text for text in texts(root) if "hollow" in text]


def test_a_figure_with_a_caveat_is_hollow_and_the_legend_says_so():
    root = parsed(costs([point("p", 70, 10**8), point("q", 71, 10**9, has_caveat=True)]))
    fills = {
        c[0].text[0]: c.get("fill") for c in root.iter(f"{SVG}circle") if ": told" in c[0].text
    }
    assert fills["q"] == values()[0]["paper"] != fills["p"]
    assert [text for text in texts(root) if text.startswith("hollow")]


def luminance(colour):
    """WCAG 2.1's relative luminance of "#rrggbb"."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * s for weight, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", [0, 1])
def test_marks_and_words_stand_out_from_the_paper_also_in_grey(theme):
    colours = values()[theme]

    def contrast(value):
        one, other = sorted((luminance(colours[value]), luminance(colours["paper"])))
        return (other + 0.05) / (one + 0.05)

    for value in {value for _, value in SHAPES} | {"none", "class-1"}:
        assert contrast(value) >= 3, value  # WCAG 1.4.11 for graphics
    for value in ("ink", "quiet"):
        assert contrast(value) >= 4.5, value


# ---------------------------------------------------------------- names and room


def font_width(text, size):
    """In a font of another library's."""
    return ImageFont.load_default(size).getlength(text)


@pytest.mark.parametrize("size", [13, 14, 20])
def test_no_name_is_wider_than_reckoned(size):
    names = [*architectures(), "100 M", "one view of each photo", "Ioffe, Szegedy 2015, Sect. 3"]
    assert [name for name in names if font_width(name, size) > text_width(name, size)] == []


def test_a_sentence_is_broken_into_lines_that_fit():
    lines = broken("a line of a few short words " * 9, 200, 14)
    assert " ".join(lines) == ("a line of a few short words " * 9).strip()
    assert max(font_width(line, 14) for line in lines) <= 200
    assert broken("x" * 300, 200) == ["x" * 300]  # one word is not broken


def crowd(count):
    """Marks in a spiral, close together in the middle."""
    spots = [(300 + 9 * i * math.cos(i), 200 + 5 * i * math.sin(i)) for i in range(count)]
    boxes = [(x - 7, y - 7, x + 7, y + 7) for x, y in spots]
    labels = [
        Label(f"net{i}", f"network_{i}", spot, text_width(f"network_{i}", 13), 15)
        for i, spot in enumerate(spots)
    ]
    return labels, boxes


@pytest.mark.parametrize("count", [1, 5, 20])
def test_names_hide_neither_marks_nor_names(count):
    labels, boxes = crowd(count)
    placed = place(labels, boxes, [], (0, 0, 600, 400))
    assert set(placed) == {label.key for label in labels}
    for one in placed.values():
        assert not [box for box in boxes if overlap(one.box, box)]
        assert one.box[0] >= 0 and one.box[2] <= 600 and one.box[1] >= 0 and one.box[3] <= 400
    for one, other in itertools.combinations(placed.values(), 2):
        assert not overlap(one.box, other.box)
        for lead, box in ((one.lead, other.box), (other.lead, one.box)):
            assert lead is None or not crosses(lead, box)


def test_a_line_through_a_box_is_seen():
    assert crosses((0, 0, 10, 10), (4, 4, 6, 6))
    assert not crosses((0, 0, 10, 10), (6, 0, 9, 3))
    assert crosses((0, 5, 10, 5), (4, 4, 6, 6)) and not crosses((0, 7, 10, 7), (4, 4, 6, 6))


def test_a_name_without_room_is_said_under_the_chart():
    points = [point(f"n{i:02}_{'x' * 70}", 70, 10**8, series=str(i)) for i in range(18)]
    said = " ".join(texts(parsed(costs(points))))
    unnamed = said.partition("Without a name for want of room: ")[2]
    assert unnamed and "_xxx" in unnamed


@pytest.mark.parametrize("names", [3, 40])
def test_every_network_is_named_in_both_panels_and_nothing_leaves_the_sheet(names):
    points = [
        point(f"{'abcd'[i % 4]}net{i}_0", 60 + i / 2, int(1e8 * 1.2**i), series="abcd"[i % 4])
        for i in range(names)
    ]
    root = parsed(costs(points))
    width, height = float(root.get("width")), float(root.get("height"))
    said = texts(root)
    last = {p.series: p.name for p in points}  # the dearest of a line has its whole name
    for name in last.values():
        assert said.count(name) == 2
    for element in root.iter(f"{SVG}text"):
        if element.get("transform"):
            continue
        x, size = float(element.get("x")), float(element.get("font-size"))
        length = font_width("".join(element.itertext()), size)
        left = x - length * {"middle": 0.5, "end": 1}.get(element.get("text-anchor"), 0)
        assert left >= 0 and left + length <= width and 0 < float(element.get("y")) < height


@pytest.mark.parametrize("evil", PAYLOADS + ODD)
def test_every_chart_takes_any_name(evil):
    words = {"title": evil, "notes": [evil], "source": evil}
    row = IdeaRow(evil, evil, (2012, 1), False, True, (evil,))
    bar = HistoryBar(2012, evil, evil, evil, 5.0, False, True, True)
    for svg in (
        cost_chart([point(evil, 70, 10**8)], accuracy=evil, kinds=KINDS, **words),
        history_chart([bar], error=evil, human=(evil, 5.1), **words),
        lineage_chart([row], network=evil, **words),
    ):
        root = parsed(svg)
        assert next(root.iter(f"{SVG}title")).text == visible_text(evil).replace("\r", "\n")


# ---------------------------------------------------------------- lines


def lines(panels, **changed):
    given = {"title": "t", "across": "epoch", "notes": ["n"], "source": "s"}
    return parsed(line_chart(panels, **given | changed))


def points_of(root):
    """The places of each drawn line, in the order of lines."""
    return [
        [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path.get("d"))]
        for path in root.iter(f"{SVG}path")
    ]


def test_lines_stand_where_arithmetic_puts_them():
    panel = Panel("loss", (Line("a", ((0, 0.0), (5, 1.0), (10, 4.0))),))
    (places,) = points_of(lines([panel]))
    assert places[1][0] - places[0][0] == pytest.approx(places[2][0] - places[1][0], abs=0.11)
    rise, all_of_it = places[0][1] - places[1][1], places[0][1] - places[2][1]
    assert rise == pytest.approx(all_of_it / 4, abs=0.11)


def test_on_a_logarithmic_lower_axis_equal_factors_are_equal_lengths():
    panel = Panel("loss", (Line("a", ((1e-4, 1.0), (1e-3, 2.0), (1e-2, 1.0))),))
    (places,) = points_of(lines([panel], is_log=True))
    assert places[1][0] - places[0][0] == pytest.approx(places[2][0] - places[1][0], abs=0.11)


def test_names_of_lines_that_end_together_do_not_touch():
    ends = (0.5, 0.5, 0.501, 0.499)
    panel = Panel("x", tuple(Line(f"name{i}", ((0, 0.0), (1, y))) for i, y in enumerate(ends)))
    root = lines([panel])
    places = [
        float(t.get("y")) for t in root.iter(f"{SVG}text") if (t.text or "").startswith("name")
    ]
    assert len(places) == 4
    assert min(b - a for a, b in itertools.pairwise(sorted(places))) >= 18
    (first, *_) = points_of(root)
    assert max(places) <= first[0][1] + 6, "a name stands below its panel"


def test_what_is_beyond_the_axis_is_held_at_its_end():
    panel = Panel("x", (Line("a", ((0, 50.0), (1, 180.0))),), most=100, unit=" %")
    root = lines([panel])
    (places,) = points_of(root)
    shares = [t for t in root.iter(f"{SVG}text") if t.text.endswith(" %")]
    (full,) = (float(t.get("y")) - 5 for t in shares if t.text == "100 %")
    assert places[1][1] == pytest.approx(full, abs=0.11)
    assert max(float(t.text[:-2]) for t in shares) == 100


def test_a_lower_axis_of_whole_numbers_has_no_others():
    root = lines([Panel("x", (Line("a", ((1, 100.0), (2, 200.0))),))], is_whole=True)
    assert [t for t in texts(root) if re.fullmatch(r"1\.\d", t)] == []
    assert {"1", "2"} <= set(texts(root))


@pytest.mark.parametrize("name", [*PAYLOADS[:4], *ODD[:4]])
def test_names_of_lines_are_words_whatever_they_hold(name):
    root = lines([Panel(name, (Line(name, ((0, 1.0), (1, 2.0))),))], title=name)
    assert points_of(root)


def test_lines_in_a_page_have_no_style_of_their_own():
    svg = line_drawing([Panel("x", (Line("a", ((0, 1.0), (1, 2.0))),))], title="t", across="epoch")
    assert "<style" not in svg and 'class="drawn"' in svg and 'aria-label="t"' in svg
