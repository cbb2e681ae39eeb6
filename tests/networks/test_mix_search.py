"""The search finds the cheapest mix that the budget allows."""

from itertools import product

import pytest

import trnlab.networks.mix_search as module
from trnlab.networks import digits_network, search, text_network

DIGITS = digits_network()
FORMATS = ("float32", "bfloat16", "float8", "mxfp8", "mxfp4")


def best_of_all(budget, measure, cost):
    """By trying every mix."""
    outcomes = [DIGITS.run(mix) for mix in product(FORMATS, repeat=2)]
    reference = DIGITS.run(DIGITS.uniform("float32"))
    worse = {
        "loss": lambda outcome: outcome.loss - reference.loss,
        "accuracy": lambda outcome: reference.accuracy - outcome.accuracy,
    }[measure]
    return min(getattr(o, cost) for o in outcomes if worse(o) <= budget)


@pytest.mark.parametrize("all_mixes", [32, 0])  # 0: by ranking, as for many layers
@pytest.mark.parametrize("budget", [0.0, 0.002, 0.02, 1.0])
@pytest.mark.parametrize("measure", ["loss", "accuracy"])
@pytest.mark.parametrize("cost", ["weight_bytes", "total_s", "hbm_bytes"])
def test_no_mix_within_the_budget_is_cheaper(monkeypatch, all_mixes, budget, measure, cost):
    monkeypatch.setattr(module, "ALL_MIXES", all_mixes)
    found = list(search(DIGITS, budget, measure, cost, FORMATS))[-1].best
    assert getattr(found, cost) == best_of_all(budget, measure, cost)


def test_a_search_of_many_layers_keeps_its_budget_and_beats_every_single_switch():
    network, budget = text_network(1), 0.03
    steps = list(search(network, budget))
    reference, best = network.run(network.uniform("bfloat16")), steps[-1].best
    assert best.loss - reference.loss <= budget
    single = [
        network.run((*reference.mix[:i], format, *reference.mix[i + 1 :]))
        for i, format in product(range(len(network.layers)), ("float8", "mxfp8", "mxfp4"))
    ]
    allowed = [o.weight_bytes for o in single if o.loss - reference.loss <= budget]
    assert best.weight_bytes < min(allowed) < reference.weight_bytes
    assert "mxfp4" in best.mix


def test_steps_count_runs_and_the_best_only_gets_cheaper():
    steps = list(search(DIGITS, 0.01, formats=("bfloat16", "mxfp8", "mxfp4")))
    assert [step.runs for step in steps] == list(range(1, 10))
    assert all(step.expected_runs == 9 for step in steps)
    costs = [step.best.weight_bytes for step in steps]
    assert costs == sorted(costs, reverse=True)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="search: budget -1; allow 0 or more"):
        search(DIGITS, -1)
    with pytest.raises(ValueError, match="measure 'speed' and cost 'weight_bytes'"):
        search(DIGITS, 0.1, "speed")
    with pytest.raises(ValueError, match="'fp6' is not one of"):
        search(DIGITS, 0.1, formats=("bfloat16", "fp6"))
