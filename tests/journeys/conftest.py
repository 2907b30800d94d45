"""What journeys start from: the sample studies, and the packs this checkout ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.analysis import packs
from viewer.core.errors import ViewerError
from viewer.core.task import CancelFlag, ignore_progress
from viewer.samples import Sample, write_samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """The sample studies, written once."""
    out = tmp_path_factory.mktemp("samples")
    return {one.key: one for one in write_samples(out, on_progress=ignore_progress, cancel=CancelFlag())}


def _shipped(pack_id: str) -> str:
    try:
        packs.verify(packs.load(pack_id))
    except ViewerError as error:
        pytest.skip(f"this checkout does not ship {pack_id}: {error.text}")
    return pack_id


@pytest.fixture
def hippocampus() -> str:
    """Id of the hippocampus pack, or skip."""
    return _shipped("mr-hippocampus-segmentation")


@pytest.fixture
def pneumonia() -> str:
    """Id of the chest film pack, or skip."""
    return _shipped("xray-chest-pneumonia")


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    """A file where a folder is expected: unwritable as a folder for everybody, root included."""
    path = tmp_path / "taken"
    path.write_text("this is a file")
    return path
