"""How long a short task takes the processor: the fastest of a few rounds.

Time of the process, not of the clock: others may be busy on the machine.
"""

import time
from collections.abc import Callable

ROUNDS = 7
LONG_ENOUGH, LEAST = 0.03, 64  # seconds and tasks of a round: sizes are drawn at random


def microseconds(task: Callable[[], object]) -> float:
    number = LEAST
    while _round(task, number) < LONG_ENOUGH:
        number *= 2
    return 1e6 * min(_round(task, number) for _ in range(ROUNDS)) / number


def _round(task: Callable[[], object], number: int) -> float:
    start = time.process_time()
    for _ in range(number):
        task()
    return time.process_time() - start
