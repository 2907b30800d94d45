"""plans.json of nnU-Net: one configuration with its network, grid and normalisations.

The library imports every class that a plan names; here each name is looked up in a short list, and one that is not
on it refuses the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from viewer.analysis import packschema
from viewer.analysis.outside.plain import Raw, number, refused, some, table, text, whole

_NETWORKS = {"PlainConvUNet": "plain", "ResidualEncoderUNet": "residual"}
_SCHEMES = {
    "CTNormalization": "CT",
    "ZScoreNormalization": "z-score",
    "NoNormalization": "none",
    "RescaleTo01Normalization": "0-1",
    "RGBTo01Normalization": "RGB",
}
#: The only values planners write; another is another network.
_FIXED = {"norm_op": "InstanceNorm", "nonlin": "LeakyReLU"}
_EMPTY = ("dropout_op", "dropout_op_kwargs", "nonlin_first", "bottleneck_channels", "stem_channels", "block")
_READ = (
    *("n_stages", "features_per_stage", "conv_op", "kernel_sizes", "strides", "conv_bias", "norm_op_kwargs"),
    *("n_conv_per_stage", "n_blocks_per_stage", "n_conv_per_stage_decoder", "nonlin_kwargs", "deep_supervision"),
)
_RESAMPLING = "resample_data_or_seg_to_shape"
#: A patch with more voxels than this fits no machine.
_MOST_VOXELS = 512**3
_SLOPE, _EPS = 0.01, 1e-5
_MOST_PARENTS = 16


@dataclass(frozen=True, slots=True)
class Planned:
    """One configuration, as a stage's JSON without what its checkpoint and dataset say.

    Attributes:
        network: "PlainConvUNet" or "ResidualEncoderUNet"; `args` without channels.
        stage: fields of `core.nnunet.Stage`.
        previous: the configuration whose labels it reads too, "" for none.
    """

    name: str
    network: str
    args: Raw
    stage: Raw
    previous: str
    reader: str


def read(plans: Raw, name: str) -> Planned:
    """One configuration of a plans.json.

    Raises:
        PackError: it is not there, or asks for something that is not on the lists.
    """
    config = _inherited(table(plans.get("configurations"), "configurations"), name)
    place = f"configurations.{name}"
    patch = [whole(n, f"{place}.patch_size", 4096) for n in some(config.get("patch_size"), f"{place}.patch_size")]
    _check_patch(patch, place)
    network, args = _network(config, len(patch), place)
    return Planned(
        name,
        network,
        args,
        {
            "transpose": [whole(n, "transpose_forward", 2) for n in some(plans.get("transpose_forward"), "transpose")],
            "spacing_mm": [number(n, f"{place}.spacing") for n in some(config.get("spacing"), f"{place}.spacing")],
            "patch": patch,
            "channels": _channels(plans, config, place),
            "image": _resizing(config, "data", place),
            "logits": _resizing(config, "probabilities", place),
        },
        text(config["previous_stage"], f"{place}.previous_stage") if config.get("previous_stage") else "",
        str(plans.get("image_reader_writer") or ""),
    )


def _inherited(configs: Raw, name: str) -> Raw:
    """A configuration with what it inherits."""
    chain: list[Raw] = []
    seen: set[str] = set()
    here: Any = name
    while here:
        if not isinstance(here, str) or here not in configs:
            raise refused(f"plans.json has no configuration '{str(here)[:60]}'")
        if here in seen or len(chain) > _MOST_PARENTS:
            raise refused(f"the configurations of plans.json inherit from each other in a circle at '{here}'")
        seen.add(here)
        chain.append(table(configs[here], f"configurations.{here}"))
        here = chain[-1].get("inherits_from")
    made: Raw = {}
    for one in reversed(chain):
        made |= one
    if made.get("preprocessor_name", "DefaultPreprocessor") != "DefaultPreprocessor":
        raise refused(f"its preprocessor '{made['preprocessor_name']}' is not known here")
    return made


def _check_patch(patch: Sequence[int], place: str) -> None:
    voxels = 1
    for side in patch:
        voxels *= side
    if len(patch) not in (2, 3) or not 0 < voxels <= _MOST_VOXELS or max(patch) > 1024:
        raise refused(f"'{place}.patch_size' is {' x '.join(map(str, patch))}, which is no patch of a network")


# ---------------------------------------------------------------- the network


def _network(config: Raw, dims: int, place: str) -> tuple[str, Raw]:
    """The network's name and settings, of both layouts of the file."""
    if "architecture" in config:
        block = table(config["architecture"], f"{place}.architecture")
        return _new_layout(block, dims, f"{place}.architecture")
    return _old_layout(config, dims, place)


