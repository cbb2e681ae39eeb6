"""rng, rand2, dropout, and the state of the generators."""

import numpy as np
import pytest

import trnlab.nki.isa as nisa
from tests.isa.harness import like, normal, profile, run, tile
from trnlab import KernelError


def bits(shape, dtype="uint32", engine=nisa.engine.vector, calls=1):
    def body(*_inputs):
        tiles = [tile(shape, dtype) for _ in range(calls)]
        for one in tiles:
            nisa.rng(dst=one, engine=engine)
        return tuple(tiles)

    return body


def test_runs_are_equal_and_lanes_and_calls_differ():
    first, second = run(bits((128, 64), calls=2))
    again = run(bits((128, 64), calls=2))[0]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert len(np.unique(first)) > 8000


def test_bits_are_balanced():
    found = run(bits((128, 256)))
    ones = np.unpackbits(found.view(np.uint8)).mean()
    assert abs(ones - 0.5) < 0.002


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_narrow_integers_get_the_low_bits(dtype):
    wide = run(bits((4, 32)))
    narrow = run(bits((4, 32), dtype))
    size = np.dtype(dtype).itemsize
    assert np.array_equal(narrow, wide.astype(f"uint{8 * size}").view(dtype))


def test_rng_writes_integers():
    with pytest.raises(KernelError, match="dst is float32, allowed is int8 or int16"):
        run(bits((4, 4), "float32"))


def test_gpsimd_has_a_generator_of_its_own_from_neuroncore_v3_on():
    assert not np.array_equal(run(bits((4, 8), engine=nisa.engine.gpsimd)), run(bits((4, 8))))
    with pytest.raises(KernelError, match="rng: runs on vector of NeuronCore-v2, not on gpsimd"):

        def body():
            nisa.rng(tile((4, 4), "uint32"), nisa.engine.gpsimd)

        run(body, chip="trn1")


def seeded(value):
    def body():
        seed, out = tile((1, 1), "int32"), tile((8, 16), "uint32")
        nisa.memset(seed, value)
        nisa.set_rng_seed(seed)
        nisa.rng(out)
        return out

    return body


def test_a_seed_fixes_the_sequence():
    assert np.array_equal(run(seeded(5)), run(seeded(5)))
    assert not np.array_equal(run(seeded(5)), run(seeded(6)))


def test_a_seed_is_one_32_bit_value():
    with pytest.raises(KernelError, match=r"src_seeds \[1, 2\] should be \[1, 1\]: one 32-bit"):
        run(lambda s: nisa.set_rng_seed(s), np.zeros((1, 2), np.int32))


@pytest.mark.parametrize("engine, words", [(nisa.engine.gpsimd, 6), (nisa.engine.vector, 24)])
def test_state_that_is_stored_and_loaded_again_gives_the_same_numbers(engine, words):
    def body():
        state = tile((16, words), "uint32")
        first, second = tile((16, 40), "uint32"), tile((16, 40), "uint32")
        nisa.rand_get_state(dst=state, engine=engine)
        nisa.rng(first, engine)
        nisa.rand_set_state(src_seeds=state, engine=engine)
        nisa.rng(second, engine)
        return first, second

    first, second = run(body)
    assert np.array_equal(first, second)


def test_xorwow_gives_marsaglia_s_numbers():
    state = np.array([[123456789, 362436069, 521288629, 88675123, 5783321, 6615241]], np.uint32)

    def body(s):
        out = tile((1, 3), "uint32")
        nisa.rand_set_state(s)
        nisa.rng(out, nisa.engine.gpsimd)
        return out

    x, y, z, w, v, d = (int(word) for word in state[0])
    expected = []
    for _ in range(3):
        t = x ^ (x >> 2)
        x, y, z, w = y, z, w, v
        v = ((v ^ (v << 4)) ^ (t ^ (t << 1))) & 0xFFFFFFFF
        d = (d + 362437) & 0xFFFFFFFF
        expected.append((d + v) & 0xFFFFFFFF)
    assert run(body, state)[0].tolist() == expected


def test_state_needs_its_words_and_its_generation():
    with pytest.raises(KernelError, match=r"dst \[4, 5\] should be \[4, 6\]: 6 words per lane"):
        run(lambda: nisa.rand_get_state(tile((4, 5), "uint32")))
    with pytest.raises(KernelError, match="runs on gpsimd of NeuronCore-v3, not on vector"):
        run(lambda: nisa.rand_get_state(tile((4, 24), "uint32"), nisa.engine.vector), chip="trn2")
    with pytest.raises(KernelError, match="rand_set_state: exists from NeuronCore-v3"):
        run(lambda s: nisa.rand_set_state(s), np.zeros((4, 6), np.uint32), chip="trn1")


def uniform(low, high, dtype="float32"):
    def body(*vectors):
        out = tile((64, 200), dtype)
        nisa.rand2(out, *(vectors or (low, high)))
        return out

    return body


def test_rand2_is_uniform_between_its_bounds():
    found = run(uniform(-2.0, 6.0))
    assert found.min() >= -2 and found.max() < 6
    assert abs(found.mean() - 2) < 0.1 and abs(found.var() - 64 / 12) < 0.2
    assert set(np.unique(run(uniform(0.0, 3.0, "int32")))) == {0, 1, 2, 3}


def test_rand2_takes_bounds_for_each_partition():
    low = np.arange(64, dtype=np.float32).reshape(-1, 1)
    found = run(uniform(0, 0), low, low + 1)
    assert (found >= low).all() and (found <= low + 1).all()


def test_rand2_refuses():
    with pytest.raises(KernelError, match="rand2: min must be less than max"):
        run(uniform(1.0, 1.0))
    with pytest.raises(KernelError, match="rand2: exists from NeuronCore-v4"):
        run(uniform(0.0, 1.0), chip="trn2")
    with pytest.raises(KernelError, match="dst is float8_e4m3fn; use float8_e4m3"):
        run(uniform(0.0, 1.0, "float8_e4m3fn"))


def dropped(prob):
    def body(x, *vectors):
        out = like(x)
        nisa.dropout(dst=out, data=x, prob=vectors[0] if vectors else prob)
        return out

    return body


def test_dropout_zeroes_about_its_share():
    x = np.ones((128, 400), np.float32)
    assert (run(dropped(0.0), x) == 1).all() and (run(dropped(1.0), x) == 0).all()
    kept = run(dropped(0.3), x)
    assert set(np.unique(kept)) == {0, 1} and abs(kept.mean() - 0.7) < 0.01


def test_dropout_takes_a_probability_for_each_partition():
    x = normal(2, 100)
    found = run(dropped(None), x, np.array([[0.0], [1.0]], np.float32))
    assert np.array_equal(found, x * [[1], [0]])


def test_dropout_refuses():
    with pytest.raises(KernelError, match="data is float32 and dst is bfloat16; it does not cast"):
        run(lambda x: nisa.dropout(like(x, "bfloat16"), x, 0.5), normal(2, 4))
    with pytest.raises(KernelError, match="prob is float16 for data of int32; use float32"):
        run(dropped(None), np.ones((2, 4), np.int32), np.ones((2, 1), np.float16))


def test_random_values_can_be_computed_again():
    ran = profile(bits((8, 16), calls=3), normal(4, 4))
    calls = [i for i in range(len(ran.trace)) if ran.trace.call(i).op == "rng"]
    for call, expected in zip(calls, ran.output, strict=True):
        assert np.array_equal(ran.values(call, "dst"), expected)
