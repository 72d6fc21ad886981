"""A command with many options: its help shows them by what they are for."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import click
from click.core import ParameterSource

UNITS = {"h": 3600, "m": 60, "s": 1}
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """A length of time as people write it, in seconds: 90s, 20m, 1h30m."""

    name = "TIME"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        found = DURATION.fullmatch(value.replace(" ", ""))
        if not value or found is None:
            self.fail(f"{value!r} is no length of time: write 90s, 20m or 1h30m.", param, ctx)
        parts = zip(found.groups(), UNITS.values(), strict=True)
        seconds = float(sum(int(number) * unit for number, unit in parts if number))
        if seconds == 0:
            self.fail("the time must be more than none: write 90s, 20m or 1h30m.", param, ctx)
        return seconds


class Unfrozen(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """How many stages learn: a number from 1 on, or "all"."""

    name = "N|all"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        if value == "all" or isinstance(value, int):
            return value
        if not value.isdecimal() or int(value) < 1:
            self.fail(f"{value!r} is no number of stages: write 1 or more, or all.", param, ctx)
        return int(value)


class GroupedCommand(click.Command):
    """Options under the headings of `groups`: heading -> names of parameters.

    Its function takes the context alone, and finds all values in `context.params`.
    """

    groups: ClassVar[dict[str, tuple[str, ...]]] = {}

    def invoke(self, ctx: click.Context) -> Any:
        assert self.callback is not None
        with ctx:
            return self.callback(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        grouped = {name for names in self.groups.values() for name in names}
        rows = {
            str(parameter.name): record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            and (record := parameter.get_help_record(ctx)) is not None
        }
        others = tuple(name for name in rows if name not in grouped)
        for heading, names in {**self.groups, "Other options": others}.items():
            with formatter.section(heading):
                formatter.write_dl([rows[name] for name in names if name in rows])


def given(ctx: click.Context, names: tuple[str, ...]) -> list[str]:
    """Of the options `names`, those that were typed, as they are written: ["--epochs"]."""
    typed = [
        name for name in names if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    written = {str(p.name): max(p.opts, key=len) for p in ctx.command.params}
    return [written[name] for name in typed]
