// Bars of time for each part, and a roofline on two logarithmic axes. Python sends every number.

const NS = "http://www.w3.org/2000/svg";
const PLOT = { width: 520, height: 300, left: 72, right: 24, top: 18, bottom: 52 };
const X_DECADES = [0, 4]; // FLOP per byte: 1 to 10^4
const Y_DECADES = [11, 15]; // FLOP per second: 10^11 to 10^15
const MOST_TYPED = 1e9; // a larger number is refused as this one

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  const { attrs, ...own } = props;
  Object.assign(node, own);
  for (const [name, value] of Object.entries(attrs ?? {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function svg(tag, attrs = {}, words = "") {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.textContent = words;
  return node;
}

// Controls.

function bound(model, name, control, read) {
  control.addEventListener("change", () => {
    model.set(name, read(control.value));
    model.save_changes();
  });
  const sync = () => { control.value = model.get(name); };
  model.on(`change:${name}`, sync);
  sync();
  return control;
}

const choice = (model, name, entries, read = String) => bound(model, name, el("select", {},
  ...entries.map(([value, words]) => el("option", { value, textContent: words }))), read);

const clamped = (value) => Math.max(-MOST_TYPED, Math.min(MOST_TYPED, value));
const whole = (model, name) => bound(model, name,
  el("input", { type: "number", min: 1, step: 1 }), (text) => clamped(Number(text)));

const field = (words, control) => el("label", { className: "bl-field" }, words, control);

function controls(model) {
  const { chip, dtype, counts } = model.get("options");
  const times = (words) => counts.map((count) => [count, `${count} ${words}`]);
  return el("div", { className: "bl-controls" },
    field("Chip", choice(model, "chip", chip)),
    field("Type", choice(model, "dtype", dtype)),
    field("K", whole(model, "k")), field("M", whole(model, "m")), field("N", whole(model, "n")),
    field("A loaded tile is used", choice(model, "uses", times("×"), Number)),
    field("Matmuls added up in PSUM", choice(model, "k_tiles", times(""), Number)));
}

// Bars.

function bars(result) {
  const longest = Math.max(...result.bars.map((bar) => bar.time_s));
  return el("ul", { className: "bl-bars" }, ...result.bars.map((bar) => {
    const fill = el("span", { className: "bl-fill", attrs: { "data-part": bar.part } });
    fill.style.cssText = `width: ${(100 * bar.time_s) / longest}%; --part: var(--trn-${bar.part})`;
    const kind = bar.slowest ? "bl-slowest" : "";
    const work = bar.slowest ? `${bar.work}, slowest` : bar.work;
    return el("li", { className: kind, attrs: { "data-part": bar.part } },
      el("span", { className: "bl-name", textContent: bar.label }),
      el("span", { className: "bl-track", attrs: { "aria-hidden": "true" } }, fill),
      el("span", { className: "bl-time", textContent: bar.time }),
      el("span", { className: "bl-work", textContent: work }));
  }));
}

// Roofline.

const inside = (value, [low, high]) => Math.min(Math.max(value, low), high);
const xAt = (intensity) => {
  const share = (Math.log10(intensity) - X_DECADES[0]) / (X_DECADES[1] - X_DECADES[0]);
  return PLOT.left + inside(share, [0, 1]) * (PLOT.width - PLOT.left - PLOT.right);
};
const yAt = (rate) => {
  const share = (Math.log10(rate) - Y_DECADES[0]) / (Y_DECADES[1] - Y_DECADES[0]);
  return PLOT.height - PLOT.bottom - inside(share, [0, 1])
    * (PLOT.height - PLOT.top - PLOT.bottom);
};

function axes() {
  const nodes = [];
  const bottom = PLOT.height - PLOT.bottom;
  for (let d = X_DECADES[0]; d <= X_DECADES[1]; d++) {
    const x = xAt(10 ** d);
    nodes.push(svg("line", { class: "bl-grid", x1: x, x2: x, y1: PLOT.top, y2: bottom }),
      svg("text", { class: "bl-tick", x, y: bottom + 20, "text-anchor": "middle" },
        (10 ** d).toLocaleString("en-US")));
  }
  for (let d = Y_DECADES[0]; d <= Y_DECADES[1]; d++) {
    const y = yAt(10 ** d);
    const words = `${(10 ** (d - 12)).toLocaleString("en-US")} T`;
    nodes.push(svg("line", { class: "bl-grid", x1: PLOT.left, x2: PLOT.width - PLOT.right,
      y1: y, y2: y }),
      svg("text", { class: "bl-tick", x: PLOT.left - 7, y: y + 4, "text-anchor": "end" }, words));
  }
  nodes.push(svg("text", { class: "bl-tick", x: (PLOT.left + PLOT.width) / 2, y: PLOT.height - 8,
    "text-anchor": "middle" }, "FLOP per byte from HBM (logarithmic)"),
    svg("text", { class: "bl-tick", "text-anchor": "middle",
      transform: `translate(16 ${(PLOT.top + bottom) / 2}) rotate(-90)` }, "FLOP/s (logarithmic)"));
  return nodes;
}

// The slope of a memory up to its knee with the flat roof.
function slope(roof, peak) {
  const low = Math.max(10 ** X_DECADES[0], 10 ** Y_DECADES[0] / roof.bytes_per_s);
  const high = peak / roof.bytes_per_s;
  return svg("line", { class: `bl-roof bl-${roof.part}`, x1: xAt(low),
    y1: yAt(low * roof.bytes_per_s), x2: xAt(high), y2: yAt(peak) });
}

function roofline(result) {
  const peak = result.peak_flops_per_s;
  const first = Math.min(...result.roofs.map((roof) => roof.knee));
  const x = xAt(result.intensity);
  const y = yAt(result.flops_per_s);
  const root = svg("svg", { class: "bl-plot", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
    role: "img", "aria-label": `Roofline: ${result.work} ${result.sentence}` });
  root.append(...axes(),
    svg("line", { class: "bl-roof bl-tensor", x1: xAt(first), x2: xAt(10 ** X_DECADES[1]),
      y1: yAt(peak), y2: yAt(peak) }),
    ...result.roofs.map((roof) => slope(roof, peak)),
    svg("text", { class: "bl-label", x: xAt(10 ** X_DECADES[1]) - 4, y: yAt(peak) - 8,
      "text-anchor": "end" }, `Tensor engine ${result.peak}`),
    svg("line", { class: "bl-drop", x1: x, x2: x, y1: y, y2: PLOT.height - PLOT.bottom }),
    svg("circle", { class: "bl-point", cx: x, cy: y, r: 7 }),
    svg("text", { class: "bl-label", x: x + 12, y: y + 18 }, result.rate));
  return root;
}

function roofKey(result) {
  return el("ul", { className: "bl-key" }, ...result.roofs.map((roof) => el("li", {},
    el("span", { className: `bl-swatch bl-${roof.part}`, attrs: { "aria-hidden": "true" } }),
    `${roof.label}: ${roof.rate}, knee at `
      + `${roof.knee.toLocaleString("en-US", { maximumFractionDigits: 0 })} FLOP per byte`)));
}

// What both pictures show, to read and to save.

function table(caption, head, rows) {
  const cells = (tag, texts) => texts.map((textContent) => el(tag, { textContent }));
  return el("table", { className: "bl-table" }, el("caption", { textContent: caption }),
    el("thead", {}, el("tr", {}, ...cells("th", head))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells("td", row)))));
}

function tables(result) {
  const rounded = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return [
    table("Time for one nc_matmul", ["Part", "Work", "Time"],
      result.bars.map((bar) => [bar.label, bar.work, bar.time])),
    table("Roofs and the product", ["Roof", "Rate", "FLOP per byte"], [
      ["Tensor engine", result.peak, ""],
      ...result.roofs.map((roof) => [`${roof.label}, knee`, roof.rate, rounded(roof.knee)]),
      ["This product", result.rate, rounded(result.intensity)]]),
  ];
}

function render({ model, el: root }) {
  const problem = el("p", { className: "bl-problem", attrs: { role: "alert" } });
  const sentence = el("p", { className: "bl-sentence", attrs: { role: "status" } });
  const work = el("p", { className: "bl-small" });
  const times = el("div");
  const plot = el("div");
  const listed = el("div", { className: "bl-tables" });
  const tools = toolsOf(model, root);
  root.replaceChildren(el("div", { className: "bl-outer" },
    el("section", { className: "bl", attrs: { "aria-label": "Balance calculator" } },
      controls(model), problem, el("div", { className: "bl-main" },
        el("div", {}, el("p", { className: "bl-small",
          textContent: "Time for one nc_matmul, each part alone at its ceiling" }),
        times, sentence, work), plot),
      el("details", { className: "bl-fold" },
        el("summary", { textContent: "The same as tables" }), listed), tools.element)));

  const draw = () => {
    const result = model.get("result");
    problem.textContent = model.get("problem");
    times.replaceChildren(bars(result));
    plot.replaceChildren(roofline(result), roofKey(result));
    behind(listed, plot.firstElementChild);
    listed.replaceChildren(...tables(result));
    sentence.textContent = result.sentence;
    work.textContent = result.work;
  };
  const resize = new ResizeObserver(() => {
    if (!plot.clientWidth || plot.clientWidth === PLOT.width) return;
    PLOT.width = plot.clientWidth;
    PLOT.height = Math.min(Math.max(0.55 * PLOT.width, 260), 420);
    draw();
  });
  resize.observe(plot);
  draw();
  model.on("change:result change:problem", draw);
  return () => {
    tools.stop();
    resize.disconnect();
    model.off("change:result change:problem", draw);
  };
}

export default { render };
