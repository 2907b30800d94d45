"""Real objects with damaged bytes: words or less content, never a crash or a hang."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tests import others
from tests.conftest import shared_folder
from tests.unit.reading.objects.builders import stack_of
from viewer.core.errors import ViewerError
from viewer.core.study import Kind
from viewer.core.task import CancelFlag
from viewer.jobs.states import subtraction_of
from viewer.reading import scan
from viewer.reading.header.sop_classes import kind_of
from viewer.reading.objects.bitplanes import read_planes
from viewer.reading.objects.marks import read_marks
from viewer.reading.objects.object_types import describe, read_object
from viewer.reading.objects.parametric import read_parametric
from viewer.reading.objects.states import read_states

#: Seconds of computing that one damaged file may take.
LIMIT_S = 5.0
#: What is written over four bytes, beside random ones.
NASTY = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\0\0", b"\x40\x00\x30\xa7", b"\xfe\xff\x00\xe0")


def real_objects() -> list[tuple[Path, Kind]]:
    corpus = shared_folder("corpus")
    manifest = json.loads((corpus / "MANIFEST.json").read_text(encoding="utf-8"))
    found = []
    for entry in manifest:
        kind = kind_of(entry["expect"].get("sop_class", ""))
        if kind is not None and (corpus / entry["path"]).is_file():
            found.append((corpus / entry["path"], kind))
    return found


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes changed, cut out, doubled or left off, mostly in the header."""
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        reach = min(len(made), 20_000)
        if reach < 200:
            break
        at = int(rng.integers(128, reach))
        kind = int(rng.integers(0, 5))
        if kind == 0:
            made[at] = int(rng.integers(0, 256))
        elif kind == 1:
            made[at : at + 4] = NASTY[int(rng.integers(0, len(NASTY)))]
        elif kind == 2:
            del made[at : at + int(rng.integers(1, 50))]
        elif kind == 3:
            made[at:at] = made[at : at + int(rng.integers(1, 200))]
        else:
            del made[int(rng.integers(at, len(made))) :]
    return bytes(made)


def survive(folder: Path, seed: int) -> int:
    """Damage every object once; how many were still read."""
    rng = np.random.default_rng(seed)
    opened = 0
    for path, kind in real_objects():
        target = folder / "damaged.dcm"
        target.write_bytes(damaged(path.read_bytes(), rng))
        started = time.process_time()
        try:
            if kind is Kind.VOLUME:
                read_parametric(stack_of(target, kind))
            else:
                describe(stack_of(target, kind))
                read_object(stack_of(target, kind))
                if kind is Kind.REPORT:
                    read_marks(stack_of(target, kind))
                elif kind is Kind.PRESENTATION:
                    read_states(stack_of(target, kind))
            opened += 1
        except ViewerError as error:
            assert len(error.what.split()) > 3, (path.name, seed)
        assert time.process_time() - started < LIMIT_S, (path.name, seed)
    return opened


@pytest.mark.parametrize("seed", range(12))
def test_damaged_objects(tmp_path: Path, seed: int) -> None:
    survive(tmp_path, seed)


@pytest.mark.nightly
def test_many_damaged_objects(tmp_path: Path) -> None:
    assert sum(survive(tmp_path, seed) for seed in range(100, 1100)) > 0


@pytest.mark.parametrize("seed", range(40))
def test_damaged_pictures_keep_their_overlays_to_themselves(tmp_path: Path, seed: int) -> None:
    """Overlay planes and masks of a damaged header: fewer of them, or words, never a crash."""
    ds = others.write_run(tmp_path / "run.dcm", np.full((3, 12, 10), 100, np.uint16))
    others.put_plane(ds, np.ones((3, 12, 10), bool), label="Marks", first_frame=1)
    ds.save_as(tmp_path / "run.dcm")
    data = (tmp_path / "run.dcm").read_bytes()
    (tmp_path / "run.dcm").write_bytes(damaged(data, np.random.default_rng(seed)))
    for study in scan([tmp_path], use_index=False).studies:
        for stack in study.stacks:
            planes, problems = read_planes(stack, CancelFlag())
            assert all(plane.on(k) is not None for plane in planes for k in plane.packed)
            assert all(len(words.split()) > 3 for words in problems)
            asked = subtraction_of(stack)
            assert asked is None or asked.step_at(2, 3) is None or asked.steps
