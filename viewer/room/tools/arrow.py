"""Arrow: shows a place, measures nothing."""

from __future__ import annotations

import numpy as np

from viewer.display.scene import Points
from viewer.room.tools.gather import DragTool

_HEAD_PX = 12.0


class ArrowTool(DragTool):
    """The drag begins at its tip."""

    id, name, short, icon, keys = "arrow", "Arrow", "Arrow", "arrow", ("Q",)

    @classmethod
    def strokes(cls, points: Points) -> tuple[Points, ...]:
        """The shaft, and two strokes back from the tip."""
        if len(points) < 2 or np.allclose(points[0], points[1]):
            return ()
        back = (points[1] - points[0]) / np.linalg.norm(points[1] - points[0])
        barbs = (np.array([[0.87, -0.5 * sign], [0.5 * sign, 0.87]]) @ back for sign in (-1.0, 1.0))
        return (points, *(np.stack([points[0], points[0] + barb * _HEAD_PX]) for barb in barbs))
