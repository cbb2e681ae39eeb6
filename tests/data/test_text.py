"""The book and the model that ship with the package are what their records say."""

import numpy as np
import pytest

from trnlab.data import HERE
from trnlab.data.text import (
    CONTEXT,
    HELD_OUT,
    alice,
    cross_entropy,
    norm,
    silu,
    softmax,
    text_model,
)
from trnlab.data.train_text import initial, slopes_of, train
from trnlab.numerics import stored

COUNT = (len(alice().test) - 1) // CONTEXT


def read(codes):
    return "".join(alice().characters[code] for code in codes)


def test_the_split_is_by_chapters_and_loses_nothing():
    text = alice()
    whole = (HERE / "alice.txt").read_text(encoding="ascii")
    assert read(text.train) + read(text.test) == whole
    assert read(text.test[: len(HELD_OUT)]) == HELD_OUT
    assert (len(text.train), len(text.test), len(text.characters)) == (121_268, 21_951, 70)


def test_the_book_is_whole():
    words = read(alice().train) + read(alice().test)
    assert words.startswith("ALICE'S ADVENTURES IN WONDERLAND") and "THE END" in words
    assert words.count("CHAPTER ") == 12


def test_windows_follow_each_other_and_targets_are_one_character_later():
    tokens, targets = alice().windows(3)
    assert tokens.shape == targets.shape == (3, CONTEXT)
    assert np.array_equal(tokens.reshape(-1)[1:], targets.reshape(-1)[:-1])


@pytest.mark.parametrize("count", [0, COUNT + 1])
def test_more_windows_than_there_are_are_refused(count):
    with pytest.raises(ValueError, match=f"the held-out part has 1 to {COUNT}"):
        alice().windows(count)


def test_the_recorded_loss_is_the_loss_of_the_whole_held_out_part():
    tokens, targets = alice().windows(COUNT)
    assert text_model().loss(tokens, targets) == pytest.approx(text_model().test_loss, rel=1e-4)


def test_the_loss_is_the_mean_over_all_characters():
    tokens, targets = alice().windows(9)  # not all at once
    whole = cross_entropy(text_model().forward(tokens), targets)
    assert text_model().loss(tokens, targets) == pytest.approx(whole, rel=1e-6)


def test_the_model_has_learned_far_more_than_letter_frequencies():
    counts = np.bincount(alice().test)
    shares = counts[counts > 0] / counts.sum()
    entropy = -(shares * np.log(shares)).sum()
    assert text_model().test_loss < 1.7 < 3.0 < entropy


def test_weights_are_exact_in_bfloat16():
    model = text_model()
    for weight in (model.embedding, model.positions, *model.layers.values()):
        assert np.array_equal(stored(weight, "bfloat16").astype(np.float32), weight)


def test_layers_come_in_the_order_of_their_use():
    parts = [f"{part}{i}" for i in range(2) for part in ("qkv", "out", "up", "down")]
    assert [*text_model().layers] == [*parts, "head"]
    seen = {}
    text_model().forward(alice().windows(1)[0], seen)
    assert [*seen] == [*parts, "head"]
    assert all(seen[name].shape[-1] == len(text_model().layers[name]) for name in seen)


def test_a_later_character_changes_nothing_before_it():
    tokens, _ = alice().windows(1)
    other = tokens.copy()
    other[0, 90] = (other[0, 90] + 1) % 70
    one, two = (text_model().forward(t)[0] for t in (tokens, other))
    np.testing.assert_allclose(one[:90], two[:90], atol=1e-4)
    assert np.abs(one[90:] - two[90:]).max() > 0.1


def test_a_shorter_sequence_is_the_beginning_of_a_longer_one():
    tokens, _ = alice().windows(1)
    short, long = (text_model().forward(tokens[:, :n])[0] for n in (40, CONTEXT))
    np.testing.assert_allclose(short, long[:40], atol=1e-4)


@pytest.mark.parametrize(
    "tokens, message",
    [
        (np.zeros(5, int), r"tokens have shape \[5\], but must be \[batch, S\]"),
        (np.zeros((1, CONTEXT + 1), int), "with S from 1 to 128"),
        (np.full((1, 4), 70), "tokens from 70 to 70; the text has 70 characters"),
    ],
)
def test_tokens_of_another_kind_are_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        text_model().forward(tokens)


def test_parts_by_hand():
    assert np.allclose(norm(np.array([[3.0, 4.0]])), np.array([[3.0, 4.0]]) / np.sqrt(12.50001))
    assert np.allclose(silu(np.array([0.0, 2.0])), [0, 2 / (1 + np.exp(-2))])
    assert np.allclose(softmax(np.array([1000.0, 1000.0])), 0.5)
    assert cross_entropy(np.zeros((2, 4)), np.array([0, 3])) == pytest.approx(np.log(4))


# Training


def test_the_gradient_is_the_slope_of_the_loss():
    text = alice()
    weights = {n: w.astype(np.float64) for n, w in initial(70, np.random.default_rng(0)).items()}
    rows = text.train[np.newaxis, : CONTEXT + 1]
    tokens, targets = rows[:, :-1], rows[:, 1:]
    slopes = slopes_of(weights, tokens, targets)[1]
    assert slopes.keys() == weights.keys()
    for name in ("qkv0", "out0", "up0", "embedding"):  # the first block: through all that follows
        at = np.unravel_index(np.abs(slopes[name]).argmax(), slopes[name].shape)
        losses = []
        for sign in (1, -1):
            weights[name][at] += sign * 1e-4
            losses.append(slopes_of(weights, tokens, targets)[0])
            weights[name][at] -= sign * 1e-4
        assert (losses[0] - losses[1]) / 2e-4 == pytest.approx(slopes[name][at], rel=1e-5)


def test_training_lowers_the_loss():
    rows = alice().train[: 4 * (CONTEXT + 1)].reshape(4, -1)
    before = initial(70, np.random.default_rng(0))
    after = train(alice(), np.random.default_rng(0), steps=3)
    losses = [slopes_of(w, rows[:, :-1], rows[:, 1:])[0] for w in (before, after)]
    assert losses[1] < losses[0] - 0.1


def test_the_files_are_small():
    names = ("alice.txt", "alice_model.npz", "digits.npz", "digits_mlp.npz")
    assert sum((HERE / name).stat().st_size for name in names) < 3_000_000
