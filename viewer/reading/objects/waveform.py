"""Waveform objects: ECG, haemodynamics, EEG, sound (PS3.3 A.34, C.10.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.core.waveform import Channel, Waveform
from viewer.reading.formats import wfdb
from viewer.reading.header.sop_classes import name_of
from viewer.reading.objects.dataset import BULK, code, items, number, opened, text, truncated, whole
from viewer.reading.stacking.foreign import ForeignSlice

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Samples of one group that are held (256 MB as float64); longer recordings are read from their start.
MAX_SAMPLES = 1 << 25

#: Channels of one group; an EEG has some hundred.
MAX_CHANNELS = 4096

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
    foreign = _foreign(stack)
    if foreign is not None:
        return foreign
    with opened(stack.instances[0].path, BULK) as dataset:
        groups = _groups(dataset)
        channels = tuple(channel for group in groups for channel in _channels(group))
        title = name_of(text(dataset, "SOPClassUID")) or "waveform"
        cut = tuple(_cut_words(group) for group in groups if _held(group) < whole(group, "NumberOfWaveformSamples"))
        return Waveform(channels, title[0].upper() + title[1:], (*cut, *_annotations(dataset)))


def list_channels(stack: Stack) -> list[tuple[str, int, float, str]]:
    """(name, samples, frequency in Hz, unit) of every channel, without reading the signals.

    Raises:
        ReadError: as `read_waveform`.
    """
    foreign = _foreign(stack)
    if foreign is not None:
        return [(one.name, len(one.samples), one.frequency_hz, one.unit) for one in foreign.channels]
    with opened(stack.instances[0].path, BULK) as dataset:
        found = []
        for group in _groups(dataset):
            frequency = number(group, "SamplingFrequency") or 0.0
            samples = whole(group, "NumberOfWaveformSamples")
            found += [(name, samples, frequency, unit) for name, unit in _labels(group)]
        return found


def _foreign(stack: Stack) -> Waveform | None:
    """The recording of a file outside DICOM, None for DICOM."""
    first = stack.instances[0]
    return wfdb.read(first.path) if isinstance(first, ForeignSlice) else None


def _groups(dataset: Dataset) -> list[Dataset]:
    groups = items(dataset, "WaveformSequence")
    if not groups:
        raise ReadError("The waveform object holds no signal.", "Ask the sender for a new copy.", "no_pixels")
    for group in groups:
        if not 1 <= whole(group, "NumberOfWaveformChannels") <= MAX_CHANNELS:
            raise ReadError("The waveform names no valid number of channels.", "Ask the sender.", "corrupt")
    return groups


def _labels(group: Dataset) -> list[tuple[str, str]]:
    """(name, unit) of each channel; the unit is "" where no sensitivity is given."""
    definitions = items(group, "ChannelDefinitionSequence")
    labels = []
    for n in range(whole(group, "NumberOfWaveformChannels")):
        definition = definitions[n] if n < len(definitions) else None
        if definition is None:
            labels.append((f"Channel {n + 1}", ""))
            continue
        unit = code(definition, "ChannelSensitivityUnitsSequence")
        known = unit is not None and number(definition, "ChannelSensitivity") is not None
        labels.append((_name(definition, n), unit.value if unit and known else ""))
    return labels


def _held(group: Dataset) -> int:
    """Samples of each channel that are read."""
    return min(whole(group, "NumberOfWaveformSamples"), MAX_SAMPLES // whole(group, "NumberOfWaveformChannels", 1))


def _cut_words(group: Dataset) -> str:
    seconds = _held(group) / (number(group, "SamplingFrequency") or 1.0)
    return f"Only the first {seconds / 60:.0f} min of this recording are shown"


def _channels(group: Dataset) -> list[Channel]:
    stored = _samples(group)
    frequency = number(group, "SamplingFrequency") or 0.0
    padding = _padding(group, stored.dtype)
    law = text(group, "WaveformSampleInterpretation")
    definitions = items(group, "ChannelDefinitionSequence")
    found = []
    for n, (name, unit) in enumerate(_labels(group)):
        values = _expanded(stored[:, n], law)
        if padding is not None:
            values[stored[:, n] == padding] = np.nan
        if n < len(definitions):
            _scale(values, definitions[n])
        found.append(Channel(name, values, frequency, unit))
    return found


def _scale(values: npt.NDArray[np.float64], definition: Dataset) -> None:
    """Stored numbers to real ones, in place; left alone where no sensitivity is given."""
    sensitivity = number(definition, "ChannelSensitivity")
    if sensitivity is None:
        return
    correction = number(definition, "ChannelSensitivityCorrectionFactor")
    values *= sensitivity * (1.0 if correction is None else correction)
    values += number(definition, "ChannelBaseline") or 0.0


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
    held = _held(group)
    return np.frombuffer(data, dtype, channels * held).reshape(held, channels)


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


def _name(definition: Dataset, n: int) -> str:
    source = code(definition, "ChannelSourceSequence")
    return (source.meaning if source else "") or text(definition, "ChannelLabel") or f"Channel {n + 1}"


def _annotations(dataset: Dataset) -> tuple[str, ...]:
    """Filter settings, and annotations as words: text, or concept with value and unit (C.10.10).

    Bare time marks (onset of P, QRS ...) say nothing without the trace and are left out.
    """
    lines = [f"Filter: {filters}"] if (filters := _filters(dataset)) else []
    for item in items(dataset, "WaveformAnnotationSequence"):
        concept, what = code(item, "ConceptNameCodeSequence"), code(item, "ConceptCodeSequence")
        value, unit = number(item, "NumericValue"), code(item, "MeasurementUnitsCodeSequence")
        said = text(item, "UnformattedTextValue") or (what.meaning if what else "")
        if value is not None:
            said = f"{value:g} {unit.value if unit else ''}".strip()
        if said:
            lines.append(f"{concept.meaning}: {said}" if concept and concept.meaning else said)
    return tuple(dict.fromkeys(lines))


def _filters(dataset: Dataset) -> str:
    """Filter settings of the first channel ("0.05 to 150 Hz, notch 50 Hz"); may be empty."""
    definitions = items(items(dataset, "WaveformSequence")[0], "ChannelDefinitionSequence")
    if not definitions:
        return ""
    low, high, notch = (
        number(definitions[0], key) for key in ("FilterLowFrequency", "FilterHighFrequency", "NotchFilterFrequency")
    )
    band = f"{low:g} to {high:g} Hz" if low is not None and high is not None else ""
    return ", ".join(part for part in (band, f"notch {notch:g} Hz" if notch else "") if part)
