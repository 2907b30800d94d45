"""Where a model that others made comes from, as nouns: kept in its pack, shown wherever its answers are."""

from __future__ import annotations

from viewer.core.pack import Part, Said

#: Said beside every answer of such a model, on screen, paper and in the SR.
NOT_VALIDATED_HERE = "From outside, not validated here"
#: What stands where the model's files do not say.
NOT_STATED = "not stated"


class Outside(Part, frozen=True, kw_only=True):
    """The origin of a converted model.

    Attributes:
        format: "nnU-Net v2", "TotalSegmentator", "MONAI bundle", "ONNX", "torchxrayvision".
        name: as its makers call it; `version`: "" where they name none.
        sha256: of the files it was converted from, see `analysis.outside.origin`.
        licence: as its makers or whoever installed it said; `licence_from`: which of the two.
        not_stated: what nothing said (fields of the form that a site may fill in).
        assumed: what had to be assumed, in words.
    """

    format: Said
    name: Said
    sha256: Said
    licence: Said
    licence_from: Said
    version: str = ""
    not_stated: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
