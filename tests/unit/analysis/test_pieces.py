"""Which pieces of a mask a pack keeps."""

from __future__ import annotations

import numpy as np

from viewer.analysis.pieces import keep_large, keep_largest, keep_near_middle


def mask(*boxes):
    out = np.zeros((3, 40, 60), np.uint8)
    for k, j, i, side in boxes:
        out[k, j : j + side, i : i + side] = 1
    return out


def test_each_label_keeps_its_largest_piece():
    labels = mask((0, 1, 1, 4), (0, 20, 20, 6)) + 2 * mask((1, 5, 5, 3), (2, 30, 30, 2))
    kept = keep_largest(labels, 2)
    assert np.array_equal(kept, mask((0, 20, 20, 6)) + 2 * mask((1, 5, 5, 3)))


def test_specks_go_and_a_second_focus_stays():
    focus, second, speck = mask((0, 2, 2, 10)), mask((1, 25, 30, 5)), mask((2, 30, 50, 2))
    assert np.array_equal(keep_large(focus | second | speck, 0.1), focus | second)
    assert np.array_equal(keep_large(focus | second | speck, 0), focus | second | speck)
    assert not keep_large(focus * 0, 0.1).any()


def test_a_small_piece_in_the_middle_of_the_box_beats_a_larger_one_at_its_rim():
    middle, rim = mask((1, 17, 27, 6)), mask((1, 0, 0, 12))
    probability = np.full(middle.shape, 0.9, np.float32)
    assert np.array_equal(keep_near_middle(middle | rim, probability, 0.3), middle)
    # width large: the box's middle says nothing, the larger piece wins
    assert np.array_equal(keep_near_middle(middle | rim, probability, 50), rim)
    # one piece is kept wherever it lies, and an empty mask stays empty
    assert np.array_equal(keep_near_middle(rim, probability, 0.3), rim)
    assert not keep_near_middle(rim * 0, probability, 0.3).any()


def test_of_two_pieces_equally_near_the_likelier_one_is_kept():
    left, right = mask((1, 17, 12, 6)), mask((1, 17, 42, 6))
    probability = np.where(right > 0, 0.9, 0.4).astype(np.float32)
    assert np.array_equal(keep_near_middle(left | right, probability, 0.3), right)
