"""A picture reaches a model from outside as its files store it, and labels come back on the same voxels."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from viewer.analysis.nnunet import stored
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.reading import load_volume, scan

ORDERS = {"LAS": (-1, 1, 1), "RAS": (1, 1, 1), "LPS": (-1, -1, 1), "LAI": (-1, 1, -1), "RPI": (1, -1, -1)}


@pytest.mark.parametrize("letters", ORDERS)
def test_a_file_is_given_as_it_is_stored(letters: str, tmp_path: Path) -> None:
    """Whatever its directions: the library ignores them."""
    values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    affine = np.diag([*(1.5 * sign for sign in ORDERS[letters]), 1.0])
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "a.nii.gz")
    (study,) = scan([tmp_path / "a.nii.gz"]).studies
    volume = load_volume(study.stacks[0])
    turned = stored.way(volume, "")
    given = turned.forward(stored.channels_of(volume)[0])
    assert np.array_equal(given, values.transpose(2, 1, 0))
    assert stored.letters_of(volume, turned) == letters
    assert np.array_equal(turned.labels(given), volume.values())


def _dicom(normal: int = 1) -> Volume:
    values = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)
    axes = np.diag([1.0, 1.0, 2.0 * normal, 1.0])[:, [2, 1, 0, 3]]
    return Volume(values, Geometry((3, 4, 5), axes), modality="CT", series_uid="1.2.3")


def test_dicom_is_given_as_dcm2niix_stores_it() -> None:
    """Columns to the left, rows to the front, slices to the head for an axial series."""
    volume = _dicom()
    turned = stored.way(volume, "")
    assert stored.letters_of(volume, turned) == "LAS"
    assert np.array_equal(turned.forward(volume.values()), volume.values()[:, ::-1])


def test_slices_that_descend_are_turned_to_ascend() -> None:
    """Along columns x rows, whichever way the stack was put together."""
    volume = _dicom(-1)
    assert stored.letters_of(volume, stored.way(volume, "")) == "LAS"


@pytest.mark.parametrize("letters", ["RAS", "LPS", "SAL"])
def test_a_known_order_is_what_every_picture_is_turned_to(letters: str) -> None:
    """Also with axes exchanged; labels come back on the picture's own voxels."""
    volume = _dicom()
    turned = stored.way(volume, letters)
    assert stored.letters_of(volume, turned) == letters
    assert np.array_equal(turned.labels(turned.forward(volume.values())), volume.values())
