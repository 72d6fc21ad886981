"""Handwritten digits as a folder of pictures, spoiled on purpose: something to try the audit on.

scikit-learn brings 1,797 digits of 8 x 8 grey levels (E. Alpaydin, C. Kaynak: Optical Recognition
of Handwritten Digits, UCI Machine Learning Repository, 1998; its test part).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from eyespot import files
from eyespot.images.samples import LEVELS, sample_digits

SIDE = 64  # pixels of a written picture: eight for each of the digit's own
WRONG_LABELS = 18
COPIES = 12
NEAR_COPIES = 12
TWO_LABELS = 3
MARK = ".eyespot-demo"  # lies in a folder that may be replaced


@dataclass(frozen=True)
class Spoiled:
    """What was written, and what is wrong with it, file by file relative to the folder."""

    pictures: int
    unreadable: tuple[str, ...]
    copies: tuple[tuple[str, str], ...]  # (original, copy) with the same bytes
    near_copies: tuple[tuple[str, str], ...]  # saved again as JPEG, brighter or darker
    two_labels: tuple[tuple[str, str], ...]  # one picture in two classes
    wrong_labels: tuple[tuple[str, str], ...]  # (file, its true class)

    def told(self) -> tuple[str, ...]:
        """One line for each kind of damage."""
        return (
            f"{self.pictures:,} pictures of 10 classes; spoiled on purpose:",
            f"{len(self.unreadable)} files that cannot be read",
            f"{len(self.copies)} exact and {len(self.near_copies)} near copies",
            f"{len(self.two_labels)} pictures under two labels",
            f"{len(self.wrong_labels)} pictures under a wrong label",
        )


def write_spoiled_digits(folder: Path, *, seed: int = 0) -> Spoiled:
    """Write the digits to `folder`, a class per folder, and say what was spoiled.

    The same `seed` spoils the same pictures. An existing `folder` is replaced only if it holds
    nothing but an earlier version of these pictures.
    """
    images, target = sample_digits()
    generator = np.random.default_rng(seed)
    truth = [str(digit) for digit in target.tolist()]
    classes = sorted(set(truth))
    chosen = generator.permutation(len(truth)).tolist()
    labels = list(truth)
    wrong = [chosen.pop() for _ in range(WRONG_LABELS)]
    for i in wrong:
        labels[i] = str(generator.choice([name for name in classes if name != truth[i]]))
    contents = [_png(image) for image in images]
    names = [f"{label}/{i:04d}.png" for i, label in enumerate(labels)]
    written = dict(zip(names, contents, strict=True))
    copies = _copied(written, [names[chosen.pop()] for _ in range(COPIES)], _same_bytes, "copy.png")
    near = _copied(
        written, [names[chosen.pop()] for _ in range(NEAR_COPIES)], _saved_again, "b.jpg"
    )
    twins = []
    for _ in range(TWO_LABELS):
        i = chosen.pop()
        other = str(generator.choice([name for name in classes if name != truth[i]]))
        twin = f"{other}/{i:04d}.png"
        written[twin] = contents[i]
        twins.append((names[i], twin))
    unreadable = _damaged(contents)
    with files.folder_atomic(folder, overwrite=is_ours(folder)) as new:
        for name, content in (written | unreadable).items():
            path = new / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        (new / MARK).write_text("Written by eyespot demo, which replaces this folder.\n", "utf-8")
    return Spoiled(
        pictures=len(written),
        unreadable=tuple(unreadable),
        copies=copies,
        near_copies=near,
        two_labels=tuple(twins),
        wrong_labels=tuple((names[i], truth[i]) for i in wrong),
    )


def is_ours(folder: Path) -> bool:
    """Was `folder` written by an earlier demo?"""
    return (folder / MARK).is_file()


def _copied(
    written: dict[str, bytes], names: list[str], change: Callable[[bytes], bytes], ending: str
) -> tuple[tuple[str, str], ...]:
    """Put a changed copy beside each of `names`."""
    pairs = [(name, f"{name.removesuffix('.png')}-{ending}") for name in names]
    written |= {copy: change(written[name]) for name, copy in pairs}
    return tuple(pairs)


def _png(image: np.ndarray) -> bytes:
    """(8, 8) grey levels from 0 to 16 -> dark ink on white paper, SIDE x SIDE."""
    pixels = (255 - image * (255 / LEVELS)).round().astype(np.uint8)
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return _saved(picture, "PNG")


def _same_bytes(content: bytes) -> bytes:
    return content


def _saved_again(content: bytes) -> bytes:
    """As a JPEG and a little darker, like a picture that went through a messenger."""
    with Image.open(io.BytesIO(content)) as picture:
        return _saved(ImageEnhance.Brightness(picture).enhance(0.93), "JPEG")


def _saved(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def _damaged(contents: list[bytes]) -> dict[str, bytes]:
    """Unreadable files as they are found in real folders."""
    page = b"<!DOCTYPE html><html><title>404 Not Found</title></html>\n"
    flipped = bytearray(contents[2])
    flipped[len(flipped) // 2] ^= 0xFF
    return {
        "0/empty.png": b"",
        "1/half-copied.png": contents[0][: len(contents[0]) // 2],
        "2/not-found.jpg": page,
        "3/zeros.png": bytes(2000),
        "4/flipped.png": bytes(flipped),
        "5/notes.png": b"remember to scan page 12 again\n",
    }
