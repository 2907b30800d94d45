"""Instances kept field by field are the instances they were made from."""

from __future__ import annotations

import pickle
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.synth import write_series
from viewer.core.geometry import Geometry
from viewer.core.study import Instance, Kind, Stack
from viewer.core.verdict import Caution, Safety, Verdict
from viewer.reading import load_volume, scan
from viewer.reading.header.headers import read_head
from viewer.reading.scanning.plainform import from_plain, to_plain
from viewer.reading.stacking.foreign import ForeignSlice
from viewer.reading.stacking.frame import FIELDS, PixelSpec, Slice, frame_of, slice_of, spec_of
from viewer.reading.stacking.slices import Columns, Slices, columns_of, slices_of

SPEC = PixelSpec("1.2", 0x7FE00010, 4, 4, 1, 16, 12, 11, True, "MONOCHROME2", False, 1)
NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=8)
SLICES = st.builds(
    Slice,
    path=NAMES.filter(lambda name: name not in (".", "..")).map(lambda name: Path("/in") / name),
    sop_instance_uid=st.sampled_from(["1.2.3", "1.2.4"]),
    frame=st.none() | st.integers(0, 3),
    number=st.none() | st.integers(-5, 5),
    spec=st.just(SPEC),
    offset=st.integers(0, 1 << 40),
    slope=st.floats(allow_nan=False, allow_infinity=False),
    padding=st.none() | st.tuples(st.integers(-9, 0), st.integers(0, 9)),
    tile=st.none() | st.just((0, 4, 8, 8)),
    special=st.booleans(),
)


@given(st.lists(SLICES, min_size=1, max_size=6))
def test_a_sequence_like_a_tuple(made: list[Slice]) -> None:
    columns = columns_of(made)
    slices = Slices(len(made), lambda: columns)
    assert list(slices) == made
    assert [slices[n] for n in range(len(slices))] == made
    assert slices[-1] == made[-1]
    assert slices[1:] == tuple(made[1:])
    assert slices == tuple(made)
    assert slices == Slices(len(made), columns)
    assert made[0] in slices
    assert slices != tuple(made) + (made[0],)


def test_only_what_is_asked_for_is_fetched() -> None:
    def fetch() -> Columns:
        raise AssertionError("not wanted yet")

    assert len(Slices(3, fetch)) == 3


def test_outside_is_outside() -> None:
    slices = Slices(2, columns_of([Slice(Path("/a"), offset=1), Slice(Path("/b"), offset=2)]))
    for index in (2, -3):
        with pytest.raises(IndexError):
            slices[index]


def test_other_formats_and_plain_instances_too() -> None:
    for made in ((ForeignSlice(Path("/a"), frame=1, reader="nifti"),), (Instance(Path("/a"), "1.2"),)):
        assert tuple(Slices(1, columns_of(made))) == made


def test_every_field_of_a_slice_comes_from_its_frame(tmp_path: Path) -> None:
    assert list(FIELDS) == [field.name for field in fields(Slice)][1:]
    head = read_head(str(write_series(tmp_path, shape=(1, 8, 8)).files[0]))
    frame = frame_of(head, spec_of(head))
    assert tuple(slices_of([frame, frame])) == (slice_of(frame),) * 2


def test_a_stack_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write_series(tmp_path, shape=(3, 8, 8))
    stack = scan([tmp_path]).studies[0].stacks[0]
    copy = pickle.loads(pickle.dumps(stack))
    assert copy.instances == stack.instances
    assert load_volume(copy).shape == (3, 8, 8)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(list(Kind))
)
CAUTIONS = st.builds(Caution, st.text(), st.text())
VALUES = st.recursive(
    LEAVES | CAUTIONS | st.builds(Verdict, st.sampled_from(list(Safety)), st.booleans()),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_the_plain_form_comes_back(value: object) -> None:
    assert from_plain(to_plain(value)) == value


def test_a_geometry_comes_back() -> None:
    affine = [[0, 0, -0.1, 1e-300], [0, 1 / 3, 0, -0.0], [2.5, 0, 0, 1e20], [0, 0, 0, 1]]
    stack = Stack("1.2", Kind.VOLUME, "CT", (), geometry=Geometry((2, 3, 4), affine, (0.0, 1.5)))  # type: ignore[arg-type]
    again = from_plain(to_plain(stack))
    assert again.geometry.affine.tolist() == stack.geometry.affine.tolist()  # type: ignore[union-attr]
    assert (again.geometry.shape, again.geometry.slice_positions) == ((2, 3, 4), (0.0, 1.5))


def test_other_things_have_no_plain_form() -> None:
    for value in (object(), {1, 2}, Path("/a"), b"bytes"):
        with pytest.raises(TypeError):
            to_plain(value)
    for plain in (["os.system", "true"], ["Path", "/a"], ["Caution"], []):
        with pytest.raises((KeyError, TypeError, ValueError)):
            from_plain(plain)
