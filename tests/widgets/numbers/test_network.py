"""A network: outcomes and the search are the engine's; what is typed is checked."""

import pytest

from tests.widgets.numbers.harness import change, tell
from trnlab.networks import digits_network, search
from widgets.lesson import percent
from widgets.numbers.network import OFFERED, NetworkPart, budget_of, layer_words, told


@pytest.fixture
def network():
    return NetworkPart()


@pytest.fixture(scope="module")
def digits():
    return digits_network()


@pytest.mark.parametrize("mix", [["mxfp4", "bfloat16"], ["float8", "mxfp8"], ["bfloat16"] * 2])
def test_a_mix_is_run_on_the_modelled_core(network, digits, mix):
    change(network, mix=mix)
    assert network.scene["outcome"] == told(digits.run(mix))
    assert network.scene["plain"] == told(digits.run(["bfloat16"] * 2))
    assert network.scene["mix"] == mix and network.scene["samples"] == 355
    assert f"{percent(digits.run(mix).accuracy)} of 355 right" in network.scene["words"]


def test_every_format_for_all_and_the_narrowest_for_each_follow(network, digits):
    assert [row["format"] for row in network.more["uniform"]] == list(OFFERED)
    for row in network.more["uniform"]:
        assert row == {"format": row["format"], **told(digits.run([row["format"]] * 2))}
    plain = digits.run(["bfloat16"] * 2).loss
    assert network.more["alone"] == {
        "hidden": digits.run(["mxfp4", "bfloat16"]).loss - plain,
        "logits": digits.run(["bfloat16", "mxfp4"]).loss - plain,
    }


def test_a_network_this_small_gets_slower_in_narrow_formats(network):
    times = {row["format"]: row["us"] for row in network.more["uniform"]}
    assert times["bfloat16"] == min(times.values())


@pytest.mark.parametrize("cost", ["weight_bytes", "total_s", "hbm_bytes"])
@pytest.mark.parametrize("measure, budget", [("loss", "0.02"), ("loss", "0"), ("accuracy", "0.5")])
def test_the_search_ends_where_the_engines_does(network, digits, cost, measure, budget):
    change(network, cost=cost, measure=measure, budget=budget)
    tell(network, {"kind": "search"})
    shown = network.more["search"]
    *_, expected = search(digits, budget_of(network.params), measure, cost, OFFERED)
    assert shown["is_done"] and shown["runs"] == expected.runs == len(shown["points"])
    assert shown["best"]["mix"] == list(expected.best.mix)
    assert shown["best"]["cost"] == getattr(expected.best, cost)
    assert shown["best"]["worse"] <= float(budget)


def test_a_search_can_be_stopped_and_started_again(network):
    network._idle.later = lambda *jobs, after_s=None: setattr(network._idle, "_jobs", list(jobs))
    network._on_message(network, {"kind": "search"}, [])
    for _ in range(3):
        network._idle._jobs.pop(0)()
    network._on_message(network, {"kind": "stop"}, [])
    network.settle()
    assert network.more["search"]["is_done"] and network.more["search"]["runs"] == 3
    tell(network, {"kind": "search"})
    assert network.more["search"]["runs"] == 16


def test_a_change_during_a_search_does_not_end_it(network):
    network._idle.later = lambda *jobs, after_s=None: setattr(network._idle, "_jobs", list(jobs))
    network._on_message(network, {"kind": "search"}, [])
    network._idle._jobs.pop(0)()
    network.params = {**network.params, "mix": ["mxfp4", "mxfp4"]}
    network.settle()
    assert network.more["search"]["is_done"] and network.more["search"]["runs"] == 16


@pytest.mark.parametrize(
    "params, sentence",
    [
        ({"network": "gpt"}, "network: 'gpt' is not one of digits, text."),
        ({"network": []}, "network: '[]' is not one of"),
        ({"mix": ["mxfp4"]}, "mix: 1 formats; digits has 2 layers: hidden, logits"),
        ({"mix": ["mxfp4", "fp5"]}, "mix: 'fp5' is not one of"),
        ({"mix": "mxfp4"}, "A mix is a list with the name of a format for each layer."),
        ({"mix": [1, 2]}, "A mix is a list"),
        ({"budget": "much"}, "Budget “much”: type a number from 0 to 100"),
        ({"budget": "nan"}, "Budget “nan”: type a number"),
        ({"budget": "-1"}, "Budget “-1”: type a number"),
        ({"budget": ""}, "Budget “”: type a number"),
        ({"measure": "f1"}, "measure: 'f1' is not one of loss, accuracy."),
        ({"cost": None}, "save: 'None' is not one of"),
    ],
)
def test_what_cannot_be_is_refused_and_the_last_mix_stays(network, params, sentence):
    before = network.scene
    change(network, **params)
    assert network.problem.startswith(sentence) and network.scene == before


def test_layers_have_names_that_say_what_they_are():
    assert layer_words("qkv0") == "block 1, attention: Q, K, V"
    assert layer_words("head") == "head"


def test_the_state_leads_back(network):
    change(network, mix=["mxfp4", "bfloat16"], budget="0.1")
    state = network.saved()
    assert state == {"mix": ["mxfp4", "bfloat16"], "budget": "0.1"}
    assert NetworkPart(state).scene["outcome"] == network.scene["outcome"]


def test_the_transformer_keeps_its_loss_in_four_bits_and_pays_in_time():
    network = NetworkPart({"network": "text", "mix": ["mxfp4"] * 9})
    outcome, plain = network.scene["outcome"], network.scene["plain"]
    assert 0 < outcome["loss"] - plain["loss"] < 0.03
    assert outcome["weight_bytes"] < 0.28 * plain["weight_bytes"]
    assert set(network.more["alone"]) == {layer["name"] for layer in network.scene["layers"]}
    change(network, network="digits", mix=[])
    assert network.more["network"] == "digits" and network.more["search"] == {}
