"""Codes of what readers measure (PS3.16 CID 7469, 7470, 7471; SNOMED CT)."""

from __future__ import annotations

from viewer.core.finding import Code

LENGTH = Code("410668003", "SCT", "Length")
LONG_AXIS = Code("103339001", "SCT", "Long axis")
SHORT_AXIS = Code("103340004", "SCT", "Short axis")
ANGLE = Code("1483009", "SCT", "Angle")
COBB_ANGLE = Code("285285000", "SCT", "Cobb angle")
AREA = Code("42798000", "SCT", "Area")
MEAN = Code("373098007", "SCT", "Mean")
DEVIATION = Code("386136009", "SCT", "Standard Deviation")
MINIMUM = Code("255605001", "SCT", "Minimum")
MAXIMUM = Code("56851009", "SCT", "Maximum")
RATIO = Code("118586006", "SCT", "Ratio")
DURATION = Code("762636008", "SCT", "Duration")
