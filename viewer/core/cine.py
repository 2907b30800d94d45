"""A heart through one beat: how large the left ventricle was in each phase."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One heart phase.

    Attributes:
        stack_key: the stack that shows it.
        time_ms: since the R wave, of its middle slice.
        volume_ml: of the blood pool.
    """

    stack_key: str
    time_ms: float
    volume_ml: float


@dataclass(frozen=True, slots=True)
class CineFunction:
    """Volumes over the beat.

    Attributes:
        phases: in order of time.
        end_diastole, end_systole: index of the largest and of the smallest volume.
    """

    phases: tuple[Phase, ...]
    end_diastole: int
    end_systole: int

    @property
    def largest_ml(self) -> float:
        """End-diastolic volume."""
        return self.phases[self.end_diastole].volume_ml

    @property
    def smallest_ml(self) -> float:
        """End-systolic volume."""
        return self.phases[self.end_systole].volume_ml

    @property
    def stroke_ml(self) -> float:
        """What one beat drives out."""
        return self.largest_ml - self.smallest_ml

    @property
    def ejection_percent(self) -> float:
        """Stroke volume over end-diastolic volume, in percent."""
        return 100.0 * self.stroke_ml / self.largest_ml
