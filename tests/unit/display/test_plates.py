"""Words of drawings: inside the view, off each other, none for what lies beside the view."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from viewer.display.marking import Sketch
from viewer.display.plates import Plate, plates_of, sketch_items
from viewer.display.scene import Text, segment

SIZE = (640, 480)


class Metrics:
    def text_width(self, text: str) -> float:
        return 7.0 * len(text)

    def elided(self, text: str, room: float) -> str:
        return text


def line(x: float, y: float, words: tuple[str, ...] = ("20.0 mm",), leader: bool = True) -> Sketch:
    ends = segment(x - 30, y, x, y)
    return Sketch((ends,), words, ends[-1], leader)


places = st.tuples(st.floats(0, SIZE[0]), st.floats(0, SIZE[1]))


@given(st.lists(places, min_size=1, max_size=12))
def test_plates_stay_inside_and_off_each_other(at: list[tuple[float, float]]) -> None:
    plates = plates_of([line(x, y, ("mean 40.1 HU, SD 3.2", "95 mm²")) for x, y in at], SIZE, Metrics())
    assert all(plate is not None and plate.within(SIZE) for plate in plates)
    found = [plate for plate in plates if plate is not None]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(found, 2))


def test_a_drawing_beside_the_view_has_no_words_and_no_line_to_them() -> None:
    beside = line(-200, 50)
    assert plates_of([beside], SIZE, Metrics()) == [None]
    assert not [item for item in sketch_items([beside], SIZE, Metrics()) if isinstance(item, Text)]


def test_a_text_of_the_reader_stays_where_it_was_put_and_others_go_round_it() -> None:
    text, length = line(300, 200, ("old fracture",), leader=False), line(264, 172)
    of_length, of_text = plates_of([length, text], SIZE, Metrics())
    assert of_text == Plate(296, 192, 7 * 12 + 8, 16)
    assert of_length is not None and of_text is not None and not of_length.overlaps(of_text)


def test_a_tiny_view_still_says_every_number() -> None:
    plates = plates_of([line(30 + n, 30) for n in range(4)], (80, 48), Metrics())
    assert all(plate is not None for plate in plates)
    assert np.allclose([plate.left for plate in plates if plate], 8, atol=60)
