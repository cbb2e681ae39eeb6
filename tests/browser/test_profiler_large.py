"""The profiler draws a hundred thousand device instructions within a frame."""

import base64
import json
from pathlib import Path
from typing import Any

import trnlab
from trnlab.kernels.matmul import tiled
from widgets.dashboard.idle import Idle
from widgets.profiler import Profiler, why
from widgets.profiler.gallery import own

FRAME_MS = 16.7
REPORT = Path(__file__).parent / "screenshots" / "profiler-large.json"


LARGE = """async ({ state, esm, css }) => {
  const decode = (value) => {
    if (Array.isArray(value)) return value.map(decode);
    if (!value || typeof value !== "object") return value;
    if ("bytes" in value && Object.keys(value).length === 1) {
      return new DataView(Uint8Array.from(atob(value.bytes), (c) => c.charCodeAt(0)).buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decode(v)]));
  };
  const traits = decode(state);
  const model = { get: (name) => traits[name], set(name, value) { traits[name] = value; },
    save_changes() {}, on() {}, off() {}, send() {} };
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  widget.render({ model, el });
  const stage = el.querySelector(".film .stage");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await frame();
  const took = [];
  const press = async (key) => {
    stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await frame();
    took.push(Number(stage.dataset.drawMs));
  };
  el.querySelector("[data-name=path]").click();
  for (const key of "++++++]]]]----[[0+]+]+]0") await press(key);
  const search = el.querySelector("[data-name=search]");
  const began = performance.now();
  search.value = "rhs";
  search.dispatchEvent(new Event("input"));
  const searched = performance.now() - began;
  for (const key of "0+++]]]---0") await press(key);
  took.sort((a, b) => a - b);
  return { rows: traits.scene.summary.rows, searched, draws: took.length,
    median: took[took.length >> 1], p95: took[Math.floor(took.length * 0.95)] };
}"""


def encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: encoded(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(inner) for inner in value]
    return value


def test_a_hundred_thousand_rows_are_drawn_within_a_frame(open_page, workbench, monkeypatch):
    monkeypatch.setattr(Idle, "later", lambda *_, **__: None)  # the explanation is not under test
    shapes = [trnlab.shape((8192, 4096), "bfloat16")] * 2
    profiler = Profiler({"kernel": "own", "size": "given"}, own(tiled, shapes, {}))
    found = {"text": "", "engine": "dma", "gaps": [], "causes": []}
    profiler.why = {"id": 1, **found, **why.path(profiler.profile, tiled)}
    traits = {name: encoded(getattr(profiler, name)) for name in profiler.traits(sync=True)
              if not name.startswith("_") and name not in ("layout", "comm", "keys")}  # fmt: skip
    page = open_page(workbench)
    measured = page.evaluate(LARGE, {"state": traits, "esm": profiler._esm, "css": profiler._css})
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    assert measured["rows"] > 99_000
    assert measured["median"] < FRAME_MS
    assert measured["searched"] < 10 * FRAME_MS
