"""Claims of size: chips in one UltraServer, chips in one cluster."""

from __future__ import annotations

from trnlab.spec.fabric import Switched
from trnlab.spec.scenario import Scenario, scenario
from trnlab.spec.sheets import SHEETS
from trnlab.spec.statements import EARLIER_CLUSTERS, STATEMENTS
from trnlab.spec.systems import SYSTEMS

from .figures import NEW
from .power import POWER, power_evidence
from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share
from .verdict import weakest

_CHIPS_WORDING = Knob(
    "wording", "Wording", (Option("144 chips", "up to 144 chips in one UltraServer (AWS)"),)
)
_CLUSTER_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("10x cluster", "10 times the generation before (press)"),
        Option("a million chips", "up to a million chips (press)"),
    ),
)
_EARLIER = Knob(
    "earlier",
    "The generation before",
    tuple(Option(name, known.label) for name, known in EARLIER_CLUSTERS.items()),
)
_BASIS = {"announced": "said", "published": "published", "reported": "reported"}


def _judge_chips(settings: Settings) -> Judgement:
    sheet, fabric = SHEETS[settings["new"]], SYSTEMS[settings["new"]].fabric
    assert isinstance(fabric, Switched)
    servers, each = fabric.fact("servers"), fabric.fact("chips_per_server")
    evidence = (
        Evidence(f"servers, {sheet.product}", servers.value, "", servers.status, servers.source),
        Evidence("chips of one server", each.value, "", each.status, each.source),
    )
    return Judgement(
        statement=STATEMENTS[settings["wording"]],
        found=float(servers.value * each.value),
        basis="published",
        how="servers x chips of a server",
        evidence=evidence,
        shares=(Share("servers", servers.value), Share("chips of a server", each.value)),
        unit="chips",
    )


def _judge_cluster(settings: Settings) -> Judgement:
    million, sheet = STATEMENTS["a million chips"], SHEETS[settings["new"]]
    chips = million.value
    chosen = scenario(settings["power"])
    evidence = (
        Evidence("chips of one cluster", chips, "", "announced", million.source),
        *_sums(chips, sheet.name),
        *_power(chips, chosen),
    )
    servers = chips / sheet.chips
    note = (
        f"That is {servers:,.0f} UltraServers. All sums are extrapolated: nothing has been "
        f"published beyond one UltraServer. Power: {chosen.name}, {chosen.standing}."
    )
    if settings["wording"] == "a million chips":
        return Judgement(
            million, None, "announced", "announced, not in the documents", evidence, note=note
        )
    earlier = EARLIER_CLUSTERS[settings["earlier"]]
    before = Evidence(earlier.label, earlier.chips, "", earlier.status, earlier.source)
    return Judgement(
        statement=STATEMENTS["10x cluster"],
        found=chips / earlier.chips,
        basis=weakest("said", _BASIS[earlier.status]),
        how=f"a million chips over {earlier.label}",
        evidence=(evidence[0], before, *evidence[1:]),
        note=note,
    )


def _sums(chips: float, system: str) -> tuple[Evidence, ...]:
    sheet = SHEETS[system]
    share, how = chips / sheet.chips, f"chips / {sheet.chips} x one UltraServer, {sheet.source}"
    return (
        Evidence("8-bit peak", share * sheet.flops_per_s["8-bit"], "FLOP/s", "inferred", how),
        Evidence("HBM", share * sheet.hbm_bytes, "B", "inferred", how),
    )


def _power(chips: float, chosen: Scenario) -> tuple[Evidence, ...]:
    one = power_evidence(chosen)
    how = "chips x watts x share of hosts x building; " + one.source
    return (one, Evidence("power of the cluster", chips * chosen.watts, "W", one.status, how))


CHIPS = Claim(
    name="chips",
    title="144 chips in an UltraServer",
    question="Do AWS's documents give a Trn3 UltraServer 144 chips?",
    knobs=(_CHIPS_WORDING, NEW),
    axes=("wording", "new"),
    judge=_judge_chips,
    settles=(
        "the time of an all-reduce over all 144 chips, by size",
        "the time of an all-to-all between the two halves, which is the narrow place",
    ),
)
CLUSTER = Claim(
    name="cluster",
    title="A million chips, 10 times the generation before",
    question="A million chips, and 100,000 announced for Trainium2: is it 10 times as many?",
    knobs=(_CLUSTER_WORDING, _EARLIER, NEW, POWER),
    axes=("earlier", "wording"),
    judge=_judge_cluster,
    settles=(
        "one training run that uses all chips, with its step time and its failures",
        "the largest cluster of Trainium2 that ran one job",
        "bandwidth between UltraServers when all of them exchange",
    ),
)
