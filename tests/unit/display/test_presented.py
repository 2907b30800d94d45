"""Presentation states on pictures: the greys and turns that dcmtk, an independent renderer, gives too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests import others, phantoms, synth
from tests.conftest import shared_folder
from tests.unit.reading.objects.builders import item
from viewer.core.graphic import Graphic, Layer, PictureRef, Shape, Space
from viewer.core.presentation import Greys, Presentation, SizeMode
from viewer.core.study import Instance, Kind, ScanResult, Stack
from viewer.core.volume import VoiWindow, Volume
from viewer.display.compose import Painter
from viewer.display.compose import to_rgb as rgb_of
from viewer.display.graphics import layer_colour
from viewer.display.overlay import OverlaySet
from viewer.display.placing import place
from viewer.display.presented import Pictures, Presented, present
from viewer.display.slicing import Plane, extract
from viewer.jobs.states import states_on
from viewer.reading import load_volume, scan
from viewer.reading.objects.states import is_applicable, read_states

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk is not installed")


def film(folder: Path, **facts: Any) -> Dataset:
    """A film on which no turn, flip or shift goes unseen."""
    rows, columns = np.mgrid[:48, :40]
    stored = (300 + 30 * rows + 20 * columns + 700 * ((rows < 9) & (columns < 6))).astype(np.uint16)
    return dcmread(synth.write_xray(folder, stored=stored, **facts).files[0])


def pictures(found: ScanResult) -> Stack:
    stacks = [s for study in found.studies for s in study.stacks]
    return next(s for s in stacks if s.kind in {Kind.IMAGE, Kind.VOLUME, Kind.CINE, Kind.STACK})


def opened(folder: Path) -> tuple[Volume, Stack, tuple[Presented, ...]]:
    found = scan([folder], use_index=False)
    stack = pictures(found)
    volume = load_volume(stack)
    return volume, stack, states_on(stack, volume, found.studies)


def shown(volume: Volume, state: Presented, k: int = 0) -> npt.NDArray[np.uint8]:
    """Greys as the state wants them, turned and flipped, at one pixel a pixel."""
    view, look = extract(volume, Plane.NATIVE, k), state.looks[k]
    assert look.window is not None
    overlay = place(OverlaySet(shutters=state.shutters), view)
    greys = rgb_of(Painter(volume).compose(view, look.window, look.inverted, overlay=overlay))[..., 0]
    rows, columns = np.indices(greys.shape)
    x, y = np.tensordot(look.turn, np.stack([columns, rows]), 1)
    turned = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), np.uint8)
    turned[y - y.min(), x - x.min()] = greys
    return turned


def dcmtk(picture: Path, state: Path, out: Path, frame: int = 1) -> npt.NDArray[np.uint8]:
    command = ["dcmp2pgm", "-f", str(frame), "-p", str(state), str(picture), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return np.asarray(Image.open(out).convert("L"))


TABLE = item(LUTDescriptor=[1024, 600, 12], LUTData=np.linspace(0, 4095, 1024).astype("<u2").tobytes())
CURVE = item(LUTDescriptor=[256, 0, 12], LUTData=(np.linspace(0, 1, 256) ** 2 * 4095).astype("<u2").tobytes())
CIRCLE = {
    "ShutterShape": "CIRCULAR",
    "CenterOfCircularShutter": [25, 18],
    "RadiusOfCircularShutter": 12,
    "ShutterPresentationValue": 0,
}
EDGES = {
    "ShutterShape": "RECTANGULAR",
    "ShutterLeftVerticalEdge": 6,
    "ShutterRightVerticalEdge": 30,
    "ShutterUpperHorizontalEdge": 11,
    "ShutterLowerHorizontalEdge": 40,
}
POLYGON = {
    "ShutterShape": "POLYGONAL",
    "VerticesOfThePolygonalShutter": [5, 5, 5, 35, 40, 20],
    "ShutterPresentationValue": 0,
}
VOI_TABLE = {"SoftcopyVOILUTSequence": [item(VOILUTSequence=[TABLE])], "window": None}


@needs_dcmtk
@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"ImageRotation": 90, "ImageHorizontalFlip": "N"},
        {"ImageRotation": 180, "ImageHorizontalFlip": "Y"},
        {"ImageRotation": 270, "ImageHorizontalFlip": "Y"},
        {"PresentationLUTShape": "INVERSE"},
        VOI_TABLE,
    ],
    ids=["window", "turned", "flipped", "both", "inverse", "table"],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_dcmtk_shows_the_same(tmp_path: Path, facts: dict[str, Any], photometric: str) -> None:
    picture = film(tmp_path / "film", photometric=photometric)
    others.write_state(tmp_path / "film" / "pr.dcm", [picture], **({"window": (1200, 1500)} | facts))
    volume, stack, (state,) = opened(tmp_path / "film")
    theirs = dcmtk(stack.instances[0].path, tmp_path / "film" / "pr.dcm", tmp_path / "out.pgm")
    ours = shown(volume, state)
    assert ours.shape == theirs.shape
    assert (np.abs(ours.astype(int) - theirs.astype(int)) > 1).mean() < 0.0005
    assert state.unread == ()


@pytest.mark.parametrize(
    ("facts", "inside"),
    [
        (EDGES, lambda row, column: (row >= 10) & (row <= 39) & (column >= 5) & (column <= 29)),
        (CIRCLE, lambda row, column: (row - 24) ** 2 + (column - 17) ** 2 <= 144),
        (POLYGON, lambda row, column: (row > 4) & (np.abs(column - 19) < (39 - row) * 15 / 35)),
    ],
    ids=["edges", "circle", "polygon"],
)
def test_a_shutter_covers_what_lies_outside(tmp_path: Path, facts: dict[str, Any], inside: Any) -> None:
    picture = film(tmp_path / "film")
    others.write_state(
        tmp_path / "film" / "pr.dcm", [picture], window=(1200, 1500), **(facts | {"ShutterPresentationValue": 30000})
    )
    volume, _, (state,) = opened(tmp_path / "film")
    row, column = np.indices((48, 40))
    covered = ~inside(row, column)
    ours = shown(volume, state)
    rim = np.abs(np.diff(covered.astype(int), axis=1, prepend=1)) + np.abs(
        np.diff(covered.astype(int), axis=0, prepend=1)
    )
    assert (ours[covered & (rim == 0)] == 117).mean() > 0.97
    bare = np.clip((volume.values(0) - 1199.5) / 1499 + 0.5, 0, 1) * 255
    np.testing.assert_allclose(ours[~covered & (rim == 0)], bare[~covered & (rim == 0)], atol=1)


def test_a_presentation_curve_bends_the_greys(tmp_path: Path) -> None:
    picture = film(tmp_path / "film")
    state = others.write_state(
        tmp_path / "film" / "pr.dcm", [picture], window=(1200, 1500), PresentationLUTSequence=[CURVE]
    )
    del state.PresentationLUTShape
    state.save_as(tmp_path / "film" / "pr.dcm")
    volume, _, (bent,) = opened(tmp_path / "film")
    straight = np.clip((volume.values(0) - 1199.5) / 1499 + 0.5, 0, 1)
    np.testing.assert_allclose(shown(volume, bent), straight**2 * 255, atol=1.5)


def test_the_states_own_rescale_counts(tmp_path: Path) -> None:
    """A state without a rescale speaks of stored values (PS3.4 N.2.1); one with the picture's, of HU."""
    series = synth.write_series(tmp_path / "ct", shape=(3, 24, 20))
    headers = [dcmread(path) for path in series.files]
    others.write_state(tmp_path / "ct" / "plain.dcm", headers, window=(1100, 301))
    others.write_state(
        tmp_path / "ct" / "hu.dcm", headers, window=(76, 301), RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU"
    )
    volume, _, states = opened(tmp_path / "ct")
    one, other = (state.looks[1].window for state in states)
    assert one is not None and other is not None
    np.testing.assert_array_equal(shown(volume, states[0], 1), shown(volume, states[1], 1))


