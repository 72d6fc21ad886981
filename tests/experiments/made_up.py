"""Runs that nobody trained, for the functions that draw conclusions."""

from eyespot.experiments.runs import Results, Run, Weights
from eyespot.training.facts import Epoch


def runs(
    arm: str,
    training: list[float],
    held_out: list[float] | None = None,
    *,
    lost: bool = False,
    seconds: float = 10.0,
    parameters: int = 100,
) -> list[Run]:
    """One run for each seed, with two epochs that end at these errors."""
    others = held_out or training
    return [
        Run(
            arm=arm,
            seed=seed,
            key="made up",
            history=() if lost else (_epoch(1, 0.9, 0.9), _epoch(2, mine, theirs)),
            training_error=mine,
            held_out_error=theirs,
            is_lost=lost,
            seconds=seconds,
            parameters=parameters,
            multiply_adds=1_000,
        )
        for seed, (mine, theirs) in enumerate(zip(training, others, strict=True))
    ]


def _epoch(number: int, training: float, held_out: float) -> Epoch:
    return Epoch(
        epoch=number,
        step=number,
        learning_rate=0.1,
        loss=1.0,
        top1=1 - training,
        validation_loss=1.0,
        validation_top1=1 - held_out,
    )


def together(*arms: list[Run]) -> Results:
    return Results(tuple(run for each in arms for run in each))


def weights(*rows: list[float]) -> Weights:
    """One filter of one channel."""
    return Weights((1, 1, len(rows), len(rows[0])), tuple(x for row in rows for x in row))
