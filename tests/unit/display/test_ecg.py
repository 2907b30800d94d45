"""ECG on paper: what lies where on the sheet is what was recorded then, in mm and mV."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.waveform import Channel, Waveform
from viewer.display import ecg

RATE = 500.0


def twelve(seconds: float = 10.0, rate: float = RATE, unit: str = "uV") -> Waveform:
    """Every lead holds its own number as a spike of that many tenths of a mV, once a second."""
    channels = []
    for n, name in enumerate(("Lead I (Einthoven)", "Lead II", *ecg.LEADS[2:])):
        samples = np.zeros(int(seconds * rate))
        samples[:: int(rate)] = (n + 1) * 100.0 * (1.0 if unit == "uV" else 1e-3)
        channels.append(Channel(name, samples, rate, unit))
    return Waveform(tuple(reversed(channels)))


def leads(waveform: Waveform) -> list[ecg.Lead]:
    return ecg.leads_of(ecg.groups(waveform)[0])


def test_leads_come_in_reading_order_in_millivolts() -> None:
    for unit in ("uV", "mV"):
        found = leads(twelve(unit=unit))
        assert [lead.name for lead in found] == list(ecg.LEADS)
        assert [round(float(lead.millivolts.max()), 3) for lead in found] == [round(0.1 * n, 3) for n in range(1, 13)]


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("Lead I (Einthoven)", "I"),
        ("Lead aVR", "aVR"),
        ("AVL", "aVL"),
        ("v4", "V4"),
        ("V4R", "V4R"),
        ("Pressure", "Pressure"),
    ],
)
def test_lead_names(name: str, lead: str) -> None:
    assert ecg.lead_name(name) == lead


def test_median_beats_are_a_recording_of_their_own() -> None:
    rhythm, median = twelve(10.0), twelve(1.2)
    found = ecg.groups(Waveform((*rhythm.channels, *median.channels)))
    assert [len(group) for group in found] == [12, 12]
    again = ecg.groups(Waveform((*rhythm.channels, *rhythm.channels)))
    assert [len(group) for group in again] == [12, 12]


def test_only_voltages_of_known_leads_are_an_ecg() -> None:
    pressure = (Channel("Lead II", np.zeros(10), 100.0, "mm[Hg]"),)
    unknown = (Channel("Sensor", np.zeros(10), 100.0, "mV"),)
    assert not ecg.is_ecg(pressure)
    assert not ecg.is_ecg(unknown)
    assert ecg.is_ecg(tuple(twelve().channels))


def test_the_zero_line_is_the_median_so_an_offset_does_not_push_the_trace_away() -> None:
    channel = Channel("II", np.array([5000.0, 5000.0, 6000.0]), 100.0, "uV")
    assert ecg.leads_of((channel,))[0].millivolts.tolist() == [0.0, 0.0, 1.0]


def test_columns_of_the_standard_sheet_run_on_in_time() -> None:
    sheet = ecg.standard_sheet(leads(twelve()), ecg.Paper())
    by_lead = {strip.lead.name: strip for strip in sheet.strips[:-1]}
    assert [(by_lead[n].start, by_lead[n].stop) for n in ("I", "aVR", "V1", "V4")] == [
        (0, 2.5),
        (2.5, 5),
        (5, 7.5),
        (7.5, 10),
    ]
    assert by_lead["I"].y == by_lead["V4"].y < by_lead["II"].y < by_lead["III"].y
    rhythm = sheet.strips[-1]
    assert (rhythm.lead.name, rhythm.start, rhythm.stop) == ("II", 0.0, 10.0)
    assert sheet.width == ecg.LEFT_MM + 250


@given(
    speed=st.sampled_from(ecg.SPEEDS),
    gain=st.sampled_from(ecg.GAINS),
    rate=st.sampled_from([100.0, 250.0, 500.0, 1000.0, 8000.0]),
    at=st.floats(0.02, 2.4),
    height=st.floats(0.01, 2) | st.floats(-2, -0.01),
)
def test_a_spike_stands_at_its_time_and_height(
    speed: float, gain: float, rate: float, at: float, height: float
) -> None:
    samples = np.zeros(int(3 * rate))
    n = round(at * rate)
    samples[n] = height
    paper = ecg.Paper(speed, gain)
    strip = ecg.Strip(ecg.Lead("II", samples, rate), 0.0, 2.5, 10.0, 50.0)
    points = np.concatenate(ecg.trace(strip, paper))
    spike = points[np.argmax(np.abs(points[:, 1] - 50.0))]
    assert spike[0] == pytest.approx(10 + n / rate * speed)
    assert spike[1] == pytest.approx(50 - height * gain)


def test_gaps_break_the_line() -> None:
    samples = np.zeros(100)
    samples[40:60] = np.nan
    runs = ecg.trace(ecg.Strip(ecg.Lead("II", samples, 100.0), 0.0, 1.0, 0.0, 0.0), ecg.Paper())
    assert [len(run) for run in runs] == [40, 40]


def test_calipers_measure_time_rate_and_voltage() -> None:
    reading = ecg.measure((20.0, 50.0), (40.0, 45.0), ecg.Paper(25, 10))
    assert reading == ecg.Reading(800.0, 75.0, 0.5)
    assert reading.text == "800 ms, 75 /min, +0.50 mV"
    assert ecg.measure((20.0, 50.0), (40.0, 50.0), ecg.Paper(50, 20)).milliseconds == 400.0
    assert ecg.measure((20.0, 50.0), (20.0, 50.0), ecg.Paper()).per_minute is None


def test_the_calibration_pulse_is_one_millivolt() -> None:
    strip = ecg.standard_sheet(leads(twelve()), ecg.Paper(25, 5)).strips[0]
    points = ecg.pulse(strip, ecg.Paper(25, 5))
    assert np.ptp(points[:, 1]) == pytest.approx(5.0)
    assert points[:, 0].min() > 0
    assert points[:, 0].max() < strip.x


def test_the_strip_under_a_point() -> None:
    sheet = ecg.standard_sheet(leads(twelve()), ecg.Paper())
    strip = sheet.strips[4]
    assert ecg.strip_at(sheet, strip.x + 1, strip.y) is strip
    assert ecg.strip_at(sheet, 1.0, strip.y) is None


def test_two_columns_show_the_same_time() -> None:
    sheet = ecg.two_column_sheet(leads(twelve()), ecg.Paper())
    assert {(strip.start, strip.stop) for strip in sheet.strips} == {(0.0, 5.0)}
    assert [s.lead.name for s in sheet.strips if s.x == ecg.LEFT_MM] == list(ecg.LEADS[:6])


def test_rows_end_with_the_recording() -> None:
    sheet = ecg.row_sheet(leads(twelve(1.2)), ecg.Paper())
    assert {strip.stop for strip in sheet.strips} == {1.2}
    assert len({strip.y for strip in sheet.strips}) == 12
