"""The sample studies hold what their truth says, everywhere and each time the same."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from viewer.core.errors import OutputError
from viewer.core.task import CancelFlag, Cancelled, Progress, ignore_progress
from viewer.samples import Sample, write_samples
from viewer.samples.film import expose
from viewer.samples.thorax import Thorax


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Sample]]:
    out = tmp_path_factory.mktemp("samples")
    samples = write_samples(out, on_progress=ignore_progress, cancel=CancelFlag())
    return out, {sample.key: sample for sample in samples}


Written = tuple[Path, dict[str, Sample]]


def test_every_name_says_synthetic(written: Written) -> None:
    for sample in written[1].values():
        for path in list(sample.folder.glob("*.dcm"))[:3]:
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            assert "SYNTHETIC" in str(ds.PatientName)
            assert "SYNTHETIC" in ds.PatientComments


def test_film_hangs_as_the_patient_faces_the_reader(written: Written) -> None:
    """Patient's left at the picture's right: heart apex and stomach bubble lie there, the patch on the right side."""
    sample = written[1]["chest-child"]
    ds = pydicom.dcmread(next(sample.folder.glob("*.dcm")))
    film = ds.pixel_array.astype(float)
    assert list(ds.PatientOrientation) == ["L", "F"]
    middle = film.shape[1] // 2
    clear = expose(Thorax(), CancelFlag()).astype(float)
    for opacity in sample.truth["opacities"]:
        column, row = (round(v) for v in opacity["centre_column_row"])
        assert (column < middle) == (opacity["side"] == "right")
        there = np.s_[row - 40 : row + 40, column - 40 : column + 40]
        assert film[there].mean() > clear[there].mean() * 1.1, "denser than the same lung without it"
    bubble = film[1020:1060, 850:890].mean()
    assert bubble < film[1020:1060, -890:-850].mean() * 0.9, "air of the stomach lies on the left"


def test_head_lies_where_its_header_and_label_map_say(written: Written) -> None:
    out, samples = written
    sample = samples["brain-mr"]
    files = sorted(sample.folder.glob("*.dcm"))
    slices = [pydicom.dcmread(path) for path in files]
    first = slices[0]
    stack = np.stack([ds.pixel_array for ds in slices])
    label_map = nibabel.load(out / "truth" / "brain-mr-labels.nii.gz")
    labels = np.asarray(label_map.dataobj).transpose(2, 1, 0)
    assert labels.shape == stack.shape
    ras = label_map.affine[:3, 3] * [-1, -1, 1]
    assert np.allclose(ras, [float(v) for v in first.ImagePositionPatient])
    assert float(slices[1].ImagePositionPatient[2]) - float(first.ImagePositionPatient[2]) == 1.0
    left = np.argwhere((labels == 1) | (labels == 2)).mean(0)
    x = float(first.ImagePositionPatient[0]) + left[2] * float(first.PixelSpacing[1])
    assert 20 < x < 35, "left of the patient is +x"
    front, back = (np.argwhere(labels == n)[:, 1].mean() for n in (1, 2))
    assert front < back, "front (anterior) has the smaller row"


def test_hippocampus_box_holds_its_side_and_only_it(written: Written) -> None:
    out, samples = written
    sample = samples["brain-mr"]
    labels = np.asarray(nibabel.load(out / "truth" / "brain-mr-labels.nii.gz").dataobj).transpose(2, 1, 0)
    for side, numbers in (("left", (1, 2)), ("right", (3, 4))):
        (k0, j0, i0), (k1, j1, i1) = sample.boxes[side]
        inside = labels[k0:k1, j0:j1, i0:i1]
        assert set(np.unique(inside)) == {0, *numbers}
        for number in numbers:
            assert np.count_nonzero(inside == number) == np.count_nonzero(labels == number)
    volumes = sample.truth["volumes_mm3"]
    assert 3000 < volumes["left anterior"] + volumes["left posterior"] < 3900
    assert volumes["left anterior"] == volumes["right anterior"]


def test_nodules_are_dense_where_the_truth_says(written: Written) -> None:
    sample = written[1]["chest-ct"]
    files = sorted(sample.folder.glob("*.dcm"))
    for nodule, side in zip(sample.truth["nodules"], ("right", "left"), strict=True):
        i, j, k = nodule["voxel_ijk"]
        ds = pydicom.dcmread(files[k])
        hu = ds.pixel_array.astype(int) * int(ds.RescaleSlope) + int(ds.RescaleIntercept)
        assert hu[j, i] > -100
        assert np.median(hu[j - 25 : j + 25, i - 25 : i + 25]) < -700, "lung around it"
        assert nodule["side"] == side
        z = float(ds.ImagePositionPatient[2])
        assert abs(z - nodule["centre_lps"][2]) <= 0.75


def test_second_call_keeps_and_same_version_repeats(written: Written, tmp_path: Path) -> None:
    out, samples = written
    film = next(samples["chest-child"].folder.glob("*.dcm"))
    before = film.stat().st_mtime_ns
    again = write_samples(out, on_progress=ignore_progress, cancel=CancelFlag())
    assert film.stat().st_mtime_ns == before
    assert [s.truth for s in again] == [s.truth for s in samples.values()]


def test_cancel_leaves_no_half_study(tmp_path: Path) -> None:
    flag = CancelFlag()

    def stop_at_the_head(progress: Progress) -> None:
        if "brain" in progress.stage:
            flag.cancel()

    with pytest.raises(Cancelled):
        write_samples(tmp_path, on_progress=stop_at_the_head, cancel=flag)
    assert [p.name for p in (tmp_path / "studies").iterdir()] == ["chest-child"]
    assert json.loads((tmp_path / "truth" / "chest-child.json").read_text())["files"] == 1


def test_unwritable_folder_ends_in_words(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="Choose a folder"):
        write_samples(tmp_path / "out", on_progress=ignore_progress, cancel=CancelFlag())
