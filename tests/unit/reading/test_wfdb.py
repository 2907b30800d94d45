"""WFDB records: values in their unit, three formats, and words for what cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from viewer.core.errors import ReadError
from viewer.reading.formats import wfdb


def _record(folder: Path, *, kind: str = "16", data: bytes | None = None, gain: str = "1000.0(10)/mV") -> Path:
    values = np.array([[10, 510], [1010, -490]], "<i2")
    lines = ["r 2 250 2", f"r.dat {kind} {gain} 16 0 10 0 0 II", f"r.dat {kind} {gain} 16 0 510 0 0 V1", "# none"]
    (folder / "r.hea").write_text("\n".join(lines) + "\n")
    (folder / "r.dat").write_bytes(values.tobytes() if data is None else data)
    return folder / "r.hea"


def test_values_are_in_millivolt(tmp_path: Path) -> None:
    path = _record(tmp_path)
    assert wfdb.is_wfdb(path.read_bytes())
    read = wfdb.read(path)
    assert [(c.name, c.unit, c.frequency_hz) for c in read.channels] == [("II", "mV", 250.0), ("V1", "mV", 250.0)]
    assert read.channels[0].samples.tolist() == [0.0, 1.0] and read.channels[1].samples.tolist() == [0.5, -0.5]


def test_twelve_and_eight_bit_samples(tmp_path: Path) -> None:
    pairs = bytes([0x0A, 0x10, 0xFE, 0xFF, 0x0F, 0x01])  # 10, 510; -1, 1
    values = [c.samples.tolist() for c in wfdb.read(_record(tmp_path, kind="212", data=pairs, gain="1(0)/mV")).channels]
    assert values == [[10.0, -1.0], [510.0, 1.0]]
    eight = wfdb.read(_record(tmp_path, kind="80", data=bytes([128, 129, 127, 0]), gain="1(0)/mV"))
    assert [c.samples.tolist() for c in eight.channels] == [[0.0, -1.0], [1.0, -128.0]]


@pytest.mark.parametrize(
    ("changes", "code"), [({"kind": "24"}, "unsupported"), ({"data": b"\0"}, "truncated"), ({"gain": "x"}, "corrupt")]
)
def test_what_cannot_be_read_is_said(tmp_path: Path, changes: dict[str, str], code: str) -> None:
    with pytest.raises(ReadError) as caught:
        wfdb.read(_record(tmp_path, **changes))
    assert caught.value.code == code


def test_a_record_without_its_signals_is_refused_and_lists_nothing(tmp_path: Path) -> None:
    path = _record(tmp_path)
    assert wfdb.describe(str(path)).stacks[0].kind.value == "waveform"
    (tmp_path / "r.dat").unlink()
    with pytest.raises(ReadError, match=r"r\.dat is not beside it"):
        wfdb.describe(str(path))
