"""The words that our pages use for measures, each explained in one sentence at the foot."""

from eyespot.pages.markup import Html, tag
from eyespot.pages.pieces import link, section

TERMS = {
    "top-1": "The share of photos whose first answer is the truth.",
    "top-5": "The share of photos whose truth is among the five first answers.",
    "balanced accuracy": "The mean of the classes' recalls: every class counts alike, however few "
    "photos it has.",
    "recall": "Of the photos that truly show a class, the share that was given its label.",
    "precision": "Of the photos that were given a label, the share that truly shows that class.",
    "F1": "One number for precision and recall together: their harmonic mean.",
    "interval": "Had we drawn other photos in the same way, the true figure would lie inside "
    "intervals made like this one about 95 times in 100.",
    "group": "Photos that belong together (a burst, one subject, one camera position): they are "
    "never split between learning and measuring, and count together in the intervals.",
    "burst": "Photos taken within seconds of each other, or next to each other in a run: almost "
    "the same picture.",
    "random split": "Dividing photos by chance, so that near-copies of a photo that was learned "
    "from are measured on: it flatters.",
    "cross-validation": "The photos are dealt into parts; each part is answered by a head that "
    "learned from the others only.",
    "calibration error": "The mean distance between how sure the answers were and how often they "
    "were right, over 15 bins with as many photos each (ECE).",
    "Brier score": "The mean squared distance of a photo's probabilities from the truth, summed "
    "over the classes: 0 is perfect, 2 is surely wrong on every photo.",
    "log loss": "The mean of -log of the probability that the true label was given, in nats: a "
    "sure error costs much.",
    "none of these": "The answer for a photo that is further from all training photos than "
    "photos of the classes usually are.",
    "AUROC": "The chance that such a picture looks newer than a photo of the classes: 0.5 is no "
    "better than a coin, 1 tells them all apart.",
    "label set": "As many labels as are needed to hold the truth in the share of photos that was "
    "asked for.",
    "fingerprint": "A number made of the contents and labels of all photos: another photo or "
    "another label gives another number.",
    "how sure": "The probability that the classifier gives its first answer.",
    "nearest training photos": "The photos it learned from whose embeddings are most like this "
    "one's: often the reason for an answer.",
    "embedding": "The row of numbers by which the network describes a photo; like photos have "
    "like numbers.",
    "head": "The last part, learned on your photos: it turns an embedding into labels.",
    "near-duplicate": "Two files that show the same picture, but are not the same bytes.",
    "left out": "Found but not used, always with the reason.",
}


def term(key: str, words: str | None = None) -> Html:
    """The word as a link to its explanation at the foot. Raises `KeyError` for an unknown one."""
    if key not in TERMS:
        raise KeyError(key)
    return tag("a", {"class": "term", "href": f"#{_anchor(key)}"}, words or key)


def glossary(body: Html) -> Html:
    """The section that explains the terms that `body` links to, in alphabetical order."""
    rows: list[Html] = []
    for key in sorted(TERMS, key=str.lower):
        if f'href="#{_anchor(key)}"' in body:
            rows.append(tag("dt", {"id": _anchor(key)}, key))
            rows.append(tag("dd", None, TERMS[key]))
    if not rows:
        return Html("")
    back = tag("p", {"class": "quiet"}, link("top", "Back to the top"))
    return section("Words", tag("dl", {"class": "words"}, *rows), back, anchor="words")


def _anchor(key: str) -> str:
    return "word-" + key.lower().replace(" ", "-")
