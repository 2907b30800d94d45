"""The chest film: line integrals through the thorax, then a radiograph's grey scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from viewer.core.task import CancelToken
from viewer.samples.shapes import Field, Grid, soft
from viewer.samples.thorax import Thorax

#: Detector element after binning (mm), and the model's own step in the plane of the film and along the beam.
PIXEL_MM, MODEL_MM, BEAM_MM = 0.2, 0.4, 2.5
#: Size of the film, columns and rows (mm), and height of its top edge in the model.
WIDTH_MM, HEIGHT_MM, TOP_MM = 256.0, 256.0, 124.0
#: Water's attenuation at the beam's mean energy, 1/mm.
WATER = 0.019
#: At a film's energies calcium stops more than Hounsfield units say.
BONE_GAIN = 1.1
#: 12-bit values.
WHITE = 4095


def expose(thorax: Thorax, cancel: CancelToken, seed: int = 11) -> npt.NDArray[np.uint16]:
    """A PA film [rows, columns], 12 bits, white where the beam was stopped.

    Columns run to the patient's left, rows to the feet, as a film hangs.
    """
    path = _project(thorax, cancel)
    rows, columns = int(HEIGHT_MM / PIXEL_MM), int(WIDTH_MM / PIXEL_MM)
    path = _enlarge(path, rows, columns)
    rng = np.random.default_rng(seed)
    grain = rng.standard_normal(path.shape).astype(np.float32)
    path = path + grain * (0.004 + 0.0035 * np.exp(0.35 * path))
    return _grey(path)


def _project(thorax: Thorax, cancel: CancelToken) -> Field:
    """Attenuation along y, row 0 at the top; slab by slice slab to keep memory low."""
    x = np.arange(-WIDTH_MM / 2, WIDTH_MM / 2, MODEL_MM) + MODEL_MM / 2
    z = TOP_MM - HEIGHT_MM + MODEL_MM / 2 + np.arange(round(HEIGHT_MM / MODEL_MM)) * MODEL_MM
    y = np.arange(-75.0, 80.0, BEAM_MM)
    grid = Grid.of(x, y, z)
    out = np.empty((len(z), len(x)), np.float32)
    for start in range(0, len(z), 40):
        cancel.check()
        hu = thorax.hounsfield(grid.rows(start, start + 40))
        dense = np.maximum(hu / 1000 + 1, 0) + BONE_GAIN * np.maximum(hu - 100, 0) / 1000
        out[start : start + 40] = dense.sum(axis=1) * (WATER * BEAM_MM)
    return out[::-1]


def _enlarge(image: Field, rows: int, columns: int) -> Field:
    """Linear interpolation to the detector's own pixels."""
    y = (np.arange(rows) + 0.5) * image.shape[0] / rows - 0.5
    x = (np.arange(columns) + 0.5) * image.shape[1] / columns - 0.5
    tall = np.stack([np.interp(y, np.arange(image.shape[0]), column) for column in image.T], axis=1)
    return np.stack([np.interp(x, np.arange(image.shape[1]), row) for row in tall]).astype(np.float32)


def _grey(path: Field) -> npt.NDArray[np.uint16]:
    """Attenuation -> grey: broad differences are pressed together, edges kept, as film units do."""
    broad = _blur(path, 22.0 / PIXEL_MM)
    level = 0.45 * path + 0.55 * (path - broad)
    bent = np.maximum(level + 0.10, 0) ** 0.85
    bent *= soft(0.12 - path, 0.12)
    top = float(np.percentile(bent, 99.8))
    return np.clip(np.round(bent / top * 0.98 * WHITE), 0, WHITE).astype(np.uint16)


def _blur(image: Field, sigma: float) -> Field:
    spread = [int(3 * sigma)] * 2
    wide = np.pad(image, spread, mode="edge")
    fy, fx = np.fft.fftfreq(wide.shape[0])[:, None], np.fft.rfftfreq(wide.shape[1])[None]
    fade = np.exp(-2 * (np.pi * sigma) ** 2 * (fy**2 + fx**2))
    smooth = np.fft.irfft2(np.fft.rfft2(wide) * fade, wide.shape)
    return np.asarray(smooth[spread[0] : -spread[0], spread[1] : -spread[1]], np.float32)


def mark(film: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Lead letters as on a real film: the side marker, and that the film is synthetic."""
    picture = Image.new("L", film.shape[::-1])
    pen = ImageDraw.Draw(picture)
    pen.text((70, 330), "R", fill=255, font=ImageFont.load_default(64))
    pen.text((40, 420), "SYNTHETIC", fill=200, font=ImageFont.load_default(26))
    return np.maximum(film, (np.asarray(picture, np.uint16) * (WHITE // 255)).astype(np.uint16))
