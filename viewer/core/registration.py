"""How one series lies on another, as a reader accepted it."""

from __future__ import annotations

from dataclasses import dataclass

Row4 = tuple[float, float, float, float]
#: A 4x4 matrix: LPS mm -> LPS mm.
Matrix4 = tuple[Row4, Row4, Row4, Row4]


@dataclass(frozen=True, slots=True)
class SeriesRegistration:
    """A rigid move; `matrix` maps LPS mm of the moving series to those of the fixed one."""

    fixed_uid: str
    moving_uid: str
    matrix: Matrix4
