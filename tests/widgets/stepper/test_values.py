"""Values of tiles, and other messages from the browser."""

import numpy as np
import pytest

from tests.widgets.stepper.harness import SMALL, ask
from widgets.stepper import Stepper
from widgets.stepper.product import Product
from widgets.stepper.values import inputs


def test_values_are_the_engines_and_end_as_numpys_product():
    stepper = Stepper(SMALL)
    trace = stepper.profile.trace
    last = len(trace) - 1
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": last, "role": "src"}
    [(reply, [data])] = ask(stepper, message)
    lhsT, rhs = (array.astype(np.float32) for array in inputs(Product(**SMALL)))
    corner = (lhsT.T @ rhs)[-128:, -512:]
    stored = corner.astype(inputs(Product(**SMALL))[0].dtype).astype(np.float32)
    assert reply["key"] == "k"
    assert (np.frombuffer(data, np.float32).reshape(reply["shape"]) == stored).all()


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"call": 10**6}, "is none of"),
        ({"call": "x"}, "is none of"),
        ({"role": "sum"}, "has no"),
        ({"id": -1}, "earlier run"),
    ],
)
def test_values_that_do_not_exist_are_a_sentence(part, sentence):
    stepper = Stepper(SMALL)
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": 0, "role": "dst"}
    [(reply, buffers)] = ask(stepper, {**message, **part})
    assert sentence in reply["problem"]
    assert buffers == []


def test_values_of_a_large_product_are_refused_with_the_limit():
    stepper = Stepper({"M": 4096, "N": 2048, "K": 2048})
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": 0, "role": "dst"}
    [(reply, _)] = ask(stepper, message)
    assert "up to 128 nc_matmuls" in reply["problem"]


@pytest.mark.parametrize("message", [{}, {"kind": "values"}, {"kind": "restore", "state": 3}, []])
def test_messages_that_make_no_sense_change_nothing(message):
    stepper = Stepper(SMALL)
    before = stepper.scene
    ask(stepper, message)
    assert stepper.scene is before


def test_the_heartbeat_is_answered():
    assert ask(Stepper(SMALL), {"kind": "ping"}) == [({"kind": "pong"}, [])]
