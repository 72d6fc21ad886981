"""What the terminal shows of a training: lines in columns, seldom; a curve on a terminal."""

import re

import pytest
from rich.console import Console

from eyespot.cli import training_display
from eyespot.cli.training_display import HEAD, TrainingDisplay, braille, picture
from eyespot.training.facts import Epoch, Progress


def progress(step, *, epochs=20, steps=2000, left=134.0):
    epoch = step * epochs // steps + 1
    return Progress(
        epoch, epochs, step, steps, 0.2134, 0.9312, 0.01, 1543.2, waiting=0.0, seconds_left=left
    )


def epoch(number, *, right=0.9):
    return Epoch(number, 100 * number, 0.01, 0.5, 0.8, 0.4, right)


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(training_display.time, "monotonic", lambda: now[0])
    return now


def shown(capsys, clock, *, seconds_per_epoch, epochs=20, is_quiet=False):
    """The lines that a training of `epochs` epochs leaves on stderr, ten steps each."""
    with TrainingDisplay("lenet5 on digits", is_quiet=is_quiet) as display:
        display.begin(type("Plan", (), {"steps_per_epoch": 100, "steps": 2000})(), 0)
        for number in range(1, epochs + 1):
            for i in range(1, 11):
                clock[0] += seconds_per_epoch / 10
                display.step(progress(100 * (number - 1) + 10 * i))
            display.epoch(epoch(number))
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_fast_epochs_have_a_line_every_few_seconds_the_first_and_the_last_always(capsys, clock):
    lines = shown(capsys, clock, seconds_per_epoch=1.0)
    assert lines[0] == HEAD
    numbers = [int(line.split("/")[0]) for line in lines[1:]]
    assert numbers == [1, 5, 9, 13, 17, 20]  # four seconds apart


def test_long_epochs_have_a_line_every_minute(capsys, clock):
    lines = shown(capsys, clock, seconds_per_epoch=200, epochs=2)
    places = [line.split("/")[0].strip() for line in lines[1:]]
    # steps are 20 s apart: a line after 60, 120 and 180 s, and one at the end of the epoch
    assert places == ["0.3", "0.6", "0.9", "1", "1.3", "1.6", "1.9", "2"]


def test_columns_stand_under_their_heads_and_fit(capsys, clock):
    lines = shown(capsys, clock, seconds_per_epoch=5.0)
    assert max(map(len, lines)) <= 100
    ends = [match.end() for match in re.finditer(r"\S+( \w+)*", HEAD)]
    for line in lines[1:]:
        for end in ends:
            assert line[end - 1] != " " and line[end : end + 1] in ("", " "), (line, end)


def test_quiet_is_quiet(capsys, clock):
    assert shown(capsys, clock, seconds_per_epoch=5.0, is_quiet=True) == []


def test_going_on_says_where(capsys, clock):
    with TrainingDisplay("x") as display:
        display.begin(type("Plan", (), {"steps_per_epoch": 100, "steps": 2000})(), 1234)
    assert capsys.readouterr().err.splitlines()[0] == "going on at epoch 13, step 1,234"


def test_the_live_lines_fit_and_say_the_best_epoch():
    epochs = [epoch(i + 1, right=0.5 + 0.02 * i) for i in range(12)]
    console = Console(width=100, record=True)
    with console.capture() as captured:
        console.print(picture("lenet5 on digits", progress(1250), epochs))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 100
    assert "epoch 13 of 20" in lines[1] and "62.5 %" in lines[1] and "2 min 14 s left" in lines[1]
    assert "loss 0.2134" in lines[2] and "1,543 photos/s" in lines[2]
    assert lines[-1].strip() == "validation: best 72.0 % after epoch 12"


def dots(rows):
    """The places of Braille dots, column by column: (x, height above the foot)."""
    order = {0x01: (0, 0), 0x02: (0, 1), 0x04: (0, 2), 0x40: (0, 3)}
    order |= {0x08: (1, 0), 0x10: (1, 1), 0x20: (1, 2), 0x80: (1, 3)}
    found = {}
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            for bit, (dx, dy) in order.items():
                if ord(character) - 0x2800 & bit:
                    found.setdefault(2 * x + dx, []).append(4 * len(rows) - 1 - (4 * y + dy))
    return found


def test_a_straight_line_is_straight_in_braille():
    # 8 columns of dots, 8 rows: each step to the right is one up
    assert dots(braille([0.0, 1.0], columns=4, rows=2)) == {x: [x] for x in range(8)}


def test_every_column_of_a_curve_has_a_dot_and_no_gap():
    found = dots(braille([0.1, 0.9, 0.3, 0.35, 0.8], columns=20, rows=4))
    assert sorted(found) == list(range(40))
    for x in range(39):
        here, there = found[x], found[x + 1]
        assert min(abs(a - b) for a in here for b in there) <= 1
    assert max(map(max, found.values())) == 15 and min(map(min, found.values())) == 0


def test_values_that_do_not_change_lie_at_the_foot():
    assert dots(braille([0.5] * 3, columns=3, rows=2)) == {x: [0] for x in range(6)}
