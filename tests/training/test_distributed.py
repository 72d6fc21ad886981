"""Two processes learn what one would; one that dies takes nothing along but the time."""

import json
import multiprocessing
import os
import random
import signal
import socket
import time
from functools import partial
from pathlib import Path

import pytest
import toy_training as toy

from eyespot.errors import EyespotError
from eyespot.training.distributed import World, joined

PROCESSES = multiprocessing.get_context(
    "forkserver"
)  # torch is imported once, and never used there
PROCESSES.set_forkserver_preload(["toy_training"])


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def start(variant: str, place: Path, *, size: int = 2, **options) -> list:
    """What torchrun does: each process is told who it is by its environment."""
    port, processes = free_port(), []
    for rank in range(size):
        environment = {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        }  # fmt: skip
        answer = str(place.with_suffix(f".{rank}.json"))
        arguments = (variant, str(place), answer, options, environment)
        processes.append(PROCESSES.Process(target=toy.run, args=arguments))
        processes[-1].start()
    return processes


def ended(processes: list, place: Path) -> list[dict]:
    for process in processes:
        process.join(400)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    return [
        json.loads(place.with_suffix(f".{rank}.json").read_text()) for rank in range(len(processes))
    ]


def losses(came: dict) -> list[float]:
    return [v for e in came["history"] for v in (e["loss"], e["validation_loss"])]


def test_two_processes_see_the_same_photos_and_learn_the_same(tmp_path):
    """Without batch norm, whose statistics are each process's own, and dropout, likewise."""
    alone = toy.train("mixed", None, norm=False)
    first, second = ended(start("mixed", tmp_path / "two", norm=False), tmp_path / "two")
    assert first == second
    assert losses(first) == pytest.approx(losses(alone), abs=1e-5)
    assert [e["step"] for e in first["history"]] == [e["step"] for e in alone["history"]]


@pytest.mark.slow
def test_one_goes_on_where_two_were_stopped_and_the_other_way_round(tmp_path):
    """Within 1e-5: the same photos in the same order, summed in another one."""
    expected = losses(toy.train("mixed", None, norm=False, epochs=40))
    for first, then in ((2, 1), (1, 2)):
        place = tmp_path / f"{first}-{then}"
        processes = start("mixed", place, size=first, norm=False, epochs=40)
        wait_for(lambda place=place: (place / "history.csv").exists())
        for process in processes:
            os.kill(process.pid, signal.SIGTERM)
        for process in processes:
            process.join(30)
        assert {process.exitcode for process in processes} == {143}
        came = ended(start("mixed", place, size=then, norm=False, epochs=40), place)[0]
        assert came["resumed_from"] > 0
        assert losses(came) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_a_process_that_is_killed_ends_the_other_and_the_same_command_goes_on(kills, tmp_path):
    """Bit-identical to two undisturbed processes: batch norm and dropout included."""
    options = {"epochs": 10 + 5 * kills}
    seldom = toy.Saving(seconds=1e9)
    calm = start("mixed", tmp_path / "calm", saving=seldom, **options)
    expected = ended(calm, tmp_path / "calm")[0]
    place, generator = tmp_path / "place", random.Random(kills)
    for _ in range(kills):
        processes = start("mixed", place, **options)
        wait_for(partial(has_saved_or_ended, place, set(place.glob("step-*")), processes))
        time.sleep(generator.uniform(0, 0.3))
        victim, other = generator.sample(processes, 2)
        victim.kill()
        began = time.monotonic()
        other.join(30)
        assert time.monotonic() - began < 30 and other.exitcode is not None
    came = ended(start("mixed", place, **options), place)
    for each in came:
        assert (each["weights"], each["history"]) == (expected["weights"], expected["history"])


def test_an_error_of_the_first_process_is_the_error_of_all(tmp_path):
    """The place is a file: the first one says so, and nobody waits for ever."""
    place = tmp_path / "place"
    place.write_text("no folder")
    began = time.monotonic()
    processes = start("plain", place)
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [1, 1]
    assert time.monotonic() - began < 30


def test_alone_nothing_is_exchanged():
    world = World()
    assert world.is_first and world.share(7) == slice(0, 7)
    assert world.total(1.0, 2.5) == [1.0, 2.5] and world.largest(3) == 3
    assert world.told(lambda: {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(("photos", "size"), [(16, 2), (17, 2), (7, 4), (1, 2), (0, 3)])
def test_the_shares_of_all_processes_are_the_batch_in_order(photos, size):
    batch = list(range(photos))
    shares = [batch[World(rank, size).share(photos)] for rank in range(size)]
    assert [photo for share in shares for photo in share] == batch
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_who_waits_in_vain_for_the_others_is_told_within_its_patience(monkeypatch):
    for name, value in (
        ("RANK", "1"), ("LOCAL_RANK", "1"), ("WORLD_SIZE", "2"),
        ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", str(free_port())),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    began = time.monotonic()
    with pytest.raises(EyespotError, match="does not answer"), joined(patience=1):
        pass
    assert time.monotonic() - began < 20


def has_saved_or_ended(place: Path, before: set[Path], processes: list) -> bool:
    return bool(set(place.glob("step-*")) - before) or not processes[0].is_alive()


def wait_for(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
