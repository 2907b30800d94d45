from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from viewer.analysis.runfolder import RunFolder, sweep
from viewer.core.errors import AnalysisError


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "base")


KINDS = st.sampled_from(["u1", "i2", "u2", "i4", "f4", "f8", "bool"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arrays.arrays(KINDS, arrays.array_shapes(max_dims=4, min_side=0, max_side=5), elements={"allow_nan": False}))
def test_any_array_crosses_bit_for_bit(folder: RunFolder, array: np.ndarray) -> None:
    ref = folder.write(array)
    assert ref.nbytes == array.nbytes
    mapped = RunFolder.open(folder.path).map(ref)
    assert mapped.dtype == array.dtype
    assert np.array_equal(mapped, array)
    assert not mapped.flags.writeable or mapped.size == 0
    assert np.array_equal(folder.take(ref), array)
    assert not (folder.path / ref.name).exists()


def test_strided_and_swapped_arrays_cross_too(folder: RunFolder) -> None:
    array = np.arange(60, dtype=">i2").reshape(3, 4, 5)[::-1, ::2]
    assert np.array_equal(folder.take(folder.write(array)), array)


def test_files_are_for_this_user_alone(folder: RunFolder) -> None:
    ref = folder.write(np.zeros(10, np.int16))
    assert stat.S_IMODE((folder.path / ref.name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.path.parent.stat().st_mode) == 0o700


def test_objects_do_not_cross(folder: RunFolder) -> None:
    with pytest.raises(TypeError):
        folder.write(np.array([{}], dtype=object))


@pytest.mark.parametrize("change", [{"nbytes": 3}, {"shape": (9,)}, {"dtype": "<i4"}, {"name": "gone.bin"}])
def test_a_file_that_does_not_hold_what_it_should_is_an_error(folder: RunFolder, change: dict[str, object]) -> None:
    ref = folder.write(np.zeros(10, np.int16))
    with pytest.raises(AnalysisError, match="whole"):
        folder.map(replace(ref, **change))


def test_a_name_cannot_leave_the_folder(folder: RunFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(20))
    ref = replace(folder.write(np.zeros(10, np.int16)), name="../../secret.bin")
    with pytest.raises(AnalysisError):
        folder.map(ref)
    folder.drop(ref)
    assert secret.exists()


def test_a_full_disk_is_an_error_and_leaves_no_file(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(AnalysisError, match="no room left"):
        folder.write(np.zeros(10, np.int16))
    assert list(folder.path.glob("*.bin")) == []


def test_the_sweep_takes_the_dead_and_leaves_the_living(tmp_path: Path) -> None:
    base = tmp_path / "base"
    living, dead = RunFolder.create(base), RunFolder.create(base)
    dead.write(np.zeros(5))
    assert dead._lock is not None
    os.close(dead._lock)  # what the system does when a process is killed
    assert sweep(base) == 1
    assert living.path.is_dir()
    assert not dead.path.exists()
    living.close()
    assert list(base.iterdir()) == []


def test_a_place_others_can_read_is_closed(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir(mode=0o755)
    base.chmod(0o755)
    RunFolder.create(base).close()
    assert stat.S_IMODE(base.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "base").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnalysisError, match="working folder"):
        RunFolder.create(tmp_path / "base")
