"""Which views may follow each other, and to which slice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from viewer.core.annotation import PointLps
from viewer.core.errors import UsageError
from viewer.core.geometry import FloatArray, SpacingKind
from viewer.display.sampling import same_frame
from viewer.room.views.picture import Picture
from viewer.session.views import Follow, Link

#: Normals with at least this cosine (10 degrees) cut the patient the same way.
_PARALLEL = 0.985

#: 4x4 LPS mm of one picture's series -> those of another's, by an accepted registration.
Mapping4 = Callable[[Picture, Picture], FloatArray]


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


def corners_of(picture: Picture) -> tuple[PointLps, ...]:
    """The four corners of the slice on show, in turn, LPS mm."""
    rows, columns = picture.view.shape
    low, down, right = -0.5, rows - 0.5, columns - 0.5
    found = picture.view.pixel_to_world(np.array([[low, low], [low, right], [down, right], [down, low]]))
    return tuple((x, y, z) for x, y, z in found.tolist())


def cut_line(corners: tuple[PointLps, ...], picture: Picture) -> FloatArray | None:
    """Where a slice with these corners cuts the one on show: float64 [2, 2] ends (row, column), None where it does not.

    The ends are those of the other slice: where it ends within this one, the line ends too.
    """
    points = np.array(corners)
    pixels, across = picture.view.world_to_pixel(points), picture.view.slice_of(points) - picture.index
    ends = []
    for n in range(len(points)):
        here, there = float(across[n]), float(across[(n + 1) % len(points)])
        if (here < 0) != (there < 0):
            share = here / (here - there)
            ends.append(pixels[n] * (1 - share) + pixels[(n + 1) % len(points)] * share)
    return np.array(ends) if len(ends) == 2 else None


def same_cut(one: Picture | None, other: Picture | None) -> bool:
    """True where both views cut the patient the same way (normals within about 10 degrees)."""
    if one is None or other is None:
        return False
    return bool(abs(float(_normal(one) @ _normal(other))) > _PARALLEL)


def _normal(picture: Picture) -> FloatArray:
    view = picture.view
    corner, down, right = view.pixel_to_world(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    normal = np.cross(right - corner, down - corner)
    return np.asarray(normal / np.linalg.norm(normal))


def middle_of(picture: Picture) -> FloatArray:
    """LPS mm of the middle of the slice on show [3]."""
    return picture.view.pixel_to_world((np.array(picture.view.shape) - 1) / 2)


def mapped(matrix: FloatArray, point: FloatArray) -> FloatArray:
    """A point through a 4x4 matrix."""
    return np.asarray(matrix[:3, :3] @ point + matrix[:3, 3])


def shift_between(first: Picture, second: Picture, matrix: FloatArray | None = None) -> tuple[float, float, float]:
    """How far the second's slice lies from the first's, along the normal of the first: LPS mm."""
    normal = _normal(first)
    at = middle_of(second) if matrix is None else mapped(matrix, middle_of(second))
    x, y, z = (float(v) + 0.0 for v in normal * float((at - middle_of(first)) @ normal))
    return (x, y, z)


def offset_of(link: Link, view: int) -> FloatArray:
    """LPS mm that a view's slice lies from that of the link's first view."""
    return np.array(link.offsets[link.views.index(view)] if link.offsets else (0.0, 0.0, 0.0))


def slice_that_follows(
    link: Link, moved: tuple[int, Picture], other: tuple[int, Picture], between: Mapping4 | None
) -> int:
    """The slice nearest to where a view goes when another one of its link moved; held within the stack.

    Args:
        moved, other: number and picture of the view that moved, and of the one that follows.
        between: the accepted registration, asked for links that go by one.
    """
    here, picture = middle_of(moved[1]), other[1]
    place = here - offset_of(link, moved[0]) + offset_of(link, other[0])
    if link.by is Follow.REGISTRATION and between is not None:
        place = mapped(between(moved[1], picture), here)
    index = round(float(picture.view.slice_of(place)))
    return min(max(index, 0), picture.count - 1)


def check_link(by: Follow, first: Picture, other: Picture, view: int) -> None:
    """Refuse to link views that do not show one place in one way; registrations are looked up elsewhere.

    Raises:
        UsageError: with why; `view` is the number of the other one.
    """
    if by is Follow.POSITION and not same_space(first, other):
        raise UsageError(
            f"View {view} lies in another frame of reference: its positions do not compare.",
            "Sync by offset, or register the series first.",
        )
    if by is not Follow.REGISTRATION and not same_cut(first, other):
        raise UsageError(f"View {view} cuts the patient in another direction.", "Show both in one plane.")


def in_patient(picture: Picture) -> bool:
    """True where the picture's millimetres are those of the patient."""
    native = picture.source.native
    return native.oriented and native.spacing_kind is SpacingKind.PATIENT


def link_between(first: int, one: Picture | None, number: int, other: Picture | None) -> Link | None:
    """How two views can follow each other: by position, else by the distance they have now; None where not at all."""
    if one is None or other is None or not (in_patient(one) and in_patient(other) and same_cut(one, other)):
        return None
    if same_space(one, other):
        return Link((first, number), Follow.POSITION)
    return Link((first, number), Follow.OFFSET, ((0.0, 0.0, 0.0), shift_between(one, other)))
