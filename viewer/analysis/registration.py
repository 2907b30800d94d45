"""Rigid registration of two volumes of one person: rotation and shift, by mutual information (SimpleITK)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from viewer.core.errors import AnalysisError
from viewer.core.geometry import FloatArray
from viewer.core.volume import Volume

#: Volumes are looked at with voxels of at least this size (mm): finer ones add time, not certainty.
_LEAST_MM = 1.0
#: Bins of the joint histogram, and the share of voxels that is looked at.
_BINS, _SHARE = 50, 0.25
_SEED = 20261121
#: Coarse to fine: each level's shrink factor and smoothing (mm).
_SHRINK, _SMOOTH = (4, 2, 1), (4.0, 2.0, 0.0)
#: Below this correlation of the overlap, or share of overlap, nothing was found.
LEAST_CORRELATION, LEAST_OVERLAP = 0.5, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """How one volume lies on another.

    Attributes:
        matrix: float64 [4, 4], moving LPS mm -> fixed LPS mm; a rotation and a shift.
        correlation: of the values where both lie on each other after the move, -1 to 1.
        overlap: share of the fixed volume that the moved one covers.
        shift_mm: by how much the middle of the moving volume is moved, LPS.
    """

    matrix: FloatArray
    correlation: float
    overlap: float
    shift_mm: tuple[float, float, float]


def register(fixed: Volume, moving: Volume) -> Registration:
    """Find the rigid move of `moving` onto `fixed`.

    Args:
        fixed, moving: grey volumes of several even, untilted slices.

    Raises:
        AnalysisError: a volume is none to register, or no move was found that makes them alike.
    """
    for volume in (fixed, moving):
        _check(volume)
    one, other = _image(fixed), _image(moving)
    try:
        transform = _found(one, other)
    except RuntimeError as error:
        raise AnalysisError("The two series could not be laid on each other.", "Do they show one place?") from error
    matrix = np.eye(4)
    inverse = transform.GetInverse()  # ITK maps fixed points to moving ones
    origin = np.array(inverse.TransformPoint((0.0, 0.0, 0.0)))
    matrix[:3, :3] = np.array([inverse.TransformPoint(row) for row in np.eye(3).tolist()]).T - origin[:, None]
    matrix[:3, 3] = origin
    correlation, overlap = _likeness(one, other, transform)
    if correlation < LEAST_CORRELATION or overlap < LEAST_OVERLAP:
        raise AnalysisError(
            f"The two series could not be laid on each other (correlation {correlation:.2f}, overlap {overlap:.0%}).",
            "Do they show one place of one person?",
        )
    middle = moving.geometry.index_to_world((np.array(moving.shape) - 1) / 2)
    x, y, z = (matrix[:3, :3] @ middle + matrix[:3, 3] - middle).tolist()
    return Registration(matrix, correlation, overlap, (x, y, z))


def _check(volume: Volume) -> None:
    geometry = volume.geometry
    if volume.is_colour or min(volume.shape) < 4 or not geometry.oriented:
        raise AnalysisError("Only volumes with a place in the patient can be registered.", "Choose two volumes.")
    if geometry.is_tilted or not geometry.is_even:
        raise AnalysisError("A tilted or unevenly spaced stack is not registered.", "Choose even volumes.")


def _image(volume: Volume) -> sitk.Image:
    """The volume as float32 with its own directions, shrunk where it is finer than needed."""
    array = np.asarray(volume.values(), dtype=np.float32)
    image = sitk.GetImageFromArray(array)
    geometry = volume.geometry
    steps = geometry.affine[:3, [2, 1, 0]]
    sizes = np.linalg.norm(steps, axis=0)
    image.SetSpacing(sizes.tolist())
    image.SetDirection((steps / sizes).ravel().tolist())
    image.SetOrigin(geometry.affine[:3, 3].tolist())
    factors = [max(1, int(_LEAST_MM / size)) for size in sizes.tolist()]
    return sitk.Shrink(sitk.DiscreteGaussian(image, 0.25 * _LEAST_MM), factors) if max(factors) > 1 else image


def _found(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Mutual information coarse to fine from each start; then correlation where that lies better on each other."""
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = _method(2.0)
    method.SetMetricAsMattesMutualInformation(_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(_SHARE, _SEED)
    method.SetShrinkFactorsPerLevel(_SHRINK)
    method.SetSmoothingSigmasPerLevel(_SMOOTH)
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    best: sitk.Transform | None = None
    value = np.inf
    for first in _starts(fixed, start):
        method.SetInitialTransform(first, inPlace=False)
        try:
            found = method.Execute(fixed, moving)
        except RuntimeError:
            continue
        if method.GetMetricValue() < value:
            best, value = found, method.GetMetricValue()
    if best is None:
        raise RuntimeError("no start led anywhere")
    return _refined(fixed, moving, best)


def _refined(fixed: sitk.Image, moving: sitk.Image, found: sitk.Transform) -> sitk.Transform:
    """A last look at every voxel: pictures of one kind lie on each other best where their values correlate."""
    method = _method(0.5)
    method.SetMetricAsCorrelation()
    method.SetInitialTransform(found, inPlace=False)
    try:
        finer = method.Execute(fixed, moving)
    except RuntimeError:
        return found
    return finer if _likeness(fixed, moving, finer)[0] > _likeness(fixed, moving, found)[0] else found


def _method(step_mm: float) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(step_mm, 1e-4, 300, gradientMagnitudeTolerance=1e-8)
    method.SetOptimizerScalesFromPhysicalShift()
    return method


def _starts(fixed: sitk.Image, centred: sitk.Transform) -> tuple[sitk.Transform, ...]:
    """Where they are (one frame of reference), and middle on middle."""
    as_is = sitk.Euler3DTransform()
    as_is.SetCenter(fixed.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in fixed.GetSize()]))
    return as_is, sitk.Euler3DTransform(centred)


def _likeness(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> tuple[float, float]:
    """Correlation of the values where both are, and the share of the fixed volume that is."""
    outside = float(np.finfo(np.float32).min)
    moved = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, outside))
    both = moved > outside / 2
    overlap = float(both.mean())
    one, other = sitk.GetArrayFromImage(fixed)[both], moved[both]
    if both.sum() < 2 or float(one.std()) == 0 or float(other.std()) == 0:
        return 0.0, overlap
    return float(np.corrcoef(one, other)[0, 1]), overlap
