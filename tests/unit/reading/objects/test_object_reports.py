"""Reports, key objects and presentation states as trees and measurements."""

from __future__ import annotations

from pathlib import Path

from pydicom.sequence import Sequence as DicomSequence

from tests.unit.reading.objects.builders import base, code, content, item, number, save, stack_of, write_report
from viewer.core.document import Node
from viewer.core.study import Kind
from viewer.reading.objects.object_types import describe
from viewer.reading.objects.presentation import read_presentation
from viewer.reading.objects.structured import read_items, read_report

TITLE = ("126000", "DCM", "Imaging Measurement Report")
LENGTH = ("410668003", "SCT", "Length")
GROUP = ("125007", "DCM", "Measurement Group")


def lines(nodes: tuple[Node, ...]) -> list[str]:
    return [text for node in nodes for text in (node.text, *lines(node.children))]


def measured_group(name: str, value: str) -> object:
    group = content("CONTAINER", "CONTAINS", GROUP)
    tracking = content("TEXT", "HAS OBS CONTEXT", ("112039", "DCM", "Tracking Identifier"), TextValue=name)
    finding = content(
        "CODE", "CONTAINS", ("121071", "DCM", "Finding"), ConceptCodeSequence=code("4147007", "SCT", "Mass")
    )
    region = content(
        "SCOORD3D",
        "CONTAINS",
        ("111030", "DCM", "Image Region"),
        GraphicType="POLYLINE",
        GraphicData=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        ReferencedFrameOfReferenceUID="1.2.3",
    )
    group.ContentSequence = DicomSequence([tracking, finding, region, number(LENGTH, value, "mm")])
    return group


def test_measurements_carry_value_unit_code_and_what_they_belong_to(tmp_path: Path) -> None:
    path = write_report(tmp_path / "a", TITLE, [measured_group("L1", "12.25"), measured_group("L2", "3e1")])
    found = read_report(stack_of(path)).measurements
    assert [(m.name, m.value, m.unit, m.context) for m in found] == [
        ("Length", 12.25, "mm", "L1, Mass"),
        ("Length", 30.0, "mm", "L2, Mass"),
    ]
    assert found[0].code is not None
    assert found[0].code.value == "410668003"


def test_the_tree_reads_as_sentences(tmp_path: Path) -> None:
    path = write_report(tmp_path / "a", TITLE, [measured_group("L1", "12.25")])
    report = read_report(stack_of(path))
    assert report.title == "Imaging Measurement Report"
    assert lines(report.tree) == [
        "Status: partial, unverified",
        "Measurement Group",
        "Tracking Identifier: L1",
        "Finding: Mass",
        "Image Region: polyline, 2 points (mm)",
        "Length: 12.25 mm",
    ]


def test_items_give_codes_and_coordinates_for_the_read_back_check(tmp_path: Path) -> None:
    path = write_report(tmp_path / "a", TITLE, [measured_group("L1", "12.25")])
    by_kind = {found.kind: found for found in read_items(stack_of(path)).walk()}
    assert by_kind["SCOORD3D"].points == ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    assert by_kind["SCOORD3D"].frame_of_reference_uid == "1.2.3"
    assert by_kind["CODE"].chosen is not None
    assert by_kind["CODE"].chosen.value == "4147007"
    assert by_kind["NUM"].number == 12.25


def test_every_value_type_is_said(tmp_path: Path) -> None:
    image = item(
        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.3", ReferencedFrameNumber=4
    )
    empty = content("NUM", "CONTAINS", LENGTH)
    empty.NumericValueQualifierCodeSequence = DicomSequence(code("114000", "DCM", "Not a number"))
    children = [
        content("PNAME", "CONTAINS", ("1", "99T", "Observer"), PersonName="Yamada^Tarou=山田^太郎"),
        content("DATE", "CONTAINS", ("1", "99T", "Day"), Date="20260302"),
        content("TIME", "CONTAINS", ("1", "99T", "Hour"), Time="140530"),
        content("DATETIME", "CONTAINS", ("1", "99T", "When"), DateTime="20260302140530.5"),
        content("UIDREF", "CONTAINS", ("1", "99T", "Link"), UID="1.2.3"),
        content("IMAGE", "CONTAINS", ("1", "99T", "Source"), ReferencedSOPSequence=[image]),
        content("SCOORD", "CONTAINS", ("1", "99T", "Spot"), GraphicType="POINT", GraphicData=[4.5, 6.5]),
        item(RelationshipType="INFERRED FROM", ReferencedContentItemIdentifier=[1, 2]),
        empty,
    ]
    said = lines(read_report(stack_of(write_report(tmp_path / "a", TITLE, children))).tree)
    assert said[1:] == [
        "Observer: Yamada Tarou",
        "Day: 2 Mar 2026",
        "Hour: 14:05:30",
        "When: 2 Mar 2026, 14:05:30",
        "Link: 1.2.3",
        "Source: CT image 1.2.3, frame 4",
        "Spot: point at (4.5, 6.5) px",
        "see item 1.2",
        "Length: Not a number",
    ]


