"""Published data sets in small, byte by byte as their pages describe them."""

import gzip
import io
import pickle
import re
import struct
from pathlib import Path

import numpy as np

FASHION_TRAIN = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4]  # its first labels
FASHION_TEST = [9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5, 7, 3, 4, 1, 2, 4, 8, 0]
MNIST_TRAIN = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8, 6, 9]


def grey(count: int, *, side: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


def colour(count: int, *, seed: int = 0) -> np.ndarray:
    """(N, 32, 32, 3), as a person sees them."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    """Two zeros, 8 for unsigned bytes, the number of dimensions; then the sizes; then the data."""
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_idx(
    folder: Path,
    part: str,
    images: np.ndarray,
    labels: list[int],
    *,
    packed: bool = False,
    dot: bool = False,
) -> Path:
    """`part` is train or t10k; with `dot` the other usual spelling of the names."""
    folder.mkdir(parents=True, exist_ok=True)
    for what, array in (("images-idx3", images), ("labels-idx1", np.array(labels))):
        name = f"{part}-{what}-ubyte" + (".gz" if packed else "")
        content = idx(array)
        content = gzip.compress(content, mtime=0) if packed else content
        (folder / (name.replace("-idx", ".idx") if dot else name)).write_bytes(content)
    return folder


def rows(pictures: np.ndarray) -> np.ndarray:
    """(N, 32, 32, 3) -> (N, 3072): all red values row by row, then green, then blue."""
    return pictures.transpose(0, 3, 1, 2).reshape(len(pictures), 3072)


def binary(pictures: np.ndarray, *labels: list[int]) -> bytes:
    """<label> <3072 pixels> for each picture; CIFAR-100 has a coarse label before the fine one."""
    columns = [np.array(column, np.uint8)[:, None] for column in labels]
    return np.concatenate([*columns, rows(pictures)], axis=1).tobytes()


class Python2Pickler(pickle._Pickler):
    """Writes texts and bytes as Python 2 did with protocol 2: both are its `str`."""

    dispatch = dict(pickle._Pickler.dispatch)

    def memoize(self, value: object) -> None:
        number = len(self.memo) + 1  # cPickle counted from 1
        self.write(self.put(number))
        self.memo[id(value)] = number, value

    def save_string(self, text: bytes | str) -> None:
        content = text if isinstance(text, bytes) else text.encode("latin-1")
        if len(content) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(content)]) + content)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(text)

    dispatch[bytes] = save_string
    dispatch[str] = save_string


def python2(value: object) -> bytes:
    """What `cPickle.dump(value, file, 2)` wrote, numpy's names as they were then."""
    file = io.BytesIO()
    Python2Pickler(file, 2).dump(value)
    return re.sub(rb"cnumpy\._core\.", b"cnumpy.core.", file.getvalue())


def python_batch(pictures: np.ndarray, labels: list[int], *, fine: bool = False) -> bytes:
    """The dictionary that the Python versions hold."""
    own = (
        {"fine_labels": labels, "coarse_labels": [0] * len(labels)} if fine else {"labels": labels}
    )
    names = [f"picture_s_{i:06}.png" for i in range(len(labels))]
    return python2(
        {"batch_label": "training batch 1 of 5", **own, "data": rows(pictures), "filenames": names}
    )
