"""Waveform objects: ECG, haemodynamics, EEG, sound (PS3.3 A.34, C.10.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.core.waveform import Channel, Waveform
from viewer.reading.dataset import BULK_BYTES, code, first, items, number, opened, text, truncated, whole
from viewer.reading.objects import name_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Samples of one file that are read (512 MB as float64).
MAX_SAMPLES = 1 << 26

#: Waveform Sample Interpretation (C.10.9.1.5) -> numpy type; companded sound is expanded after.
_TYPES = {
    "SB": "<i1",
    "UB": "<u1",
    "MB": "<u1",
    "AB": "<u1",
    "SS": "<i2",
    "US": "<u2",
    "SL": "<i4",
    "UL": "<u4",
    "SV": "<i8",
    "UV": "<u8",
}


def read_waveform(stack: Stack) -> Waveform:
    """Every channel of a waveform object, group by group, in real units.

    Values are (stored x sensitivity x correction factor) + baseline (C.10.9.1.4.4); stored
    padding values become NaN. A channel without sensitivity keeps its stored numbers and the
    unit "" (unknown).

    Raises:
        ReadError: the file is broken, truncated, too large or uses an unknown sample type.
    """
    with opened(stack.instances[0].path, BULK_BYTES) as dataset:
        groups = items(dataset, "WaveformSequence")
        if not groups:
            raise ReadError("The waveform object holds no signal.", "Ask the sender for a new copy.", "no_pixels")
        if sum(_size(group) for group in groups) > MAX_SAMPLES:
            raise ReadError("The waveform holds more samples than can be shown.", "Export a shorter part.", "too_large")
        channels = tuple(channel for group in groups for channel in _channels(group))
        title = name_of(text(dataset, "SOPClassUID")) or "waveform"
        return Waveform(channels, title[0].upper() + title[1:], _annotations(dataset))


def _size(group: Dataset) -> int:
    return max(0, whole(group, "NumberOfWaveformChannels")) * max(0, whole(group, "NumberOfWaveformSamples"))


def _channels(group: Dataset) -> list[Channel]:
    stored = _samples(group)
    frequency = number(group, "SamplingFrequency") or 0.0
    padding = _padding(group, stored.dtype)
    law = text(group, "WaveformSampleInterpretation")
    definitions = items(group, "ChannelDefinitionSequence")
    found = []
    for n in range(stored.shape[1]):
        column = stored[:, n]
        values = _expanded(column, law)
        if padding is not None:
            values[column == padding] = np.nan
        found.append(_channel(definitions[n] if n < len(definitions) else None, values, frequency, n))
    return found


def _samples(group: Dataset) -> npt.NDArray[np.integer]:
    """Stored samples [n, channels] in the file's own type."""
    channels, samples = whole(group, "NumberOfWaveformChannels"), whole(group, "NumberOfWaveformSamples")
    kind = _TYPES.get(text(group, "WaveformSampleInterpretation"))
    data = group.get("WaveformData")
    if kind is None or channels < 1 or samples < 1:
        raise ReadError("The waveform's sample type is not one the standard knows.", "Ask the sender.", "corrupt")
    dtype = np.dtype(kind)
    if not isinstance(data, bytes) or len(data) < channels * samples * dtype.itemsize:
        raise truncated()
    if not getattr(group, "original_encoding", (None, True))[1]:
        dtype = dtype.newbyteorder(">")
    return np.frombuffer(data, dtype, channels * samples).reshape(samples, channels)


def _padding(group: Dataset, dtype: np.dtype[np.integer]) -> int | None:
    value = group.get("WaveformPaddingValue")
    if not isinstance(value, bytes) or len(value) < dtype.itemsize:
        return None
    return int(np.frombuffer(value, dtype, 1)[0])


def _expanded(column: npt.NDArray[np.integer], law: str) -> npt.NDArray[np.float64]:
    """Stored samples as float64, companded sound expanded (ITU-T G.711)."""
    if law not in {"MB", "AB"}:
        return column.astype(np.float64)
    code_words = column.astype(np.int64) ^ (0xFF if law == "MB" else 0x55)
    exponent, mantissa = (code_words >> 4) & 7, code_words & 15
    if law == "MB":
        size = (((mantissa << 3) + 0x84) << exponent) - 0x84
        negative = (code_words & 0x80) != 0
    else:
        size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
        negative = (code_words & 0x80) == 0
    return np.where(negative, -size, size).astype(np.float64)


def _channel(definition: Dataset | None, values: npt.NDArray[np.float64], frequency: float, n: int) -> Channel:
    if definition is None:
        return Channel(f"Channel {n + 1}", values, frequency, "")
    sensitivity = number(definition, "ChannelSensitivity")
    unit = code(definition, "ChannelSensitivityUnitsSequence")
    if sensitivity is None:
        return Channel(_name(definition, n), values, frequency, "")
    correction = number(definition, "ChannelSensitivityCorrectionFactor")
    values = values * (sensitivity * (1.0 if correction is None else correction))
    values += number(definition, "ChannelBaseline") or 0.0
    return Channel(_name(definition, n), values, frequency, unit.value if unit else "")


def _name(definition: Dataset, n: int) -> str:
    source = code(definition, "ChannelSourceSequence")
    return (source.meaning if source else "") or text(definition, "ChannelLabel") or f"Channel {n + 1}"


def _annotations(dataset: Dataset) -> tuple[str, ...]:
    """Waveform annotations as words: text, or concept with value and unit (C.10.10)."""
    lines = []
    for item in items(dataset, "WaveformAnnotationSequence"):
        concept, what = code(item, "ConceptNameCodeSequence"), code(item, "ConceptCodeSequence")
        value, unit = number(item, "NumericValue"), code(item, "MeasurementUnitsCodeSequence")
        said = text(item, "UnformattedTextValue") or (what.meaning if what else "")
        if value is not None:
            said = f"{value:g} {unit.value if unit else ''}".strip()
        line = ": ".join(part for part in (concept.meaning if concept else "", said) if part)
        lines += [line] if line else []
    return tuple(dict.fromkeys(lines))


def filters(dataset: Dataset) -> str:
    """Filter settings of the first channel in words ("0.05 to 150 Hz, notch 50 Hz"); may be empty."""
    group = first(dataset, "WaveformSequence")
    definition = first(group, "ChannelDefinitionSequence") if group is not None else None
    if definition is None:
        return ""
    low, high = number(definition, "FilterLowFrequency"), number(definition, "FilterHighFrequency")
    notch = number(definition, "NotchFilterFrequency")
    band = f"{low:g} to {high:g} Hz" if low is not None and high is not None else ""
    return ", ".join(part for part in (band, f"notch {notch:g} Hz" if notch else "") if part)
