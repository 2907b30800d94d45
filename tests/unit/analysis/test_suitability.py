from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests import tiny_packs
from tests.unit.analysis.conftest import BOX, film, head
from viewer.analysis import headers, suitability
from viewer.core.analysis import PackInfo, Suitability
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.volume import Volume

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE


def pack(task: str = "classification", **match: Any) -> PackInfo:
    return tiny_packs.info("p", task, **match)


def having(pack: PackInfo, **changes: Any) -> PackInfo:
    return replace(pack, viewer=structs.replace(pack.viewer, **changes))


PNEUMONIA = pack(modality=["CR", "DX"], body_part=["CHEST"], view=["AP", "PA"], age_years=[1, 5], slices=[1, 1])
HIPPOCAMPUS = pack(
    "segmentation",
    modality=["MR"],
    body_part=["BRAIN", "HEAD"],
    sequence="T1",
    slices=[12, 1024],
    spacing_mm={"slice": [0.5, 1.6], "pixel": [0.4, 1.6]},
    roi_mm=[10, 64],
    even=True,
    needs_roi=True,
)
NODULE = pack("segmentation", modality=["CT"], body_part=["CHEST"], plane=["AXIAL"], warn=["body_part"])


def spaced(gap: float, pixel: float = 1.0, count: int = 20) -> Geometry:
    affine = np.array([[0, 0, pixel, 0], [0, pixel, 0, 0], [gap, 0, 0, 0], [0, 0, 0, 1.0]])
    return Geometry((count, 28, 32), affine)


def cut(count: int) -> dict[str, Any]:
    return {"stored": head().stored[:count], "geometry": spaced(1.0, count=count)}


FILMS: list[tuple[str, dict[str, Any], Suitability, str]] = [
    ("a young child's PA film", {}, RUN, ""),
    ("CR and AP suit too", {"modality": "CR", "tags": {"ViewPosition": "AP"}}, RUN, ""),
    ("five and a half is five", {"tags": {"PatientAge": "066M"}}, RUN, ""),
    ("an adult", {"tags": {"PatientAge": "062Y"}}, REFUSE, "age"),
    ("six years old", {"tags": {"PatientAge": "006Y"}}, REFUSE, "age"),
    ("an infant", {"tags": {"PatientAge": "003M"}}, REFUSE, "age"),
    ("no age", {"tags": {"PatientAge": ""}}, WARN, "age"),
    ("a removed age", {"tags": {"PatientAge": "000Y"}}, WARN, "age"),
    ("a lateral view", {"tags": {"ViewPosition": "LL"}}, REFUSE, "view"),
    ("lateral by words", {"tags": {"ViewPosition": "", "SeriesDescription": "Chest LAT"}}, REFUSE, "view"),
    ("lateral by orientation", {"tags": {"ViewPosition": "", "PatientOrientation": "A\\F"}}, REFUSE, "view"),
    ("no view", {"tags": {"ViewPosition": ""}}, WARN, "view"),
    ("a hand", {"tags": {"BodyPartExamined": "HAND"}}, REFUSE, "body_part"),
    ("a hand by words", {"tags": {"BodyPartExamined": "", "SeriesDescription": "Hand AP"}}, REFUSE, "body_part"),
    ("thorax is chest", {"tags": {"BodyPartExamined": "THORAX"}}, RUN, ""),
    ("no body part", {"tags": {"BodyPartExamined": ""}}, WARN, "body_part"),
    ("a word that names no part", {"tags": {"BodyPartExamined": "PARTIALBODY"}}, WARN, "body_part"),
    (
        "no part, but a hand by words",
        {"tags": {"BodyPartExamined": "UNKNOWN", "SeriesDescription": "Hand AP"}},
        REFUSE,
        "body_part",
    ),
    ("a CT", {"modality": "CT"}, REFUSE, "modality"),
    ("stored mirrored", {"tags": {"PatientOrientation": "R\\F"}}, WARN, "orientation"),
    ("stored upside down", {"tags": {"PatientOrientation": "L\\H"}}, REFUSE, "orientation"),
    ("stored lying", {"tags": {"PatientOrientation": "F\\L"}}, REFUSE, "orientation"),
    ("inverted", {"inverted": True}, REFUSE, "inversion"),
    ("black and white contradict", {"tags": {"PresentationLUTShape": "INVERSE"}}, WARN, "photometric"),
    ("a localizer", {"tags": {"ImageType": "ORIGINAL\\PRIMARY\\LOCALIZER"}}, REFUSE, "localizer"),
]
BLOCKS: list[tuple[str, dict[str, Any], Suitability, str]] = [
    ("a T1 block with a box", {}, RUN, ""),
    ("another sequence", {"tags": {"SeriesDescription": "t2_tse_ax", "BodyPartExamined": "HEAD"}}, REFUSE, "sequence"),
    ("FLAIR by times", {"tags": {"BodyPartExamined": "HEAD", "RepetitionTime": "9000", "EchoTime": "120",
                                 "InversionTime": "2500"}}, REFUSE, "sequence"),
    ("T1 by times", {"tags": {"BodyPartExamined": "HEAD", "RepetitionTime": "2300", "EchoTime": "3",
                              "InversionTime": "900"}}, RUN, ""),
    ("an unnamed sequence", {"tags": {"BodyPartExamined": "HEAD"}}, WARN, "sequence"),
    ("a knee", {"tags": {"SeriesDescription": "T1", "BodyPartExamined": "KNEE"}}, REFUSE, "body_part"),
    ("slices 3 mm apart", {"geometry": spaced(3.0)}, WARN, "spacing"),
    ("slices 10 mm apart", {"geometry": spaced(10.0)}, REFUSE, "spacing"),
    ("one slice", cut(1), REFUSE, "slices"),
    ("three slices", cut(3), REFUSE, "slices"),
    ("a PET", {"modality": "PT"}, REFUSE, "modality"),
    ("NIfTI says nothing", {"modality": "OT", "series_uid": None, "tags": {}}, WARN, "modality"),
    ("DICOM of modality OT", {"modality": "OT"}, REFUSE, "modality"),
    ("no spacing", {"geometry": replace(spaced(1.0), spacing_kind=SpacingKind.UNKNOWN)}, REFUSE, "spacing"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "changes", "verdict", "rule"), FILMS, ids=[c[0] for c in FILMS])
