"""The gate on real files: each is refused, warned of or run for the right reason, with the tag that says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import torch

from tests.conftest import shared_folder
from viewer.analysis import networks, ood, packs, suitability
from viewer.analysis.inference import Infer
from viewer.core.analysis import GateReason, PackInfo, Suitability
from viewer.core.errors import PackError
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.reading import open_volume
from viewer.training import cases
from viewer.training.masks import infer_of

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE
ADULT = "xray/1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm"

#: (what it is, pack, file in the corpus, verdict, rule that decides, tag it names).
FILES = [
    ("an adult's film", "xray-chest-pneumonia", ADULT, REFUSE, "age", "(0010,1010)"),
    ("an adult's film for adults", "xray-chest-tuberculosis", ADULT, RUN, "", ""),
    ("an adult's film, lenient pack", "xray-chest-lungs", ADULT, WARN, "age", "(0010,1010)"),
    ("a child's film for adults", "xray-chest-tuberculosis", "xray/dx_image.dcm", REFUSE, "age", "(0010,1010)"),
    ("an inverted film", "xray-chest-tuberculosis", "xray/Fake_MONOHR1.dcm", REFUSE, "inversion", "(0028,0004)"),
    ("an extremity", "xray-chest-pneumonia", "xray/RG3_J2KI.dcm", REFUSE, "body_part", "(0018,0015)"),
    ("a CT slice", "xray-chest-pneumonia", "xray/GH1728.dcm", REFUSE, "modality", "(0008,0060)"),
    ("a sagittal CT slice", "ct-lung-nodule", "xray/GH1728.dcm", REFUSE, "plane", "(0020,0037)"),
    ("a PET slice", "ct-lung-nodule", "series-pt/1.dcm", REFUSE, "modality", "(0008,0060)"),
    ("a PET slice for a film", "xray-chest-pneumonia", "series-pt/1.dcm", REFUSE, "modality", "(0008,0060)"),
    ("ultrasound", "xray-chest-pneumonia", "ultrasound/US1_J2KR.dcm", REFUSE, "modality", "(0008,0060)"),
    ("a scout", "ct-lung-nodule", "series-ct/philips-localizer", REFUSE, "localizer", "(0008,0008)"),
    ("a head for lungs", "ct-lung-nodule", "series-ct/philips-head-S2010", REFUSE, "body_part", "(0018,0015)"),
    ("T2 for T1", "mr-hippocampus-segmentation", "series-mr/brainix-epi", REFUSE, "sequence", "(0008,103E)"),
    ("T1 for FLAIR", "mr-brain-glioma", "series-mr/decubitus-HFS", REFUSE, "sequence", "(0008,103E)"),
    ("a knee for a brain", "mr-hippocampus-segmentation", "series-mr/knee-T2", REFUSE, "body_part", "(0018,0015)"),
    ("a brain for a heart", "mr-cardiac-lv", "series-mr/decubitus-HFS", REFUSE, "body_part", "(0018,0015)"),
    ("4.8 mm slices", "mr-hippocampus-segmentation", "series-mr/decubitus-HFS", REFUSE, "spacing", "(0018,0050)"),
]  # fmt: skip


def load(name: str) -> PackInfo:
    try:
        return packs.load(name)
    except PackError:
        pytest.skip(f"{name} is not in this checkout")


def heard(reasons: tuple[GateReason, ...], verdict: Suitability) -> dict[str, GateReason]:
    return {r.rule: r for r in reasons if r.verdict is verdict}


@pytest.mark.parametrize(("what", "name", "file", "verdict", "rule", "tag"), FILES, ids=[f[0] for f in FILES])
def test_real_files(what: str, name: str, file: str, verdict: Suitability, rule: str, tag: str) -> None:
    judged = suitability.check(load(name), open_volume(shared_folder("corpus", file)), research=True)
    assert judged.verdict is verdict
    if rule:
        reason = heard(judged.reasons, verdict)[rule]
        assert reason.tag == tag and reason.text.endswith(".")
    else:
        assert not judged.reasons


def test_a_stack_of_ten_millimetres(tmp_path: Path) -> None:
    """Every fifth slice of a real 2 mm series."""
    slices = sorted(
        shared_folder("data", "volumes-multi-organ", "ct_dicom").glob("*"),
        key=lambda p: float(pydicom.dcmread(p, stop_before_pixels=True).ImagePositionPatient[2]),
    )
    for path in slices[::5]:
        shutil.copy(path, tmp_path / path.name)
    judged = suitability.check(load("ct-lung-nodule"), open_volume(tmp_path))
    assert judged.verdict is REFUSE
    reason = heard(judged.reasons, REFUSE)["spacing"]
    assert reason.tag == "(0018,0050)" and "10.0 mm" in reason.text and "3.0 mm" in reason.text


TAGS = {
    "BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "003Y", "PatientOrientation": "L\\F",
    "PhotometricInterpretation": "MONOCHROME2",
}  # fmt: skip


@cache
def picture(data: str) -> Volume:
    """The eighth training picture of a set."""
    table = cases.read_table(shared_folder("data", data) / "cases.csv").of("train")
    return cases.load_volume(table[7].image)


def wrapped(data: str, **tags: str) -> Volume:
    """A picture of the data as an X-ray whose header says that it is a young child's frontal chest film."""
    volume = picture(data)
    plane = volume.stored if not volume.is_colour else volume.stored[..., 1]
    return Volume(
        np.ascontiguousarray(plane[:1]),
        Geometry((1, *plane.shape[1:]), np.eye(4)[:, [2, 1, 0, 3]]),
        modality="DX", series_uid="1.2.3", tags={**TAGS, **tags},
    )  # fmt: skip


