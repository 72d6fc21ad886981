"""Schedules against numbers worked out by hand, and against torch's where torch has the same."""

import math

import pytest
import torch

from eyespot.errors import InputError, IntegrityError
from eyespot.training.schedules import (
    Constant,
    Cosine,
    Exponential,
    ExponentialDecay,
    Inverse,
    Levels,
    Plateau,
    Polynomial,
    Schedule,
    Step,
    WarmUp,
    in_words,
    stretched,
)
from eyespot.values import from_json, to_json

EVERY = (
    Constant(),
    Step((0.5, 0.75)),
    Levels((0.1, 0.5), (0.4, 0.2)),
    Exponential(0.94, 0.02),
    Polynomial(0.5),
    Inverse(9.0),
    ExponentialDecay(5.0),
    Cosine(0.1),
    Plateau(10),
    WarmUp(0.1, Step((0.5,)), 0.1, "constant"),
    WarmUp(0.1, WarmUp(0.2, Plateau(3)), restarts=True),
)


def rates(schedule, *, epochs, rate=1.0):
    """The learning rate at the start of every epoch."""
    return [rate * schedule.factor(epoch / epochs, ()) for epoch in range(epochs)]


def by_torch(make, *, epochs):
    """The same from one of torch's schedulers."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimiser)
    found = []
    for _ in range(epochs):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("schedule", EVERY)
def test_a_schedule_goes_to_json_and_back(schedule):
    assert from_json(Schedule, to_json(schedule), where="schedule") == schedule


def test_an_unknown_kind_of_schedule_is_an_error_that_names_the_known_ones():
    with pytest.raises(IntegrityError, match=r"one of constant, step, .*, not 'wave'"):
        from_json(Schedule, {"kind": "wave"}, where="schedule")


@pytest.mark.parametrize("schedule", EVERY)
def test_a_factor_depends_on_nothing_but_its_arguments_and_stays_positive_before_the_end(schedule):
    errors = (0.5, 0.4, 0.4, 0.4, 0.4)
    shares = [step / 64 for step in range(1, 64)]
    once = [schedule.factor(share, errors) for share in shares]
    again = [schedule.factor(share, errors) for share in reversed(shares)]
    assert once == again[::-1]
    assert all(0 < factor <= 1 for factor in once)


def test_steps_fall_at_the_first_step_of_the_epoch_that_the_paper_names():
    schedule = Step((30 / 90, 60 / 90))
    found = rates(schedule, epochs=90, rate=0.1)
    assert found[29] == 0.1
    assert found[30] == pytest.approx(0.01)
    assert found[59] == pytest.approx(0.01)
    assert found[60] == pytest.approx(0.001)
    torch_has = by_torch(
        lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [30, 60], 0.1), epochs=90
    )
    assert rates(schedule, epochs=90) == pytest.approx(torch_has)


@pytest.mark.parametrize("steps_per_epoch", [1, 7, 352, 5005])
def test_steps_fall_exactly_however_many_steps_an_epoch_has(steps_per_epoch):
    """30 / 90 and (30 * n) / (90 * n) are one float: no step is too early or too late."""
    schedule = Step((30 / 90, 60 / 90, 80 / 90))
    total = 90 * steps_per_epoch
    for epoch, before, after in ((30, 1, 0.1), (60, 0.1, 0.01), (80, 0.01, 0.001)):
        step = epoch * steps_per_epoch
        assert schedule.factor((step - 1) / total, ()) == pytest.approx(before)
        assert schedule.factor(step / total, ()) == pytest.approx(after)


def test_levels_are_the_table_of_lenet_5():
    # 0.0005 for 2 passes, 0.0002 for 3, 0.0001 for 3, 0.00005 for 4, then 0.00001
    table = Levels((2 / 20, 5 / 20, 8 / 20, 12 / 20), (0.4, 0.2, 0.1, 0.02))
    expected = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
    assert rates(table, epochs=20, rate=5e-4) == pytest.approx(expected)


def test_stairs_of_an_exponential_are_as_long_as_they_are_said_to_be():
    # times 0.94 every 2 epochs of 100; in binary 0.58 / 0.02 is 28.999999999999996
    assert 0.58 / 0.02 < 29
    found = rates(Exponential(0.94, 2 / 100), epochs=100)
    assert found == pytest.approx([0.94 ** (epoch // 2) for epoch in range(100)])
    # every 2.4 epochs of 350: epochs 0, 1, 2 | 3, 4 | 5, 6, 7 as 2.4, 4.8, 7.2
    found = rates(Exponential(0.97, 2.4 / 350), epochs=350)[:8]
    assert found == pytest.approx([0.97**n for n in (0, 0, 0, 1, 1, 2, 2, 2)])


def test_a_polynomial_of_power_1_is_a_straight_line_and_of_a_half_a_root():
    assert Polynomial(1).factor(0.25, ()) == 0.75
    assert Polynomial(0.5).factor(0.75, ()) == 0.5  # sqrt(1 - 0.75)
    assert Polynomial(0.5).factor(1.0, ()) == 0
    torch_has = by_torch(
        lambda o: torch.optim.lr_scheduler.PolynomialLR(o, total_iters=20, power=2), epochs=20
    )
    assert rates(Polynomial(2), epochs=20) == pytest.approx(torch_has)


def test_inverse_and_exponential_decays_have_their_values():
    assert Inverse(9).factor(1.0, ()) == pytest.approx(0.1)  # 1 / (1 + 9)
    assert Inverse(9).factor(1 / 9, ()) == pytest.approx(0.5)
    assert ExponentialDecay(math.log(100)).factor(0.5, ()) == pytest.approx(0.1)
    assert ExponentialDecay(2).factor(1.0, ()) == pytest.approx(0.1353353)  # e^-2


def test_a_cosine_is_half_way_at_half_time():
    assert Cosine().factor(0, ()) == 1
    assert Cosine().factor(0.5, ()) == pytest.approx(0.5)
    assert Cosine(0.2).factor(1.0, ()) == pytest.approx(0.2)
    assert Cosine(0.2).factor(1 / 3, ()) == pytest.approx(0.8)  # 0.2 + 0.8 * (1 + 1/2) / 2
    torch_has = by_torch(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=40), epochs=40
    )
    assert rates(Cosine(), epochs=40) == pytest.approx(torch_has)


def test_a_plateau_counts_epochs_without_gain_and_begins_again():
    schedule = Plateau(patience=2, by=0.1, reductions=2)
    errors = [0.9, 0.8, 0.8, 0.85, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]
    # the third 0.8 epoch (0.85) is the second without gain: reduced; 0.7 is a gain; then twice
    # without gain: reduced again; no third reduction
    exponents = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2]
    for count, exponent in enumerate(exponents):
        assert schedule.factor(count / 11, errors[:count]) == pytest.approx(0.1**exponent)


@pytest.mark.parametrize("patience", [1, 3, 6])
def test_a_plateau_is_that_of_torch(patience):
    generator = torch.Generator().manual_seed(patience)
    errors = (1 / torch.arange(1, 61) + 0.2 * torch.rand(60, generator=generator)).tolist()
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.1, patience=patience - 1, threshold=0, eps=0
    )
    schedule = Plateau(patience=patience, by=0.1, reductions=60)
    seen = set()
    for epoch in range(1, 61):
        reference.step(errors[epoch - 1])
        expected = optimiser.param_groups[0]["lr"]
        assert schedule.factor(epoch / 60, errors[:epoch]) == pytest.approx(expected)
        seen.add(round(math.log10(expected)))
    assert len(seen) > 2, "nothing was ever reduced"


def test_a_warm_up_climbs_in_a_straight_line_and_then_what_follows_runs_on():
    # 5 of 90 epochs to 0.1; steps at 30 and 60 stay where they were
    warm = WarmUp(5 / 90, Step((30 / 90, 60 / 90)))
    found = rates(warm, epochs=90, rate=0.1)
    assert found[:6] == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])
    assert found[5:] == rates(Step((30 / 90, 60 / 90)), epochs=90, rate=0.1)[5:]


def test_a_constant_warm_up_is_that_of_resnet_110():
    # 0.01 for 400 of 64,000 steps, then 0.1; 0.01 from 32,000 and 0.001 from 48,000
    warm = WarmUp(400 / 64000, Step((0.5, 0.75)), 0.1, "constant")
    steps = {0: 0.01, 399: 0.01, 400: 0.1, 31_999: 0.1, 32_000: 0.01, 48_000: 0.001}
    for step, rate in steps.items():
        assert 0.1 * warm.factor(step / 64000, ()) == pytest.approx(rate)


def test_a_warm_up_that_restarts_leaves_the_rest_of_the_time_to_what_follows():
    # torchvision: 5 epochs up from 0.01, then a cosine over the other 595
    warm = WarmUp(5 / 600, Cosine(), 0.01, restarts=True)

    def reference(optimiser):
        schedulers = torch.optim.lr_scheduler
        up = schedulers.LinearLR(optimiser, start_factor=0.01, total_iters=5)
        down = schedulers.CosineAnnealingLR(optimiser, T_max=595)
        return schedulers.SequentialLR(optimiser, [up, down], milestones=[5])

    assert rates(warm, epochs=600) == pytest.approx(by_torch(reference, epochs=600), abs=1e-9)
    runs_on = WarmUp(5 / 600, Cosine(), 0.01)
    assert rates(runs_on, epochs=600) != pytest.approx(rates(warm, epochs=600), abs=1e-6)


def test_errors_reach_a_plateau_behind_a_warm_up():
    warm = WarmUp(0.1, Plateau(1))
    assert warm.factor(0.5, (0.5, 0.5)) == pytest.approx(0.1)


def test_a_shorter_training_changes_only_what_counts_in_epochs():
    for schedule in EVERY:
        if "plateau" not in str(to_json(schedule)):
            assert stretched(schedule, 0.25) == schedule
    assert stretched(Plateau(10), 50 / 120) == Plateau(4)  # 10 * 50 / 120 = 4.2
    assert stretched(Plateau(10), 0.01) == Plateau(3)
    assert stretched(Plateau(2), 0.01) == Plateau(2)
    assert stretched(WarmUp(0.1, Plateau(8)), 0.5) == WarmUp(0.1, Plateau(4))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Step((0.5, 0.25)), "rising"),
        (lambda: Step(()), "not none"),
        (lambda: Step((0.0,)), "between 0 and 1"),
        (lambda: Step((30.0,)), "such as 0.5 and 0.75; not 30"),
        (lambda: Step((0.5,), 0), "positive, not 0"),
        (lambda: Levels((0.5,), (0.1, 0.2)), "not 2 for 1"),
        (lambda: Exponential(0.94, 2.0), "between 0 and 1, not 2"),
        (lambda: Polynomial(-1), "positive, not -1"),
        (lambda: Inverse(0), "positive"),
        (lambda: ExponentialDecay(-3), "positive"),
        (lambda: Cosine(1.5), "not at 1.5"),
        (lambda: Plateau(0), "not 0 and 3"),
        (lambda: WarmUp(5.0, Cosine()), "between 0 and 1, not 5"),
        (lambda: WarmUp(0.1, Cosine(), start=10), "not at 10"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused_in_a_sentence(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_a_schedule_is_told_in_epochs():
    told = {in_words(schedule, 100) for schedule in EVERY}
    assert len(told) == len(EVERY)
    assert in_words(Step((30 / 90, 60 / 90)), 90) == "times 0.1 after epochs 30 and 60"
    assert in_words(Exponential(0.97, 2.4 / 350), 350) == "times 0.97 every 2.4 epochs"
    warm = WarmUp(400 / 64000, Step((0.5,)), 0.1, "constant")
    assert in_words(warm, 182) == "0.1 of it for 1.1 epochs, then times 0.1 after epoch 91"
