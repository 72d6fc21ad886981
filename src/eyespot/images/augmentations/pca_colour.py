"""Every pixel of a picture moved along the directions in which colours of the data set differ most.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 4.1: to each pixel [p1 p2 p3] [a1 l1, a2 l2, a3 l3]^T is added, with the eigenvectors p and
eigenvalues l of the 3x3 covariance of the training set's RGB values, and a ~ N(0, 0.1) drawn once
for the picture. The paper prints eigenvalues, which have the unit of a square; its author's program
(cuda-convnet, `color_stdevs`) multiplies with their roots, the standard deviations, as here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.errors import InputError
from eyespot.images.augmentations.drawing_numbers import require

Three = tuple[float, float, float]


@dataclass(frozen=True)
class PCAColour:
    """The sum over i of a_i `deviations`[i] `components`[i] is added, a_i ~ N(0, `sigma`).

    >>> PCAColour().fitted(pictures)(picture, generator)
    """

    KIND: ClassVar[str] = "pca_colour"

    sigma: float = 0.1
    components: tuple[Three, Three, Three] | None = None  # unit vectors of (R, G, B); None: unknown
    deviations: Three | None = None  # along each, on the [0, 1] scale of a pixel

    def __post_init__(self) -> None:
        """Raises `InputError` for numbers that cannot be."""
        require(0 <= self.sigma <= 10, "The sigma of PCA colour is from 0 to 10", self.sigma)
        expected = "PCA colour has components and deviations, or neither"
        require((self.components is None) == (self.deviations is None), expected, "one of them")
        if self.components is not None and self.deviations is not None:
            expected = "The components of PCA colour are three vectors of three numbers"
            is_right = np.shape(self.components) == (3, 3)
            is_right = is_right and bool(np.isfinite(self.components).all())
            require(is_right, expected, self.components)
            expected = "The deviations of PCA colour are three numbers from 0 to 1"
            is_right = len(self.deviations) == 3 and all(0 <= each <= 1 for each in self.deviations)
            require(is_right, expected, self.deviations)

    @property
    def words(self) -> str:
        return f"colours moved along the data's principal components, sigma {self.sigma:g}"

    def fitted(self, pictures: Iterable[Image.Image | NDArray[np.uint8]]) -> PCAColour:
        """The same with the components of the pictures, or arrays (H, W, 3), of greys (H, W, 1).

        Sums are whole numbers and exact: the result does not depend on how pixels are spread over
        pictures. A component points to where its largest number is positive. Raises `InputError`
        where there is no picture.
        """
        count, total, products = 0, np.zeros(3, object), np.zeros((3, 3), object)
        for picture in pictures:
            pixels = np.asarray(picture, np.float64)
            pixels = pixels.reshape(-1, pixels.shape[2] if pixels.ndim == 3 else 1)
            pixels = np.broadcast_to(pixels, (len(pixels), 3))  # a grey is (v, v, v)
            count += len(pixels)
            total += pixels.sum(axis=0).astype(np.int64)
            products += (pixels.T @ pixels).astype(np.int64)  # exact: below 2^53 in any picture
        if not count:
            raise InputError("PCA colour is computed from pictures, and there is none")
        covariance = (count * products - np.outer(total, total)) / (count * 255) ** 2
        values, vectors = np.linalg.eigh(covariance.astype(np.float64))
        order = np.argsort(-values, kind="stable")
        vectors = vectors[:, order]
        largest = vectors[np.abs(vectors).argmax(axis=0), range(3)]
        deviations = np.sqrt(values[order].clip(0))
        first, second, third = map(_three, (vectors * np.sign(largest)).T)
        return replace(self, components=(first, second, third), deviations=_three(deviations))

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        if self.components is None or self.deviations is None:
            raise InputError(
                "PCA colour needs the components of the data set: PCAColour().fitted(pictures)"
            )
        amounts = self.sigma * generator.standard_normal(3) * self.deviations  # [0, 1] scale
        moved = 255 * (amounts @ np.array(self.components))  # levels of R, G and B
        levels = np.rint(np.arange(256) + moved[:, None]).clip(0, 255)
        return picture.point(levels.astype(int).ravel().tolist())


def _three(numbers: NDArray[np.float64]) -> Three:
    first, second, third = numbers.tolist()
    return first, second, third
