"""What auto takes: the cheapest contender within one standard error of the best, never a worse."""

import numpy as np
import pytest

from eyespot.errors import InputError
from eyespot.transfer.contenders import Contender, Ready, decide, paired


def never() -> Ready:
    raise AssertionError("nothing is fitted while contenders are compared")


def contender(name: str, true: list[float], *, answered: list[bool] | None = None) -> Contender:
    """One that gave the true label, always 0, these probabilities; the rest goes to label 1."""
    share = np.array(true, np.float32)
    there = np.array([True] * len(true) if answered is None else answered)
    rows = np.where(there[:, None], np.stack([share, 1 - share], axis=1), 0).astype(np.float32)
    return Contender(name, name, rows, there, 1.0, never)


def test_the_standard_error_counts_groups_and_not_photos():
    # Mean 2. Off it: -1, -1 in one group, 1, 1 in the other; sums -2 and 2, squares 4 + 4 = 8;
    # 8 / 4^2 = 0.5, times 2 / (2 - 1) = 1. Photo by photo: 4 / 16 * 4 / 3 = 1/3.
    differences = np.array([1.0, 1.0, 3.0, 3.0])
    assert paired(differences, [0, 0, 1, 1]) == pytest.approx((2.0, 1.0))
    assert paired(differences, [0, 1, 2, 3]) == pytest.approx((2.0, (1 / 3) ** 0.5))


def test_one_group_has_no_standard_error():
    assert paired(np.array([1.0, 3.0]), [5, 5]) == (2.0, 0.0)


def test_whoever_costs_more_is_taken_when_clearly_better():
    cheap = contender("probe", [0.6, 0.7, 0.6, 0.7])
    dear = contender("fine-tuning", [0.98, 0.99, 0.98, 0.99])
    choice = decide([cheap, dear], np.zeros(4, np.int64), range(4))
    assert choice.chosen is dear
    assert [trial.is_chosen for trial in choice.trials] == [False, True]
    # -(ln 0.6 + ln 0.7) / 2 = (0.5108 + 0.3567) / 2 = 0.4338
    assert choice.trials[0].log_loss == pytest.approx(0.4338, abs=1e-4)


def test_within_one_standard_error_the_cheaper_one_is_taken():
    # Better on one photo of four, equal on the others: difference d / 4, standard error as large.
    cheap = contender("probe", [0.9, 0.9, 0.9, 0.8])
    dear = contender("fine-tuning", [0.9, 0.9, 0.9, 0.9])
    choice = decide([cheap, dear], np.zeros(4, np.int64), range(4))
    assert choice.chosen is cheap
    # ln(0.9 / 0.8) / 4 = 0.02945; squares (3 * 0.02945^2 + 0.08834^2) / 16 * 4 / 3 = 0.02945^2
    assert choice.trials[0].worse_by == pytest.approx(0.02945, abs=1e-5)
    assert choice.trials[0].worse_by_error == pytest.approx(0.02945, abs=1e-5)


def test_whoever_is_right_less_often_is_not_taken_however_good_its_log_loss():
    cheap = contender("probe", [0.51] * 10)
    dear = contender("fine-tuning", [0.99] * 9 + [0.4])
    assert decide([cheap, dear], np.zeros(10, np.int64), range(10)).chosen is cheap


def test_contenders_are_compared_on_the_photos_that_all_of_them_answered():
    cheap = contender("probe", [0.9, 0.6, 0.6, 0.9])
    dear = contender("fine-tuning", [0, 0.95, 0.95, 0], answered=[False, True, True, False])
    choice = decide([cheap, dear], np.zeros(4, np.int64), range(4))
    assert choice.chosen is dear
    assert {trial.n for trial in choice.trials} == {2}
    assert not dear.is_whole


def test_contenders_without_a_common_photo_cannot_be_compared():
    one = contender("probe", [0.9, 0.9], answered=[True, False])
    two = contender("fine-tuning", [0.9, 0.9], answered=[False, True])
    with pytest.raises(InputError, match="share no photo"):
        decide([one, two], np.zeros(2, np.int64), range(2))


def test_the_sentence_names_all_that_was_tried_and_what_was_taken():
    cheap, dear = contender("probe", [0.6] * 4), contender("fine-tuning", [0.99] * 4)
    sentence = decide([cheap, dear], np.zeros(4, np.int64), range(4)).sentence
    assert "probe was right on 100" in sentence and "fine-tuning is taken" in sentence
