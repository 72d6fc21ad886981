"""Where the windows of a class map lie in the photo."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two lie outside


@dataclass(frozen=True)
class Geometry:
    """The cell in row i and column j answers for the window that begins at pixel (i, j) * step."""

    window: int  # pixels, height and width: the image size that the network learned from
    step: int  # pixels from one window to the next

    def box(self, row: int, column: int) -> Box:
        """The window of a cell. Behind the last that fits, it hangs over the photo's edge.

        >>> Geometry(window=224, step=32).box(0, 2)
        (64, 0, 288, 224)
        """
        left, top = column * self.step, row * self.step
        return left, top, left + self.window, top + self.window

    def fitting(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of windows that lie in a photo of `height` x `width` pixels.

        Maps of networks that pad may have one more: its windows end with zeros.

        >>> Geometry(window=224, step=32).fitting(300, 224)
        (3, 1)
        """
        rows, columns = ((side - self.window) // self.step + 1 for side in (height, width))
        return max(0, rows), max(0, columns)
