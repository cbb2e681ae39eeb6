"""Random generators with explicit state."""

import numpy as np

from trnlab.numerics.generators import random_bits, seeded, uniform


def test_a_sequence_in_pieces_equals_the_sequence_at_once():
    whole, pieces = seeded(3, 0, 8, 24), seeded(3, 0, 8, 24)
    at_once = random_bits(whole, 24)
    found = np.concatenate([random_bits(pieces, 8), random_bits(pieces, 16)], axis=1)
    assert np.array_equal(found, at_once) and np.array_equal(whole, pieces)


def test_lanes_are_seeded_by_their_number():
    assert np.array_equal(seeded(5, 0, 128, 6)[32:64], seeded(5, 32, 32, 6))
    assert len(np.unique(seeded(5, 0, 128, 24))) > 3060


def test_uniform_numbers_fill_zero_to_one_without_one():
    u = uniform(random_bits(seeded(0, 0, 128, 24), 1000))
    assert u.min() >= 0 and u.max() < 1 and abs(u.mean() - 0.5) < 0.005
    assert abs(np.corrcoef(u[0], u[1])[0, 1]) < 0.15
    assert uniform(np.array([2**32 - 1], np.uint32)) < 1
