"""The bus keeps the order of events; boxes, overlay choices and views tell what changed, and only that."""

from __future__ import annotations

import threading

import pytest

from tests.unit.session.test_history import opened
from viewer.core.errors import UsageError
from viewer.core.graphic import Graphic, Shape, Space
from viewer.session import (
    Activated,
    BoxesChanged,
    Event,
    OverlayChoice,
    OverlaysChanged,
    SelectionChanged,
    Session,
    ShownLayout,
    ShownView,
    StudiesChanged,
    ViewsChanged,
    ViewsMoved,
)

BOX = ((0, 1, 2), (3, 4, 5))


def heard(session: Session) -> list[Event]:
    events: list[Event] = []
    session.subscribe(events.append)
    return events


def test_what_is_told_meanwhile_is_heard_by_all_after_it() -> None:
    session = Session()
    order: list[tuple[str, type[Event]]] = []

    def first(event: Event) -> None:
        order.append(("first", type(event)))
        if isinstance(event, Activated):
            session.tell(StudiesChanged())

    session.subscribe(first)
    session.subscribe(lambda event: order.append(("second", type(event))))
    session.tell(Activated("a"))
    assert order == [
        ("first", Activated),
        ("second", Activated),
        ("first", StudiesChanged),
        ("second", StudiesChanged),
    ]


def test_an_observer_that_fails_keeps_no_other_from_hearing() -> None:
    session = Session()

    def fails(_event: Event) -> None:
        raise ValueError("broken")

    session.subscribe(fails)
    events = heard(session)
    with pytest.raises(ValueError, match="broken"):
        session.tell(Activated("a"))
    assert events == [Activated("a")]
    with pytest.raises(ValueError, match="broken"):
        session.tell(StudiesChanged())
    assert events[-1] == StudiesChanged()


def test_an_observer_of_one_kind_hears_that_kind_until_it_stops() -> None:
    session = Session()
    keys: list[str] = []
    stop = session.on(Activated, lambda event: keys.append(event.stack_key))
    session.tell(Activated("a"))
    session.tell(StudiesChanged())
    stop()
    stop()
    session.tell(Activated("b"))
    assert keys == ["a"]


def test_nothing_is_told_off_the_own_thread() -> None:
    session, raised = Session(), list[RuntimeError]()

    def tell() -> None:
        try:
            session.tell(StudiesChanged())
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_boxes_lie_by_stack_and_side_and_are_taken_back() -> None:
    session = opened()
    events = heard(session)
    one, other = "1.1.1", "1.2.1"
    session.boxes.place_next("left")
    session.boxes.put(one, session.boxes.placing, BOX)
    session.boxes.put(one, "right", BOX)
    session.boxes.put(other, "", BOX)
    assert session.boxes.of(one) == {"left": BOX, "right": BOX}
    session.boxes.put(one, "left", None)
    session.boxes.put(one, "left", None)
    assert session.boxes.of(one) == {"right": BOX}
    changes = [event for event in events if isinstance(event, BoxesChanged)]
    assert changes == [BoxesChanged(one)] * 2 + [BoxesChanged(other)] + [BoxesChanged(one)]
    assert session.history.undo() is not None
    assert session.boxes.of(one) == {"left": BOX, "right": BOX}
    with pytest.raises(UsageError, match="not open"):
        session.boxes.put("9.9", "", BOX)
    session.close_study("1.1")
    assert session.boxes.of(one) == {}


def test_a_selection_is_told_once() -> None:
    session = Session()
    events = heard(session)
    session.review.select("f1")
    session.review.select("f1")
    session.review.select("")
    assert events == [SelectionChanged("f1"), SelectionChanged("")]


def test_overlay_choices_go_by_stack_and_a_state_takes_the_mask_with_it() -> None:
    session = Session()
    events, chosen = heard(session), session.overlays
    chosen.choose(OverlayChoice(visible=False))
    chosen.choose(OverlayChoice(visible=False))
    assert (chosen.choice.visible, len(events)) == (False, 1)
    assert chosen.subtracted("a") is None
    chosen.subtract("a", True)
    assert chosen.subtracted("a") is True
    chosen.apply_state("a", "state")
    assert (chosen.state_of("a"), chosen.state_of("b"), chosen.subtracted("a")) == ("state", "", None)
    mark = Graphic(Shape.POINTS, ((0.0, 0.0, 0.0),), Space.PATIENT, (), "1.2.3")
    chosen.mark_out(mark)
    chosen.mark_out(mark)
    assert chosen.mark is mark
    assert events == [OverlaysChanged()] * 4


def test_views_tell_of_moves_only_where_something_moved() -> None:
    session = Session()
    events, views = heard(session), session.views
    shown = ShownLayout("1x2", (ShownView("a", index=3), None))
    views.note(shown)
    views.note(shown)
    views.put_shown(("a",))
    assert (views.layout, views.shown) == (shown, ("a",))
    assert events == [ViewsMoved(), ViewsChanged()]
