"""Each control at its limits, bad input, and the way out that is offered."""

import pytest

from tests.widgets.stepper.harness import SMALL, change
from trnlab.kernels.matmul import LADDER
from widgets.stepper import Stepper
from widgets.stepper.product import MAX_MATMULS, Product, fields


def controls() -> list[tuple[str, str, object]]:
    """(kernel, control, value): each control of each rung at its least, default and most."""
    found = []
    for kernel in LADDER:
        product = Product(kernel=kernel) if kernel != "one_tile" else ONE_TILE
        for field in fields(product):
            values = (
                [c["value"] for c in field["choices"]]
                if "choices" in field
                else ([field["min"], getattr(product, field["name"]), field["max"]])
            )
            found += [(kernel, field["name"], value) for value in dict.fromkeys(values)]
    return found


ONE_TILE = Product(kernel="one_tile", M=128, N=512, K=128)


@pytest.mark.parametrize(("kernel", "name", "value"), controls())
def test_every_control_at_its_limits_gives_a_picture_or_a_sentence(kernel, name, value):
    start = ONE_TILE if kernel == "one_tile" else Product(kernel=kernel, M=512)
    stepper = Stepper({"kernel": kernel, "M": start.M, "N": start.N, "K": start.K})
    change(stepper, **{name: value})
    if stepper.problem:
        assert " at most " in stepper.problem["text"] or "multiple of" in stepper.problem["text"]
        assert stepper.problem["fix"]
        assert stepper.scene["params"]["kernel"] == kernel
    else:
        assert stepper.scene["params"][name] == value
        assert stepper.scene["summary"]["total_us"] == stepper.profile.total_us > 0


@pytest.mark.parametrize("params", [{"M": 1024}, {"kernel": "hoisted"}, {"chip": "trn2"}])
def test_each_change_fires_one_scene(params):
    stepper = Stepper(SMALL)
    fired = []
    stepper.observe(lambda _: fired.append("scene"), "scene")
    stepper.observe(lambda _: fired.append("problem"), "problem")
    change(stepper, **params)
    assert fired == ["scene"]


def test_a_change_to_the_same_fires_nothing():
    stepper = Stepper(SMALL)
    fired = []
    stepper.observe(lambda _: fired.append("scene"), "scene")
    change(stepper, **SMALL)
    assert fired == []


REFUSED = {
    "a size that no tile divides": ({"M": 1000}, "M = 1000 is not a multiple of 128"),
    "a size that no block divides": ({"kernel": "blocked", "M": 640}, "M = 640 is not a multiple"),
    "a fraction": ({"M": 512.5}, "M: got 512.5; it needs a whole number"),
    "nothing": ({"K": None}, "K: got nothing; it needs a whole number"),
    "text": ({"N": "many"}, "N: got 'many'; it needs a whole number"),
    "zero": ({"M": 0}, "M: 0 is out of range; it can be 1 to 1,000,000"),
    "a negative block": ({"m_block": -1}, "m_block: -1 is out of range; it can be 1 to 16"),
    "an unknown rung": ({"kernel": "perfect"}, "kernel: 'perfect' is not known; choose one of"),
    "an unknown chip": ({"chip": "trn9"}, "chip: 'trn9' is not known; choose one of trn1"),
    "a list": ({"dtype": []}, "dtype: [] is not known; choose one of"),
    "too much for one tile": ({"kernel": "one_tile"}, "at most 128"),
    "far too much": ({"M": 10**6, "N": 10**6, "K": 10**6}, f"at most {MAX_MATMULS:,}"),
    "more than SBUF holds": (
        {"kernel": "blocked", "dtype": "float32", "M": 1024, "K": 4096, "m_block": 8},
        "SBUF: ",
    ),
}


@pytest.mark.parametrize(("params", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_a_sentence_and_the_last_scene_stays(params, sentence):
    stepper = Stepper(SMALL)
    before = stepper.scene
    change(stepper, **params)
    assert sentence in stepper.problem["text"]
    assert stepper.scene is before
    assert stepper.saved() == Stepper(SMALL).saved()
    change(stepper, **Stepper(SMALL).params)
    assert stepper.problem == {}
    assert stepper.scene["params"] == before["params"]


@pytest.mark.parametrize(
    "params",
    [{"M": 1000}, {"kernel": "one_tile"}, {"kernel": "pipelined", "K": 640}, {"N": 5000, "M": 7}],
)
def test_the_way_out_that_is_offered_is_one(params):
    stepper = Stepper(SMALL)
    change(stepper, **params)
    change(stepper, **stepper.problem["fix"])
    assert stepper.problem == {}
    assert stepper.scene["params"] == {**stepper.params}


def test_a_refusal_costs_no_time_whatever_the_size():
    with pytest.raises(ValueError, match="takes 119,277,961,426 nc_matmuls"):
        Product.of({"M": 10**6, "N": 10**6, "K": 10**6})
