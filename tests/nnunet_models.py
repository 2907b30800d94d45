# ruff: noqa: E501 - JSON of others, a line a thought
"""Models of nnU-Net v2 with random weights, in the real format, small enough for a test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from viewer.analysis import networks
from viewer.analysis.outside import nnunet_dataset, nnunet_plans
from viewer.core.nnunet import Stage
from viewer.core.nnunet_network import PlainConvUNet, ResidualEncoderUNet

CT_FACTS = {"mean": 60.0, "std": 120.0, "percentile_00_5": -400.0, "percentile_99_5": 500.0, "median": 50.0, "min": -1024.0, "max": 2000.0}  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a random model shall be like."""

    name: str = "Dataset901_Random"
    config: str = "3d_fullres"
    spacing: tuple[float, ...] = (2.0, 1.5, 1.5)
    patch: tuple[int, ...] = (16, 32, 32)
    schemes: tuple[str, ...] = ("CTNormalization",)
    masks: tuple[bool, ...] = (False,)
    labels: dict[str, Any] = field(default_factory=lambda: {"background": 0, "liver": 1, "spleen": 2, "kidney": 3})
    order: tuple[int, ...] = ()
    folds: int = 1
    mirror: tuple[int, ...] | None = None
    residual: bool = False
    old: bool = False
    transpose: tuple[int, int, int] = (0, 1, 2)
    trainer: str = "nnUNetTrainer"
    previous: str = ""
    licence: str = "CC-BY-4.0"
    seed: int = 0


def plans_of(wanted: Wanted) -> dict[str, Any]:
    """A plans.json as the library writes it."""
    dims = len(wanted.patch)
    strides = [[1] * dims, [2] * dims, ([1, 2, 2] if dims == 3 else [2, 2])]
    kernels = [[3] * dims] * 3 if dims == 2 else [[1, 3, 3], [3, 3, 3], [3, 3, 3]]
    block = "n_blocks_per_stage" if wanted.residual else "n_conv_per_stage"
    name = "ResidualEncoderUNet" if wanted.residual else "PlainConvUNet"
    arch = {
        "n_stages": 3, "features_per_stage": [8, 16, 24], "conv_op": f"torch.nn.modules.conv.Conv{dims}d",
        "kernel_sizes": kernels, "strides": strides, block: [1, 2, 2] if wanted.residual else [2, 2, 2],
        "n_conv_per_stage_decoder": [1, 1] if wanted.residual else [2, 2], "conv_bias": True,
        "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dims}d", "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None, "dropout_op_kwargs": None, "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True},
    }  # fmt: skip
    config: dict[str, Any] = {
        "data_identifier": "nnUNetPlans", "preprocessor_name": "DefaultPreprocessor", "batch_size": 2,
        "patch_size": list(wanted.patch), "median_image_size_in_voxels": [60.0, 80.0, 80.0][-dims:], "spacing": list(wanted.spacing),
        "normalization_schemes": list(wanted.schemes), "use_mask_for_norm": list(wanted.masks),
        "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
        "resampling_fn_seg_kwargs": {"is_seg": True, "order": 1, "order_z": 0, "force_separate_z": None},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None},
        "batch_dice": False,
    }  # fmt: skip
    if wanted.old:
        config |= {
            "UNet_class_name": name, "UNet_base_num_features": 8, "unet_max_num_features": 24,
            "n_conv_per_stage_encoder": arch[block], "n_conv_per_stage_decoder": arch["n_conv_per_stage_decoder"],
            "num_pool_per_axis": [2] * dims, "pool_op_kernel_sizes": strides, "conv_kernel_sizes": kernels,
        }  # fmt: skip
    else:
        cls = "residual_unet.ResidualEncoderUNet" if wanted.residual else "unet.PlainConvUNet"
        config["architecture"] = {
            "network_class_name": f"dynamic_network_architectures.architectures.{cls}",
            "arch_kwargs": arch,
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        }
    if wanted.previous:
        config["previous_stage"] = wanted.previous
    return {
        "dataset_name": wanted.name, "plans_name": "nnUNetPlans", "original_median_spacing_after_transp": [2.0, 1.5, 1.5],
        "original_median_shape_after_transp": [60, 80, 80], "image_reader_writer": "SimpleITKIO",
        "transpose_forward": list(wanted.transpose), "transpose_backward": [int(n) for n in np.argsort(wanted.transpose)],
        "configurations": {wanted.config: config}, "experiment_planner_used": "ExperimentPlanner", "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {str(n): CT_FACTS for n in range(len(wanted.schemes))},
    }  # fmt: skip


