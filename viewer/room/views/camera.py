"""Where the picture lies on the screen: pan, zoom, quarter turns and mirrors.

Image points are (row, column) with pixel centres on whole numbers; screen points are (x, y) in
logical px from the top left of the canvas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from viewer.display.slicing import Letters

#: Zoom stays between these screen px per image px.
MIN_ZOOM, MAX_ZOOM = 0.02, 60.0
#: 2x2 moves of the screen (x right, y down): a quarter turn to the right, and the mirrors.
TURN_RIGHT = ((0, -1), (1, 0))
TURN_LEFT = ((0, 1), (-1, 0))
MIRROR_LEFT_RIGHT = ((-1, 0), (0, 1))
MIRROR_UP_DOWN = ((1, 0), (0, -1))
UPRIGHT = ((1, 0), (0, 1))

Turn = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Camera:
    """An immutable view onto an image.

    Attributes:
        canvas: (width, height) of the canvas in px.
        image: (rows, columns); `mm`: (row, column) millimetres, which shape the pixels.
        centre: image point (row, column) in the middle of the canvas.
        scale: screen px per mm.
        turn: 2x2 matrix of quarter turns and mirrors, image axes (x, y) -> screen.
        fitted: True while the image, or `part` of it, fills the canvas; it then follows its size.
        part: middle (row, column) and size (rows, columns) of what is fitted; None for all of it.
        edge: "left" or "right": the side of the canvas that a fitted picture lies at, "" for the middle.
    """

    canvas: tuple[int, int] = (1, 1)
    image: tuple[int, int] = (1, 1)
    mm: tuple[float, float] = (1.0, 1.0)
    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    turn: Turn = UPRIGHT
    fitted: bool = True
    part: tuple[tuple[float, float], tuple[float, float]] | None = None
    edge: str = ""

    @property
    def zoom(self) -> float:
        """Screen px per image column."""
        return self.scale * self.mm[1]

    def fit(self) -> Camera:
        """The whole image or its chosen part, as large as it goes."""
        middle = ((self.image[0] - 1) / 2, (self.image[1] - 1) / 2)
        centre, (rows, columns) = self.part or (middle, self.image)
        height, width = rows * self.mm[0], columns * self.mm[1]
        if self.turn[0][0] == 0:
            height, width = width, height
        scale = max(min(self.canvas[0] / width, self.canvas[1] / height), 1e-6)
        fitted = replace(self, scale=scale, centre=centre, fitted=True)
        spare = (self.canvas[0] - width * scale) / 2
        return fitted if not self.edge else fitted._shifted(spare if self.edge == "right" else -spare)

    def _shifted(self, dx: float) -> Camera:
        """The picture lies `dx` px further to the right."""
        row, column = self.to_pixel((self.canvas[0] / 2 - dx, self.canvas[1] / 2))
        return replace(self, centre=(float(row), float(column)))

    def at_zoom(self, zoom: float) -> Camera:
        """With so many screen px per image column, the middle kept."""
        return replace(self, scale=float(np.clip(zoom, MIN_ZOOM, MAX_ZOOM)) / self.mm[1], fitted=False)

    def upright(self, turn: Turn = UPRIGHT) -> Camera:
        """No turns and mirrors but the one it was hung with, all of it fitted."""
        return replace(self, turn=turn, part=None).fit()

    def resized(self, width: int, height: int) -> Camera:
        """On a canvas of another size; the middle and the scale stay unless it is fitted."""
        other = replace(self, canvas=(max(width, 1), max(height, 1)))
        return other.fit() if self.fitted else other

    def canvas_moved(self, width: int, height: int, shift: tuple[float, float]) -> Camera:
        """On a canvas of another size whose corner moved by `shift` (px): the picture stays where it is on the screen.

        Where that would cut off a part that was in sight, it is fitted or kept in the middle as by `resized`.
        """
        middle = (width / 2 + shift[0], height / 2 + shift[1])
        row, column = self.to_pixel(middle).tolist()
        other = replace(self, canvas=(max(width, 1), max(height, 1)), centre=(row, column))
        return other if other._shows_as_much_as(self) else self.resized(width, height)

    def _shows_as_much_as(self, before: Camera) -> bool:
        corners = np.array([[-0.5, -0.5], [self.image[0] - 0.5, self.image[1] - 0.5]])
        seen = [np.clip(one.to_screen(corners), 0, np.array(one.canvas)) for one in (self, before)]
        sizes = [np.abs(one[1] - one[0]) for one in seen]
        return bool((sizes[0] >= sizes[1] - 1).all())

    def showing(self, image: tuple[int, int], mm: tuple[float, float]) -> Camera:
        """On another image; the place is kept where the grids are alike, else it is fitted."""
        if image == self.image and np.allclose(mm, self.mm):
            return self
        return replace(self, image=image, mm=mm).fit()

    def turned(self, move: Turn) -> Camera:
        """Turned or mirrored on the screen."""
        matrix = np.array(move) @ np.array(self.turn)
        turn = ((int(matrix[0, 0]), int(matrix[0, 1])), (int(matrix[1, 0]), int(matrix[1, 1])))
        other = replace(self, turn=turn)
        return other.fit() if self.fitted else other

    def panned(self, dx: float, dy: float) -> Camera:
        """Moved by screen px."""
        x, y = self.canvas[0] / 2 - dx, self.canvas[1] / 2 - dy
        row, column = self.to_pixel((x, y))
        return replace(self, centre=(float(row), float(column)), fitted=False)

    def zoomed(self, factor: float, anchor: tuple[float, float]) -> Camera:
        """Zoomed so that the image point under `anchor` (x, y) stays there."""
        zoom = float(np.clip(self.zoom * factor, MIN_ZOOM, MAX_ZOOM))
        before = self.to_pixel(anchor)
        other = replace(self, scale=zoom / self.mm[1], fitted=False)
        shift = before - other.to_pixel(anchor)
        centre = (other.centre[0] + float(shift[0]), other.centre[1] + float(shift[1]))
        return replace(other, centre=centre)

    def matrix(self) -> npt.NDArray[np.float64]:
        """2x3 float64: image coordinates (x = column, y = row, 1) -> screen px (x, y)."""
        m = self._turned_scale()
        row, column = self.centre
        dx = self.canvas[0] / 2 - (m[0, 0] * column + m[0, 1] * row)
        dy = self.canvas[1] / 2 - (m[1, 0] * column + m[1, 1] * row)
        return np.array([[m[0, 0], m[0, 1], dx], [m[1, 0], m[1, 1], dy]])

    def _turned_scale(self) -> npt.NDArray[np.float64]:
        """2x2 (column, row) -> screen px."""
        return _scaled_turn(self.turn, self.mm, self.scale)

    def to_screen(self, pixel: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map (..., 2) image points (row, column) to (..., 2) screen (x, y)."""
        off = np.asarray(pixel, dtype=np.float64) - np.array(self.centre)
        return np.asarray(off[..., ::-1] @ self._turned_scale().T + np.array(self.canvas) / 2)

    def to_pixel(self, screen: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Map (..., 2) screen points (x, y) to (..., 2) image points (row, column)."""
        off = np.asarray(screen, dtype=np.float64) - np.array(self.canvas) / 2
        return np.asarray((off @ np.linalg.inv(self._turned_scale()).T)[..., ::-1] + np.array(self.centre))

    def letters(self, upright: Letters) -> Letters:
        """Edge letters after turns and mirrors."""
        named = {(1, 0): upright.right, (-1, 0): upright.left, (0, 1): upright.bottom, (0, -1): upright.top}
        back = np.array(self.turn).T

        def at(x: int, y: int) -> str:
            image = back @ np.array([x, y])
            return named[(int(image[0]), int(image[1]))]

        return Letters(at(-1, 0), at(1, 0), at(0, -1), at(0, 1))


@lru_cache(maxsize=64)
def _scaled_turn(turn: Turn, mm: tuple[float, float], scale: float) -> npt.NDArray[np.float64]:
    """2x2 (column, row) -> screen px."""
    return np.asarray(np.array(turn, dtype=np.float64) @ np.diag([mm[1], mm[0]]) * scale)
