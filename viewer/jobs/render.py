"""One slice as a PNG file, as the viewport shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

import viewer
from viewer.core.analysis import AnalysisResult
from viewer.core.atomic import replacing
from viewer.core.errors import OutputError, UsageError
from viewer.core.study import ScanResult, Stack, Study
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.display.band import bands_of
from viewer.display.framing import Frame, Rgb8
from viewer.display.overlay import OverlaySet, overlays_of
from viewer.display.render import render
from viewer.display.slicing import Plane, needs_resampling, upright_plane
from viewer.display.window import Window
from viewer.jobs.open import files_of, open_one
from viewer.jobs.place import cannot_write
from viewer.jobs.result_folder import load
from viewer.jobs.sealing.seal import SealState, verify
from viewer.jobs.targets import check_target, is_sealed, try_place
from viewer.reading import resample_regular
from viewer.words.language import words_in
from viewer.words.persons import age_on, spoken_name

#: Detector spacing stands in the corner of every film.
_SAID_IN_CORNER = "detector_spacing"
#: By which a picture names the program that wrote it.
_SOFTWARE = "SecondRead"


def render_picture(
    path: str | PathLike[str],
    out: str | PathLike[str],
    *,
    series: str | None = None,
    plane: str | None = None,
    index: int | None = None,
    window: tuple[float, float] | None = None,
    overlay: Path | None = None,
    size: tuple[int, int] | None = None,
    force: bool = False,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write one slice of a stack as a PNG with corners, letters, scale bar and badges.

    Args:
        plane: "axial", "coronal" or "sagittal"; default the acquired slices.
        index: slice along the plane, from 0; default the middle one.
        window: (centre, width); default the one the picture opens with.
        overlay: result folder of `analyze` whose masks and heatmaps go on it.
        force: `out` may replace a file of the reader's; never a source, a DICOM file or a result.

    Raises:
        UsageError: no such series, a width that is not positive, or results of another series.
        ReadError: the picture or the result folder cannot be read.
        GeometryError: there is no such slice.
        OutputError: the file cannot be written; nothing half-written stays.
        Cancelled: the reader asked to stop.
    """
    chosen, target = None if window is None else _window(*window), Path(out)
    check_target(target, [Path(path)], force=force)
    try_place(target)
    found, stack, volume = open_one(path, series=series, on_progress=on_progress, cancel=cancel)
    overlays = None if overlay is None else _overlays(overlay, stack)
    on_progress(Progress("Drawing", None))
    cut = Plane(plane) if plane else upright_plane(volume.geometry)
    pixels = draw(volume, stack, cut, index, window=chosen, overlays=overlays, study=_study_of(found, stack), size=size)
    check_target(target, files_of(found), force=force)
    return _write(pixels, target)


def write_shown(pixels: Rgb8, out: Path) -> Path:
    """Write a picture that was drawn as a PNG; only a picture that was written this way is replaced.

    Raises:
        OutputError: there is another file, or it cannot be written.
    """
    if is_sealed(out):
        raise OutputError(f"'{out.name}' lies in a folder whose report is signed.", "Name a place elsewhere.")
    if out.is_dir() or out.exists() and not _is_own(out):
        raise OutputError(f"'{out.name}' is there already and is no picture of this program.", "Name another file.")
    return _write(pixels, out)


def badges_of(stack: Stack, resampled: bool) -> tuple[str, ...]:
    """What must be seen on every picture of a stack."""
    cautions = (c for c in (*stack.verdict.reasons, *stack.warnings) if c.code != _SAID_IN_CORNER)
    badges = list(dict.fromkeys(c.badge for c in cautions if c.badge))
    if stack.lossy and not any(badge.startswith("Lossy") for badge in badges):
        badges.append("Lossy")
    return (*badges, "Resampled") if resampled else tuple(badges)