def test_films(case: str, changes: dict[str, Any], verdict: Suitability, rule: str) -> None:
    judged = suitability.check(PNEUMONIA, film(**changes))
    assert judged.verdict is verdict, judged.reasons
    if rule:
        assert judged.reasons[0].rule == rule
        assert judged.reasons[0].verdict is verdict
        assert judged.reasons[0].text.endswith(".")
        assert judged.reasons[0].tag
    else:
        assert judged.reasons == ()


@pytest.mark.parametrize(("case", "changes", "verdict", "rule"), BLOCKS, ids=[c[0] for c in BLOCKS])
def test_blocks(case: str, changes: dict[str, Any], verdict: Suitability, rule: str) -> None:
    volume = head(**changes)
    judged = suitability.check(HIPPOCAMPUS, volume, tuple_box(volume))
    assert judged.verdict is verdict, judged.reasons
    assert (rule in {r.rule for r in judged.reasons if r.verdict is verdict}) or not rule


def tuple_box(volume: Volume) -> Any:
    return (BOX[0], (min(BOX[1][0], volume.shape[0]), *BOX[1][1:])) if volume.shape[0] > 3 else ((0, 4, 5), (1, 24, 27))


def test_the_words_are_those_of_the_design() -> None:
    thick = suitability.check(pack("segmentation", spacing_mm={"slice": [0.5, 2.5]}), head(geometry=spaced(5.0)), BOX)
    assert thick.reasons[0].text == "Slices 5.0 mm apart; tested up to 2.5 mm."
    assert thick.reasons[0].tag == "(0018,0050)"
    wrong = suitability.check(HIPPOCAMPUS, head(modality="CT"), BOX)
    assert wrong.reasons[0].text == "Needs MR; this is CT."


@pytest.mark.parametrize(
    ("roi", "verdict"),
    [(None, REFUSE), (((0, 0, 0), (21, 9, 9)), REFUSE), (((5, 5, 5), (5, 9, 9)), REFUSE),
     (((5, 5, 5), (7, 9, 9)), WARN), (BOX, RUN)],
)  # fmt: skip
def test_the_box(roi: Any, verdict: Suitability) -> None:
    judged = suitability.check(HIPPOCAMPUS, head(), roi)
    assert judged.verdict is verdict
    assert {r.rule for r in judged.reasons} <= {"roi"}


def test_uneven_and_tilted_stacks() -> None:
    uneven = replace(spaced(1.0), slice_positions=tuple(float(n + (n > 9)) for n in range(20)))
    assert "geometry" in {r.rule for r in suitability.check(HIPPOCAMPUS, head(geometry=uneven), BOX).reasons}
    affine = spaced(1.0).affine.copy()
    affine[1, 0] = 0.3
    tilted = suitability.check(HIPPOCAMPUS, head(geometry=Geometry((20, 28, 32), affine)), BOX)
    assert (tilted.verdict, tilted.reasons[0].rule) == (WARN, "geometry")


