"""How a paper is cited."""

import re

import pytest

from eyespot.networks import architectures, find
from eyespot.networks.citation import bibtex, citation

PAPERS = list({row.paper: row.name for row in architectures().values()}.items())


def test_a_citation_is_a_sentence():
    assert citation(find("resnet50").paper) == (
        "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016, "
        "arXiv:1512.03385."
    )
    assert citation(find("mobilenet_v1_1_0").paper).endswith(
        "Applications. 2017, arXiv:1704.04861."
    )


def test_a_bibtex_entry_has_all_that_is_known():
    assert bibtex(find("resnet50").paper) == (
        "@inproceedings{he2016deep,\n"
        "  title         = {{Deep Residual Learning for Image Recognition}},\n"
        "  author        = {He and Zhang and Ren and Sun},\n"
        "  booktitle     = {CVPR 2016},\n"
        "  year          = {2016},\n"
        "  eprint        = {1512.03385},\n"
        "  archivePrefix = {arXiv}\n"
        "}"
    )


def test_a_journal_is_no_proceedings():
    assert citation(find("lenet5").paper).endswith("IEEE 86(11), 2278-2324, 1998.")
    entry = bibtex(find("lenet5").paper)
    assert entry.startswith("@article{lecun1998gradient,\n")
    assert "  journal       = {Proceedings of the IEEE 86(11), 2278-2324},\n" in entry


def test_more_authors_are_others_and_remarks_are_left_out():
    assert "author        = {Dosovitskiy and others}" in bibtex(find("vit_b_16").paper)
    assert "author        = {Hu and Shen and Albanie and Sun and Wu}" in bibtex(
        find("se_resnet50").paper
    )


@pytest.mark.parametrize(("paper", "name"), PAPERS, ids=[name for _, name in PAPERS])
def test_every_entry_is_well_formed_and_has_a_key_of_its_own(paper, name):
    entry = bibtex(paper)
    assert entry.count("{") == entry.count("}")
    assert re.match(r"@(inproceedings|article|misc)\{[a-z]+\d{4}[a-z0-9]+,\n", entry)
    keys = [bibtex(other).partition(",")[0] for other, _ in PAPERS]
    assert keys.count(entry.partition(",")[0]) == 1
