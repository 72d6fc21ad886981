"""How many of the labels that look wrong are wrong, in words: who errs often suspects many."""

LOOKED_AT = 20  # labels that a person looks at without being told how many of them are wrong
NEARLY = 0.9


def how_many_are_wrong(suspects: int, wrong: float | None) -> str:
    """A sentence for more labels than are looked at anyway; empty for fewer.

    >>> how_many_are_wrong(191, 3.4)
    'About 3 of them are: the others are photos that are hard to tell, so look at the first 20.'
    """
    if wrong is None or suspects <= LOOKED_AT:
        return ""
    number = round(wrong)
    if number >= NEARLY * suspects:
        return "Nearly all of them are, by how sure it was."
    few = f"so look at the first {LOOKED_AT}" if number <= suspects / 2 else "so look at each"
    about = {0: "Hardly one of them is", 1: "About 1 of them is"}
    start = about.get(number, f"About {number:,} of them are")
    return f"{start}: the others are photos that are hard to tell, {few}."
