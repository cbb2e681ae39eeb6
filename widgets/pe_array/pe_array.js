// The widget: state in, picture out. One clock (the cycle) drives every view.

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  const { attrs, ...own } = props;
  Object.assign(node, own);
  for (const [name, value] of Object.entries(attrs ?? {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SHAPE = ["k", "m", "n", "matmuls"];
const WIDE = 860; // pixels from which the numbers stand beside the array, as in the style sheet
const SPEEDS = [1, 4, 15, 60, 240];
const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function waveOf(model) {
  const machine = model.get("machine");
  return makeWave({
    rows: model.get("rows"),
    columns: model.get("columns"),
    k: model.get("k"),
    m: model.get("m"),
    n: model.get("n"),
    matmuls: model.get("matmuls"),
    loadSpeedup: machine.load_speedup,
    minInterval: machine.min_interval_cycles,
  });
}

function lensOf(model, wave) {
  const rows = Math.min(LENS, wave.rows);
  const columns = Math.min(LENS, wave.columns);
  const [row, column] = model.get("lens");
  return {
    rows, columns,
    row: Math.min(row, wave.rows - rows),
    column: Math.min(column, wave.columns - columns),
  };
}

// The two lanes of TensorE on one time axis, with a cursor.
function makeLanes() {
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("class", "pe-lanes-svg");
  svg.setAttribute("aria-hidden", "true");
  const add = (tag, attrs) => {
    const node = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
    svg.append(node);
    return node;
  };
  let cursor;

  function bar(wave, from, to, y, height, kind) {
    const at = (cycle) => `${(100 * cycle) / wave.total}%`;
    add("rect", { x: at(from), width: at(to - from), y, height, class: `pe-bar ${kind}` });
  }

  function shape(wave) {
    svg.replaceChildren();
    for (let i = 0; i < wave.matmuls; i++) {
      const start = wave.start(i);
      bar(wave, start - wave.load, start, 4, 18, "pe-bar-load");
      bar(wave, start, start + wave.n, 32, 18, i % 2 ? "pe-bar-odd" : "pe-bar-even");
      bar(wave, start, start + wave.latency, 53, 3, "pe-bar-drain");
    }
    cursor = add("line", { y1: 0, y2: 60, class: "pe-cursor" });
  }

  function draw(wave, cycle) {
    const x = `${(100 * (cycle + 0.5)) / wave.total}%`;
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
  }
  return { svg, shape, draw };
}

function numberField(model, name, label, limits) {
  const input = el("input", { type: "number", min: 1, step: 1 });
  const field = el("label", { className: "pe-field" }, label, input);
  const sync = () => {
    input.max = limits();
    if (document.activeElement !== input) input.value = model.get(name);
  };
  return { name, label, input, field, sync, limit: limits };
}

// Sets a shape from the fields, or says why not and leaves the picture as it is.
function readShape(fields, model, say) {
  for (const { name, label, input, limit } of fields) {
    const value = Number(input.value);
    if (!Number.isInteger(value) || value < 1 || value > limit()) {
      input.setAttribute("aria-invalid", "true");
      say(`${label} = ${input.value || "nothing"}: a whole number from 1 to ${limit()} is needed. `
        + "The picture still shows the last shape.");
      return;
    }
    input.removeAttribute("aria-invalid");
    model.set(name, value);
  }
  say("");
  model.set("cycle", Math.min(model.get("cycle"), waveOf(model).total - 1));
  model.save_changes();
}

// Calls `tick(elapsed seconds)` on each frame while it runs.
function makeClock(tick) {
  let frame = 0;
  let last = 0;
  const step = (now) => {
    frame = requestAnimationFrame(step);
    tick((now - last) / 1000);
    last = now;
  };
  return {
    get running() { return frame !== 0; },
    start() {
      last = performance.now();
      frame = requestAnimationFrame(step);
    },
    stop() {
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}

const button = (text, label) =>
  el("button", { type: "button", textContent: text, attrs: label ? { "aria-label": label } : {} });

function makeParts(model) {
  const machine = model.get("machine");
  const fields = [
    numberField(model, "k", "K", () => model.get("rows")),
    numberField(model, "m", "M", () => model.get("columns")),
    numberField(model, "n", "N", () => machine.max_n),
    numberField(model, "matmuls", "Matmuls", () => machine.max_matmuls),
  ];
  const speed = el("select", {},
    ...SPEEDS.map((value) => el("option", { value, textContent: `${value} cycles/s` })));
  return {
    fields,
    title: el("h3", { className: "pe-title" }),
    presets: el("div", { className: "pe-presets", attrs: { role: "group",
      "aria-label": "Examples" } }),
    array: makeArrayCanvas(),
    lens: makeLens(),
    results: makeResults(),
    lanes: makeLanes(),
    counters: el("dl", { className: "pe-counters" }),
    caption: el("p", { className: "pe-caption" }),
    why: el("p", { className: "pe-why" }),
    problem: el("p", { className: "pe-problem", attrs: { role: "alert" } }),
    live: el("p", { className: "pe-live", attrs: { role: "status" } }),
    scrub: el("input", { type: "range", min: 0, step: 1, className: "pe-scrub",
      attrs: { "aria-label": "Cycle" } }),
    play: button("Play"),
    back: button("Back", "Step back one cycle"),
    step: button("Step", "Step one cycle"),
    next: button("Next event"),
    start: button("Start", "Start: the first cycle"),
    speed,
    speedField: el("label", { className: "pe-field" }, "Speed", speed),
  };
}

function legend() {
  const entries = [
    ["empty", "waits for weights"], ["loading", "weights shift in"], ["held", "holds its weight"],
    ["even", "multiplies and adds"], ["odd", "the same, next matmul"],
    ["passing", "passes sums on"], ["unused", "not used"],
  ];
  return el("ul", { className: "pe-legend" }, ...entries.map(([state, words]) =>
    el("li", {}, el("span", { className: `pe-key pe-${state}`, attrs: { "aria-hidden": "true" } }),
      words)));
}

function assemble(model, parts) {
  const machine = model.get("machine");
  const figure = el("figure", { className: "pe-figure" },
    el("p", { className: "pe-axis", textContent: "rows: K, the partitions · columns: M" }),
    parts.array.canvas,
    el("p", { className: "pe-axis",
      textContent: "left: what SBUF has still to send · below: results in PSUM · the numbers "
        + "beside belong to the small frame: click or use the arrow keys to move it" }));
  const side = el("div", { className: "pe-side" }, parts.counters,
    el("div", { className: "pe-tables" }, parts.lens.grid, parts.results.table));
  behind(parts.lens.grid, parts.array.canvas);
  const names = el("div", { className: "pe-lane-names", attrs: { "aria-hidden": "true" } },
    el("span", { textContent: "LoadStationary" }), el("span", { textContent: "MultiplyMoving" }));
  const transport = el("div", { className: "pe-row", attrs: { role: "group",
    "aria-label": "Transport" } },
    parts.play, parts.back, parts.step, parts.next, parts.start, parts.speedField);
  const shape = el("div", { className: "pe-row", attrs: { role: "group",
    "aria-label": "Shape of the matmul" } }, ...parts.fields.map(({ field }) => field));
  const body = el("div", { className: "pe-body" },
    el("div", { className: "pe-head" }, parts.title, parts.presets),
    el("div", { className: "pe-stage" }, figure, side),
    el("div", { className: "pe-time" }, names,
      el("div", { className: "pe-axis-time" }, parts.lanes.svg, parts.scrub)),
    el("div", { className: "pe-controls" }, transport, shape),
    parts.problem, parts.caption, parts.why, legend(), parts.live,
    el("p", { className: "pe-note", textContent: machine.note }));
  return el("section", { className: "pe",
    attrs: { "aria-label": "The systolic array", "data-lm-suppress-shortcuts": "true" } }, body);
}

function render({ model, el: root }) {
  const parts = makeParts(model);
  const section = assemble(model, parts);
  const tools = toolsOf(model, root);
  section.querySelector(".pe-body").append(tools.element);
  root.replaceChildren(section);
  let inks;
  let wave = waveOf(model);
  let exact = model.get("cycle"); // the cycle with its fraction, while playing
  let sent = 0;

  const machine = model.get("machine");
  const values = operands(model);
  const clock = makeClock(advance);

  function say(text) { parts.problem.textContent = text; }

  function fit() {
    inks = readInks(section); // the theme is known once the widget is on the page
    const width = section.clientWidth;
    const share = width > WIDE ? 0.42 : 0.95;
    parts.array.fit(wave, width * share, Math.max(window.innerHeight * 0.6, 300));
    draw();
  }

  function reshape() {
    wave = waveOf(model);
    parts.lanes.shape(wave);
    parts.scrub.max = wave.total - 1;
    for (const field of parts.fields) field.sync();
    const size = `${wave.rows} × ${wave.columns}`;
    parts.title.textContent = model.get("label")
      || (wave.rows === machine.rows ? `The ${size} array` : `${size}, to check by hand`);
    parts.why.textContent = `${waste(wave, machine)} ${background(wave)}`;
    fit();
  }

  function draw() {
    const cycle = Math.min(model.get("cycle"), wave.total - 1);
    const lens = lensOf(model, wave);
    parts.array.draw(wave, cycle, lens, inks);
    parts.lens.draw(wave, values, lens, cycle);
    parts.results.draw(wave, values, lens, cycle);
    parts.lanes.draw(wave, cycle);
    parts.scrub.value = cycle;
    parts.scrub.setAttribute("aria-valuetext", `cycle ${cycle}`);
    drawCounters(cycle);
    const sentence = phase(wave, cycle);
    parts.caption.textContent = sentence;
    if (!clock.running) parts.live.textContent = spoken(cycle, sentence);
    section.dataset.cycle = cycle;
    section.dataset.active = wave.active(cycle);
    parts.array.canvas.setAttribute("aria-label", spoken(cycle, sentence));
    parts.play.textContent = clock.running ? "Pause" : "Play";
  }

  function spoken(cycle, sentence) {
    return `Cycle ${cycle}: ${sentence} ${plural(wave.active(cycle), "active element")}.`;
  }

  function drawCounters(cycle) {
    parts.counters.replaceChildren(...counters(wave, cycle, machine).map(([name, value, remark]) =>
      el("div", {}, el("dt", { textContent: name }), el("dd", { textContent: value }),
        el("dd", { className: "pe-remark", textContent: remark }))));
  }

  function go(cycle) {
    exact = Math.min(Math.max(cycle, 0), wave.total - 1);
    model.set("cycle", Math.floor(exact));
    if (!clock.running || performance.now() - sent > 200) {
      sent = performance.now();
      model.save_changes();
    }
  }

  function advance(seconds) {
    go(exact + Math.min(seconds, 0.25) * model.get("speed"));
    if (exact >= wave.total - 1) pause();
  }

  function pause() {
    clock.stop();
    model.save_changes();
    draw();
  }

  // With reduced motion, Play moves to the next event instead of moving continuously.
  function toggle() {
    if (clock.running) return pause();
    if (reducedMotion()) return nextEvent();
    if (model.get("cycle") >= wave.total - 1) go(0);
    exact = model.get("cycle");
    clock.start();
    parts.play.textContent = "Pause";
  }

  function jump(cycle) {
    if (clock.running) clock.stop();
    go(cycle);
    draw();
  }

  function nextEvent() {
    const now = model.get("cycle");
    const next = events(wave).find(([cycle]) => cycle > now);
    jump(next ? next[0] : wave.total - 1);
    if (next) parts.live.textContent = `Cycle ${next[0]}: ${next[1]}.`;
    if (next) parts.caption.textContent = `${phase(wave, next[0])} Event: ${next[1]}.`;
  }

  function moveLens(row, column) {
    const limit = (at, size, all) => Math.min(Math.max(at, 0), all - size);
    const lens = lensOf(model, wave);
    model.set("lens", [limit(row, lens.rows, wave.rows),
      limit(column, lens.columns, wave.columns)]);
    model.save_changes();
  }

  const keys = {
    " ": toggle,
    ArrowRight: () => jump(model.get("cycle") + 1),
    ArrowLeft: () => jump(model.get("cycle") - 1),
    Home: () => jump(0),
    End: () => jump(wave.total - 1),
    n: nextEvent,
  };

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onCanvas = event.target === parts.array.canvas;
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (onCanvas && arrows[event.key]) {
      const lens = lensOf(model, wave);
      const [row, column] = arrows[event.key];
      moveLens(lens.row + row, lens.column + column);
    } else if (!event.target.matches("input, select") && keys[event.key]) {
      if (event.key === " " && event.target.matches("button")) return;
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  parts.play.addEventListener("click", toggle);
  parts.step.addEventListener("click", () => jump(model.get("cycle") + 1));
  parts.back.addEventListener("click", () => jump(model.get("cycle") - 1));
  parts.start.addEventListener("click", () => jump(0));
  parts.next.addEventListener("click", nextEvent);
  parts.scrub.addEventListener("input", () => jump(Number(parts.scrub.value)));
  parts.speed.value = model.get("speed");
  parts.speed.addEventListener("change", () => {
    model.set("speed", Number(parts.speed.value));
    model.save_changes();
  });
  for (const { input } of parts.fields) {
    input.addEventListener("change", () => readShape(parts.fields, model, say));
  }
  for (const preset of model.get("presets")) {
    const choose = button(preset.label);
    choose.addEventListener("click", () => {
      clock.stop();
      say("");
      for (const [name, value] of Object.entries(preset.state)) model.set(name, value);
      model.save_changes();
      parts.speed.value = model.get("speed");
    });
    parts.presets.append(choose);
  }
  parts.array.canvas.tabIndex = 0;
  parts.array.canvas.setAttribute("role", "img");
  parts.array.canvas.addEventListener("click", (event) => {
    const at = parts.array.at(event, wave);
    if (at) moveLens(at.row - 1, at.column - 1);
  });
  section.addEventListener("keydown", onKey);

  const reshaped = ["rows", "columns", "label", ...SHAPE].map((name) => `change:${name}`).join(" ");
  const redrawn = "change:cycle change:lens change:stationary change:moving";
  model.on(reshaped, reshape);
  model.on(redrawn, draw);
  const resize = new ResizeObserver(fit);
  resize.observe(section);
  const unwatch = watchTheme(fit);
  reshape();

  return () => {
    tools.stop();
    clock.stop();
    resize.disconnect();
    unwatch();
    model.off(reshaped, reshape);
    model.off(redrawn, draw);
  };
}

export default { render };
