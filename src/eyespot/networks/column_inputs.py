"""How the columns of a multi-column network see a picture: normalised in width or in contrast.

Ciresan, Meier, Schmidhuber: Multi-column Deep Neural Networks for Image Classification. CVPR 2012,
arXiv:1202.2745. The contrasts: Ciresan, Meier, Masci, Schmidhuber: Multi-Column Deep Neural Network
for Traffic Sign Classification, Neural Networks 32, 2012, Sect. 3.

Pixels are between -1 and 1. Each function is (N, C, H, W) -> (N, C, H, W).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from eyespot.networks.architecture import Deviation

INK = 0.1  # of the way from the darkest pixel of a picture to the brightest
TILES = 8  # along each side of a picture, in adaptive equalisation
SATURATED = 0.01  # share of the pixels at either end that stretching makes black or white
SIGMAS = (1.0, 1.6)  # pixels, of the Gaussians whose difference shows edges

WIDTH = Deviation(
    "a digit is what is brighter than a tenth of the picture's range, and is widened about the "
    "middle of the picture by linear interpolation: ours, where we know of the widths alone",
    "Sect. 3.1",
)
CONTRAST = Deviation(
    "each tile is equalised by itself, where MATLAB's adapthisteq limits the contrast and blends "
    "the tiles; the two Gaussians have deviations of 1 and 1.6 pixels: ours, where we know of the "
    "filter's 5x5 alone",
    "Sect. 3.4",
    "48 // 8 == 6",
)

Mixture = tuple[tuple[float, float, float], ...]
# sRGB without its gamma to CIE XYZ, of which white is (1, 1, 1), and back
TO_XYZ: Mixture = (
    (0.433950, 0.376210, 0.189840),
    (0.212673, 0.715152, 0.072175),
    (0.017757, 0.109468, 0.872775),
)
TO_RGB: Mixture = (
    (3.079955, -1.537139, -0.542816),
    (-0.921259, 1.876011, 0.045248),
    (0.052887, -0.204026, 1.151139),
)


def unchanged(images: Tensor) -> Tensor:
    return images


def digit_width(images: Tensor, width: int) -> Tensor:
    """Bright digits on dark ground, squeezed or widened to `width` pixels, in the middle."""
    size = images.shape[-1]
    darkest, brightest = images.amin((1, 2, 3), True), images.amax((1, 2, 3), True)
    ink = (images > darkest + INK * (brightest - darkest)).flatten(1, 2).any(1).int()  # (N, W)
    left, right = ink.argmax(1, True), size - 1 - ink.flip(1).argmax(1, True)  # (N, 1)
    from_middle = torch.arange(size, device=images.device) - (size - 1) / 2
    source = (left + right) / 2 + from_middle * (right - left + 1) / width  # (N, W)
    edge = darkest.expand_as(images[..., :1])
    framed = torch.cat([edge, images, edge], dim=3)
    columns = (source + 1).clamp(0, size + 1).to(images.dtype)[:, None, None].expand_as(images)
    before = columns.floor().clamp(max=size)
    places = before.long()
    return torch.lerp(framed.gather(3, places), framed.gather(3, places + 1), columns - before)


def stretched(images: Tensor) -> Tensor:
    """Imadjust: lightness from black to white; a hundredth of the pixels is at either end."""

    def change(lightness: Tensor) -> Tensor:
        ordered = lightness.flatten(1).sort(1).values
        end = int(SATURATED * ordered.shape[1])
        low, high = (each[:, None, None] for each in (ordered[:, end], ordered[:, -1 - end]))
        return ((lightness - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)

    return _with_lightness(images, change)


def equalised(images: Tensor) -> Tensor:
    """Histeq: every lightness is as frequent as any other."""
    return _with_lightness(images, lambda each: _ranks(each.flatten(1)).view_as(each))


def equalised_in_tiles(images: Tensor) -> Tensor:
    """Adapthisteq: the same in each of 8 x 8 tiles by itself."""

    def change(lightness: Tensor) -> Tensor:
        tiles = lightness.unflatten(2, (TILES, -1)).unflatten(1, (TILES, -1)).transpose(2, 3)
        return _ranks(tiles.flatten(3)).view_as(tiles).transpose(2, 3).reshape_as(lightness)

    return _with_lightness(images, change)


def edges(images: Tensor) -> Tensor:
    """Conorm: what a 5x5 difference of two Gaussians leaves of each channel."""
    narrow, wide = (_blurred(images, sigma) for sigma in SIGMAS)
    return narrow - wide


def _ranks(values: Tensor) -> Tensor:
    """(..., n) -> (..., n), the share of the n values that are smaller; of equal ones, half."""
    values = values.contiguous()
    ordered = values.sort(-1).values
    below = torch.searchsorted(ordered, values)
    up_to = torch.searchsorted(ordered, values, right=True)
    return (below + up_to).to(values.dtype) / (2 * values.shape[-1])


def _blurred(images: Tensor, sigma: float) -> Tensor:
    taps = torch.exp(-torch.arange(-2.0, 3.0, device="cpu").square() / (2 * sigma**2))
    weights = (taps / taps.sum()).tolist()
    height, width = images.shape[-2:]
    padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
    rows = sum(weight * padded[:, :, i : i + height] for i, weight in enumerate(weights))
    assert isinstance(rows, Tensor)
    both = sum(weight * rows[..., i : i + width] for i, weight in enumerate(weights))
    assert isinstance(both, Tensor)
    return both


def _with_lightness(images: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Colours as they were, CIELAB's lightness (N, H, W), from 0 to 1, as `change` gives it.

    L = 1.16 f(Y) - 0.16; a and b are differences of f(X), f(Y), f(Z), which all move alike.
    """
    encoded = ((images + 1) / 2).clamp(0, 1)
    curved = ((encoded + 0.055) / 1.055) ** 2.4
    linear = torch.where(encoded <= 0.04045, encoded / 12.92, curved)
    xyz = _mixed(linear, TO_XYZ)
    cubic = xyz.clamp(min=1e-6) ** (1 / 3)
    roots = torch.where(xyz > (6 / 29) ** 3, cubic, xyz * 841 / 108 + 4 / 29)
    lightness = 1.16 * roots[:, 1] - 0.16
    roots = roots + ((change(lightness) - lightness) / 1.16)[:, None]
    xyz = torch.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 108 / 841)
    linear = _mixed(xyz, TO_RGB).clamp(0, 1)
    curved = 1.055 * linear.clamp(min=1e-6) ** (1 / 2.4) - 0.055
    return 2 * torch.where(linear <= 0.0031308, linear * 12.92, curved) - 1


def _mixed(channels: Tensor, mixture: Mixture) -> Tensor:
    first, second, third = channels.unbind(1)
    return torch.stack([a * first + b * second + c * third for a, b, c in mixture], dim=1)
