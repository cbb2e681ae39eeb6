"""What a learner may ask of the planner, checked: a model, a machine, a plan, a workload."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from trnlab import cluster
from trnlab.cluster.models import Transformer, from_config, read_config
from trnlab.cluster.planner import GOALS, Planning
from trnlab.cluster.requests import check_chips
from trnlab.spec.system import System
from widgets.machine.systems import chosen_system

OWN = "own"
TASKS = ("training", "inference")
FLAGS = ("sequence_parallel", "overlap")
DEGREES = ("tp", "pp", "ep", "cp", "virtual_stages", "zero")
MOST_TEXT = 100_000


@dataclass(frozen=True)
class Request:
    """One model on one machine."""

    task: str = "training"
    model: str = "llama-3.1-70b"
    config: str = ""  # text of a config.json, for a model of the learner's own
    system: str = "trn3-gen2"
    chips: int = 144
    reading: int = 0
    domain: int = 72
    dtype: str = "bfloat16"
    tp: int = 8
    pp: int = 4
    dp: int = 0  # 0: as many as the chips and the batch allow
    ep: int = 1
    cp: int = 1
    virtual_stages: int = 1
    zero: int = 1
    sequence_parallel: bool = True
    recompute: str = "selective"
    schedule: str = "1f1b"
    overlap: bool = True
    micro_batch: int = 1
    global_batch: int = 1024
    sequence: int = 8192
    batch: int = 32
    prompt: int = 4096
    output: int = 512
    prefill_tp: int = 0  # of a group that only reads prompts; 0: as the plan
    decode_tp: int = 0  # of a group that only writes tokens; 0: as the plan
    goal: str = "tokens_per_s"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Request":
        """The request that a dictionary makes; what it leaves out is the default.

        Raises:
            ValueError: a value of the wrong kind, or one that is not known
        """
        names = asdict(cls()).keys() & values.keys()
        asked = cls(**{name: values[name] for name in names})
        for f in fields(cls):
            value, kind = getattr(asked, f.name), type(f.default)
            if type(value) is not kind:
                words = {int: "a whole number", str: "a text", bool: "true or false"}[kind]
                raise ValueError(f"{f.name} = {value!r:.40} should be {words}")
        for name, allowed in (("task", TASKS), ("goal", GOALS)):
            if getattr(asked, name) not in allowed:
                known = ", ".join(allowed)
                raise ValueError(f"{name}: {getattr(asked, name)!r:.40} is not one of {known}")
        for name in ("prefill_tp", "decode_tp"):
            if getattr(asked, name) < 0:
                raise ValueError(f"{name} = {getattr(asked, name)} should be 0 or more")
        if asked.dp < 0:
            raise ValueError(f"plan: dp = {asked.dp} should be a whole number, 0 to fill the chips")
        if len(asked.config) > MOST_TEXT:
            raise ValueError(
                f"model: this text has {len(asked.config):,} characters; a config.json has a few "
                "thousand"
            )
        return asked

    def network(self) -> Transformer:
        """The model: of the gallery, or parsed as data from the learner's text.

        Raises:
            ValueError: no such model, or a text that describes none
        """
        if self.model == OWN:
            return from_config(read_config(self.config.encode()))
        if self.model not in cluster.gallery():
            known = ", ".join(cluster.gallery())
            raise ValueError(f"model: {self.model!r:.60} is not in the gallery; it has {known}")
        return cluster.model(self.model)

    def machine(self) -> System:
        """The system, with as many chips as asked for.

        Raises:
            ValueError: no such system, or a number of chips that cannot be had
        """
        found = chosen_system(self.system, self.reading, self.domain)
        check_chips(found, self.chips)
        return found

    def plan(self, of: System) -> cluster.Plan:
        """The plan; dp = 0 fills the chips.

        Raises:
            ValueError: a degree that cannot be
        """
        chosen = {name: getattr(self, name) for name in DEGREES}
        base = cluster.Plan(
            **chosen,
            sequence_parallel=self.sequence_parallel,
            overlap=self.overlap,
            recompute=self.recompute,
            schedule=self.schedule,
        )
        dp = self.dp or self._filling(base, self.chips * of.devices_per_chip)
        return cluster.Plan(**{f.name: getattr(base, f.name) for f in fields(base)} | {"dp": dp})

    def _filling(self, base: cluster.Plan, devices: int) -> int:
        """The largest number of replicas that fit the chips and share the batch."""
        most = devices // base.devices
        if self.task == "inference" or self.global_batch < 1 or self.micro_batch < 1:
            return max(1, most)
        turn = base.pp if base.virtual_stages > 1 else 1
        shares = self.global_batch // self.micro_batch // turn
        most = min(most, shares)
        holders = base.tp * base.cp
        for dp in range(max(1, most), 0, -1):
            share = dp * self.micro_batch * turn
            if self.global_batch % share == 0 and dp * holders % base.ep == 0:
                return dp
        return 1

    def predict(self) -> cluster.Training | cluster.Inference:
        """The prediction.

        Raises:
            ValueError: what cannot be, in one sentence
        """
        system = self.machine()
        common = {"model": self.network(), "system": system, "chips": self.chips}
        common |= {"plan": self.plan(system), "dtype": self.dtype}
        if self.task == "inference":
            return cluster.predict_inference(
                **common, batch=self.batch, prompt=self.prompt, output=self.output
            )
        return cluster.predict_training(
            **common,
            global_batch=self.global_batch,
            micro_batch=self.micro_batch,
            sequence=self.sequence,
        )

    def planning(self) -> Planning:
        """Every legal plan that fits, to be judged in steps.

        Raises:
            ValueError: what cannot be, in one sentence
        """
        is_training = self.task == "training"
        goal = "tokens_per_s" if is_training and self.goal == "ttft_s" else self.goal
        return Planning(
            model=self.network(),
            system=self.machine(),
            chips=self.chips,
            goal=goal,
            task=self.task,
            global_batch=self.global_batch if is_training else self.batch,
            sequence=self.sequence if is_training else self.prompt,
            output=self.output,
            dtype=self.dtype,
        )
