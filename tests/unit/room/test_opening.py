"""Opening and loading: what is scanned is shown, read whole, let go again, and comes back from the journal."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import synth
from tests.sittings import Sitting
from tests.unit.room.conftest import Sit, Told
from viewer.core.graphic import PictureRef
from viewer.room.events import (
    JumpWanted,
    ObjectWanted,
    ScanEnded,
    ScanProgressed,
    SlicesArrived,
    StackDropped,
    StackLoaded,
    StackOpened,
    ThumbnailMade,
)
from viewer.session import Activated, StudiesChanged

Listen = Callable[[Sitting], Told]


def test_the_first_picture_is_opened_then_read_whole(sit: Sit, listen: Listen, head: Path) -> None:
    sitting = sit()
    told = listen(sitting)
    sitting.open([head])
    library = sitting.context.session.library
    key = library.active
    assert sitting.room.loading.loaded == (key,)
    assert library.volume(key) is not None
    order = [type(event) for event in told.of(ScanEnded, StackOpened, StackLoaded, Activated)]
    assert order.index(Activated) < order.index(StackOpened) < order.index(StackLoaded)
    assert told.of(ScanProgressed, SlicesArrived, StudiesChanged)
    assert not sitting.room.opening.is_busy
    assert sitting.troubles == []


def test_a_thumbnail_is_rgb(sit: Sit, listen: Listen, film: Path) -> None:
    sitting = sit()
    told = listen(sitting)
    sitting.open([film])
    key = sitting.context.session.library.active
    assert ThumbnailMade(key) in told
    pixels = sitting.room.opening.thumbnail(key)
    assert pixels is not None
    assert (pixels.dtype, pixels.shape[2]) == ("uint8", 3)
    assert sitting.room.opening.thumbnail("nobody") is None


def test_the_newest_study_is_shown_and_a_chosen_one_stays(sit: Sit, film: Path, head: Path) -> None:
    sitting = sit(film, head)
    library = sitting.context.session.library
    by_modality = {stack.modality: stack for study in library.studies for stack in study.stacks}
    assert library.active in {stack.key for stack in by_modality.values()}
    sitting.show(by_modality["MR"].key)
    assert library.active == by_modality["MR"].key
    sitting.room.show_patient(library.study_of(by_modality["DX"].key).uid)  # type: ignore[union-attr]
    assert library.active == by_modality["DX"].key


def test_what_cannot_be_opened_is_refused_in_words(sit: Sit, tmp_path: Path) -> None:
    (tmp_path / "note.dcm").write_bytes(b"no picture at all" * 50)
    sitting = sit(tmp_path / "note.dcm")
    (refusal,) = sitting.context.session.library.refused
    assert refusal.text
    assert sitting.context.session.library.active == ""


def test_a_path_that_is_not_there_ends_the_scan(sit: Sit, tmp_path: Path) -> None:
    sitting = sit(tmp_path / "missing")
    assert not sitting.room.opening.is_busy
    assert sitting.context.session.library.studies == ()


def test_an_archive_is_opened_too(sit: Sit, head: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "head.zip", "w") as archive:
        for file in sorted(head.iterdir()):
            archive.write(file, file.name)
    sitting = sit(tmp_path / "head.zip")
    assert len(sitting.room.loading.loaded) == 1


def test_stacks_that_no_view_shows_are_let_go_but_for_the_last_two(sit: Sit, listen: Listen, tmp_path: Path) -> None:
    for number in range(5):
        synth.write_series(tmp_path / f"s{number}", shape=(4, 16, 12), patient_id=f"SYN-{number}")
    sitting = sit(tmp_path)
    told = listen(sitting)
    keys = [stack.key for study in sitting.context.session.library.studies for stack in study.stacks]
    for key in keys:
        sitting.show(key)
    sitting.room.loading.let_go((keys[-1],))
    assert len(sitting.room.loading.loaded) == 3
    assert told.of(StackDropped)
    assert keys[-1] in sitting.room.loading.loaded
    sitting.show(keys[0])
    assert sitting.room.loading.is_loaded(keys[0])


@pytest.mark.logs("could not be read")
def test_a_damaged_slice_is_told_with_its_file_and_the_rest_is_shown(sit: Sit, tmp_path: Path) -> None:
    written = synth.write_series(tmp_path / "ct", transfer_syntax="1.2.840.10008.1.2.4.90")
    data = bytearray(written.files[2].read_bytes())
    start = data.rindex(b"\xff\x4f\xff\x51")
    data[start + 60 :] = bytes(len(data) - start - 60)
    written.files[2].write_bytes(bytes(data))
    sitting = sit(tmp_path / "ct")
    (words,) = sitting.take_troubles()
    assert words.startswith("1 of 6 images could not be read; the first is image 3 (")
    assert written.files[2].name in words
    assert sitting.take_troubles() == ()
    assert sitting.context.session.library.volume(sitting.context.session.library.active).unread == (2,)  # type: ignore[union-attr]


def test_closing_a_study_goes_on_with_what_is_left(sit: Sit, film: Path, head: Path) -> None:
    sitting = sit(film, head)
    library = sitting.context.session.library
    gone = library.active_study
    assert gone is not None
    sitting.room.close_study(gone.uid)
    sitting.settle()
    assert library.study(gone.uid) is None
    assert library.active_study is not None
    assert library.active_study.uid != gone.uid
    sitting.room.close_study("nobody")


def test_an_object_that_is_no_picture_is_asked_for_as_such(sit: Sit, listen: Listen, tmp_path: Path) -> None:
    from pydicom import dcmread

    from tests import others

    series = synth.write_series(tmp_path / "mr", modality="MR")
    others.write_state(tmp_path / "mr" / "pr.dcm", [dcmread(series.files[0])], window=(300, 100))
    sitting = sit(tmp_path / "mr")
    told = listen(sitting)
    state = next(s for study in sitting.context.session.library.studies for s in study.stacks if s.modality == "PR")
    sitting.show(state.key)
    assert ObjectWanted(state.key) in told
    assert not told.of(StackOpened)


def test_a_place_is_told_after_its_stack_was_opened(sit: Sit, listen: Listen, film: Path, head: Path) -> None:
    sitting = sit(film, head)
    stacks = {s.modality: s for study in sitting.context.session.library.studies for s in study.stacks}
    sitting.show(stacks["DX"].key)
    told = listen(sitting)
    picture = stacks["MR"].instances[7]
    sitting.room.navigation.go(PictureRef(picture.sop_instance_uid))
    sitting.settle()
    order = told.of(StackOpened, JumpWanted)
    assert order[0] == StackOpened(stacks["MR"].key)
    assert isinstance(order[1], JumpWanted)
    assert (order[1].stack_key, order[1].index) == (stacks["MR"].key, 7)
    assert len(order) == 2


def test_a_place_whose_picture_is_not_open_is_told_in_words(sit: Sit, film: Path) -> None:
    sitting = sit(film)
    sitting.room.navigation.go(PictureRef("1.2.3"))
    assert sitting.take_troubles() == ("The picture that this line speaks of is not open.",)