def test_only_the_pictures_it_names_are_changed(tmp_path: Path) -> None:
    series = synth.write_series(tmp_path / "ct", shape=(4, 24, 20))
    headers = [dcmread(path) for path in series.files]
    state = others.write_state(tmp_path / "ct" / "pr.dcm", headers[1:3])
    windows = [item(WindowCenter=c, WindowWidth=100, ReferencedImageSequence=[others.picture_reference(h)])
               for c, h in ((500, headers[1]), (900, headers[2]))]  # fmt: skip
    state.SoftcopyVOILUTSequence = windows
    state.save_as(tmp_path / "ct" / "pr.dcm")
    volume, _, (found,) = opened(tmp_path / "ct")
    centres = {k: look.window.center for k, look in found.looks.items() if look.window is not None}
    assert centres == {1: pytest.approx(500 - 0.5 - 1024), 2: pytest.approx(900 - 0.5 - 1024)}
    assert found.look(extract(volume, Plane.NATIVE, 0)) is None
    assert found.look(extract(volume, Plane.CORONAL, 1)) is None


def test_marks_stand_at_their_pixels_and_parts_of_the_area(tmp_path: Path) -> None:
    """The corner of the first pixel is 0, 0 in the file; half a pixel up and left of its centre."""
    picture = film(tmp_path / "film")
    marks = [
        others.graphic("POINT", [10.5, 20.5]),
        others.graphic("CIRCLE", [20.5, 30.5, 25.5, 30.5]),
        others.graphic("POINT", [0.0, 0.0], "DISPLAY"),
        others.graphic("POINT", [1.0, 0.5], "DISPLAY"),
    ]
    area = others.area(picture, DisplayedAreaTopLeftHandCorner=[5, 40], DisplayedAreaBottomRightHandCorner=[30, 11])
    layers = [item(GraphicLayer="MARKS", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=65535)]
    others.write_state(
        tmp_path / "film" / "pr.dcm",
        [picture],
        areas=[area],
        ImageRotation=90,
        ImageHorizontalFlip="N",
        GraphicLayerSequence=layers,
        GraphicAnnotationSequence=[others.annotation(marks, [others.text_object("Here", (12.5, 8.5))])],
    )
    volume, _, (state,) = opened(tmp_path / "film")
    placed = place(OverlaySet(graphics=state.layers), extract(volume, Plane.NATIVE, 0)).graphics
    point, circle, corner, right, words = placed
    assert point.points.tolist() == [[20.0, 10.0]]
    assert np.linalg.norm(circle.lines[0] - [30, 20], axis=1) == pytest.approx(5.0)
    # Turned clockwise the lower left pixel (row 39, column 4) stands at the top left of the screen.
    assert corner.points.tolist() == [[39.5, 3.5]]
    # Halfway down the screen's right edge: the picture's upper edge, in the middle of its columns.
    assert right.points.tolist() == [[9.5, 16.5]]
    assert (words.text, words.text_at.tolist()) == ("Here", [8.0, 12.0])
    assert {mark.colour for mark in placed} == {(255, 255, 255)}