def test_who_verified_is_said(tmp_path: Path) -> None:
    observer = item(
        VerifyingObserverName="Reader^Anna", VerifyingOrganization="Clinic", VerificationDateTime="20260302101112"
    )
    path = write_report(
        tmp_path / "a",
        TITLE,
        [number(LENGTH, "1", "mm")],
        CompletionFlag="COMPLETE",
        VerificationFlag="VERIFIED",
        VerifyingObserverSequence=DicomSequence([observer]),
    )
    said = lines(read_report(stack_of(path)).tree)
    assert said[:2] == ["Status: complete, verified", "Verified by Reader Anna, Clinic, 2 Mar 2026, 10:11:12"]


def test_a_key_object_selection_names_its_images(tmp_path: Path) -> None:
    image = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4", ReferencedSOPInstanceUID="1.2.9")
    ds = base("88.59", "KO")
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = DicomSequence(code("113000", "DCM", "Of Interest"))
    ds.ContentSequence = DicomSequence(
        [
            content("TEXT", "CONTAINS", ("113012", "DCM", "Key Object Description"), TextValue="Look here"),
            content("IMAGE", "CONTAINS", None, ReferencedSOPSequence=[image]),
        ]
    )
    path = save(ds, tmp_path / "a")
    stack = stack_of(path, Kind.REPORT, str(ds.SOPClassUID))
    document = read_presentation(stack)
    assert document.title == "Key object selection: Of Interest"
    assert lines(document.tree) == ["Key Object Description: Look here", "MR image 1.2.9"]


def test_a_presentation_state_says_what_it_asks_for(tmp_path: Path) -> None:
    ds = base("11.1", "PR")
    ds.ContentLabel, ds.ContentDescription = "LABEL", "Fracture"
    ds.PresentationCreationDate, ds.PresentationCreationTime = "20260302", "101500"
    image = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.1", ReferencedSOPInstanceUID="1.2.9")
    ds.ReferencedSeriesSequence = DicomSequence([item(SeriesInstanceUID="1.2", ReferencedImageSequence=[image])])
    ds.SoftcopyVOILUTSequence = DicomSequence(
        [item(WindowCenter=["40"], WindowWidth=["400"], VOILUTFunction="SIGMOID")]
    )
    ds.PresentationLUTShape = "INVERSE"
    ds.ImageRotation, ds.ImageHorizontalFlip = 90, "Y"
    ds.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    ds.GraphicLayerSequence = DicomSequence([item(GraphicLayer="ONE", GraphicLayerDescription="Marks")])
    text = item(UnformattedTextValue="Here\r\nand there")
    line = item(GraphicType="POLYLINE", GraphicAnnotationUnits="PIXEL", GraphicData=[1.0, 1.0, 5.0, 5.0])
    ds.GraphicAnnotationSequence = DicomSequence(
        [item(GraphicLayer="ONE", TextObjectSequence=[text], GraphicObjectSequence=[line])]
    )
    stack = stack_of(save(ds, tmp_path / "a"), Kind.PRESENTATION, str(ds.SOPClassUID))
    document = read_presentation(stack)
    assert document.title == "Greyscale presentation state: Fracture"
    assert lines(document.tree) == [
        "Made: 2 Mar 2026, 10:15:00",
        "Applies to 1 image in 1 series",
        "Computed Radiography image 1.2.9",
        "Window: width 400, level 40 (sigmoid)",
        "Greys inverted",
        "Image turned 90° clockwise and flipped left to right",
        "Shutter: rectangular, circular",
        "Annotations: Marks",
        "Text: Here | and there",
        "Polyline, 2 points (pixel)",
    ]
    assert describe(stack) == {"title": "Greyscale presentation state: Fracture"}
