"""GIFs of pictures: every frame, its greys and its time."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from viewer.core.task import CancelFlag, Cancelled
from viewer.display.film import gif


def frames(count: int = 4) -> list[np.ndarray]:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return [np.repeat(np.roll(ramp, n, axis=1)[..., None], 3, axis=2) for n in range(count)]


def test_every_frame_keeps_its_greys_and_its_time() -> None:
    made = frames()
    with Image.open(BytesIO(gif(made, [40, 40, 100, 3], CancelFlag()))) as film:
        assert (film.n_frames, film.info["loop"]) == (4, 0)  # type: ignore[attr-defined] # of animated files
        times = []
        for number, frame in enumerate(made):
            film.seek(number)
            times.append(film.info["duration"])
            np.testing.assert_array_equal(np.array(film.convert("RGB")), frame)
        assert times == [40, 40, 100, 20], "nothing is faster than viewers show it"


def test_colours_come_near() -> None:
    picture = frames(1)[0].copy()
    picture[4:8, 4:8] = (255, 153, 51)
    with Image.open(BytesIO(gif([picture, picture], [50, 50], CancelFlag()))) as film:
        assert np.abs(np.array(film.convert("RGB")).astype(int) - picture).mean() < 3


def test_it_can_be_stopped() -> None:
    flag = CancelFlag()
    flag.cancel()
    with pytest.raises(Cancelled):
        gif(frames(), [40] * 4, flag)