def turned(volume: Volume, change: Callable[[Any], Any]) -> Volume:
    plane = np.ascontiguousarray(change(volume.stored[0]))[None]
    return replace(volume, stored=plane, geometry=replace(volume.geometry, shape=plane.shape))


@cache
def guarded() -> tuple[PackInfo, ood.Detector, Infer]:
    """The pneumonia pack, its guard and the guard's network."""
    pack = load("xray-chest-pneumonia")
    guard = ood.detector_for(pack)
    if guard is None:
        pytest.skip("no gate pack in this checkout")
    return pack, guard, infer_of(networks.load(guard.pack.inference.network, guard.pack.weights), torch.device("cpu"))


def seen(volume: Volume) -> tuple[Suitability, dict[str, GateReason]]:
    """Verdict and reasons that are no RUN of header rules, pixel rules and the gate pack together."""
    pack, guard, infer = guarded()
    spoken = [*suitability.reasons(pack, volume), *ood.judge(guard, infer, volume)]
    judged = suitability.verdict_of([r for r in spoken if r.verdict is not RUN])
    return judged.verdict, {r.rule: r for r in judged.reasons}


def test_a_young_childs_film_runs() -> None:
    assert seen(wrapped("cxr-pneumonia"))[0] is RUN


@pytest.mark.parametrize(
    ("tags", "rule", "tag"),
    [
        ({"ViewPosition": "LL"}, "view", "(0018,5101)"),
        ({"PatientOrientation": "A\\F", "ViewPosition": ""}, "view", "(0020,0020)"),
        ({"PatientAge": "041Y"}, "age", "(0010,1010)"),
        ({"BodyPartExamined": "HAND"}, "body_part", "(0018,0015)"),
        ({"PatientOrientation": "L\\H"}, "orientation", "(0020,0020)"),
    ],
    ids=["lateral", "lateral by orientation", "adult", "hand", "upside down"],
)
def test_the_header_of_a_childs_film_is_believed(tags: dict[str, str], rule: str, tag: str) -> None:
    verdict, reasons = seen(wrapped("cxr-pneumonia", **tags))
    assert verdict is REFUSE and reasons[rule].verdict is REFUSE and reasons[rule].tag == tag


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (lambda p: 255 - p, {"inversion", "view"}),
        (np.flipud, {"view"}),
        (np.rot90, {"view"}),
    ],
    ids=["inverted", "upside down", "on its side"],
)
def test_pixels_tell_a_spoilt_film_whatever_the_header_says(change: Callable[[Any], Any], rules: set[str]) -> None:
    verdict, reasons = seen(turned(wrapped("cxr-pneumonia"), change))
    assert verdict is not RUN and rules & set(reasons)


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        ("cxr-tuberculosis", {"age"}),
        ("xr-fracture", {"view", "ood", "inversion"}),
        ("xr-knee", {"view", "ood", "inversion"}),
        ("us-fetal-head", {"view", "ood", "inversion"}),
        ("us-breast-lesion", {"view", "ood", "inversion"}),
        ("fundus-retinopathy", {"view", "ood", "inversion"}),
        ("mr-brain-glioma", {"view", "ood", "inversion"}),
        ("ct-lung-nodule", {"view", "ood", "inversion"}),
    ],
)
def test_pixels_tell_another_picture_whose_header_says_childs_chest(data: str, rules: set[str]) -> None:
    verdict, reasons = seen(wrapped(data))
    assert verdict is not RUN and rules & set(reasons)
    assert all(r.text.endswith(".") for r in reasons.values())
