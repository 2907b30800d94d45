"""Labels of models from nnU-Net, held against the library's own predictor on random weights in its own format."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import ndimage

from tests import nnunet_models
from tests.nnunet_models import Wanted
from viewer.analysis import networks
from viewer.analysis.inference import Infer
from viewer.analysis.nnunet.predict import Watch, predict
from viewer.analysis.outside import nnunet
from viewer.analysis.outside.nnunet_plans import checked
from viewer.core.nnunet import NnunetInference, Stage
from viewer.core.task import ignore_progress

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("nnunetv2") is None, reason="nnunetv2 is not installed (tests/outside/requirements.txt)"
)
Array = npt.NDArray[Any]
_PEER = Path(__file__).with_name("nnunet_peer.py")

_MASKED = Wanted(
    spacing=(5.0, 1.2, 1.2), patch=(8, 48, 48), mirror=(0, 1, 2), folds=2, transpose=(1, 0, 2),
    schemes=("ZScoreNormalization",), masks=(True,),
)  # fmt: skip
_REGIONS = Wanted(
    residual=True, labels={"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing": 3}, order=(1, 2, 3)
)
_PICTURES = Wanted(
    config="2d", spacing=(1.2, 1.2), patch=(48, 48), mirror=(0, 1), schemes=("RescaleTo01Normalization",)
)
CASES = {
    "thin slices": (Wanted(), (40, 70, 64), (1.5, 1.5, 1.5)),
    "thick slices, mask, mirrors, folds, transposed": (_MASKED, (60, 24, 70), (1.0, 6.0, 1.0)),
    "regions, residual": (_REGIONS, (30, 60, 60), (3.0, 1.0, 1.0)),
    "2-D": (_PICTURES, (7, 90, 80), (5.0, 1.0, 1.0)),
    "smaller than a patch": (Wanted(patch=(32, 32, 32)), (5, 11, 9), (2.0, 2.0, 2.0)),
    "an old plan, values as they are": (Wanted(old=True, schemes=("NoNormalization",)), (20, 40, 40), (2.0, 1.4, 1.4)),
    "coarse columns": (Wanted(spacing=(1.5, 1.5, 5.0), patch=(16, 32, 16)), (40, 50, 30), (1.0, 1.0, 6.0)),
}  # fmt: skip


_LOW = Wanted(config="3d_lowres", spacing=(3.0, 2.2, 2.2), seed=1)
_CASCADE = Wanted(config="3d_cascade_fullres", previous="3d_lowres", seed=2)
_CASCADE_SHAPE, _CASCADE_MM = (30, 50, 50), (2.5, 1.3, 1.3)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models, pictures and the library's labels of them, from one process."""
    folder = tmp_path_factory.mktemp("library")
    for number, (wanted, shape, spacing) in enumerate(CASES.values()):
        home = nnunet_models.write(folder / f"{number}", wanted)
        image = _picture(shape, masked=wanted.masks[0])
        for way in ("half", "single"):
            _ask(folder, f"{number}-{way}", home, image, spacing)
    first, second = (nnunet_models.write(folder / "cascade", one) for one in (_LOW, _CASCADE))
    image = _picture(_CASCADE_SHAPE, masked=False)
    _ask(folder, "x-1-single", first, image, _CASCADE_MM)
    _ask(folder, "x-2-single", second, image, _CASCADE_MM, before="x-1-single")
    done = subprocess.run(
        [sys.executable, str(_PEER), str(folder)], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("name", CASES)
def test_the_library_answers_the_same(name: str, answers: Path) -> None:
    """At most a thousandth of the voxels differ, or twice what half precision alone changes in the library."""
    wanted, shape, spacing = CASES[name]
    number = list(CASES).index(name)
    library, single = (np.load(answers / f"{number}-{way}.labels.npy") for way in ("half", "single"))
    home = next((answers / f"{number}").rglob("plans.json")).parent
    ours = own_labels(home, [_picture(shape, masked=wanted.masks[0])], spacing)
    assert len(np.unique(library)) > 1
    differing, of_half = (ours != library).mean(), (single != library).mean()
    assert differing <= max(0.001, 2 * of_half), f"{differing:.3%} differ, half precision alone {of_half:.3%}"
    assert (ours != single).mean() <= max(0.0005, of_half / 2)
    for label in np.unique(library):
        assert _dice(ours == label, library == label) >= min(0.995, _dice(single == label, library == label) - 0.005)


def test_a_cascade_answers_the_same(answers: Path) -> None:
    """The first stage's labels are channels of the second."""
    library = np.load(answers / "x-2-single.labels.npy")
    (home,) = (answers / "cascade").rglob("*3d_cascade_fullres")
    ours = own_labels(home, [_picture(_CASCADE_SHAPE, masked=False)], _CASCADE_MM)
    assert len(np.unique(library)) > 1
    assert (ours != library).mean() <= 0.001


def own_labels(home: Path, channels: Sequence[Array], spacing: tuple[float, ...]) -> Array:
    """This program's labels of channels as they are stored, in single precision."""
    model = nnunet.read(nnunet.find(home))
    config: NnunetInference = checked(model.inference, NnunetInference, "inference")

    def opened(stage: Stage) -> list[Infer]:
        return [_network(stage, fold, model) for fold in stage.folds]

    return predict(config, opened, channels, spacing, Watch(ignore_progress))


def _network(stage: Stage, fold: str, model: nnunet.Model) -> Infer:
    built = networks.build(stage.network).eval()
    mine = {name.removeprefix(f"{fold}/"): one for name, one in model.weights.items() if name.startswith(f"{fold}/")}
    built.load_state_dict(mine)

    def infer(batch: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
        with torch.inference_mode():
            return tuple(one.numpy() for one in built(torch.from_numpy(batch)))

    return infer


def _ask(folder: Path, name: str, home: Path, image: Array, spacing: tuple[float, ...], before: str = "") -> None:
    """Leave a picture for the library."""
    np.savez(folder / f"{name}.npz", image=image[None], spacing=spacing)
    job = {"model": str(home), "single": name.endswith("single"), "before": before}
    (folder / f"{name}.json").write_text(json.dumps(job))


def _picture(shape: tuple[int, ...], *, masked: bool) -> npt.NDArray[np.float32]:
    """Smooth noise about soft tissue; with `masked` zero outside a box, as a skull-stripped head."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=shape), 3) * 3000 + 20
    image = noise.astype(np.float32)
    if masked:
        image = np.abs(image)
        image[:6] = 0
        image[:, :, :20] = 0
    return image


def _dice(a: Array, b: Array) -> float:
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))
