"""Hanging rules: what stands in which view, which rule held, and why another did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import phantoms
from viewer.core.errors import SettingsError
from viewer.core.geometry import SpacingKind
from viewer.core.study import Kind, Stack
from viewer.core.verdict import Caution
from viewer.display import exam, hanging
from viewer.display.hanging import Exam, Hanging
from viewer.display.protocols import Rule, RuleView, Series, builtin_rules, read_rules, rules_text
from viewer.display.slicing import Plane

THIN = phantoms.geometry((60, 20, 22), affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), (1.25, 0.8, 0.8)))
THICK = phantoms.geometry((30, 20, 22), affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), (5.0, 0.8, 0.8)))
FILM = phantoms.geometry((1, 10, 11), spacing_kind=SpacingKind.DETECTOR, oriented=False)
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


def film(uid: str, position: str = "", part: str = "CHEST", **header: str) -> Stack:
    facts = {"BodyPartExamined": part, "ViewPosition": position, **header}
    modality = "MG" if part == "BREAST" else "DX"
    return phantoms.stack(
        FILM, series_uid=uid, modality=modality, kind=Kind.IMAGE, description="", series_number=1, header=facts
    )


def series(uid: str, modality: str, description: str, grid: Any = THICK, part: str = "HEAD", **facts: Any) -> Stack:
    header = {"BodyPartExamined": part, **facts.pop("header", {})}
    return phantoms.stack(
        grid, series_uid=uid, modality=modality, description=description, header=header, kind=Kind.VOLUME, **facts
    )


def hung(opened: Stack, *others: Stack, priors: tuple[tuple[Stack, ...], ...] = ()) -> Hanging:
    made = hanging.hang(Exam(opened, (opened, *others), priors))
    assert made is not None
    return made


def told(made: Hanging) -> list[tuple[str, str, str] | None]:
    return [None if c is None else (c.stack_key, c.plane.value, c.window) for c in made.cells]


def test_the_programs_own_rules_are_read_and_written_back_alike(tmp_path: Path) -> None:
    assert len(builtin_rules()) > 10
    (tmp_path / "site.toml").write_text(rules_text(builtin_rules()), encoding="utf-8")
    assert read_rules(tmp_path / "site.toml") == builtin_rules()
    assert read_rules(tmp_path / "none.toml") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]]\nname = 'x'\nlayout = '1x1'\nviews = [{ plane = 'askew' }]", "plane"),
        ("[[rule]]\nname = 'x'\nlayout = '1x1'\nviews = [{}]\nmodalty = ['CT']", "modalty"),
        ("[[rule]]\nname = 'x'\nlayout = '1x1'\nviews = [{}, {}]", "2 views"),
        ("[[rule]]\nname = 'x'\nlayout = '9x9'\nviews = [{}]", "9x9"),
        ("[[rule]]\nname = ' '\nlayout = '1x1'\nviews = [{}]", "no name"),
        ("[[rule]]\nname = 'x'\nlayout = '1x1'\nviews = [{}]\nwhen = { body_part = '(' }", "pattern"),
        ("[[rule", "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        read_rules(tmp_path / "site.toml")


def test_a_chest_film_hangs_alone_with_its_lateral_or_with_its_prior() -> None:
    pa, lateral, old = film("pa", "PA"), film("lat", "LAT"), film("old", "AP")
    assert told(hung(pa)) == [("pa", "native", "")]
    both = hung(pa, lateral)
    assert (both.rule, both.layout, both.active) == ("Chest X-ray, PA and lateral", "1x2", 0)
    assert [cell.stack_key for cell in both.cells if cell] == ["pa", "lat"]
    assert hung(lateral, pa).active == 1
    prior = hung(pa, lateral, priors=((film("oldlat", "LAT"), old),))
    assert (prior.rule, [c.stack_key for c in prior.cells if c]) == ("Chest X-ray, current and prior", ["pa", "old"])
    assert [cell.prior for cell in prior.cells if cell] == [0, 1]


def test_a_prior_of_another_body_part_or_kind_is_none() -> None:
    pa = film("pa", "PA")
    assert len(hung(pa, priors=((film("knee", "AP", part="KNEE"),), (series("ct", "CT", "thorax"),))).cells) == 1
    nearest = hung(pa, priors=((film("knee", "AP", part="KNEE"),), (film("old", "PA"),)))
    assert [cell.stack_key for cell in nearest.cells if cell] == ["pa", "old"]
    assert hanging.counterpart(film("nowhere", part=""), [film("other", part="")]) is not None
    assert len(hung(film("nowhere", part=""), priors=((film("other", part=""),),)).cells) == 1


def test_chest_ct_hangs_lung_and_soft_tissue_with_coronal_where_slices_are_thin() -> None:
    thin = hung(series("ct", "CT", "Thorax", THIN, part="CHEST"))
    assert (thin.rule, thin.layout) == ("Chest CT, lung and soft tissue", "three")
    assert told(thin) == [("ct", "axial", "Lung"), ("ct", "axial", "Soft tissue"), ("ct", "coronal", "Lung")]
    assert [cell.sync for cell in thin.cells if cell] == ["axial", "axial", ""]
    thick = hung(series("ct", "CT", "Thorax", THICK, part="CHEST"))
    assert (thick.layout, told(thick)) == ("1x2", [("ct", "axial", "Lung"), ("ct", "axial", "Soft tissue")])


@pytest.mark.parametrize(
    ("shape", "mm", "three"),
    [((40, 20, 22), 2.5, True), ((39, 20, 22), 2.5, False), ((40, 20, 22), 2.6, False), ((200, 20, 22), 1.0, True)],
)
@pytest.mark.parametrize(("modality", "part"), [("CT", "HEAD"), ("CT", "ABDOMEN"), ("MR", "HEAD"), ("MR", "KNEE")])
def test_three_planes_only_where_slices_are_thin(
    shape: tuple[int, int, int], mm: float, three: bool, modality: str, part: str
) -> None:
    grid = phantoms.geometry(shape, affine=phantoms.affine(((2, 1), (1, 1), (0, 1)), (mm, 0.8, 0.8)))
    made = hung(series("s", modality, "T1 3D", grid, part=part))
    assert {cell.plane for cell in made.cells if cell} == (set(PLANES) if three else {Plane.AXIAL})


def test_brain_mr_hangs_two_by_two_whatever_was_opened() -> None:
    t1, t2, flair, dwi, t1c = (
        series(name, "MR", words, series_number=n)
        for n, (name, words) in enumerate(
            [("t1", "T1 SE ax"), ("t2", "T2 TSE ax"), ("flair", "T2 FLAIR ax"), ("dwi", "DWI b1000"), ("t1c", "T1 +C")]
        )
    )
    adc, star = series("adc", "MR", "DWI ADC"), series("star", "MR", "T2* GRE")
    study = (star, adc, t1, t2, flair, dwi)
    for n, opened in enumerate((t1, t2, flair, dwi)):
        made = hung(opened, *study)
        assert (made.rule, made.layout, made.active) == ("Brain MR, four series", "2x2", n)
        assert [cell.stack_key for cell in made.cells if cell] == ["t1", "t2", "flair", "dwi"]
        assert {cell.sync for cell in made.cells if cell} == {"brain"}
    assert [cell.stack_key for cell in hung(t1, *study, t1c).cells if cell] == ["t1", "t2", "flair", "t1c"]
    assert [cell.stack_key for cell in hung(dwi, *study, t1c).cells if cell] == ["t1", "t2", "flair", "dwi"]
    assert told(hung(star, *study)) == [("star", "axial", "")], "what no view means stands alone"
    two = hung(t1, t2)
    assert (two.layout, len(two.cells)) == ("1x2", 2)
    assert len(hung(t1).cells) == 1


def breast(uid: str, side: str, position: str, towards: str) -> Stack:
    return film(uid, position, "BREAST", ImageLaterality=side, PatientOrientation=towards)


def test_mammograms_hang_chest_wall_to_chest_wall() -> None:
    four = [
        breast("rcc", "R", "CC", "P\\L"),
        breast("lcc", "L", "CC", "A\\R"),
        breast("rmlo", "R", "MLO", "P\\FL"),
        breast("lmlo", "L", "MLO", "P\\FR"),
    ]
    made = hung(four[3], *four[:3])
    assert (made.rule, made.layout, made.active) == ("Mammography, back to back", "2x2", 3)
    cells = [cell for cell in made.cells if cell is not None]
    assert [cell.stack_key for cell in cells] == ["rcc", "lcc", "rmlo", "lmlo"]
    assert [cell.justify for cell in cells] == ["right", "left", "right", "left"]
    assert [cell.mirror for cell in cells] == [False, False, False, True], "only one stored the other way is turned"
    missing = hung(four[0], four[1], four[3])
    assert [cell and cell.stack_key for cell in missing.cells] == ["rcc", "lcc", None, "lmlo"]
    unsaid = hung(breast("rcc", "R", "CC", ""), four[1])
    first = unsaid.cells[0]
    assert first is not None and (first.justify, first.mirror) == ("", False), "no side is guessed"


def test_localizers_and_objects_are_never_hung() -> None:
    scout = phantoms.stack(series_uid="scout", warnings=(Caution("localizer", "scout"),))
    by_type = phantoms.stack(header={"ImageType": "ORIGINAL\\PRIMARY\\LOCALIZER"})
    for stack in (scout, by_type, phantoms.stack(kind=Kind.REPORT)):
        assert hanging.hang(stack) is None
    ct = series("ct", "CT", "T1 ax", part="HEAD")
    assert "scout" not in hung(ct, replace(scout, modality="CT")).stacks


def test_without_orientation_the_slices_stand_alone() -> None:
    grid = phantoms.geometry((60, 20, 22), oriented=False)
    assert told(hung(series("s", "CT", "", grid, part="CHEST"))) == [
        ("s", "native", "Lung"),
        ("s", "native", "Soft tissue"),
    ]
    assert told(hung(series("s", "CT", "", grid, part="ABDOMEN"))) == [("s", "native", "Soft tissue")]


def test_the_acquired_plane_leads() -> None:
    axes = phantoms.affine(((1, -1), (2, -1), (0, 1)), (1.0, 1.0, 1.0))
    made = hung(series("s", "MR", "T2", phantoms.geometry((60, 20, 22), affine=axes), part="KNEE"))
    assert [cell.plane for cell in made.cells if cell] == [Plane.CORONAL, Plane.AXIAL, Plane.SAGITTAL]


def test_pick_takes_the_largest_volume_and_never_a_localizer() -> None:
    scout = replace(phantoms.stack(), series_uid="scout", warnings=(Caution("localizer", "x"),))
    image = replace(phantoms.stack(), series_uid="image", kind=Kind.IMAGE)
    picked = hanging.pick((scout, image, replace(phantoms.stack(), series_uid="volume")))
    assert picked is not None
    assert picked.series_uid == "volume"
    assert hanging.pick((scout,)) is None


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (Series(modality=("MR",)), "Modality"),
        (Series(kind=("cine",)), "Kind"),
        (Series(body_part="knee"), "Body part"),
        (Series(description="flair"), "is not found"),
        (Series(without="thorax"), "is found"),
        (Series(position=("LAT",)), "View position"),
        (Series(side="R"), "Side"),
        (Series(contrast=True), "No contrast"),
        (Series(slices=61), "61 slices|{n} slices"),
        (Series(thickest_mm=1.0), "apart"),
    ],
)
def test_a_rule_says_why_it_does_not_hold(when: Series, words: str) -> None:
    stack = series("ct", "CT", "Thorax", THIN, part="CHEST")
    tried = hanging.attempt(Rule("x", "1x1", (RuleView(),), when), Exam(stack, (stack,)))
    assert tried.hanging is None
    assert any(word in tried.why.format(**tried.fields) or word in tried.why for word in words.split("|"))


def test_a_rule_that_lacks_a_picture_says_which_view() -> None:
    stack = series("ct", "CT", "Thorax")
    two = Rule("x", "1x2", (RuleView(), RuleView(prior=1)))
    tried = hanging.attempt(two, Exam(stack, (stack,)))
    assert (tried.hanging, tried.why.format(**tried.fields)) == (None, "View 2 has no picture in this study.")
    other = Rule("x", "1x1", (RuleView(series=(Series(description="flair"),)),))
    flair = series("f", "CT", "flair")
    assert "would not be on screen" in hanging.attempt(other, Exam(stack, (stack, flair))).why


def test_sides_positions_and_contrast_by_the_words_of_a_description() -> None:
    def named(words: str) -> Stack:
        return phantoms.stack(description=words, header={})

    sides = ("R CC", "LMLO", "Left MLO", "L and R", "thorax")
    assert [exam.side_of(named(w)) for w in sides] == ["R", "L", "L", "", ""]
    assert [exam.position_of(named(w)) for w in ("Chest lateral", "PA", "AP and LAT")] == ["LAT", "PA", ""]
    contrast = ("T1 +C", "T1 post contrast", "T1 w/o contrast", "T1 pre-contrast", "T1", "T1 GD")
    assert [exam.has_contrast(named(w)) for w in contrast] == [True, True, False, False, False, True]
    assert exam.exam_of(series("ct", "CT", "x", part="CHEST")) == "CT chest"
    assert exam.exam_of(film("f")) == "XR chest"
