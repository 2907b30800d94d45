"""Which views may follow each other."""

from __future__ import annotations

import numpy as np

from viewer.display.sampling import same_frame
from viewer.ui.viewport.view import Viewport

#: Normals with at least this cosine (10 degrees) cut the patient the same way.
_PARALLEL = 0.985


def same_space(one: Viewport, other: Viewport) -> bool:
    """True for planes of one stack, and for stacks that name the same frame of reference."""
    if one.picture is None or other.picture is None:
        return False
    if one.picture.source.stack.key == other.picture.source.stack.key:
        return True
    first, second = one.picture.source.native, other.picture.source.native
    return (
        first.frame_of_reference_uid is not None
        and same_frame(first, second)
        and (second.frame_of_reference_uid is not None)
    )


def same_cut(one: Viewport, other: Viewport) -> bool:
    """True where both views cut the patient the same way (normals within about 10 degrees)."""
    if one.picture is None or other.picture is None:
        return False
    normals = []
    for picture in (one.picture, other.picture):
        view = picture.view
        corner, down, right = view.pixel_to_world(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        normal = np.cross(right - corner, down - corner)
        normals.append(normal / np.linalg.norm(normal))
    return bool(abs(float(normals[0] @ normals[1])) > _PARALLEL)
