"""Priors: found by person and body part, compared side by side, lesions paired, the list searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import synth
from tests.scripted import play, results
from tests.sittings import Sitting
from tests.unit.room.conftest import Sit
from viewer.core.errors import UsageError
from viewer.core.finding import Measurement
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.room.panels import changes, priors, studies
from viewer.room.panels.studies import RowKind
from viewer.session.progress import Progress, progress_of
from viewer.words.language import words_in

DAYS = {"old": "20250904", "new": "20260302"}


def ct(folder: Path, name: str, part: str = "ABDOMEN", z: float = 100.0) -> synth.Written:
    extra = {"SeriesDescription": "Portal venous", "BodyPartExamined": part, "StudyDate": DAYS[name.partition("-")[0]]}
    grid = {"shape": (12, 20, 18), "spacing": (5.0, 1.0, 1.0), "origin": (-10.0, -10.0, z)}
    study = f"1.2.{len(name)}{part[0] == 'A':d}"
    return synth.write_series(folder / name, extra=extra, study_uid=study, **grid)  # type: ignore[arg-type]


@pytest.fixture
def both(sit: Sit, tmp_path: Path) -> tuple[Sitting, synth.Written, synth.Written]:
    old, new = ct(tmp_path, "old", z=103.0), ct(tmp_path, "new-1")
    ct(tmp_path, "old-knee", part="KNEE")
    sitting = sit(tmp_path)
    sitting.show(new.series_uid)
    return sitting, old, new


def test_a_prior_is_offered_and_compared_as_one_step_with_its_slices_linked(
    both: tuple[Sitting, synth.Written, synth.Written],
) -> None:
    sitting, old, new = both
    room, session = sitting.room, sitting.context.session
    view = priors.state(session, room)
    assert [(row.key, row.when, row.report) for row in view.rows] == [
        (old.series_uid, "4 Sep 2025 · 179 days", "no report here")
    ]
    assert (view.stack_key, view.whose, view.off) == (new.series_uid, "Priors of SYNTHETIC TEST", "")
    before = session.views.layout
    room.comparing.compare(new.series_uid, old.series_uid)
    sitting.settle()
    assert [one.stack_key for one in room.views.views] == [new.series_uid, old.series_uid]
    assert room.hanging.words == "Hanging: by hand"
    first, second = room.views.views
    room.layers.show_overlays("")
    assert [[badge.text for badge in one.badges] for one in (first, second)] == [[], ["Prior, 4 Sep 2025"]]
    start = second.picture.index
    first.set_slice(first.picture.index + 2)
    assert second.picture.index == start + 2, "as far off as it was: the frames differ"
    step = session.history.undoable
    assert step is not None and step.what == "Layout"
    room.reviewing.undo()
    assert session.views.layout.name == before.name
    assert [one.stack_key for one in room.views.views] == [new.series_uid]
    assert sitting.take_troubles() == ()


def length(on: synth.Written, number: str, mm: float) -> ReaderMeasurement:
    value, sop = Measurement("Length", mm, "mm", plus_minus=0.5), on.sop_uids[3]
    points = ((0.0, 0.0, 0.0), (mm, 0.0, 0.0))
    return ReaderMeasurement(
        number, "length", "Length", on.series_uid, 3, "native", points, (value,), on.series_uid, sop
    )


def test_lesions_are_paired_between_studies_with_words_undo_and_a_note_in_the_report(
    both: tuple[Sitting, synth.Written, synth.Written],
) -> None:
    sitting, old, new = both
    room, session = sitting.room, sitting.context.session
    for one in (length(old, "a", 8.0), length(new, "b", 10.0), length(new, "c", 8.2)):
        session.measurements.put(one)
    view = changes.state(session, room)
    assert [number for number, _ in view.here] == ["b", "c"] and [number for number, _ in view.earlier] == ["a"]
    room.changes.pair_up("b", "a")
    (row,) = changes.state(session, room).rows
    assert (row.later, row.lengths, row.change) == ("b", "8.0 → 10.0 mm", "+2.0 mm · +25 %")
    assert row.since == "since 4 Sep 2025 · 179 days · volume doubles in 185 days"
    assert not row.within_error
    study = session.library.study_of(new.series_uid)
    assert study is not None
    notes = {one.id: one.notes for _, one in room.reporting._measured(study, None, "")}
    assert notes["b"] == ("change from 2025-09-04: +2.0 mm (+25 %) in 179 days, volume doubling time 185 days",)
    assert notes["c"] == ()
    assert "179 天内" in words_in("zh").said(notes["b"][0])
    room.changes.pair_up("a", "c")
    (row,) = changes.state(session, room).rows
    assert (row.later, row.within_error) == ("c", True), "a measurement stands in one pair"
    room.reviewing.undo()
    assert changes.state(session, room).rows[0].later == "b"
    room.changes.part("b")
    assert changes.state(session, room).rows == ()
    room.changes.pair_up("b", "c")
    assert "between two studies" in " ".join(sitting.take_troubles())


def test_the_list_is_searched_by_words_days_and_progress(both: tuple[Sitting, synth.Written, synth.Written]) -> None:
    sitting, old, new = both
    room, session = sitting.room, sitting.context.session

    def found() -> int:
        return sum(row.kind is RowKind.STUDY for row in studies.state(session, room).rows)

    assert (found(), studies.state(session, room).counts) == (
        3,
        {Progress.UNREAD: 3, Progress.DRAFT: 0, Progress.SIGNED: 0},
    )
    for words, count in (("portal", 3), ("synthetic 2026-03-02", 1), ("nobody", 0), ("", 3)):
        room.browsing.look_for(words=words)
        assert found() == count, words
    room.browsing.look_for_days("2026-01-01", "")
    assert found() == 1
    with pytest.raises(UsageError):
        room.browsing.look_for(since="soon")
    room.browsing.look_for(since="")
    uid = session.library.study_of(new.series_uid).uid
    session.review.put_report_text(uid, {"findings": "A mass."})
    assert progress_of(session, uid) is Progress.DRAFT
    session.review.sign(uid, Signature("A", "B", "2026-03-03T10:00:00+00:00"))
    room.browsing.look_for(progress=Progress.SIGNED)
    assert [row.title for row in studies.state(session, room).rows if row.kind is RowKind.STUDY] == [
        "Current · 2 Mar 2026 · signed"
    ]
    sitting.show(old.series_uid)
    assert priors.state(session, room).rows == (), "nothing is a prior of the older one"


def test_priors_pairs_and_search_through_steps(tmp_path: Path) -> None:
    old, new = ct(tmp_path, "old", z=103.0), ct(tmp_path, "new-1")
    line = {"do": "measure", "tool": "length", "points_lps": [[-5, 0, 110], [3, 0, 110]]}
    longer = {"do": "measure", "tool": "length", "view": 1, "points_lps": [[-5, 0, 113], [2, 0, 113]]}
    told = results(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "priors", "series_uid": new.series_uid},
        {"do": "compare", "series_uid": new.series_uid, "prior_uid": old.series_uid},
        {"do": "slice", "view": 0, "index": 2},
        {"do": "state"},
        line,
        longer,
    )
    assert told[1]["priors"] == [{"series_uid": old.series_uid, "stack": None, "study_uid": old.study_uid, "days": 179}]
    assert told[4]["views"][1]["slice"] == 2, "as far off as when it was opened"
    ids = {"first": told[5]["id"], "second": told[6]["id"]}
    again = play(
        {"do": "open", "paths": [str(tmp_path)]},
        {"do": "pair", **ids, "keep": True},
        {"do": "studies", "progress": "draft"},
        {"do": "studies", "words": "nobody"},
        {"do": "undo"},
        {"do": "studies", "since": "never"},
    )
    assert [one["ok"] for one in again] == [True] * 5 + [False]
    assert again[1]["result"]["change_mm"] == pytest.approx(1.0)
    assert len(again[2]["result"]["studies"]) == 2
    assert again[3]["result"]["studies"] == []
    assert again[4]["result"]["what"] == "Lesion pair"