def dataset_of(wanted: Wanted) -> dict[str, Any]:
    """A dataset.json."""
    made: dict[str, Any] = {
        "channel_names": {str(n): "CT" for n in range(len(wanted.schemes))},
        "labels": wanted.labels,
        "numTraining": 3,
        "file_ending": ".nii.gz",
        "name": wanted.name,
    }
    if wanted.licence:
        made["licence"] = wanted.licence
    return made | ({"regions_class_order": list(wanted.order)} if wanted.order else {})


def write(folder: Path, wanted: Wanted, plans: dict[str, Any] | None = None) -> Path:
    """A trained model's folder; returns the one of the trainer."""
    plans, dataset = plans or plans_of(wanted), dataset_of(wanted)
    home = folder / wanted.name / f"{wanted.trainer}__nnUNetPlans__{wanted.config}"
    home.mkdir(parents=True)
    (home / "plans.json").write_text(json.dumps(plans))
    (home / "dataset.json").write_text(json.dumps(dataset))
    (home / "dataset_fingerprint.json").write_text("{}")
    for fold in range(wanted.folds):
        (home / f"fold_{fold}").mkdir()
        torch.save(checkpoint(wanted, plans, dataset, fold), home / f"fold_{fold}" / "checkpoint_final.pth")
    return home


def checkpoint(wanted: Wanted, plans: dict[str, Any], dataset: dict[str, Any], fold: int) -> dict[str, Any]:
    """What nnU-Net's trainer saves, with all the names that a network of its library has."""
    return {
        "network_weights": _library_names(_weights(wanted, plans, dataset, fold)),
        "optimizer_state": {"state": {}, "param_groups": []},
        "grad_scaler_state": None,
        "logging": {"mean_fg_dice": [np.float64(0.5), np.float32(0.6)], "epoch_start_timestamps": [1.0]},
        "_best_ema": np.float64(0.7),
        "current_epoch": 1000,
        "init_args": {"plans": plans, "configuration": wanted.config, "fold": fold, "dataset_json": dataset, "device": torch.device("cpu")},
        "trainer_name": wanted.trainer,
        "inference_allowed_mirroring_axes": wanted.mirror,
    }  # fmt: skip


def stage_of(wanted: Wanted, plans: dict[str, Any], dataset: dict[str, Any]) -> Stage:
    """The stage that such a model is read as."""
    planned = nnunet_plans.read(plans, wanted.config)
    data = nnunet_dataset.read(dataset)
    args = planned.args | {
        "spatial_dims": len(wanted.patch),
        "in_channels": len(data.channels) + (len(data.labels) if wanted.previous else 0),
        "out_channels": len(data.labels) + (0 if data.regions else 1),
    }
    raw = {"name": wanted.config, "folds": ["x"], "numbers": [one.number for one in data.labels], **planned.stage}
    made: Stage = nnunet_plans.checked(raw | {"network": {"_target_": planned.network, "args": args}}, Stage, "stage")
    return made


def _weights(wanted: Wanted, plans: dict[str, Any], dataset: dict[str, Any], fold: int) -> dict[str, torch.Tensor]:
    network = stage_of(wanted, plans, dataset).network
    assert isinstance(network, PlainConvUNet | ResidualEncoderUNet)
    with torch.random.fork_rng():
        torch.manual_seed(wanted.seed * 100 + fold)
        built = networks.build(network)
        for name, tensor in built.state_dict().items():
            if name.endswith("norm.weight"):
                tensor.uniform_(0.5, 1.5)
            elif name.endswith("norm.bias") or name == "decoder.head.bias":
                tensor.normal_(0, 0.3)
    return {name: tensor.clone() for name, tensor in built.state_dict().items()}


def _library_names(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every tensor under all the names a checkpoint has for it."""
    made: dict[str, torch.Tensor] = {}
    levels = len({name.split(".")[2] for name in weights if name.startswith("decoder.stages.")})
    for name, tensor in weights.items():
        if name.startswith("decoder.head."):
            kind = name.rsplit(".", 1)[1]
            for level in range(levels):
                made[f"decoder.seg_layers.{level}.{kind}"] = (
                    tensor if level == levels - 1 else _like_head(weights, level, kind)
                )
            continue
        for one in (name, *_again(name)):
            made[one] = tensor
            if one.startswith("encoder."):
                made[f"decoder.{one}"] = tensor
    return made


def _again(name: str) -> list[str]:
    """The same tensor under the list of its block's modules."""
    for kind, place in ((".conv.", 0), (".norm.", 1)):
        if kind in name:
            return [name.replace(kind, f".all_modules.{place}.")]
    return []


def _like_head(weights: dict[str, torch.Tensor], level: int, kind: str) -> torch.Tensor:
    head = weights[f"decoder.head.{kind}"]
    if kind == "bias":
        return torch.zeros_like(head)
    width = weights[f"decoder.transpconvs.{level}.weight"].shape[1]
    return torch.zeros(head.shape[0], width, *head.shape[2:])
