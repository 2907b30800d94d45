"""Which views may follow each other."""

from __future__ import annotations

import numpy as np

from viewer.display.sampling import same_frame
from viewer.room.views.picture import Picture

#: Normals with at least this cosine (10 degrees) cut the patient the same way.
_PARALLEL = 0.985


def same_space(one: Picture | None, other: Picture | None) -> bool:
    """True for planes of one stack, and for stacks that name the same frame of reference."""
    if one is None or other is None:
        return False
    if one.source.stack.key == other.source.stack.key:
        return True
    first, second = one.source.native, other.source.native
    return (
        first.frame_of_reference_uid is not None
        and same_frame(first, second)
        and (second.frame_of_reference_uid is not None)
    )


def same_cut(one: Picture | None, other: Picture | None) -> bool:
    """True where both views cut the patient the same way (normals within about 10 degrees)."""
    if one is None or other is None:
        return False
    normals = []
    for picture in (one, other):
        view = picture.view
        corner, down, right = view.pixel_to_world(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        normal = np.cross(right - corner, down - corner)
        normals.append(normal / np.linalg.norm(normal))
    return bool(abs(float(normals[0] @ normals[1])) > _PARALLEL)
