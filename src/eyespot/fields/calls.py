"""One operator of torch as it ran: what it read, and what is seen by that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from eyespot.fields.seen import Seen

AXES = (0, 1)  # rows, columns


@dataclass(frozen=True, eq=False)
class Call:
    """One operator that ran: its arguments, what it gave, and what is seen by what it read."""

    values: Mapping[str, Any]  # argument -> value, as the schema names them
    given: tuple[Tensor, ...]
    read: tuple[tuple[Tensor, Seen], ...]  # of those tensors among the arguments that see pixels

    @property
    def taken(self) -> Tensor:
        return self.read[0][0]

    @property
    def seen(self) -> Seen:
        return self.read[0][1]

    def pair(self, name: str, default: int) -> tuple[int, int]:
        """An argument of one number, or two; of three the last two; none are the default."""
        value = self.values.get(name)
        numbers = [value] if isinstance(value, int) else list(value or [default])
        return (numbers[0], numbers[0]) if len(numbers) == 1 else (numbers[-2], numbers[-1])

    def dims(self, name: str) -> set[int]:
        """An argument that names dimensions, counted from the front; none are all."""
        value, count = self.values.get(name), self.taken.ndim
        numbers = [value] if isinstance(value, int) else list(value or range(count))
        return {number % count for number in numbers}


Answer = Sequence[Seen]  # one for every tensor given, or one for all of them
Operator = Callable[[Call], Answer]
