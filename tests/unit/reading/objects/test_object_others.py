"""Waveforms, structure sets, documents and parametric maps."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from tests.unit.reading.objects.builders import base, code, item, plane, save, shared, stack_of
from viewer.core.errors import ReadError
from viewer.core.study import Kind
from viewer.jobs import info
from viewer.reading import load_volume, scan
from viewer.reading.objects.document import read_document
from viewer.reading.objects.object_types import describe
from viewer.reading.objects.parametric import read_parametric
from viewer.reading.objects.pdf_pages import draw_pages
from viewer.reading.objects.structures import read_structures
from viewer.reading.objects.waveform import list_channels, read_waveform

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def channel(name: str, **more: object) -> Dataset:
    return item(ChannelSourceSequence=code("5.6.3-9-1", "SCPECG", name), **more)


def ecg(samples: np.ndarray, channels: list[Dataset], kind: str = "SS", **more: object) -> Dataset:
    ds = base("9.1.1", "ECG")
    group = item(
        NumberOfWaveformChannels=samples.shape[1],
        NumberOfWaveformSamples=samples.shape[0],
        SamplingFrequency="500",
        WaveformBitsAllocated=samples.dtype.itemsize * 8,
        WaveformSampleInterpretation=kind,
        ChannelDefinitionSequence=channels,
        **more,
    )
    group.add_new(0x54001010, "OW" if samples.dtype.itemsize == 2 else "OB", samples.tobytes())
    ds.WaveformSequence = DicomSequence([group])
    return ds


UNIT = {"ChannelSensitivityUnitsSequence": code("uV", "UCUM", "microvolt")}


def test_samples_are_scaled_by_sensitivity_correction_and_baseline(tmp_path: Path) -> None:
    samples = np.array([[1, 10], [-2, 20], [3, -32768]], "<i2")
    scaled = channel(
        "Lead I", ChannelSensitivity="2.5", ChannelSensitivityCorrectionFactor="2", ChannelBaseline="7", **UNIT
    )
    plain = channel("Lead II")
    path = save(ecg(samples, [scaled, plain], WaveformPaddingValue=struct.pack("<h", -32768)), tmp_path / "a")
    first, second = read_waveform(stack_of(path)).channels
    assert first.samples.tolist() == [12.0, -3.0, 22.0]
    assert (first.name, first.unit, first.frequency_hz) == ("Lead I", "uV", 500.0)
    assert second.unit == ""
    assert second.samples[:2].tolist() == [10.0, 20.0]
    assert np.isnan(second.samples[2])
    assert list_channels(stack_of(path)) == [("Lead I", 3, 500.0, "uV"), ("Lead II", 3, 500.0, "")]
    told = describe(stack_of(path, Kind.WAVEFORM))["channels"]
    assert told == [
        {"name": "Lead I", "samples": 3, "frequency_hz": 500.0, "unit": "uV"},
        {"name": "Lead II", "samples": 3, "frequency_hz": 500.0},
    ]


@pytest.mark.parametrize(
    ("law", "stored", "values"),
    [
        ("MB", [0xFF, 0x7F, 0x80, 0x00], [0, 0, 32124, -32124]),
        ("AB", [0xD5, 0x55, 0xAA, 0x2A], [8, -8, 32256, -32256]),
    ],
)
def test_companded_sound_is_expanded(tmp_path: Path, law: str, stored: list[int], values: list[int]) -> None:
    path = save(ecg(np.array(stored, "<u1")[:, None], [channel("Voice")], law), tmp_path / "a")
    (voice,) = read_waveform(stack_of(path)).channels
    assert voice.samples.tolist() == values


def test_missing_samples_are_a_truncated_file(tmp_path: Path) -> None:
    ds = ecg(np.zeros((10, 1), "<i2"), [channel("Lead I", ChannelSensitivity="1", **UNIT)])
    ds.WaveformSequence[0].NumberOfWaveformSamples = 1000
    with pytest.raises(ReadError) as caught:
        read_waveform(stack_of(save(ds, tmp_path / "a")))
    assert caught.value.code == "truncated"


def test_annotations_are_said_with_value_and_unit(tmp_path: Path) -> None:
    ds = ecg(
        np.zeros((2, 1), "<i2"),
        [channel("Lead I", FilterLowFrequency="0.05", FilterHighFrequency="150", NotchFilterFrequency="50")],
    )
    rate = item(
        ConceptNameCodeSequence=code("8867-4", "LN", "Heart rate"),
        NumericValue="61",
        MeasurementUnitsCodeSequence=code("{H.B.}/min", "UCUM", "beats"),
    )
    onset = item(ConceptNameCodeSequence=code("x", "SCPECG", "P Onset"), ReferencedSamplePositions=5)
    ds.WaveformAnnotationSequence = DicomSequence([item(UnformattedTextValue="SINUS RHYTHM"), rate, onset])
    found = read_waveform(stack_of(save(ds, tmp_path / "a")))
    assert found.annotations == ("Filter: 0.05 to 150 Hz, notch 50 Hz", "SINUS RHYTHM", "Heart rate: 61 {H.B.}/min")


def structure_set() -> Dataset:
    ds = base("481.3", "RTSTRUCT")
    ds.StructureSetROISequence = DicomSequence(
        [
            item(ROINumber=1, ROIName="Herz", ReferencedFrameOfReferenceUID="1.2.7"),
            item(ROINumber=2, ROIName="Empty", ReferencedFrameOfReferenceUID="1.2.7"),
        ]
    )
    square = item(
        ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=3, ContourData=[0, 0, 5, 9, 0, 5, 9, 9, 5]
    )
    broken = item(ContourGeometricType="CLOSED_PLANAR", ContourData=[1, 2])
    ds.ROIContourSequence = DicomSequence(
        [item(ReferencedROINumber=1, ROIDisplayColor=[255, 0, 16], ContourSequence=[square, broken])]
    )
    return ds


def test_structures_keep_contours_colour_and_frame(tmp_path: Path) -> None:
    path = save(structure_set(), tmp_path / "a")
    found = read_structures(stack_of(path))
    heart, empty = found.rois
    assert (heart.number, heart.name, heart.colour) == (1, "Herz", "#FF0010")
    assert heart.contours[0].points_lps == ((0, 0, 5), (9, 0, 5), (9, 9, 5))
    assert [len(c.points_lps) for c in heart.contours] == [3, 0]
    assert empty.contours == ()
    assert found.frame_of_reference_uid == "1.2.7"
    assert describe(stack_of(path, Kind.STRUCTURES))["rois"] == [
        {"number": 1, "name": "Herz", "contours": 2},
        {"number": 2, "name": "Empty", "contours": 0},
    ]


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 5 0 R>>endobj
4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]>>endobj
5 0 obj<</Length 27>>stream
1 0 0 rg 0 50 100 50 re f
endstream endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def encapsulated(data: bytes, mime: str = "application/pdf", sop: str = "104.1") -> Dataset:
    ds = base(sop, "DOC")
    ds.DocumentTitle, ds.MIMETypeOfEncapsulatedDocument = "Befund", mime
    ds.EncapsulatedDocumentLength = len(data)
    ds.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    return ds


def test_a_pdf_comes_back_byte_for_byte(tmp_path: Path) -> None:
    odd = PDF + b"\n" * (1 - len(PDF) % 2)
    found = read_document(stack_of(save(encapsulated(odd), tmp_path / "a")))
    assert found.title == "Befund"
    assert found.pdf == odd


def test_pages_are_drawn_in_place_and_colour() -> None:
    drawn = draw_pages(PDF, 0, 8, 200)
    assert drawn.count == 2
    wide, tall = drawn.pictures
    assert wide.shape == (100, 200, 3)
    assert tall.shape == (400, 200, 3)
    assert wide[20, 50].tolist() == [255, 0, 0]
    assert wide[80, 50].tolist() == [255, 255, 255]
    assert wide[20, 150].tolist() == [255, 255, 255]


def test_a_broken_pdf_is_refused_in_words() -> None:
    with pytest.raises(ReadError, match="damaged"):
        draw_pages(b"%PDF-1.7 nothing", 0, 1, 200)


def test_a_clinical_document_is_read_as_text(tmp_path: Path) -> None:
    cda = b"<?xml version='1.0'?><ClinicalDocument><title>Brief</title><text>Kein Befund.</text></ClinicalDocument>"
    found = read_document(stack_of(save(encapsulated(cda, "text/XML", "104.2"), tmp_path / "a")))
    assert [node.text for node in found.tree] == ["Brief", "Kein Befund."]


def test_a_model_is_told_but_not_shown(tmp_path: Path) -> None:
    found = read_document(stack_of(save(encapsulated(b"solid", "model/stl", "104.3"), tmp_path / "a")))
    assert found.pdf is None
    assert [node.text for node in found.tree] == ["3-D model (STL) of type model/stl, 0 kB: not shown here"]


def test_entities_of_a_clinical_document_are_not_expanded(tmp_path: Path) -> None:
    bomb = b"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><d>&b;</d>"
    with pytest.raises(ReadError):
        read_document(stack_of(save(encapsulated(bomb, "text/XML", "104.2"), tmp_path / "a")))


def parametric(frames: np.ndarray, places: list[float], **mapping: object) -> Dataset:
    ds = base("30", "MR")
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = frames.dtype.itemsize * 8
    if frames.dtype.kind == "f":
        keyword = "FloatPixelData" if frames.dtype.itemsize == 4 else "DoubleFloatPixelData"
        setattr(ds, keyword, frames.tobytes())
    else:
        ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 15, 1 if frames.dtype.kind == "i" else 0
        ds.PixelData = frames.tobytes()
        ds["PixelData"].VR = "OW"
    common = shared(AXIAL, (0.5, 0.5), 3.0)
    values = {"MeasurementUnitsCodeSequence": code("um2/s", "UCUM", "um2/s"), "LUTExplanation": "ADC", **mapping}
    common.RealWorldValueMappingSequence = DicomSequence([item(**values)])
    ds.SharedFunctionalGroupsSequence = DicomSequence([common])
    ds.PerFrameFunctionalGroupsSequence = DicomSequence([plane((1, 2, z)) for z in places])
    return ds


@pytest.mark.parametrize("kind", ["<f4", "<f8", "<i2"])
def test_parametric_values_lie_in_place_with_unit(tmp_path: Path, kind: str) -> None:
    frames = np.arange(24).reshape(2, 3, 4).astype(kind)
    ds = parametric(frames, [30.0, 10.0], RealWorldValueSlope=2.0, RealWorldValueIntercept=1.0)
    found = read_parametric(stack_of(save(ds, tmp_path / "a")))
    assert found.stored.dtype == np.dtype(kind).newbyteorder("=")
    assert np.array_equal(found.values(), frames[::-1] * 2 + 1)
    assert found.geometry.index_to_world((1, 0, 0)).tolist() == [1, 2, 30]
    assert found.unit == "um2/s"
    assert found.tags == {"Quantity": "ADC"}


def test_uneven_maps_keep_the_true_places(tmp_path: Path) -> None:
    frames = np.zeros((3, 2, 2), "<f4")
    found = read_parametric(stack_of(save(parametric(frames, [0.0, 3.0, 9.0]), tmp_path / "a")))
    assert found.geometry.slice_positions == (0.0, 3.0, 9.0)
    assert found.shape[0] == 3


def test_a_viewport_and_info_show_real_values_with_their_unit(tmp_path: Path) -> None:
    frames = np.arange(24).reshape(2, 3, 4).astype("<i2")
    ds = parametric(frames, [30.0, 10.0], RealWorldValueSlope=2.0, RealWorldValueIntercept=1.0)
    save(ds, tmp_path / "a")
    (study,) = scan([tmp_path]).studies
    volume = load_volume(study.stacks[0])
    assert np.array_equal(volume.values(), frames[::-1] * 2 + 1)
    assert (volume.unit, volume.tags["Quantity"]) == ("um2/s", "ADC")
    assert volume.geometry.same_grid(read_parametric(stack_of(tmp_path / "a")).geometry)
    (told,) = info.describe([tmp_path])["studies"][0]["series"]
    assert (told["unit"], told["value_min"], told["value_max"]) == ("um2/s", 1.0, 47.0)