def test_what_is_not_applied_is_said(tmp_path: Path) -> None:
    picture = film(tmp_path / "film")
    others.write_state(
        tmp_path / "film" / "pr.dcm", [picture], ICCProfile=b"x", ShutterOverlayGroup=0x6000, ShutterShape="BITMAP"
    )
    _, _, (state,) = opened(tmp_path / "film")
    assert state.unread == ("ICC profile", "bitmap shutter", "no window of its own")


def test_a_real_state_is_read_whole() -> None:
    path = shared_folder("corpus", "other-sop") / "PR000000.dcm"
    (stack,) = scan([path], use_index=False).studies[0].stacks
    assert is_applicable(stack)
    (state,) = read_states(stack)
    assert state.name == "hip"
    assert state.greys[0].window is not None and state.greys[0].window.width == 4096
    assert (state.areas[0].mode, state.areas[0].last) == (SizeMode.FIT, (2687, 2687))
    ellipse, words = state.layers[0].graphics
    assert (ellipse.shape, ellipse.space) == (Shape.ELLIPSE, Space.PIXEL)
    assert words.text.startswith("Mean: 2651.41")


def test_a_colour_that_could_not_be_seen_gives_way() -> None:
    assert layer_colour("#101010") == layer_colour(None)
    assert layer_colour("#FF2020") == (255, 32, 32)


@pytest.mark.timeout(20)
def test_a_long_series_with_a_window_for_each_picture_is_quick(tmp_path: Path) -> None:
    count = 1500
    stack = Stack("1.2", Kind.STACK, "CT", tuple(Instance(Path("x"), f"1.2.{n}") for n in range(count)))
    volume = phantoms.volume(np.zeros((count, 2, 2), np.int16))
    refs = [(PictureRef(f"1.2.{n}"),) for n in range(count)]
    greys = tuple(Greys(VoiWindow(n, 10), None, ref) for n, ref in enumerate(refs))
    marks = tuple(Graphic(Shape.POINTS, ((1.0, 1.0),), pictures=ref) for ref in refs)
    state = Presentation("Long", pictures=tuple(ref[0] for ref in refs), greys=greys, layers=(Layer("Marks", marks),))
    found = present(state, stack, volume, "id")
    assert found is not None
    assert found.looks[700].window is not None and found.looks[700].window.center == 700
    assert found.layers[0].marks[700].slices == frozenset({700})


def test_a_picture_that_was_split_into_slices_takes_no_marks() -> None:
    instances = (Instance(Path("x"), "1.2.3"), Instance(Path("x"), "1.2.3"), Instance(Path("x"), "1.2.4"))
    pictures = Pictures(Stack("1.2", Kind.VOLUME, "MR", instances))
    assert pictures.named([PictureRef("1.2.3")]) == frozenset()
    assert pictures.named([PictureRef("1.2.4"), PictureRef("9.9")]) == frozenset({2})
