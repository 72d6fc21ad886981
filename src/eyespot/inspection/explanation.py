"""Why a classifier says what it says of a photo, and how far that is to be trusted.

Three things that can be looked at: where the network saw the label (Grad-CAM), what happens without
that part of the picture (deletion), and the training photos that are most alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from eyespot import files
from eyespot.classifier.classifier import Classifier, Prediction
from eyespot.classifier.heads import probabilities
from eyespot.datasets.names import shown
from eyespot.errors import InputError, lookup
from eyespot.inspection.deletion import Deletion, delete
from eyespot.inspection.heat_map import HeatMap, HeatMaps
from eyespot.inspection.looking import Box, looked_at, without_padding
from eyespot.inspection.training_photos import Neighbours, neighbours
from eyespot.pages.words import between, listed, percent

NEAREST = 5
SURE = 0.8  # probability from which an answer counts as sure
TELLING = 0.01  # of probability: a smaller difference between two tenths tells nothing
CAUTION = "A heat map says where a network looked, never that it looked there for a good reason."


@dataclass(frozen=True)
class Explanation:
    """What was found about one answer. `doubts` are empty where nothing speaks against it."""

    prediction: Prediction
    label: str  # that the heat map is of: the answer, unless another was asked for
    probability: float  # of this label, in [0, 1]
    heat_map: HeatMap
    deletion: Deletion | None  # None where the heat map is empty
    neighbours: Neighbours
    picture: Image.Image  # upright
    seen: Box  # the part of it that the network saw
    notes: tuple[str, ...]
    reasons: tuple[str, ...] = ()  # for the label, one sentence each
    doubts: tuple[str, ...] = ()  # and against it

    @property
    def trust(self) -> str:
        """How far to trust the answer, and the heat map, in a sentence or two."""
        if self.prediction.is_none_of_these:
            return "Do not rely on it: the photo is unlike what the classifier learned from."
        number = len(self.doubts)
        what = "one thing speaks" if number == 1 else f"{number} things speak"
        sentence = f"Look at this photo yourself: {what} against the answer."
        if not number:
            sentence = "Nothing that we tried speaks against this answer."
        return sentence if self.is_map_telling else f"{sentence} The heat map does not show why."

    @property
    def is_map_telling(self) -> bool:
        """Whether the probability hangs on the hottest tenth more than on any other."""
        return self.deletion is not None and self.deletion.beats_random

    @property
    def map_worth(self) -> str:
        """What the deletion test says of the heat map, in a sentence."""
        deletion = self.deletion
        if deletion is None:
            if self.heat_map.positions == (1, 1):
                return "there is none: every map of this network is of the picture as a whole."
            return "nothing in the network's last maps speaks for this label."
        figures = (
            "without the hottest tenth of the picture the probability goes from "
            f"{percent(deletion.before)} to {percent(deletion.hottest)}, without another tenth to "
            f"{percent(deletion.random)} on average"
        )
        if not deletion.beats_random:
            return f"{figures}. The answer does not hang on what the map shows: do not read it."
        if deletion.hottest > deletion.random - TELLING:
            return f"{figures}. The answer hangs on no single part; the map is a hint only."
        return f"{figures}. The answer hangs on what the map shows."

    def save(self, path: str | Path, *, source: str = "") -> Path:
        """Draw it as a PNG file; `source` is the command that made it, in small print."""
        from eyespot.inspection.explanation_sheet import sheet

        target = Path(path)
        files.write_atomic(target, sheet(self, source=source))
        return target


def explain(
    classifier: Classifier,
    photo: str | Path,
    *,
    label: str | None = None,
    photos: str | Path | None = None,
    nearest: int = NEAREST,
    seed: int = 0,
) -> Explanation:
    """Why `classifier` gives `photo` its label, or how it sees another `label` in it.

    `photos` is the folder where the training photos lie: without it, the one that the classifier
    was trained from, if it is still there. Raises `ImageError` for a photo that cannot be read,
    `InputError` for a label that is none of the classes and a folder that is none.

    >>> eyespot.explain(classifier, "robin.jpg").save("why.png")
    """
    if label is not None:
        lookup("class", label, dict.fromkeys(classifier.classes))
    folder = training_folder(classifier, photos)
    maps = HeatMaps(classifier)
    seen = looked_at(Path(photo), classifier.backbone.preprocessing)
    prediction = classifier.predict(photo)
    assert isinstance(prediction, Prediction)
    vector = classifier.embed([photo])[0]
    place = classifier.classes.index(prediction.label if label is None else label)
    heat_map = maps(seen.pixels, place)
    deletion = None
    if heat_map.heat.any():
        deletion = delete(classifier, seen.pixels, place, heat=heat_map.heat, seed=seed)
    near = neighbours(classifier, vector, seen.content, k=nearest, folder=folder)
    found = Explanation(
        prediction=prediction,
        label=classifier.classes[place],
        probability=float(probabilities(classifier.head, vector[None])[0, place]),
        heat_map=without_padding(heat_map, classifier.backbone.preprocessing.padding),
        deletion=deletion,
        neighbours=near,
        picture=seen.picture,
        seen=seen.box,
        notes=near.notes,
    )
    return _weighed(found, classifier)


def training_folder(classifier: Classifier, photos: str | Path | None) -> Path | None:
    """Where the training photos are looked for: as told, or where they were, if they still are.

    Raises `InputError` where the folder that was told is none.
    """
    if photos is not None:
        if not Path(photos).exists():
            raise InputError(f"There is no folder {shown(str(photos))}: name where photos lie")
        return Path(photos)
    remembered = Path(classifier.card.photos)
    return remembered if classifier.card.photos and remembered.is_dir() else None


def _weighed(found: Explanation, classifier: Classifier) -> Explanation:
    """With what speaks for the label and what against it, one sentence each."""
    reasons: list[str] = []
    doubts: list[str] = []
    answer, near = found.prediction, found.neighbours
    if near.was_learned:
        doubts.append("The classifier learned from this very photo: it may only remember it.")
    if answer.is_none_of_these and answer.none_of_these is not None:
        more = percent(answer.none_of_these)
        doubts.append(f"It may be none of the classes: {more} of known photos look more familiar.")
    if answer.label_set is not None and len(answer.label_set) > 1:
        names = listed([shown(label) for label in answer.label_set], limit=5)
        doubts.append(f"Its label set, which rarely misses the truth, holds {names}.")
    if found.probability < SURE:
        doubts.append(_unsure(found))
    if near.nearest:
        agree, number = near.of(found.label), len(near.nearest)
        words = f"{agree} of the {number} nearest training photos are {shown(found.label)}"
        (reasons if 2 * agree > number else doubts).append(f"{words}.")
    if (measured := classifier.card.measured) is not None:
        share = f"{percent(measured.top1)} (interval {between(measured.top1_interval)})"
        reasons.append(f"Of {measured.n:,} photos it had not seen it named {share} correctly.")
    return replace(found, reasons=tuple(reasons), doubts=tuple(doubts))


def _unsure(found: Explanation) -> str:
    others = [pair for pair in found.prediction.labels if pair[0] != found.label]
    share = percent(found.probability)
    if not others:
        return f"The probability of {shown(found.label)} is {share} only."
    name, other = others[0]
    return f"It is not sure: {shown(found.label)} {share}, {shown(name)} {percent(other)}."
