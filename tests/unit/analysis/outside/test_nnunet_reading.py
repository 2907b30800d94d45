"""Reading models of nnU-Net: what is taken, and what is refused in words with nothing run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests import nnunet_models
from tests.nnunet_models import Wanted
from viewer.analysis.outside import licences, nnunet, nnunet_pack
from viewer.core.errors import PackError

Plans = dict[str, Any]


def _broken(change: Callable[[Plans, Plans], None], folder: Path, wanted: Wanted | None = None) -> str:
    """The words for a model whose plans and configuration were changed after it was written."""
    home = nnunet_models.write(folder, wanted or Wanted())
    plans = json.loads((home / "plans.json").read_text())
    change(plans, plans["configurations"]["3d_fullres"])
    (home / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(PackError) as caught:
        nnunet_pack.draft(home, "")
    return caught.value.what


def _arch(config: Plans, key: str, value: object) -> None:
    config["architecture"]["arch_kwargs"][key] = value


BROKEN: dict[str, tuple[Callable[[Plans, Plans], None], str]] = {
    "a patch of a million": (lambda p, c: c.update(patch_size=[10**6] * 3), "patch_size"),
    "no patch": (lambda p, c: c.pop("patch_size"), "patch_size"),
    "another network": (
        lambda p, c: c["architecture"].update(network_class_name="evil.module.Primus"),
        "network 'Primus' is not known",
    ),
    "a circle": (lambda p, c: c.update(inherits_from="3d_fullres"), "circle"),
    "a parent that is not there": (lambda p, c: c.update(inherits_from="nothing"), "no configuration 'nothing'"),
    "another normalisation": (lambda p, c: c.update(normalization_schemes=["Own"]), "normalisation 'Own'"),
    "another resampling": (lambda p, c: c.update(resampling_fn_data="resample_torch_simple"), "resample_torch_simple"),
    "another preprocessor": (lambda p, c: c.update(preprocessor_name="Mine"), "preprocessor 'Mine'"),
    "batch norm": (lambda p, c: _arch(c, "norm_op", "torch.nn.BatchNorm3d"), "norm_op"),
    "a setting nobody knows": (lambda p, c: _arch(c, "squeeze_excitation", True), "squeeze_excitation"),
    "wider than its weights": (lambda p, c: _arch(c, "features_per_stage", [16, 16, 24]), "its plan asks for"),
    "another level": (lambda p, c: _arch(c, "n_stages", 4), "for 4 levels"),
    "an axis twice": (lambda p, c: p.update(transpose_forward=[0, 0, 2]), "transpose"),
    "spacing of words": (lambda p, c: c.update(spacing=["a", 1, 1]), "spacing"),
    "no number": (lambda p, c: c.update(spacing=[float("nan"), 1, 1]), "spacing"),
    "no intensities": (lambda p, c: p.update(foreground_intensity_properties_per_channel={}), "foreground_intensity"),
    "a stage before that is not there": (lambda p, c: c.update(previous_stage="3d_lowres"), "not beside it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plans_are_refused_with_the_place(name: str, tmp_path: Path) -> None:
    """Every sentence names what is wrong."""
    change, words = BROKEN[name]
    assert words in _broken(change, tmp_path)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    """A pickle that calls something is refused with the name of what it would call."""

    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    home = nnunet_models.write(tmp_path, Wanted())
    torch.save({"network_weights": {}, "logging": Evil()}, home / "fold_0" / "checkpoint_final.pth")
    with pytest.raises(PackError, match="mkdir"):
        nnunet.read(nnunet.find(home))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    """The tensor is named."""
    home = nnunet_models.write(tmp_path, Wanted())
    place = home / "fold_0" / "checkpoint_final.pth"
    held = torch.load(place, weights_only=False)
    held["network_weights"]["decoder.seg_layers.1.bias"][0] = value
    torch.save(held, place)
    with pytest.raises(PackError, match=r"decoder\.head\.bias"):
        nnunet.read(nnunet.find(home))


def test_a_fold_without_weights_is_refused(tmp_path: Path) -> None:
    """Folds are averaged: one less would be another answer."""
    home = nnunet_models.write(tmp_path, Wanted(folds=2))
    (home / "fold_1" / "checkpoint_final.pth").unlink()
    with pytest.raises(PackError, match="fold_1"):
        nnunet.find(home)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    """Half a file, and no file of torch's."""
    home = nnunet_models.write(tmp_path, Wanted())
    place = home / "fold_0" / "checkpoint_final.pth"
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])
    with pytest.raises(PackError, match="damaged"):
        nnunet.read(nnunet.find(home))


