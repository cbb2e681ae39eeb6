"""The stepper: the learner's state as traits, answered by runs of the engine.

The browser sets `params`; the widget sets `program` and `scene` (what ran, and when) or `problem`
(a sentence and, where known, the way out) and keeps the last scene that worked. What nobody waits
for follows when the kernel is idle: why each row waited and, after the reveal, the other rungs.
"""

from dataclasses import asdict
from functools import partial
from typing import Any

import anywidget
import numpy as np
import traitlets

from trnlab.kernels.matmul import LADDER
from trnlab.metrics import Profile
from trnlab.trace import Trace
from widgets.dashboard import link, trust
from widgets.dashboard.idle import Idle, Job
from widgets.dashboard.recent import Recent
from widgets.stepper import bundle, scene
from widgets.stepper.product import OBVIOUS, Product, fields
from widgets.stepper.values import Values

QUESTION = "Why does the same product take so much longer when written the obvious way?"
CURSOR = ("row", "rival", "guess", "revealed")  # what of a state no run depends on


class Stepper(anywidget.AnyWidget):
    """One product, one cursor, and the views that follow it.

    Args:
        state: a dictionary as `saved` returns it; what it leaves out is the default. One that
            cannot be used is said in `problem`, and the default is shown.
    """

    _esm = bundle.module()
    _css = bundle.style()

    ANSWERED = ("revealed",)  # after `complete`, the browser has what it shows then

    question = traitlets.Unicode(QUESTION).tag(sync=True)
    params = traitlets.Dict().tag(sync=True)  # as the learner set them, legal or not
    defaults = traitlets.Dict().tag(sync=True)
    fields = traitlets.List().tag(sync=True)
    program = traitlets.Dict().tag(sync=True)  # what ran, read by the browser meanwhile
    scene = traitlets.Dict().tag(sync=True)  # when it ran
    problem = traitlets.Dict().tag(sync=True)
    honesty = traitlets.Dict().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)  # of the page, as far as it was used
    row = traitlets.Int(0).tag(sync=True)  # the cursor: a device instruction
    waits = traitlets.Dict().tag(sync=True)
    obvious = traitlets.Unicode(OBVIOUS).tag(sync=True)
    ladder = traitlets.Dict({"id": 0, "rungs": []}).tag(sync=True)
    rival = traitlets.Unicode().tag(sync=True)  # the rung to compare with; "": chosen for the run
    other = traitlets.Dict().tag(sync=True)
    guess = traitlets.Float(None, allow_none=True).tag(sync=True)
    revealed = traitlets.Bool(False).tag(sync=True)

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        self._runs = 0
        self._idle = Idle()
        self._recent = Recent()
        self._profile: Profile | None = None
        self._product = Product()
        super().__init__(defaults=asdict(Product()))
        self.on_msg(self._on_message)
        self.restore(state or {})
        if not self.scene:
            why = self.problem
            self.restore({})
            self.problem = why

    @property
    def profile(self) -> Profile:
        """The run that is shown."""
        assert self._profile is not None
        return self._profile

    def saved(self) -> dict[str, Any]:
        """The state: `lesson(state=...)` leads back to this moment."""
        return {
            **asdict(self._product),
            **{name: getattr(self, name) for name in CURSOR},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Show the moment that a saved state describes; `problem` says if it is not one."""
        if refused := link.foreign(state, [*self.defaults, *CURSOR]):
            self.problem = {"text": refused, "fix": None}
            return
        row, rival, guess = state.get("row"), state.get("rival"), state.get("guess")
        self._wanted_row = wanted = row if isinstance(row, int) and row >= 0 else 0
        self.rival = rival if isinstance(rival, str) and rival in LADDER else ""
        self.guess = float(guess) if isinstance(guess, (int, float)) and 0 < guess < 1e6 else None
        self.revealed = state.get("revealed") is True
        params = {name: state.get(name, value) for name, value in self.defaults.items()}
        if params == self.params:
            self._run()
        else:
            self.params = params
        if self.scene and not self.problem:
            self.row = min(wanted, self.profile.timeline.rows - 1)

    @traitlets.observe("params")
    def _on_params(self, _change: Any) -> None:
        self._run()

    def _run(self) -> None:
        """Profile the product that is asked for; show it, or say why not."""
        product = None
        self._idle.wait()
        try:
            product = Product.of(self.params)
            profile = self._recent.run(product, partial(self._timed, product))
        except ValueError as refused:
            if self._profile:
                self._tell(self._product, self.profile.trace, self._runs)
            fix = product.legal() if product else {}
            self.problem = {"text": str(refused), "fix": fix or None}
            return
        self._product, self._profile, self._values = product, profile, Values(product)
        self._show(product, profile)
        self._idle.later(self._tell_waits, *self._ladder_jobs())

    def _timed(self, product: Product) -> Profile:
        """Run a product; the browser reads what ran while its time is found."""
        run = product.run()
        self._tell(product, run.trace, self._runs + 1)
        return run.timed()

    def _tell(self, product: Product, trace: Trace, id: int) -> None:
        if self.program.get("id") != id:
            self.program = {**scene.program(trace, LADDER[product.kernel].kernel), "id": id}

    def _measured(self, product: Product) -> Profile:
        return self._recent.run(product, product.profile)

    def _show(self, product: Product, profile: Profile) -> None:
        self._runs += 1
        self._tell(product, profile.trace, self._runs)
        wanted, self._wanted_row = self._wanted_row, -1
        shown = {
            **scene.scene(profile),
            **_identity(product),
            "id": self._runs,
            "row": wanted,
        }
        with self.hold_sync():
            self.problem = {}
            self.honesty = trust.honesty(product.chip)
            self.fields = fields(product)
            self.scene = shown

    def settle(self) -> None:
        """Do now what would follow when the kernel is idle."""
        self._idle.settle()

    def complete(self) -> None:
        """Have all that a page without a kernel can show: what follows the reveal, too."""
        was, self.revealed = self.revealed, True
        self.settle()
        self.revealed = was

    def _tell_waits(self) -> None:
        self.waits = {"id": self._runs, **scene.wait_texts(self.profile)}

    def _ladder_jobs(self) -> list[Job]:
        """One job for each rung, then one that publishes them; none before the reveal."""
        rungs: list[dict[str, Any]] = []

        def publish() -> None:
            self.ladder = {"id": self._runs, "rungs": rungs}
            self._compare()

        def measure(name: str) -> None:
            rungs.append(self._rung(name))

        if not self.revealed:
            return []
        return [*(partial(measure, name) for name in LADDER), publish]

    def _rung(self, name: str) -> dict[str, Any]:
        """One bar and one point: a rung's time on the same product, or why it does not run."""
        number = list(LADDER).index(name) + 1
        entry = {"name": name, "rung": number, "meaning": LADDER[name].meaning}
        own = name == self._product.kernel
        try:
            run = self.profile if own else self._measured(self._product.on_rung(name))
        except ValueError as refused:
            return {**entry, "problem": str(refused)}
        roof = run.roofline
        return {
            **entry,
            "total_us": run.total_us,
            "intensity": roof.intensity,
            "flops_per_s": roof.flops_per_s,
        }

    @traitlets.observe("revealed")
    def _on_reveal(self, change: Any) -> None:
        if change.new and self._profile:
            self._idle.later(self._tell_waits, *self._ladder_jobs(), after_s=0)

    @traitlets.observe("rival")
    def _on_rival(self, _change: Any) -> None:
        if self._profile:
            self._compare()

    def _compare(self) -> None:
        """Set the other run beside the one that is shown: the rival, else the rung to compare."""
        took = {r["name"]: r["total_us"] for r in self.ladder["rungs"] if "total_us" in r}
        own = self._product.kernel
        fastest = min(took, key=took.__getitem__, default=own)
        choices = [name for name in (self.rival, fastest, OBVIOUS) if name in took and name != own]
        if not choices:
            self.other = {}
            return
        product = self._product.on_rung(choices[0])
        kernel = LADDER[choices[0]].kernel
        run = self._measured(product)
        self.other = {
            **scene.program(run.trace, kernel),
            **scene.scene(run),
            **_identity(product),
            "id": self._runs,
        }

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "ping":
            self.send({"kind": "pong"})
        elif kind == "restore" and isinstance(message.get("state"), dict):
            self.restore(message["state"])
        elif kind == "values":
            self._answer_values(message)

    def _answer_values(self, message: dict[str, Any]) -> None:
        reply = {"kind": "values", "key": message.get("key")}
        try:
            if message.get("id") != self._runs:
                raise ValueError("These values belong to an earlier run.")
            tile, words = self._values.tile(message.get("call"), message.get("role"))
        except ValueError as refused:
            self.send({**reply, "problem": str(refused)})
            return
        self.send({**reply, **words, "shape": tile.shape}, [np.ascontiguousarray(tile).tobytes()])


def _identity(product: Product) -> dict[str, Any]:
    rung = list(LADDER).index(product.kernel) + 1
    return {"params": asdict(product), "rung": rung, "meaning": LADDER[product.kernel].meaning}


def lesson(state: dict[str, Any] | None = None) -> Stepper:
    """The stepper at the moment that `state`, or else the page's address, describes."""
    stepper, refused = link.opened(Stepper, state)
    if refused:
        stepper.problem = {"text": refused, "fix": None}
    return stepper
