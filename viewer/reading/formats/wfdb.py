"""WFDB records (PhysioNet): a header `.hea` and a signal file beside it, formats 16, 80 and 212.

Source: Moody, "WFDB Applications Guide", header(5) and signal(5). The library of the same name brings fifteen packages
(data frames, sound, plots, a web client) for what is forty lines here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.study import Kind, Series, Stack
from viewer.core.waveform import Channel, Waveform
from viewer.reading.header.identity import made_up_uid
from viewer.reading.stacking.foreign import ForeignSlice

#: The first line: record name, signals, rate and samples; then a signal's file and format.
_START = re.compile(
    rb"\s*(?:#[^\n]*\n\s*)*[\w./-]+[ \t]+\d{1,3}[ \t]+[\d.]+[\d./()]*[ \t]+\d+[^\n]*\n\s*[\w.-]+\.dat[ \t]+\d+"
)
_GAIN = re.compile(r"(?P<gain>[\d.eE+-]+)(?:\((?P<zero>-?\d+)\))?(?:/(?P<unit>\S+))?")
_FORMATS = ("16", "80", "212")
#: Samples of all signals that are held (256 MB as float64).
_MOST_SAMPLES = 1 << 25
_UNITS = {"mv": "mV", "uv": "uV", "v": "V"}


@dataclass(frozen=True, slots=True)
class _Signal:
    """One signal's line: adu per unit, adu of zero, unit and name."""

    file: str
    format: str
    gain: float
    zero: float
    unit: str
    name: str


@dataclass(frozen=True, slots=True)
class _Header:
    rate: float
    samples: int
    signals: tuple[_Signal, ...]
    notes: tuple[str, ...]


def is_wfdb(start: bytes) -> bool:
    """True for the header of a record."""
    return _START.match(start) is not None


def describe(path: str) -> Series:
    """One stack of signals; no sample is read.

    Raises:
        ReadError: the header cannot be used, or its signal file is not beside it.
    """
    header = _header(Path(path))
    stack = Stack(
        series_uid=made_up_uid(path),
        kind=Kind.WAVEFORM,
        modality="ECG",
        instances=(ForeignSlice(Path(path), reader="wfdb"),),
        description=Path(path).stem,
        files=2,
        header={"SeriesDescription": Path(path).stem, "Modality": "ECG"},
    )
    _signal_file(Path(path), header)
    return Series(stack.series_uid, (stack,))


def read(path: Path) -> Waveform:
    """Every signal of a record in its unit.

    Raises:
        ReadError: the header cannot be used, or the signal file is missing, cut short or of another format.
    """
    header = _header(path)
    stored = _stored(_signal_file(path, header), header)
    channels = tuple(
        Channel(one.name, (column - one.zero) / one.gain, header.rate, one.unit)
        for one, column in zip(header.signals, stored.T, strict=True)
    )
    return Waveform(channels, "ECG", header.notes)


def _header(path: Path) -> _Header:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise ReadError(f"{path.name} cannot be read.", "Ask for a new copy.") from error
    told = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        count, rate, samples = int(told[0][1]), float(re.split("[/(]", told[0][2])[0]), int(told[0][3])
        signals = tuple(_signal(line) for line in told[1 : 1 + count])
    except (IndexError, ValueError) as error:
        raise _damaged() from error
    bad = len(signals) != count or count < 1 or rate <= 0 or samples < 1
    if bad or any(one.file != signals[0].file or one.format != signals[0].format for one in signals):
        raise _damaged()
    if count * samples > _MOST_SAMPLES:
        raise ReadError("The record is too long to be held.", "Cut it and open a part.", "too_large")
    return _Header(rate, samples, signals, ())


def _signal(line: list[str]) -> _Signal:
    found = _GAIN.fullmatch(line[2]) if len(line) > 2 else None  # noqa: PLR2004 - the third field
    if found is None:
        raise ValueError("a signal without gain")
    gain = float(found["gain"]) or 200.0  # 0 stands for WFDB's own default
    zero = float(found["zero"] or (line[4] if len(line) > 4 else 0))  # noqa: PLR2004 - the fifth field
    unit = _UNITS.get((found["unit"] or "mV").lower(), "")
    return _Signal(line[0], line[1].split("+")[0].split("x")[0], gain, zero, unit, " ".join(line[8:]) or "unknown")


def _signal_file(path: Path, header: _Header) -> Path:
    """The signal file beside the header; a name with a folder in it is none."""
    file = path.with_name(Path(header.signals[0].file).name)
    if not file.is_file():
        raise ReadError(f"The record's signal file {file.name} is not beside it.", "Put both into one folder.")
    return file


def _stored(file: Path, header: _Header) -> npt.NDArray[np.float64]:
    """Stored numbers [samples, signals]."""
    kind, count = header.signals[0].format, header.samples * len(header.signals)
    if kind not in _FORMATS:
        raise ReadError(f"WFDB signals of format {kind} are not read.", "Store the record in format 16.", "unsupported")
    raw = np.frombuffer(file.read_bytes(), np.uint8)
    values = {"16": _format_16, "80": _format_80, "212": _format_212}[kind](raw)
    if len(values) < count:
        raise ReadError("The signal file is cut short.", "Ask for a new copy.", "truncated")
    return values[:count].reshape(header.samples, len(header.signals)).astype(np.float64)


def _format_16(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """16-bit two's complement, little-endian."""
    return raw[: len(raw) // 2 * 2].view("<i2").astype(np.int64)


def _format_80(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """8-bit, offset by 128."""
    return raw.astype(np.int64) - 128


def _format_212(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Pairs of 12-bit two's complement in three bytes."""
    a, b, c = raw[: len(raw) // 3 * 3].reshape(-1, 3).astype(np.int64).T
    pair = np.stack([a + ((b & 0x0F) << 8), c + ((b & 0xF0) << 4)], axis=1).ravel()
    return np.where(pair >= 2048, pair - 4096, pair)  # noqa: PLR2004 - 12 bits


def _damaged() -> ReadError:
    return ReadError("The header of the record cannot be used.", "Ask for a new copy.", "corrupt")