def _is_own(path: Path) -> bool:
    """True for a PNG that says that this program wrote it."""
    try:
        with Image.open(path) as image:
            return image.format == "PNG" and str(image.info.get("Software", "")).startswith(_SOFTWARE)
    except (OSError, ValueError, SyntaxError):
        return False


def draw(
    volume: Volume,
    stack: Stack,
    plane: Plane,
    index: int | None = None,
    *,
    window: Window | None = None,
    overlays: OverlaySet | None = None,
    study: Study | None = None,
    size: tuple[int, int] | None = None,
) -> Rgb8:
    """One slice with all that the viewport puts round it: uint8 RGB [height, width, 3].

    Planes across tilted or uneven slices are cut from a resampled copy, with its badge.
    """
    native = volume.geometry
    crosses = needs_resampling(native, plane)
    if crosses:
        volume = resample_regular(volume)
    frame = Frame(
        badges=badges_of(stack, crosses),
        stack=stack,
        patient=_patient_lines(study, stack),
        when="" if study is None else _when(study),
        native=native,
    )
    return render(volume, plane, index, window, overlays, size=size, frame=frame)


def _window(center: float, width: float) -> Window:
    if not (math.isfinite(center) and math.isfinite(width)):
        raise UsageError("A window needs two numbers.", "Give the centre, then the width, such as 40,400.")
    if width <= 0:
        raise UsageError(f"A window {width:g} wide shows nothing.", "Give the centre, then a width above 0.")
    return Window(center, width, "LINEAR" if width >= 1 else "LINEAR_EXACT")


def _overlays(folder: Path, stack: Stack) -> OverlaySet:
    loaded = load(folder)
    seal = verify(folder, loaded.document)
    if seal.state is SealState.CHANGED:
        raise OutputError(seal.words, "Nothing was drawn. Take the folder from a backup, or analyse again.", "changed")
    if loaded.stack.key != stack.key and not _is_phase(loaded.results, stack.key):
        raise UsageError(
            "These results belong to another series than the picture.",
            "Name that series with --series, or the result folder of this one.",
        )
    seen = [result.seen_on(stack.key) for result in loaded.results]
    made = overlays_of(seen, loaded.findings)
    return replace(made, masks=(*made.masks, *bands_of(seen, loaded.findings)))


def _is_phase(results: Sequence[AnalysisResult], key: str) -> bool:
    """True for a stack that shows another phase of an analysed beat."""
    return any(mask.stack_key == key for result in results for mask in result.phase_masks)


def _study_of(found: ScanResult, stack: Stack) -> Study | None:
    return next((study for study in found.studies if any(one.key == stack.key for one in study.stacks)), None)


def _when(study: Study) -> str:
    """Date and time of a study as the window says it, "2 Mar 2026, 10:14"; "" where the file has none."""
    time = study.time
    day = words_in("en").date(study.date) if study.date else ""
    return f"{day}, {time[:2]}:{time[2:4]}" if day and len(time) >= 4 and time[:4].isdigit() else day


def _patient_lines(study: Study | None, stack: Stack) -> tuple[str, ...]:
    """Name; sex and age; ID, as the window says them."""
    if study is None:
        return ()
    patient = study.patient
    name = spoken_name(patient.name)
    age = words_in("en").age(age_on(patient.birth_date, study.date, stack.header.get("PatientAge", "")))
    return tuple(line for line in (name, f"{patient.sex} {age}".strip(), patient.id) if line)


def _write(pixels: Rgb8, target: Path) -> Path:
    """A PNG under its name only once it is whole."""
    try:
        with replacing(target) as part:
            Image.fromarray(pixels).save(part, format="PNG", pnginfo=_signed())
    except OSError as error:
        raise cannot_write(target, error) from error
    return target


def _signed() -> PngInfo:
    """What a picture says of itself: the program that wrote it."""
    told = PngInfo()
    told.add_text("Software", f"{_SOFTWARE} {viewer.__version__}")
    return told