def test_pixels_that_cannot_be() -> None:
    constant = film(stored=np.full((1, 120, 100), 7, np.uint16))
    assert suitability.check(PNEUMONIA, constant).reasons[0].rule == "values"
    broken = np.full((1, 120, 100), np.nan, np.float32)
    assert "not numbers" in suitability.check(PNEUMONIA, film(stored=broken)).reasons[0].text
    huge = np.broadcast_to(np.uint16(5), (1, 16384, 16384))
    grid = replace(film().geometry, shape=(1, 16384, 16384))
    refused = suitability.check(PNEUMONIA, film(stored=huge, geometry=grid), pixels=False)
    assert "16384 x 16384" in refused.reasons[0].text


def test_colour_is_refused_and_grey_stored_as_colour_is_not() -> None:
    grey = np.repeat(film().stored[..., None], 3, axis=-1)
    assert suitability.check(PNEUMONIA, film(stored=grey)).verdict is RUN
    coloured = grey.copy()
    coloured[..., 0] //= 3
    assert suitability.check(PNEUMONIA, film(stored=coloured)).reasons[0].rule == "colour"


def test_without_pixels_a_series_that_still_loads_is_not_called_constant() -> None:
    loading = film(stored=np.zeros((1, 120, 100), np.uint16))
    assert suitability.check(PNEUMONIA, loading, pixels=False).verdict is RUN


def test_the_research_switch() -> None:
    glioma = having(pack(modality=["DX"]), research_only=True)
    assert suitability.check(glioma, film()).reasons[0].rule == "research"
    assert suitability.check(glioma, film(), research=True).verdict is RUN


def test_a_lenient_rule_warns_but_a_distant_body_part_is_refused() -> None:
    ct = head(modality="CT", tags={"BodyPartExamined": "ABDOMEN"})
    assert suitability.check(NODULE, ct).verdict is WARN
    assert suitability.check(NODULE, replace(ct, tags={"BodyPartExamined": "HEAD"})).verdict is REFUSE


def test_every_rule_that_applies_is_heard() -> None:
    heard = {r.rule: r.verdict for r in suitability.reasons(PNEUMONIA, film())}
    assert set(heard) >= {"modality", "body_part", "view", "age", "slices", "orientation", "values", "inversion"}
    assert set(heard.values()) == {RUN}


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("004Y", 4),
        ("018M", 1.5),
        ("010D", 10 / 365.25),
        ("62", 62),
        ("000Y", None),
        ("", None),
        ("200Y", None),
        ("x", None),
    ],
)
def test_age_strings(text: str, years: float | None) -> None:
    assert headers.age_years(text) == (None if years is None else pytest.approx(years))


@settings(deadline=None)
@given(st.dates(min_value=datetime.date(1930, 1, 1), max_value=datetime.date(2025, 1, 1)),
       st.integers(0, 36500))  # fmt: skip
def test_age_from_dates_is_the_age_in_whole_months_or_years(born: Any, days: int) -> None:
    then = born + datetime.timedelta(days=days)
    text = headers.age_string(born.strftime("%Y%m%d"), then.strftime("%Y%m%d"))
    years = headers.age_years(text)
    exact = days / 365.25
    if years is not None:
        assert exact - 1.01 < years < exact + 0.02
    else:
        assert exact > 100


def test_age_needs_both_dates_in_order() -> None:
    assert headers.age_string("", "20260101") == ""
    assert headers.age_string("20260102", "20260101") == ""
    assert headers.age_string("20220302", "20260301") == "003Y"


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_header_text_is_survived(description: str, orientation: str) -> None:
    tags = dict.fromkeys(("SeriesDescription", "PatientAge", "BodyPartExamined", "EchoTime"), description)
    tags["PatientOrientation"] = orientation
    verdict = suitability.check(PNEUMONIA, replace(film(), tags=tags), pixels=False)
    assert all(reason.text for reason in verdict.reasons)


def test_images_that_could_not_be_read_are_not_analysed() -> None:
    volume = head()
    assert suitability.check(HIPPOCAMPUS, volume, BOX).verdict is not REFUSE
    missing = np.zeros(volume.shape[0], bool)
    missing[1:3] = True
    verdict = suitability.check(HIPPOCAMPUS, replace(volume, missing=missing), BOX)
    assert verdict.verdict is REFUSE
    assert verdict.reasons[0].rule == "unread"
    assert verdict.reasons[0].text.startswith("2 of the ")
