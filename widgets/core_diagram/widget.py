"""The diagram as a widget. All three chips are sent once; the browser does the rest."""

from pathlib import Path

import traitlets

from trnlab import spec
from widgets.core_diagram import parts
from widgets.dashboard import bundle
from widgets.dashboard.stateful import Stateful

HERE = Path(__file__).parent
SCRIPTS = ("layout.js", "drawing.js", "details.js", "core_diagram.js")


class CoreDiagram(Stateful):
    """A NeuronCore and its memories.

    `chip` is "trn1", "trn2" or "trn3"; `selected` names the part whose numbers are shown.

    Raises:
        TraitError: no such chip or part
    """

    _esm = bundle.scoped("toolsOf", "behind") + bundle.text(HERE / name for name in SCRIPTS)
    _css = bundle.style(HERE / "core_diagram.css")
    STATE = ("chip", "selected")
    KEY = "core"

    chip = traitlets.Enum(list(spec.CHIPS), default_value="trn3").tag(sync=True)
    selected = traitlets.Enum(list(parts.PARTS), default_value="tensor").tag(sync=True)
    chips = traitlets.List().tag(sync=True)
    flows = traitlets.List().tag(sync=True)
    flows_source = traitlets.Unicode(parts.FLOWS_SOURCE).tag(sync=True)

    def __init__(self, **state) -> None:
        flows = [flow._asdict() for flow in parts.FLOWS]
        super().__init__(chips=parts.chips(), flows=flows, **state)
