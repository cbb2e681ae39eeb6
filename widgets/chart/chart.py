"""A Vega-Lite chart as a widget: a specification's name, columns of data, and a text for both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import widget_serialization

from widgets.dashboard import bundle

HERE = Path(__file__).parent
SPECS = HERE / "specs"
VEGA = HERE / "vega.js.gz"

FILES = bundle.scoped("exportsView", "behind", "THEME_NAMES", shared=("dom", "svg_pen", "files"))
Columns = Mapping[str, Sequence[Any]]


class Vega(anywidget.AnyWidget):
    """The packed Vega bundle, sent to a page once and shared by all its charts. Never shown."""

    _esm = "export default {};"
    code = traitlets.Bytes().tag(sync=True)


@cache
def _vega() -> Vega:
    return Vega(code=VEGA.read_bytes())


def names() -> list[str]:
    """The charts there are."""
    return sorted(path.stem for path in SPECS.glob("*.json"))


class Chart(anywidget.AnyWidget):
    """A prepared chart over columns of data, with a sentence and a table that say the same.

    Args:
        name: a file in `specs/`, without its ending
        data: for each data set that the chart names, its columns (equally long, by name)
    Raises:
        ValueError: no such chart, or not the data sets and columns that it reads
    """

    _esm = FILES + bundle.text([HERE / "chart.js"])
    _css = bundle.style(HERE / "chart.css")
    _vega = traitlets.Any().tag(sync=True, **widget_serialization)
    spec = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str, **data: Columns) -> None:
        if name not in names():
            raise ValueError(f"Chart: there is no chart {name!r}; there are {', '.join(names())}")
        self.name = name
        spec = json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
        rows = _checked(spec, data)
        super().__init__(spec=spec, data=rows, description=_describe(spec, rows), _vega=_vega())

    def show(self, **data: Columns) -> None:
        """Replace data sets, all columns of each; those not named stay as they are."""
        rows = {**self.data, **_checked(self.spec, data, only_given=True)}
        with self.hold_sync():
            self.data = rows
            self.description = _describe(self.spec, rows)


def _checked(
    spec: dict[str, Any], data: Mapping[str, Columns], only_given: bool = False
) -> dict[str, dict[str, list[Any]]]:
    """The data as plain lists, after comparing names and lengths with what the chart reads."""
    title, columns = spec["usermeta"]["title"], spec["usermeta"]["columns"]
    if not (data.keys() <= columns.keys() if only_given else data.keys() == columns.keys()):
        raise ValueError(f"{title}: got data {_list(data)}; the chart reads {_list(columns)}")
    for name, given in data.items():
        if given.keys() != set(columns[name]):
            reads = _list(columns[name])
            raise ValueError(f"{title}: {name} has columns {_list(given)}; the chart reads {reads}")
        if len({len(column) for column in given.values()}) != 1:
            raise ValueError(f"{title}: the columns of {name} are not equally long")
    return {
        name: {key: _plain(given[key]) for key in columns[name]} for name, given in data.items()
    }


def _plain(column: Sequence[Any]) -> list[Any]:
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _list(names: Any) -> str:
    return ", ".join(names) or "none"


def _rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _describe(spec: dict[str, Any], data: dict[str, dict[str, list[Any]]]) -> str:
    """The chart in words: its title, then one clause for each row of the data set it is about."""
    meta = spec["usermeta"]
    clauses = [meta["sentence"].format_map(row) for row in _rows(data[meta["about"]])]
    return f"{meta['title']}. {'; '.join(clauses) or 'Nothing to show yet'}."
