"""XORWOW, the random generator of the engines, on many lanes at once, with its state explicit.

Marsaglia's generator (Xorshift RNGs, 2003): five xorshift words and one Weyl counter. AWS names the
algorithm and the number of state words, not the order of words and streams, nor what a seed does;
those are ours.
"""

import numpy as np

STREAM_WORDS = 6  # x, y, z, w, v and the counter
_WEYL = np.uint32(362437)


def random_bits(state: np.ndarray, count: int) -> np.ndarray:
    """The next 32-bit numbers of each lane; advances the state in place.

    Args:
        state: uint32 [lanes, 6 x streams]; a lane's streams take turns
        count: numbers for each lane
    Returns:
        uint32 [lanes, count]
    """
    lanes, words = state.shape
    streams = words // STREAM_WORDS
    x, y, z, w, v, counter = np.ascontiguousarray(
        state.reshape(lanes, streams, STREAM_WORDS).transpose(2, 0, 1)
    )
    turns = -(-count // streams)
    numbers = np.empty((turns, lanes, streams), np.uint32)
    for turn in range(turns):
        mixed = x ^ (x >> np.uint32(2))
        x, y, z, w = y, z, w, v
        v = (v ^ (v << np.uint32(4))) ^ (mixed ^ (mixed << np.uint32(1)))
        counter = counter + _WEYL
        np.add(counter, v, out=numbers[turn])
    state[...] = np.stack([x, y, z, w, v, counter], axis=-1).reshape(lanes, words)
    return numbers.transpose(1, 0, 2).reshape(lanes, -1)[:, :count]


def seeded(seed: int, first_lane: int, lanes: int, words: int) -> np.ndarray:
    """State from one 32-bit seed: hashed with lane and word number, so that lanes differ.

    Returns:
        uint32 [lanes, words]
    """
    position = np.arange(first_lane * words, (first_lane + lanes) * words, dtype=np.uint32)
    mixed = position * np.uint32(0x9E3779B9) + np.uint32(seed & 0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    return (mixed | np.uint32(1)).reshape(lanes, words)  # never all zero, where xorshift sticks


def uniform(bits: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1) from the 24 high bits; float32, same shape."""
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
