"""`eyespot experiment`: the papers' experiments, each with a chart and a sentence at its end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line
from eyespot.cli.terminal import note, print_json, print_wrapped, progress_bar
from eyespot.pages.words import count, duration, percent

if TYPE_CHECKING:
    from rich.progress import Progress

    from eyespot.experiments.experiment import Experiment
    from eyespot.experiments.running import Order
    from eyespot.experiments.runs import Run

MOST_SEEDS = 10
LABEL_WIDTH = 30  # columns of an arm's name


@click.command()
@click.argument("name", required=False)
@click.argument("data", required=False)
@click.option("--quick", is_flag=True, help="A small one, in about two minutes: a hint only.")
@click.option(
    "--seeds", type=click.IntRange(1, MOST_SEEDS), metavar="N",
    help="How often all is trained anew [3; with --quick 1].",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write [experiment-NAME].")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda (torch).")
@click.option("--workers", type=click.IntRange(0, 64), metavar="N", default=2,
    help="Threads that prepare photos; no result depends on them [2].",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def experiment(
    name: str | None,
    data: str | None,
    quick: bool,
    seeds: int | None,
    out: Path | None,
    device: str,
    workers: int,
    as_json: bool,
) -> None:
    """Repeat an experiment of a paper, and say what came out. Without NAME, list them.

    DATA are labelled photos, or a data set by its name [fashion-mnist]. Every arm is trained with
    several seeds; what is finished is never trained again, and the same command goes on where it
    was stopped.

    \b
    Example:
      eyespot experiment
      eyespot experiment degradation --quick
      eyespot experiment batch_norm photos/ --seeds 5
    """
    from eyespot.experiments.catalogue import experiments, find

    if name is None:
        if quick or seeds or out:
            raise click.UsageError("--quick, --seeds and --out need the NAME of an experiment")
        if as_json:
            print_json({"experiments": [_facts(each) for each in experiments().values()]})
        else:
            _list(list(experiments().values()))
        return
    from eyespot.experiments.running import Order

    chosen = find(name)
    order = Order(
        experiment=chosen,
        data=data or chosen.data,
        out=out or Path(f"experiment-{chosen.name}{'-quick' if quick else ''}"),
        is_quick=quick,
        seeds=seeds,
        device=device,
        workers=workers,
        command=command_line(*sys.argv[1:]),
    )
    _carry_out(order, as_json=as_json)


def _carry_out(order: Order, *, as_json: bool) -> None:
    from eyespot import files
    from eyespot.datasets.names import shown
    from eyespot.experiments import reporting
    from eyespot.experiments.running import carry_out

    files.require_writable(order.out / reporting.RESULTS)
    watcher = RunLines(is_quiet=as_json)
    if not as_json:
        size = order.size
        print_wrapped(order.experiment.question, bold=True, err=True)
        print_wrapped(
            f"{count(size.photos, 'photo')}, {count(size.epochs, 'epoch')}, "
            f"{count(size.seeds, 'seed')}. Results so far are kept in {shown(str(order.out))}.",
            err=True,
        )
    try:
        results, photos = carry_out(order, watcher)
    finally:
        watcher.stop()
    account = reporting.Account(order, results, photos, order.experiment.concluded(results))
    answer = reporting.write(account)
    if as_json:
        print_json(answer)
        return
    click.echo()
    print_wrapped(f"{account.finding.title}.", indent=0, bold=True)
    print_wrapped(account.finding.sentence, indent=0)
    print_wrapped(
        f"Published: {order.experiment.published} ({order.experiment.source}). "
        f"{account.verdict_told}",
        indent=0,
    )
    click.echo()
    folder = shown(str(order.out))
    click.echo(f"Wrote {folder}/: {reporting.CHART}, {reporting.REPORT}, {reporting.RESULTS}")


def _list(every: list[Experiment]) -> None:
    for each in every:
        click.echo(click.style(each.name, bold=True))
        print_wrapped(f"  {each.question}", indent=2)
        print_wrapped(f"  {each.source}", indent=2)
        full, quick = each.full, each.quick
        print_wrapped(
            f"  {full.photos:,} photos, {count(full.epochs, 'epoch')}, "
            f"{count(full.seeds, 'seed')}: about {full.minutes:g} min on two cores; --quick: "
            f"{quick.photos:,} photos, {count(quick.epochs, 'epoch')}, "
            f"{count(quick.seeds, 'seed')}: about {quick.minutes:g} min",
            indent=2,
        )
    click.echo(err=True)
    click.echo(f"Try: eyespot experiment {every[0].name} --quick", err=True)


def _facts(each: Experiment) -> dict[str, Any]:
    """One experiment in `--json`. Documented in docs/json.md."""
    from eyespot.values import to_json

    return {
        "name": each.name,
        "question": each.question,
        "source": each.source,
        "published": each.published,
        "data": each.data,
        "full": to_json(each.full),
        "quick": to_json(each.quick),
        "notes": list(each.notes),
    }


class RunLines:
    """A line for each run, with what is left of all; on a terminal, a bar while one goes on."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        self._bar: Progress | None = None
        self._label = ""
        self._drawn = 0.0
        self._has_begun = False

    def photos(self, done: int, total: int) -> None:
        self._label = "photos"
        self._advance(done, total)

    def begin(self, arm: str, seed: int, *, done: int, total: int) -> None:
        self.stop()
        if not self._has_begun and done and not self._is_quiet:
            click.echo(f"going on: {done} of {count(total, 'run')} are there", err=True)
        self._has_begun = True
        self._label = f"{arm}, seed {seed}"

    def advance(self, done: int, total: int) -> None:
        self._advance(done, total)

    def end(self, run: Run, *, done: int, total: int, left: float) -> None:
        self.stop()
        if self._is_quiet:
            return
        if run.is_lost:
            came_out = "ran away: its loss is no number"
        elif run.history:
            came_out = (
                f"training error {percent(run.training_error):>7}, "
                f"held out {percent(run.held_out_error):>7}"
            )
        else:
            came_out = f"held out {percent(run.held_out_error):>7}"
        ahead = f"about {duration(left)} left" if done < total else ""
        where = f"{done:>3}/{total}"
        label = f"{run.arm}, seed {run.seed}"
        line = f"{where} {label:<{LABEL_WIDTH}} {came_out:<44} {duration(run.seconds):>12}  {ahead}"
        click.echo(line.rstrip(), err=True)

    def note(self, sentence: str) -> None:
        if not self._is_quiet:
            note(sentence)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _advance(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._is_quiet or not sys.stderr.isatty() or now - self._drawn < 0.1:
            return
        self._drawn = now
        if self._bar is None:
            self._bar = progress_bar()
            self._bar.add_task(self._label, completed=done, total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)
