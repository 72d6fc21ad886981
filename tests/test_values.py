"""Values to JSON and back: what one of several kinds looks like, and how a wrong one is refused."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from eyespot.errors import IntegrityError
from eyespot.values import from_json, to_json


@dataclass(frozen=True)
class Circle:
    KIND: ClassVar[str] = "circle"
    radius: float


@dataclass(frozen=True)
class Square:
    KIND: ClassVar[str] = "square"
    side: float


@dataclass(frozen=True)
class Drawing:
    shapes: tuple[Circle | Square, ...]
    frame: Circle | Square | None = None
    corner: Square = Square(1.0)


def test_a_field_that_takes_several_kinds_goes_to_json_and_back() -> None:
    drawing = Drawing((Circle(2.0), Square(3.0)), frame=Circle(9.5))
    text = json.dumps(to_json(drawing))
    assert json.loads(text)["shapes"] == [
        {"kind": "circle", "radius": 2.0},
        {"kind": "square", "side": 3.0},
    ]
    assert from_json(Drawing, json.loads(text)) == drawing


def test_no_shape_at_all_is_kept_where_it_is_allowed() -> None:
    assert from_json(Drawing, to_json(Drawing(()))) == Drawing(())


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"kind": "star", "points": 5}, "shapes[0] should be one of circle, square, not 'star'"),
        ({"radius": 1.0}, "shapes[0] should be one of circle, square, not 'None'"),
        (None, "shapes[0] should be one of circle, square"),
        ({"kind": "circle", "side": 1.0}, "shapes[0] has fields"),
        ({"kind": ["circle"], "radius": 1.0}, "shapes[0] should be one of circle, square"),
    ],
)
def test_an_unknown_kind_is_refused_by_name(shape: Any, said: str) -> None:
    data = {**to_json(Drawing(())), "shapes": [shape]}
    with pytest.raises(IntegrityError) as refused:
        from_json(Drawing, data)
    assert said in str(refused.value)


def test_a_field_of_one_kind_does_not_take_another() -> None:
    data = {**to_json(Drawing(())), "corner": {"kind": "circle", "radius": 1.0}}
    with pytest.raises(IntegrityError, match="corner should be square, not 'circle'"):
        from_json(Drawing, data)
