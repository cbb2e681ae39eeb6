"""The profiler: the learner's choices as traits, answered by runs of the engine.

The browser sets `params`; the widget sets `scene` (a run as columns) or `problem` (a sentence) and
keeps the last scene that worked. What takes longer follows when the kernel is idle: the comparison,
the explanation, the range.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from trnlab import spec
from trnlab.metrics import Profile
from trnlab.metrics.explain import Cause, cause_of, suspects
from widgets.chart import Chart
from widgets.chart import roofline as roofline_chart
from widgets.dashboard import link, trust
from widgets.dashboard.idle import Idle
from widgets.dashboard.recent import Recent
from widgets.dashboard.source import source
from widgets.profiler import bundle, constants, scene, why
from widgets.profiler.gallery import GALLERY, Entry, own
from widgets.profiler.request import Request

BAND_ROWS = 8_000  # a range needs some sixty schedules
LONG_ROWS = 15_000  # explained within a quarter of a second, others in sight
DOWNLOAD_ROWS = 75_000  # written within a second
OWN = "own"
STOPPED = "The run was stopped before it ended; what is shown is the one before it."
Key = tuple[str, str, str]


class Profiler(anywidget.AnyWidget):
    """One run, where its time goes, and what would change it.

    Args:
        state: a dictionary as `saved` returns it; what it leaves out is the default. One that
            cannot be used is said in `problem`, and the default is shown.
        entry: a kernel beside the gallery's; it is shown first
    """

    _esm = bundle.module()
    _css = bundle.style()

    params = traitlets.Dict().tag(sync=True)  # as the learner set them, legal or not
    view = traitlets.Dict().tag(sync=True)  # what of it is shown: the browser's own
    defaults = traitlets.Dict().tag(sync=True)
    gallery = traitlets.List().tag(sync=True)
    chips = traitlets.List().tag(sync=True)
    fields = traitlets.List().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    source = traitlets.List().tag(sync=True)  # of the kernel, as far as it ran
    problem = traitlets.Unicode().tag(sync=True)
    honesty = traitlets.Dict().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)  # of the page, as far as it was used
    why = traitlets.Dict().tag(sync=True)
    band = traitlets.Dict().tag(sync=True)
    other = traitlets.Dict().tag(sync=True)

    def __init__(self, state: Mapping[str, Any] | None = None, entry: Entry | None = None) -> None:
        self._entries = {OWN: entry, **GALLERY} if entry else GALLERY
        first = Request(kernel=OWN, size="given") if entry else Request()
        self._runs = 0
        self._idle = Idle()
        self._recent = Recent()
        self._request = first
        self._profile: Profile | None = None
        self._roofline: Chart | None = None
        super().__init__(
            defaults=asdict(first),
            gallery=[_listed(name, entry) for name, entry in self._entries.items()],
            chips=[[name, chip.product.removeprefix("AWS ")] for name, chip in spec.CHIPS.items()],
        )
        self.on_msg(self._on_message)
        self.restore(state or {})
        if not self.scene:
            text = self.problem
            self.params = asdict(Request())
            self.problem = text

    @property
    def profile(self) -> Profile:
        """The run that is shown."""
        assert self._profile is not None
        return self._profile

    @property
    def roofline(self) -> Chart:
        """A chart of the run, and of the one that it is compared with."""
        if self._roofline is None:
            self._roofline = Chart("roofline", **self._roofline_data())
        return self._roofline

    def saved(self) -> dict[str, Any]:
        """The state: `lesson(state=...)` leads back to it."""
        return {**asdict(self._request), "view": self.view}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Show what a saved state describes; `problem` says if it is another dashboard's."""
        if refused := link.foreign(state, self.defaults):
            self.problem = refused
            return
        view = state.get("view")
        self.view = dict(view) if isinstance(view, Mapping) else {}
        params = {name: state.get(name, value) for name, value in self.defaults.items()}
        if params == self.params:
            self._run()
        else:
            self.params = params

    @traitlets.observe("params")
    def _on_params(self, _change: Any) -> None:
        self._run()

    def _run(self) -> None:
        """Profile what is asked for; show it, or say why not."""
        self._idle.wait()
        try:
            request = Request.of(self.params, self._entries)
            base = self._base(request.run)
            core = constants.changed(base.core, request.constants)
        except ValueError as refused:
            self.problem = str(refused)
            return
        except KeyboardInterrupt:
            if not self.scene:
                raise  # the cell that makes it was stopped
            self.problem = STOPPED
            return
        self._request, self._profile = request, base.on(core) if request.constants else base
        self._show(base)
        self._idle.later(self._compare, self._explain, self._range)

    def _base(self, key: Key) -> Profile:
        """A run with the constants of its chip."""
        name, size, chip = key
        return self._recent.run(key, lambda: self._entries[name].profile(size, chip))

    def _show(self, base: Profile) -> None:
        self._runs += 1
        with self.hold_sync():
            self.problem = ""
            self.honesty = trust.honesty(self._request.chip)
            self.fields = constants.fields(base.core)
            self.source = source(base.trace, self._entries[self._request.kernel].kernel)
            self.scene = {
                **scene.scene(self.profile),
                **self._identity(self._request.run),
                "id": self._runs,
                "base_us": base.total_us,
            }

    def _identity(self, key: Key) -> dict[str, Any]:
        name, size, chip = key
        entry = self._entries[name]
        words = f"{self._named(entry)} on {spec.chip(chip).product.removeprefix('AWS ')}"
        return {"key": key, "title": words, "size": entry.sizes[size].label}

    def _named(self, entry: Entry) -> str:
        return entry.title.partition(":")[0]

    def settle(self) -> None:
        """Do now what would follow when the kernel is idle."""
        self._idle.settle()

    def _compare(self) -> None:
        """Set the other run beside the one that is shown."""
        rival = self._rival()
        if isinstance(rival, Profile):
            pairs = self.profile.compare(rival).pairs
            self.other = {
                **scene.scene(rival),
                **self._identity(self._request.compared(self._entries)),
                "id": self._runs,
                "pairs": [[p.quantity, why.micro(f" {p.unit}"), p.first, p.second] for p in pairs],
            }
        else:
            self.other = {"id": self._runs, "problem": rival}
        if self._roofline is not None:
            self._roofline.show(**self._roofline_data())

    def _rival(self) -> Profile | str:
        """The run to compare with, or why there is none."""
        if not self._request.rival:
            return ""
        try:
            return self._base(self._request.compared(self._entries))
        except ValueError as refused:
            return str(refused)

    def _roofline_data(self) -> dict[str, Any]:
        shown = f"{self.profile.name}, {self._request.chip}"
        runs = {shown: self.profile}
        rival = self._rival()
        same = self._request.rival_chip in ("", self._request.chip)
        if isinstance(rival, Profile) and same:  # one roof
            runs[f"{rival.name}, compared"] = rival
        return roofline_chart.data(runs, shown)

    def _explain(self) -> Iterator[None]:
        """Judge suspects one by one, then tell; of a long run how far that is."""
        run, listed = self.profile, suspects(self.profile.timeline)
        judged: list[Cause] = []
        for suspect in listed:
            judged.append(cause_of(run.timeline, suspect))
            if run.timeline.rows > LONG_ROWS:
                self.why = {"id": self._runs, "share": len(judged) / len(listed)}
                yield
        kernel = self._entries[self._request.kernel].kernel
        self.why = {**why.why(run, kernel, judged), "id": self._runs}

    def _stop(self) -> None:
        if "share" in self.why:
            self._idle.stop()
            text = "Stopped. Change something, or choose Reset, to explain a run again."
            self.why = {"id": self._runs, "problem": text}
            self._range()  # of a run this long it is a sentence

    def _range(self) -> None:
        if self.profile.timeline.rows > BAND_ROWS:
            text = f"The range is found for runs of up to {BAND_ROWS:,} device instructions."
            self.band = {"id": self._runs, "problem": text}
        else:
            self.band = {"id": self._runs, **why.band(self.profile)}

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "ping":
            self.send({"kind": "pong"})
        elif kind == "restore" and isinstance(message.get("state"), dict):
            self.restore(message["state"])
        elif kind == "wait":
            self._answer_wait(message)
        elif kind == "stop":
            self._stop()
        elif kind == "perfetto":
            self._answer_perfetto()

    def _answer_wait(self, message: Mapping[str, Any]) -> None:
        row, line = message.get("row"), self.profile.timeline
        if message.get("id") == self._runs and isinstance(row, int) and 0 <= row < line.rows:
            text = why.micro(line.wait_text(row))
            self.send({"kind": "wait", "id": self._runs, "row": row, "text": text})

    def _answer_perfetto(self) -> None:
        run = self.profile
        name = f"{run.name}-{run.chip}.json"
        if run.timeline.rows > DOWNLOAD_ROWS:
            text = (
                f"A trace of more than {DOWNLOAD_ROWS:,} device instructions is too large to "
                "download here; in a notebook, write it with profile.to_perfetto(path)."
            )
            self.send({"kind": "perfetto", "problem": text})
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            run.to_perfetto(path)
            self.send({"kind": "perfetto", "name": name}, [path.read_bytes()])


def _listed(name: str, entry: Entry) -> dict[str, Any]:
    """An entry as the controls list it."""
    sizes = [[key, size.label] for key, size in entry.sizes.items()]
    return {"name": name, "title": entry.title, "group": entry.group, "sizes": sizes}


def lesson(
    state: Mapping[str, Any] | None = None,
    kernel: Callable[..., Any] | None = None,
    inputs: Sequence[Any] = (),
    chip: str = "trn3",
    **options: Any,
) -> Profiler:
    """The profiler, as `state`, or else the page's address, describes.

    Args:
        state: what `Profiler.saved` returned
        kernel: a kernel of your own, profiled beside the gallery's
        inputs: its arrays, or `trnlab.shape(...)` for time alone
        chip: "trn1", "trn2" or "trn3"
        options: the kernel's own keyword arguments
    """
    if kernel is not None:
        given = {"kernel": OWN, "size": "given", "chip": chip, **(state or {})}
        return Profiler(given, own(kernel, inputs, options))
    profiler, refused = link.opened(Profiler, state)
    profiler.problem = refused or profiler.problem
    return profiler
