"""Second copies for cuts across columns: the same slices, and let go when nobody wants them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests import phantoms
from viewer.core.errors import ViewerError
from viewer.core.memory import available_memory
from viewer.core.task import CancelFlag, Cancelled
from viewer.display.hanging import Layout
from viewer.display.slicing import Plane
from viewer.room.background import Priority
from viewer.room.views import crosswise
from viewer.room.views.arrangement import ONE
from viewer.room.views.crosswise import Crosswise, columns_first
from viewer.room.views.view import ViewSpec
from viewer.room.views.views import Views
from viewer.session.events import Bus

SHAPE = (5, 40, 60)


class Pool:
    """Does at once what it is asked."""

    def submit(self, work: Any, done: Any, _failed: Any, *, priority: Priority) -> CancelFlag:
        assert priority is Priority.PREFETCH
        done(work(lambda _what: None, CancelFlag()))
        return CancelFlag()


class Place:
    """What copies need of a context."""

    def __init__(self) -> None:
        self.session, self.pool = Bus(), Pool()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(crosswise, "available_memory", lambda: 1 << 30)
    return Place()


def values() -> npt.NDArray[np.int16]:
    return np.random.default_rng(3).integers(-1000, 1000, SHAPE).astype(np.int16)


def hung(place: Place, *planes: Plane) -> tuple[Views, Crosswise]:
    views = Views(place.session.tell)
    made = Crosswise(place, views)  # type: ignore[arg-type] # as much of a context as is used
    grid = phantoms.geometry(SHAPE)
    volume = phantoms.volume(values(), geometry=grid)
    views.show(Layout.THREE, [ViewSpec(phantoms.stack(grid), volume, plane) for plane in planes])
    return views, made


def test_sagittal_slices_of_the_copy_are_those_of_the_volume(place: Place) -> None:
    views, made = hung(place, Plane.AXIAL, Plane.SAGITTAL)
    picture = views.views[1].picture
    assert picture is not None and picture.crosswise is not None
    assert len(made.kept) == 1
    for index in (0, 17, SHAPE[2] - 1):
        picture.go_to(index)
        np.testing.assert_array_equal(picture.view.pixels, values()[::-1, :, index])
        assert picture.view.pixels.strides[1] == 2, "one run of memory"


def test_axial_and_coronal_planes_need_none(place: Place) -> None:
    assert hung(place, Plane.AXIAL, Plane.CORONAL)[1].kept == ()


def test_the_copy_goes_with_the_view(place: Place) -> None:
    views, made = hung(place, Plane.AXIAL, Plane.SAGITTAL)
    views.arrange(ONE)
    assert made.kept == ()


@pytest.mark.parametrize("free", [None, 3 * 2 * 5 * 40 * 60])
def test_none_is_made_where_memory_is_short_or_unknown(
    place: Place, monkeypatch: pytest.MonkeyPatch, free: int | None
) -> None:
    monkeypatch.setattr(crosswise, "available_memory", lambda: free)
    views, made = hung(place, Plane.SAGITTAL)
    assert made.kept == ()
    picture = views.views[0].picture
    assert picture is not None
    np.testing.assert_array_equal(picture.view.pixels, values()[::-1, :, picture.index])


def test_copying_can_be_stopped() -> None:
    flag = CancelFlag()
    flag.cancel()
    with pytest.raises((Cancelled, ViewerError)):
        columns_first(values(), flag)


def test_this_system_says_how_much_memory_is_free() -> None:
    free = available_memory()
    assert free is None or free > 1 << 20
