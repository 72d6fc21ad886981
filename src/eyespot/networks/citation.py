"""A paper as it is cited: in a line, and for BibTeX."""

import re

from eyespot.networks.architecture import Paper

STOP_WORDS = {"a", "an", "the", "on", "in", "of", "and", "for", "to", "how", "is"}


def citation(paper: Paper) -> str:
    """Authors, title, venue and arXiv number in a sentence."""
    title = paper.title.rstrip(".")
    arxiv = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
    venue = paper.venue if str(paper.year) in paper.venue else f"{paper.venue} {paper.year}"
    return f"{paper.authors.rstrip('.')}: {title}. {venue}{arxiv}."


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
    is_proceedings = paper.venue != "arXiv" and "/" not in paper.venue
    fields = {
        "title": f"{{{paper.title}}}",
        "author": " and ".join(names),
        "booktitle" if is_proceedings else "howpublished": paper.venue,
        "year": str(paper.year),
    }
    if paper.arxiv:
        fields |= {"eprint": paper.arxiv, "archivePrefix": "arXiv"}
    lines = ",\n".join(f"  {name:<13} = {{{text}}}" for name, text in fields.items())
    return f"@{'inproceedings' if is_proceedings else 'misc'}{{{key},\n{lines}\n}}"