def test_the_first_version_is_named(tmp_path: Path) -> None:
    """Its files are another format."""
    (tmp_path / "fold_0").mkdir()
    (tmp_path / "plans.pkl").write_bytes(b"")
    assert nnunet.is_model(tmp_path)
    with pytest.raises(PackError, match="first version"):
        nnunet.find(tmp_path)


@pytest.mark.parametrize("level", ["fold_0", ".", "..", "../.."])
def test_any_level_of_the_folder_names_the_model(level: str, tmp_path: Path) -> None:
    """From the fold up to the folder of all results."""
    home = nnunet_models.write(tmp_path / "results", Wanted())
    found = nnunet.find((home / level).resolve())
    assert found.folder == home.resolve()
    assert found.dataset == "Dataset901_Random"


def test_the_liked_configuration_is_taken_and_others_are_told(tmp_path: Path) -> None:
    """A dataset's folder may hold several."""
    nnunet_models.write(tmp_path, Wanted(config="3d_lowres"))
    nnunet_models.write(tmp_path, Wanted())
    draft = nnunet_pack.draft(tmp_path, "")
    assert draft.id == "dataset901-random-3d-fullres"
    assert any("3d_lowres" in note for note in draft.notes)


def test_two_models_at_once_are_refused(tmp_path: Path) -> None:
    """Which one is meant must be said."""
    nnunet_models.write(tmp_path, Wanted())
    nnunet_models.write(tmp_path, Wanted(name="Dataset902_Other"))
    with pytest.raises(PackError, match="several models"):
        nnunet.find(tmp_path)


def test_the_licence_must_be_known(tmp_path: Path) -> None:
    """Stated in the file, said by whoever installs it, else refused; nnU-Net's own default sentence states none."""
    lazy = "Whoever converted this dataset was lazy and didn't look it up!"
    home = nnunet_models.write(tmp_path, Wanted(licence=lazy))
    with pytest.raises(PackError, match="licence is not stated"):
        nnunet_pack.draft(home, "")
    draft = nnunet_pack.draft(home, "CC BY-NC 4.0")
    assert draft.outside.licence == "CC BY-NC 4.0"
    assert draft.outside.licence_from == "whoever installed it"
    assert draft.research_only


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC-BY-4.0", False), ("Apache-2.0", False), ("CC BY-NC-ND 4.0", True), ("non-commercial use", True),
        ("for research only", True), ("MIT", False), ("academic licence", True),
    ],
)  # fmt: skip
def test_non_commercial_licences_are_known_by_their_words(licence: str, expected: bool) -> None:
    """They need the research switch."""
    assert licences.is_non_commercial(licence) is expected


def test_labels_keep_their_names_and_numbers(tmp_path: Path) -> None:
    """In the order of the outputs; what is to be ignored is no label."""
    wanted = Wanted(labels={"background": 0, "b_Two": 2, "a one": 1, "ignore": 3})
    model = nnunet.read(nnunet.find(nnunet_models.write(tmp_path, wanted)))
    assert model.inference["output"]["labels"] == ["a one", "b_Two"]
    assert model.inference["output"]["numbers"] == [1, 2]


def test_regions_say_which_others_lie_in_them(tmp_path: Path) -> None:
    """A voxel carries the last region it lies in."""
    wanted = Wanted(labels={"background": 0, "whole": [1, 2, 3], "core": [2, 3], "ring": 3}, order=(1, 2, 3))
    draft = nnunet_pack.draft(nnunet_models.write(tmp_path, wanted), "")
    assert draft.viewer["limits"] == [
        "'whole' is shown and measured without core, ring, which lie in it.",
        "'core' is shown and measured without ring, which lie in it.",
    ]


def test_old_plans_make_the_same_network(tmp_path: Path) -> None:
    """The layout of 2022 to early 2024."""
    new, old = (
        nnunet.read(nnunet.find(nnunet_models.write(tmp_path / f"{n}", Wanted(old=bool(n))))).inference["stages"][0]
        for n in (0, 1)
    )
    assert old["network"] == new["network"]
