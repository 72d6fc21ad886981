"""Photos that belong together and yet stand under two labels, or in two parts of a split."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from eyespot.audit.findings import Relation

Sets = Sequence[Sequence[int]]


def divided(
    sets: Sequence[tuple[Relation, Sets]], mark: Sequence[Hashable | None]
) -> Iterator[tuple[Relation, list[int]]]:
    """The sets with more than one `mark`, closest relation first; a None is no mark.

    A set whose division a closer relation has told already is passed over.
    """
    told: list[dict[int, int]] = []
    for relation, members in sets:
        own: dict[int, int] = {}
        for number, rows in enumerate(members):
            marked = [i for i in rows if mark[i] is not None]
            own |= dict.fromkeys(rows, number)
            if _is_news(marked, mark, told):
                yield relation, marked
        told.append(own)


def _is_news(rows: list[int], mark: Sequence[Hashable | None], told: list[dict[int, int]]) -> bool:
    """Are two of the rows marked differently, without a closer set that holds all of them?"""
    if len({mark[i] for i in rows}) < 2:
        return False
    return not any(
        all(i in sets for i in rows) and len({sets[i] for i in rows}) == 1 for sets in told
    )
