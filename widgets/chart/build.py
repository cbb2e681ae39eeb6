"""Prepare what charts need in the browser: `make charts` runs this; no kernel does.

Altair definitions become `specs/*.json`; Vega, Vega-Lite and Vega-Embed (BSD-3-Clause) become one
packed module without outside imports. Both are committed, so that installing needs no compiler.
"""

import gzip
import importlib
import json
from pathlib import Path

from widgets.chart.chart import SPECS, VEGA

CHARTS = ("ladder", "roofline", "validation")


def compiled(name: str) -> str:
    """The Vega-Lite JSON of a chart, as Altair gives it now."""
    chart = importlib.import_module(f"widgets.chart.{name}").draw()
    spec = chart.properties(width="container", autosize={"type": "fit-x", "contains": "padding"})
    kept = {key: part for key, part in spec.to_dict().items() if key not in ("$schema", "config")}
    return json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def bundle() -> bytes:
    """One JavaScript module that exports `vegaEmbed`, with everything it imports inside."""
    import altair
    import vl_convert

    version = altair.SCHEMA_VERSION.removeprefix("v").rsplit(".", 1)[0]
    return vl_convert.javascript_bundle("export { vegaEmbed };", vl_version=version).encode()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    print(f"{path.relative_to(Path.cwd())}: {len(content):,} bytes")


if __name__ == "__main__":
    for name in CHARTS:
        _write(SPECS / f"{name}.json", compiled(name).encode())
    _write(VEGA, gzip.compress(bundle(), compresslevel=9, mtime=0))
