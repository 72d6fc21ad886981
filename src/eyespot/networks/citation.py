"""A paper as it is cited: in a line, and for BibTeX."""

import re

from eyespot.networks.architecture import Paper

STOP_WORDS = {"a", "an", "the", "on", "in", "of", "and", "for", "to", "how", "is"}


def citation(paper: Paper) -> str:
    """Authors, title, venue and arXiv number in a sentence."""
    title = paper.title.rstrip(".")
    year = str(paper.year)
    venue = paper.venue if year in paper.venue else f"{paper.venue}, {year}"
    parts = [year if paper.venue == "arXiv" else venue]
    parts += [f"arXiv:{paper.arxiv}"] if paper.arxiv else []
    return f"{paper.authors.rstrip('.')}: {title}. {', '.join(parts)}."


def bibtex(paper: Paper) -> str:
    """The entry of a paper, whose key is the first author, the year and the first word of weight.

    Authors have their last names only, as the papers' rows do.
    """
    authors = re.sub(r" \(.*\)| et al\.$", "", paper.authors).split(", ")
    names = [*authors, *(["others"] if "et al." in paper.authors else [])]
    words = [
        word for word in re.findall(r"[a-z0-9]+", paper.title.lower()) if word not in STOP_WORDS
    ]
    key = re.sub(r"[^a-z]", "", authors[0].lower()) + str(paper.year) + words[0]
    kind, place = "inproceedings", "booktitle"
    if paper.venue == "arXiv" or "/" in paper.venue:
        kind, place = "misc", "howpublished"
    elif re.search(r"\(\d+\)|TMLR", paper.venue):
        kind, place = "article", "journal"
    fields = {
        "title": f"{{{paper.title}}}",
        "author": " and ".join(names),
        place: paper.venue,
        "year": str(paper.year),
    }
    if paper.arxiv:
        fields |= {"eprint": paper.arxiv, "archivePrefix": "arXiv"}
    lines = ",\n".join(f"  {name:<13} = {{{text}}}" for name, text in fields.items())
    return f"@{kind}{{{key},\n{lines}\n}}"