def _known(said: Any, place: str) -> str:
    """A network of the list, by the last part of its dotted name."""
    name = text(said, place).rsplit(".", 1)[-1]
    if name not in _NETWORKS:
        raise refused(f"its network '{name}' is not known here ({', '.join(_NETWORKS)})")
    return name


def _new_layout(block: Raw, dims: int, place: str) -> tuple[str, Raw]:
    name = _known(block.get("network_class_name"), f"{place}.network_class_name")
    kwargs = table(block.get("arch_kwargs"), f"{place}.arch_kwargs")
    _check_fixed(kwargs, dims, f"{place}.arch_kwargs")
    levels = whole(kwargs.get("n_stages"), "n_stages", 12)
    blocks = "n_blocks_per_stage" if "n_blocks_per_stage" in kwargs else "n_conv_per_stage"
    args = {
        "features": _each(kwargs.get("features_per_stage"), levels, "features_per_stage"),
        "kernels": _axes(kwargs.get("kernel_sizes"), levels, dims, "kernel_sizes"),
        "strides": _axes(kwargs.get("strides"), levels, dims, "strides"),
        "encoder": _each(kwargs.get(blocks), levels, blocks),
        "decoder": _each(kwargs.get("n_conv_per_stage_decoder"), levels - 1, "n_conv_per_stage_decoder"),
        "bias": bool(kwargs.get("conv_bias", False)),
    }
    return name, args


def _check_fixed(kwargs: Raw, dims: int, place: str) -> None:
    """Refuse settings that make another network of it."""
    for key, value in kwargs.items():
        if key in _EMPTY and value is None:
            continue
        wanted = _FIXED.get(key, "Conv" if key == "conv_op" else "")
        if wanted:
            said = str(value).rsplit(".", 1)[-1]
            if said != (f"{wanted}{dims}d" if key != "nonlin" else wanted):
                raise refused(f"'{place}.{key}' is {said[:60]}, which is not known here")
        elif key not in _READ:
            raise refused(f"'{place}.{key}' is not known here")
    norm, slope = kwargs.get("norm_op_kwargs") or {}, kwargs.get("nonlin_kwargs") or {}
    if norm.get("affine", True) is not True or abs(norm.get("eps", _EPS) - _EPS) > 1e-9:
        raise refused(f"'{place}.norm_op_kwargs' is not known here")
    if slope.get("negative_slope", _SLOPE) != _SLOPE:
        raise refused(f"'{place}.nonlin_kwargs' is not known here")


def _old_layout(config: Raw, dims: int, place: str) -> tuple[str, Raw]:
    """Plans of 2022 to early 2024."""
    name = _known(config.get("UNet_class_name"), f"{place}.UNet_class_name")
    strides = some(config.get("pool_op_kernel_sizes"), "pool_op_kernel_sizes", 12)
    levels = len(strides)
    base = whole(config.get("UNet_base_num_features"), "UNet_base_num_features", 4096)
    most = whole(config.get("unet_max_num_features"), "unet_max_num_features", 4096)
    args = {
        "features": [min(base * 2**level, most) for level in range(levels)],
        "kernels": _axes(config.get("conv_kernel_sizes"), levels, dims, "conv_kernel_sizes"),
        "strides": _axes(strides, levels, dims, "pool_op_kernel_sizes"),
        "encoder": _each(config.get("n_conv_per_stage_encoder"), levels, "n_conv_per_stage_encoder"),
        "decoder": _each(config.get("n_conv_per_stage_decoder"), levels - 1, "n_conv_per_stage_decoder"),
        "bias": True,
    }
    return name, args


