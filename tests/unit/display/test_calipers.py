"""Calipers on an ECG: their legs stand on the trace, stay on their strip, and their interval repeats."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.core.waveform import Channel, Waveform
from viewer.display import ecg
from viewer.display.calipers import Caliper

RATE = 500.0


@pytest.fixture
def strip() -> ecg.Strip:
    """The rhythm strip of leads that rise by 1 mV a second."""
    volts = 1000.0 * np.arange(round(10 * RATE)) / RATE
    channels = tuple(Channel(f"Lead {name}", volts.copy(), RATE, "uV") for name in ecg.LEADS)
    (group, *_) = ecg.groups(Waveform(channels, "12-lead ECG"))
    return ecg.standard_sheet(ecg.leads_of(group), ecg.Paper()).strips[-1]


def test_legs_stand_on_the_trace(strip: ecg.Strip) -> None:
    paper = ecg.Paper()
    caliper = Caliper.over(strip, paper, strip.x, strip.x + 2 * paper.speed)
    (_, first), (_, second) = caliper.legs
    assert first - second == pytest.approx(2 * paper.gain, abs=0.1)
    assert not caliper.is_closed


def test_a_leg_stays_on_its_strip(strip: ecg.Strip) -> None:
    caliper = Caliper.over(strip, ecg.Paper(), strip.x, strip.x + 10)
    caliper.move(-50.0)
    assert caliper.legs[1][0] == strip.x
    caliper.move(1e6)
    assert caliper.legs[1][0] == pytest.approx(caliper.end)


def test_only_a_leg_within_reach_is_taken(strip: ecg.Strip) -> None:
    caliper = Caliper.over(strip, ecg.Paper(), strip.x + 10, strip.x + 30)
    assert caliper.nearest(strip.x + 11, strip.y, 2.0) == 0
    assert caliper.nearest(strip.x + 29, strip.y, 2.0) == 1
    assert caliper.nearest(strip.x + 20, strip.y, 2.0) is None
    assert caliper.nearest(strip.x + 10, strip.y + ecg.ROW_MM, 2.0) is None


def test_the_interval_repeats_along_the_whole_strip(strip: ecg.Strip) -> None:
    caliper = Caliper.over(strip, ecg.Paper(), strip.x + 25, strip.x + 35)
    places = np.array(caliper.marches)
    np.testing.assert_allclose(np.diff(places), 10.0)
    assert places[0] - strip.x < 10
    assert caliper.end - places[-1] <= 10
    assert Caliper.over(strip, ecg.Paper(), strip.x, strip.x).marches == ()
