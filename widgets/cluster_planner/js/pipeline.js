// One replica's pipeline: when each stage works on which micro-batch, and where it waits.

const WINDOWS = [["start", "its start"], ["end", "its end"], ["whole", "the whole step"]];
const KINDS = ["forward", "backward", "gradients of weights"];
const SEEN = 10; // micro-batches in sight, beside those that fill the pipe

function pipelineView(app, view) {
  const windows = h("select", { "data-name": "window", onchange: () => {
    view.window = windows.value;
    draw();
    app.save();
  } }, ...WINDOWS.map(([name, text]) => h("option", { value: name }, text)));
  const canvas = h("canvas", { role: "img", "aria-label": "Pipeline" });
  const stage = h("div", { class: "stage pipe" }, canvas);
  const words = h("p", { class: "quiet" });
  let line = null;
  let sight = [0, 0];
  const table = tableFold("Pipeline in sight", ["stage", "micro-batch", "work", "start", "takes"],
    () => [...(line?.stage || [])].map((_, i) => i).filter((i) => line.start[i] <= sight[1]
      && line.start[i] + line.busy[i] >= sight[0]).map((i) => [line.stage[i], line.micro_batch[i],
      KINDS[line.kind[i]], secondsWords(line.start[i]), secondsWords(line.busy[i])]));

  behind(table.table, canvas);
  let layout = null;
  tipOver(canvas, (x, y) => {
    if (!layout || !line) return "";
    const stage_ = Math.floor((y - layout.top) / layout.high);
    const at = sight[0] + (x - layout.left) / layout.scale;
    const i = line.stage.findIndex((each, place) => each === stage_ && at >= line.start[place]
      && at < line.start[place] + line.busy[place]);
    return i < 0 ? "" : `stage ${stage_}, micro-batch ${line.micro_batch[i]}, ${
      KINDS[line.kind[i]]}: from ${secondsWords(line.start[i])}, takes ${
      secondsWords(line.busy[i])}`;
  });

  function read(scene) {
    if (line?.id === scene.id) return;
    const p = scene.pipeline;
    line = { id: scene.id, ...Object.fromEntries(["stage", "micro_batch", "chunk", "kind", "start",
      "busy"]
      .map((name) => [name, columnOf(p[name])])) };
  }

  function draw() {
    const scene = app.scene();
    const p = scene.pipeline;
    if (!p) return;
    read(scene);
    const { pen, width, height } = prepare(canvas);
    const { theme } = app;
    const [left, top] = [58, 2];
    const high = (height - top - 18) / p.stages;
    windows.value = view.window;
    const one = p.total_s / (p.drawn + p.stages - 1);
    const span = view.window === "whole" ? p.total_s : Math.min(p.total_s,
      one * (SEEN + 2 * p.stages));
    const from = view.window === "end" ? p.total_s - span : 0;
    sight = [from, from + span];
    const scale = (width - left - 4) / span;
    layout = { left, top, high, scale };
    const at = (seconds) => left + (seconds - from) * scale;
    for (let s = 0; s < p.stages; s += 1) {
      if (high >= 11 || s % Math.ceil(13 / high) === 0) {
        write(pen, `stage ${s}`, left - 6, top + (s + 0.5) * high, theme.muted, theme.font(0.75),
          "right");
      }
      pen.fillStyle = theme.raised;
      pen.fillRect(left, top + s * high + 0.5, span * scale, Math.max(1, high - 1));
    }
    pen.save();
    pen.beginPath();
    pen.rect(left, top, span * scale, height - top - 18);
    pen.clip();
    const inks = [theme.tensor, theme.scalar, theme.vector];
    for (let i = 0; i < line.stage.length; i += 1) {
      const [x, w] = [at(line.start[i]), line.busy[i] * scale];
      if (x > width || x + w < left) continue;
      const y = top + line.stage[i] * high + 0.5;
      pen.fillStyle = inks[line.kind[i]];
      pen.fillRect(x, y, Math.max(0.4, w - (w > 4 ? 1 : 0)), Math.max(1, high - 1));
      if (line.kind[i]) {
        pen.fillStyle = theme.text;
        const thick = line.kind[i] === 2 ? 5 : 2.5;
        pen.fillRect(x, y + Math.max(1, high - 1) - thick, Math.max(0.4, w - (w > 4 ? 1 : 0)),
          thick);
      }
      const text = String(line.micro_batch[i]);
      if (high >= 12 && w >= 4 + 6.2 * text.length) {
        write(pen, text, x + w / 2, y + high / 2, theme.bg, theme.font(0.7, "sans", 700), "center");
      }
    }
    pen.restore();
    write(pen, secondsWords(from), left, height - 8, theme.muted, theme.font(0.75));
    write(pen, secondsWords(from + span), width - 4, height - 8, theme.muted, theme.font(0.75),
      "right");
    const bubble = scene.time.find(([cause]) => cause === "bubble")?.[1] || 0;
    const few = p.drawn < scene.micro_batches
      ? `Drawn with ${p.drawn} of the step's ${count(scene.micro_batches)} micro-batches: ${
        percent(p.idle)} of the stages' time is idle here. `
          : `${percent(p.idle)} of the stages' time is idle. `;
    say(words, p.stages === 1 ? "One stage: no pipeline, no bubble."
      : `${few}In the whole step the bubble takes ${secondsWords(bubble)}, ${
        percent(bubble / scene.step_s)}.`);
    canvas.setAttribute("aria-label",
      `Pipeline of ${plural(p.stages, "stage")}. ${words.textContent}`);
    table.draw();
  }

  return {
    element: h("section", { class: "panel", "aria-label": "Pipeline" },
      h("header", {}, h("h3", {}, "Pipeline"), h("p", { class: "how" },
        "Numbers: micro-batches. "
        + "Underlined: backward; twice as thick: gradients of weights; empty: waiting.")),
      h("div", { class: "controls" }, labelled("Show", windows)), stage, words, table.element),
    draw,
  };
}
