"""The errors of the challenge's years are the reference's, and agree with what the papers print."""

from pathlib import Path

import pytest
from golden.collect_history import FILE, collected

from eyespot.networks.history import entries, human
from eyespot.networks.results import results

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference is not beside this checkout")
def test_the_years_are_the_references():
    assert FILE.read_bytes() == collected(REFERENCE)


def test_a_human_has_five_point_one_percent():
    # Russakovsky et al. 2015, Sect. 6.4: 5.1 % on 1,500 photos
    assert (human().top5_error, human().test_set) == (5.1, "1,500 test images")
    assert not human().is_measured


def test_the_entries_stand_in_order_of_years():
    years = [entry.year for entry in entries()]
    assert years == sorted(years)
    assert (years[0], len(years)) == (2010, 23)


# The same figures stand with each network: name, who, top-5 error, networks averaged
@pytest.mark.parametrize(
    ("entry", "network", "error", "networks"),
    [
        ("AlexNet", "alexnet", 15.3, 7),
        ("OverFeat", "overfeat_accurate", 13.6, 7),
        ("GoogLeNet", "googlenet", 6.67, 7),
        ("BN-Inception", "bn_inception", 4.82, 6),
        ("ResNet-152", "resnet152", 4.49, 1),
    ],
)
def test_an_entry_agrees_with_the_networks_own_results(entry, network, error, networks):
    (row,) = [row for row in entries() if row.name == entry and row.top5_error == error]
    assert row.networks == networks
    printed = [result for result in results()[network] if result.top5_error == error]
    assert printed
    assert {result.is_ensemble for result in printed} == {networks > 1}


def test_lectures_figures_are_kept_apart():
    kept = [entry for entry in entries() if entry.kind == "lecture"]
    assert [entry.top5_error for entry in kept] == [26, 2]
    assert not any(entry.is_measured for entry in kept)
