"""Windows against the formulas of PS3.3 C.11.2.1 and their traps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import phantoms
from viewer.core.volume import ModalityLut, VoiLut, VoiWindow
from viewer.display import window as win
from viewer.display.window import Window


def test_linear_follows_the_standards_example() -> None:
    # PS3.3 C.11.2.1.2.1, note: c = 2048, w = 4096 maps 0..4095 to 0..1 exactly.
    greys = win.grey(np.array([0, 4095]), Window(2048, 4096))
    assert greys.tolist() == pytest.approx([0.0, 1.0])


def test_linear_of_width_one_is_a_threshold() -> None:
    # PS3.3: c = 0, w = 1: x <= -0.5 is black, else white.
    assert win.grey(np.array([-1.0, -0.5, 0.0, 1.0]), Window(0, 1)).tolist() == [0, 0, 1, 1]


def test_linear_exact_ends_at_half_the_width() -> None:
    greys = win.grey(np.array([-200, -160, 40, 240, 300]), Window(40, 400, "LINEAR_EXACT"))
    assert greys.tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_sigmoid_is_half_at_the_centre_and_does_not_overflow() -> None:
    greys = win.grey(np.array([-1e6, 100.0, 1e6]), Window(100, 10, "SIGMOID"))
    assert greys.tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_sigmoid_value_a_quarter_width_away() -> None:
    assert win.grey(np.array([110.0]), Window(100, 40, "SIGMOID"))[0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_voi_lut_clips_at_its_ends() -> None:
    lut = VoiLut(10, np.array([0, 128, 255], dtype=np.uint16), 255)
    window = win.windows_of(phantoms.volume(np.zeros((1, 2, 2), np.int16), voi_lut=lut))[0]
    assert win.grey(np.array([-5, 10, 11, 12, 99]), window).tolist() == pytest.approx([0, 0, 128 / 255, 1, 1])


def test_nan_is_black() -> None:
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        assert win.grey(np.array([np.nan]), Window(0, 10, function))[0] == 0


@settings(deadline=None)
@given(
    center=st.floats(-2000, 2000),
    width=st.floats(1.5, 5000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_more_is_never_darker(center: float, width: float, function: str) -> None:
    values = np.linspace(center - width, center + width, 101)
    assert np.all(np.diff(win.grey(values, Window(center, width, function))) >= -1e-12)


@settings(deadline=None)
@given(dtype=st.sampled_from(["int16", "uint16", "int8", "uint8", ">i2", ">u2"]), inverted=st.booleans())
def test_table_equals_the_long_way(dtype: str, inverted: bool) -> None:
    kind = np.dtype(dtype)
    info = np.iinfo(kind)
    stored = np.linspace(info.min, info.max, 60).astype(kind).reshape(1, 6, 10)
    volume = phantoms.volume(stored, slope=2.0, intercept=-1024.0, inverted=inverted)
    window = Window(40, 400)
    table = win.grey8_table(volume, window)
    expected = win.grey8(volume.values(0), window, inverted)
    np.testing.assert_array_equal(table.take(win.pattern(stored[0])), expected)


def test_table_words_are_opaque_greys() -> None:
    volume = phantoms.volume(np.array([[[-1024, 240]]], np.int16))
    words = win.to_rgb32(win.grey8_table(volume, Window(40, 400))).take(win.pattern(volume.stored[0]))
    assert [hex(w) for w in words[0].tolist()] == ["0xff000000", "0xffffffff"]


def test_each_slice_has_its_own_rescale() -> None:
    stored = np.full((2, 1, 1), 100, np.int16)
    volume = phantoms.volume(
        stored, slope=np.array([1.0, 3.0]), intercept=np.array([0.0, 0.0]), modality="PT", unit="1"
    )
    window = Window(200, 400, "LINEAR_EXACT")
    greys = [int(win.grey8_table(volume, window, k=k).take(win.pattern(stored[k]))[0, 0]) for k in (0, 1)]
    assert greys == [64, 191]


def test_modality_lut_comes_before_the_window() -> None:
    lut = ModalityLut(0, np.array([0.0, 50.0, 100.0], dtype=np.float32))
    volume = phantoms.volume(np.array([[[0, 1, 2]]], np.uint8), lut=lut)
    greys = win.grey8_table(volume, Window(50, 100, "LINEAR_EXACT")).take(win.pattern(volume.stored[0]))
    assert greys.tolist() == [[0, 128, 255]]


def test_monochrome1_is_shown_light_on_dark_and_padding_stays_black() -> None:
    stored = np.array([[[0, 1000, 4095]]], np.uint16)
    volume = phantoms.volume(stored, inverted=True, padding=(4095, 4095), modality="DX", unit="1")
    greys = win.grey8_table(volume, Window(500, 1000, "LINEAR_EXACT")).take(win.pattern(stored[0]))
    assert greys.tolist() == [[255, 0, 0]]
    white_padding = phantoms.volume(np.array([[[0]]], np.uint16), inverted=True, padding=(0, 0), modality="MG")
    assert win.grey8_table(white_padding, Window(500, 1000))[0] == 0


def test_reader_inverts_on_top_of_the_photometric() -> None:
    volume = phantoms.volume(np.array([[[0]]], np.uint16), inverted=True)
    assert win.grey8_table(volume, Window(500, 1000), inverted=True)[0] == 0


def test_auto_window_leaves_out_two_in_a_thousand() -> None:
    values = np.concatenate([np.linspace(0, 100, 9998), [1e6, -1e6]])
    window = win.auto_window(values)
    assert window.center == pytest.approx(50, abs=1)
    assert window.width == pytest.approx(100, abs=2)


def test_auto_window_of_constant_empty_and_broken_pictures() -> None:
    assert win.auto_window(np.full((4, 4), 7)).width > 0
    assert win.auto_window(np.full((4, 4), np.nan)).width > 0
    assert win.auto_window(np.zeros((0,))).width > 0


def test_auto_window_ignores_padding() -> None:
    stored = np.full((1, 10, 10), -2000, np.int16)
    stored[0, 3:7, 3:7] = np.arange(16).reshape(4, 4)
    window = win.auto_window_of(phantoms.volume(stored, padding=(-2000, -2000)), 0)
    assert window.center > 0


def test_file_windows_come_first_and_bad_ones_are_left_out() -> None:
    windows = (VoiWindow(40, 400, "MEDIASTINUM"), VoiWindow(-600, 1500, "LUNG"), VoiWindow(0, 0), VoiWindow(np.nan, 5))
    volume = phantoms.volume(np.zeros((1, 2, 2), np.int16), windows=windows)
    listed = win.windows_of(volume)
    assert [(w.center, w.width, w.name, w.origin) for w in listed] == [
        (40, 400, "MEDIASTINUM", "file"),
        (-600, 1500, "LUNG", "file"),
    ]
    assert win.default_window(volume).center == 40


def test_narrow_linear_window_of_fractions_is_taken_as_exact() -> None:
    volume = phantoms.volume(np.zeros((1, 2, 2), np.float32), windows=(VoiWindow(0.5, 0.2),), modality="MR", unit="1")
    assert win.windows_of(volume)[0].function == "LINEAR_EXACT"


@pytest.mark.parametrize(
    ("name", "width", "level", "key"),
    [
        ("Lung", 1500, -600, "2"),
        ("Soft tissue", 400, 40, "3"),
        ("Abdomen", 350, 40, "4"),
        ("Liver", 150, 90, "5"),
        ("Bone", 2000, 350, "6"),
        ("Brain", 80, 40, "7"),
        ("Posterior fossa", 120, 40, "8"),
        ("Stroke", 40, 40, "9"),
        ("Vessel", 650, 160, ""),
        ("Subdural", 200, 75, ""),
    ],
)
def test_ct_presets(name: str, width: float, level: float, key: str) -> None:
    preset = win.preset("CT", name)
    assert preset is not None
    assert (preset.width, preset.center, preset.key) == (width, level, key)


def test_pet_preset_only_in_suv() -> None:
    assert win.presets("PT", "SUV")[0].width == 5
    assert win.presets("PT", "Bq/mL") == ()


def test_mr_without_a_window_opens_by_percentiles() -> None:
    stored = np.arange(200, dtype=np.uint16).reshape(2, 10, 10)
    assert win.default_window(phantoms.volume(stored, modality="MR", unit="1")).origin == "auto"


def test_moving_a_voi_lut_makes_it_linear() -> None:
    lut = VoiLut(0, np.arange(10, dtype=np.uint16), 9)
    window = win.windows_of(phantoms.volume(np.zeros((1, 2, 2), np.int16), voi_lut=lut))[0]
    moved = window.moved(5, 0)
    assert moved.function == "LINEAR"
    assert moved.width == 1
