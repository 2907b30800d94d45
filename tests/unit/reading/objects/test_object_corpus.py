"""Real objects against truth that independent readers agree on."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import shared_folder
from tests.unit.reading.objects.builders import stack_of
from viewer.core.study import Kind
from viewer.reading import scan
from viewer.reading.header.sop_classes import kind_of
from viewer.reading.objects.dataset import BULK, opened, text
from viewer.reading.objects.document import read_document
from viewer.reading.objects.object_types import describe
from viewer.reading.objects.parametric import read_parametric
from viewer.reading.objects.segmentation import read_segmentation
from viewer.reading.objects.waveform import read_waveform


def entries(kind: str) -> list[tuple[Path, dict[str, Any]]]:
    corpus = shared_folder("corpus")
    manifest = json.loads((corpus / "MANIFEST.json").read_text(encoding="utf-8"))
    return [(corpus / e["path"], e["expect"]) for e in manifest if e["kind"] == kind]


def test_segmentations_count_and_lie_as_the_truth_says() -> None:
    for path, truth in entries("seg"):
        told = describe(stack_of(path, Kind.SEGMENTATION))["segments"]
        assert [(s["number"], s["label"], s["voxels"]) for s in told] == [
            (s["number"], s["label"], s["voxels"]) for s in truth["segments"]
        ], path.name
        masks = read_segmentation(stack_of(path))
        counts = {s.number: int((m.labels == s.number).sum()) for m in masks for s in m.segments}
        assert counts == {s["number"]: s["voxels"] for s in truth["segments"]}, path.name
        other = truth["highdicom_volume"]
        if isinstance(other, dict):
            geometry = masks[0].geometry
            assert geometry.shape == tuple(other["shape"][:3])
            # highdicom's slices may run the other way: the same set of slice origins counts.
            theirs = np.array(other["affine_lps"])
            first, last = theirs[:3, 3], theirs[:3, 3] + (geometry.shape[0] - 1) * theirs[:3, 0]
            ours = [geometry.slice_origin(0), geometry.slice_origin(geometry.shape[0] - 1)]
            assert np.allclose(sorted(o[2] for o in ours), sorted([first[2], last[2]]), atol=0.01)
            assert np.allclose(geometry.affine[:3, 1:3], theirs[:3, 1:3], atol=1e-4)


def test_reports_tell_every_measurement() -> None:
    for path, truth in entries("sr"):
        told = [(m["name"], m["value"], m["unit"]) for m in describe(stack_of(path, Kind.REPORT))["measurements"]]
        wanted = [(m["name"], float(m["value"]), m["unit"]) for m in truth["measurements"] if m["value"]]
        assert Counter(told) == Counter(wanted), path.name


def test_structure_sets_tell_every_roi() -> None:
    for path, truth in entries("rtstruct"):
        told = [(r["number"], r["name"], r["contours"]) for r in describe(stack_of(path, Kind.STRUCTURES))["rois"]]
        assert told == [(r["number"], r["name"], r["contours"]) for r in truth["rois"]], path.name


def test_waveforms_are_in_real_units() -> None:
    for path, truth in entries("waveform"):
        channels = iter(read_waveform(stack_of(path)).channels)
        for group in truth["groups"]:
            for wanted in group["channel"]:
                found = next(channels)
                assert (found.name, found.unit, len(found.samples)) == (
                    wanted["name"],
                    wanted["unit"],
                    group["samples"],
                )
                low = wanted["raw_min"] * wanted["sensitivity"] + wanted["baseline"]
                high = wanted["raw_max"] * wanted["sensitivity"] + wanted["baseline"]
                assert found.samples.min() == pytest.approx(low)
                assert found.samples.max() == pytest.approx(high)


def test_parametric_maps_keep_their_values() -> None:
    for path, truth in entries("paramap"):
        volume = read_parametric(stack_of(path))
        assert volume.shape == (truth["frames"], truth["rows"], truth["cols"])
        assert volume.stored.min() == pytest.approx(truth["min"], rel=1e-6)
        assert volume.stored.max() == pytest.approx(truth["max"], rel=1e-6)


def test_other_objects_are_known_for_what_they_are() -> None:
    for path, truth in entries("other"):
        kind = kind_of(truth["sop_class"])
        assert kind is not None, path.name
        if truth.get("document"):
            found = read_document(stack_of(path)).pdf
            assert found is not None
            assert len(found) in {truth["document"]["bytes"], truth["document"]["bytes"] - 1}
            assert kind is Kind.DOCUMENT
        if "presentation" in truth["outcome"]:
            assert kind is Kind.PRESENTATION


def test_names_are_decoded_in_every_component_group() -> None:
    for path, truth in entries("charset"):
        if not truth["sop_class"]:
            continue
        with opened(path, BULK) as dataset:
            found = text(dataset, "PatientName")
        wanted = [n for n in truth["person_names"] if n.strip("^= ") and n[0] != "["][-1]
        assert Counter(re.split(r"[\^= ]", found)) - Counter([""]) == Counter(re.split(r"[\^= ]", wanted)) - Counter(
            [""]
        )


def test_an_object_without_a_picture_is_listed_and_named() -> None:
    (study,) = scan([shared_folder("corpus", "other-sop") / "rtplan.dcm"]).studies
    (stack,) = study.stacks
    assert stack.kind is Kind.OTHER
    assert [(w.code, "RT plan" in w.text) for w in stack.warnings] == [("no_pixels", True)]