def _each(value: Any, count: int, place: str) -> list[int]:
    """One whole number a level; a single one stands for all."""
    values = some(value, place, 12) if isinstance(value, list | tuple) else [value] * count
    if len(values) != count:
        raise refused(f"'{place}' has {len(values)} numbers for {count} levels")
    return [whole(one, place, 4096) for one in values]


def _axes(value: Any, count: int, dims: int, place: str) -> list[list[int]]:
    """One number an axis and level; a single one stands for all axes."""
    rows = some(value, place, 12)
    if len(rows) != count:
        raise refused(f"'{place}' has {len(rows)} entries for {count} levels")
    wide = [row if isinstance(row, list | tuple) else [row] * dims for row in rows]
    if any(len(row) != dims for row in wide):
        raise refused(f"'{place}' does not have {dims} numbers a level")
    return [[whole(one, place, 64) for one in row] for row in wide]


# ---------------------------------------------------------------- values and grids


def _channels(plans: Raw, config: Raw, place: str) -> list[Raw]:
    schemes = some(config.get("normalization_schemes"), f"{place}.normalization_schemes")
    masks = some(config.get("use_mask_for_norm") or [False] * len(schemes), f"{place}.use_mask_for_norm")
    if len(masks) != len(schemes) or not schemes:
        raise refused(f"'{place}.use_mask_for_norm' does not speak of the same channels as the normalisations")
    key = "foreground_intensity_properties_"
    facts = table(plans.get(f"{key}per_channel", plans.get(f"{key}by_modality", {})) or {}, key)
    return [_channel(str(n), scheme, mask, facts) for n, (scheme, mask) in enumerate(zip(schemes, masks, strict=True))]


def _channel(index: str, scheme: Any, mask: Any, facts: Raw) -> Raw:
    name = text(scheme, "normalization_schemes")
    if name not in _SCHEMES:
        raise refused(f"its normalisation '{name}' is not known here ({', '.join(_SCHEMES)})")
    made: Raw = {"scheme": _SCHEMES[name]}
    if made["scheme"] == "z-score" and mask:
        made["in_mask"] = True
    if made["scheme"] == "CT":
        seen = table(facts.get(index), f"foreground_intensity_properties_per_channel.{index}")
        names = {"low": "percentile_00_5", "high": "percentile_99_5", "mean": "mean", "spread": "std"}
        made |= {ours: number(seen.get(theirs), theirs) for ours, theirs in names.items()}
    return made


def _resizing(config: Raw, what: str, place: str) -> Raw:
    name = config.get(f"resampling_fn_{what}", _RESAMPLING)
    if name != _RESAMPLING:
        raise refused(f"its resampling '{str(name)[:60]}' is not known here")
    kwargs = table(config.get(f"resampling_fn_{what}_kwargs", {}), f"{place}.resampling_fn_{what}_kwargs")
    order = whole(kwargs.get("order", 3 if what == "data" else 1), "order", 5)
    across = whole(kwargs.get("order_z", 0), "order_z", 5)
    if what == "probabilities" and (order != 1 or across != 0):
        raise refused(f"its probabilities are resampled with orders {order} and {across}, and only 1 and 0 are known")
    made: Raw = {"order": order}
    if across:
        made["order_across"] = across
    apart = kwargs.get("force_separate_z")
    return made | ({"across_apart": bool(apart)} if apart is not None else {})


def checked(raw: Raw, kind: type[Any], place: str) -> Any:
    """A part as its struct.

    Raises:
        PackError: it does not fit.
    """
    try:
        return packschema.decode(raw, kind, place)
    except packschema.SchemaError as error:
        raise refused(str(error)) from None
