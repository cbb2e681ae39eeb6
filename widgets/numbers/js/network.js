// A format for each layer: accuracy and loss beside time and memory, and a search for the best mix.

function networkView(app) {
  const { fixed } = app;
  const words = h("p", { class: "sentence", "aria-live": "polite" });
  const honest = h("p", { class: "quiet" }, h("span", { class: "badge" }, fixed.honesty.badge),
    ` Accuracy and loss are computed, number by number; times are predicted. ${fixed.honesty.why}`);
  const layerRows = h("tbody", {});
  const uniformRows = h("tbody", {});
  const head = (...names) => h("thead", {}, h("tr", {},
    ...names.map((name) => h("th", { scope: "col" }, name))));
  const plot = picture(260, "");
  const progress = progressView("Runs of the search", () => app.ask({ kind: "stop" }));
  const status = h("p", { class: "quiet", role: "status" });
  const best = h("p", { class: "found" });
  const start = h("button", { type: "button", "data-act": "search",
    onclick: () => app.ask({ kind: "search" }) },
    "Search");
  const take = h("button", { type: "button", "data-act": "take", onclick: () =>
    app.change({ mix: app.more.search.best.mix }) }, "Use this mix");
  const budget = h("input", { type: "text", inputmode: "decimal", "data-name": "budget",
    onchange: () => app.change({ budget: budget.value.trim() }) });
  const network = h("select", { "data-name": "network", onchange: () =>
    app.change({ network: network.value, mix: [] }) },
  ...fixed.networks.map(([value, text]) => h("option", { value }, text)));
  const all = h("div", { class: "examples", role: "group",
    "aria-label": "All layers in one format" },
    h("span", { class: "quiet" }, "All in"), ...fixed.formats.map(([format, text]) =>
      h("button", { type: "button", "data-all": format, onclick: () =>
        app.change({ mix: app.scene.layers.map(() => format) }) }, text)));
  const labels = Object.fromEntries(fixed.formats);
  let rows = [];
  let shown = "";

  function rowOf(layer, i) {
    const select = h("select", { "data-layer": layer.name, "aria-label": `Format of ${layer.label}`,
      onchange: () => {
        const mix = [...(app.base().mix.length ? app.base().mix : app.scene.mix)];
        mix[i] = select.value;
        app.change({ mix });
      } }, ...fixed.formats.map(([value, text]) => h("option", { value }, text)));
    const alone = h("td", { class: "figure" });
    const fill = h("span", { class: "fill" });
    return { select, alone, fill, element: h("tr", {}, h("th", { scope: "row" }, layer.label),
      h("td", { class: "figure quiet" }, layer.shape.join(" × ")), h("td", {}, select), alone,
      h("td", { class: "bar" }, h("span", { class: "meter", "aria-hidden": "true" }, fill))) };
  }

  const numbers = (o) => [o.accuracy === undefined ? "" : percent(o.accuracy),
    o.loss.toFixed(4), time(o.us), bytes(o.weight_bytes), bytes(o.hbm_bytes)];
  const cellsOf = (o) => numbers(o).map((text) => h("td", { class: "figure" }, text));

  return {
    controls: [labelled("Network", network, "wide"), all],
    body: h("div", { class: "panel" }, words, honest,
      h("div", { class: "network-body" },
        h("div", {}, h("div", { class: "scroll" },
          h("table", { class: "layers", "aria-label": "Layers" },
          head("Layer", "Weights", "Format", "Loss if it alone were MXFP4", ""), layerRows)),
        h("div", { class: "scroll" }, h("table", { class: "outcomes", "aria-label": "Outcomes" },
          head("", "Right", "Loss", "Time", "Weights", "Moved"), uniformRows))),
        h("div", {}, h("h4", {}, "Search for the best mix"),
          h("div", { class: "controls" }, chooser(app, "cost", "Save", fixed.costs, "wide"),
            chooser(app, "measure", "May get worse by, in", fixed.measures, "wide"),
              labelled("at most", budget),
            h("div", { class: "history" }, start)),
          progress.element, status, plot, best, take))),
    draw(scene) {
      const params = app.params();
      const more = app.more.network === scene.network ? app.more : null;
      network.value = params.network;
      if (document.activeElement !== budget) budget.value = params.budget;
      say(words, scene.words);
      if (shown !== scene.network) {
        shown = scene.network;
        rows = scene.layers.map(rowOf);
        layerRows.replaceChildren(...rows.map((row) => row.element));
      }
      const mix = params.network === scene.network && params.mix.length ? params.mix : scene.mix;
      const losses = more ? Object.values(more.alone) : [];
      const worst = Math.max(1e-9, ...losses.map(Math.abs));
      rows.forEach((row, i) => {
        row.select.value = mix[i];
        const loss = more?.alone[scene.layers[i].name];
        say(row.alone, loss === undefined ? "…" : signedLoss(loss));
        row.fill.style.width = loss === undefined ? "0" : `${(100 * Math.max(0, loss)) / worst}%`;
      });
      uniformRows.replaceChildren(h("tr", { class: "chosen", "data-row": "mix" },
        h("th", { scope: "row" }, "this mix"), ...cellsOf(scene.outcome)),
      ...(more ? more.uniform : []).map((o) => h("tr", { "data-row": o.format },
        h("th", { scope: "row" }, `all ${labels[o.format]}`), ...cellsOf(o))));
      drawSearch(more?.search || {}, scene);
    },
  };

  function drawSearch(found, scene) {
    const running = Boolean(found.points) && !found.is_done;
    start.disabled = running;
    progress.draw(running ? (found.runs || 0) / (found.expected || 1) : null,
      `Run ${found.runs || 0} of at most ${found.expected || "…"}`);
    take.hidden = !found.best;
    best.hidden = !found.best;
    plot.toggleAttribute("hidden", !found.points?.length);
    if (!found.points?.length) {
      say(status, "Each mix that is tried is run on the modelled core, on every sample.");
      return;
    }
    const unit = found.measure === "loss" ? "nats" : "points";
    const costWords = (value) => (found.cost === "total_s" ? time(value * 1e6) : bytes(value));
    const end = found.is_stopped ? "Stopped after" : "Done:";
    say(status, running ? "" : `${end} ${plural(found.runs, "run")}.`);
    const groups = new Map();
    found.best.mix.forEach((format, i) => {
      groups.set(format, [...(groups.get(format) || []), scene.layers[i].label]);
    });
    say(best, `${running ? "Best so far" : "Best"}: ${costWords(found.best.cost)}, worse by ${
      brief(found.best.worse, 2)} ${unit}. ${[...groups].map(([format, layers]) =>
      `${labels[format]}: ${layers.length > 4 ? plural(layers.length, "layer")
        : layers.join("; ")}.`).join(" ")}`);
    drawRuns(plot, found, costWords, unit);
  }
}

const signedLoss = (loss) => `${loss < 0 ? "−" : "+"}${Math.abs(loss).toFixed(4)}`;

/** Every mix that was tried: what it costs, and how much worse it is than BF16. */
function drawRuns(svg, found, costWords, unit) {
  const [left, bottom, right] = [64, 206, svg.pixels() - 20];
  const costs = found.points.map(([cost]) => cost);
  const worse = found.points.map(([, value]) => value);
  const budget = found.measure === "accuracy" ? found.budget * 100 : found.budget;
  const x = linear([Math.min(...costs) * 0.97, Math.max(...costs) * 1.03], [left, right]);
  const [low, high] = [Math.min(0, ...worse), Math.max(budget * 1.5, ...worse)];
  const y = linear([low - (high - low) * 0.06, high + (high - low) * 0.06], [bottom, 12]);
  const marks = [box(left, y(budget), right - left, bottom - y(budget), "window"),
    line(left, y(budget), right, y(budget), "edge"), label(right, y(budget) - 6, "budget", "small",
      "end"),
    line(left, bottom, right, bottom, "rule"), line(left, y(0), right, y(0), "grid")];
  for (const value of [low, 0, budget, high]) {
    if (value === 0 || Math.abs(y(value) - y(0)) > 14) {
      marks.push(label(left - 6, y(value) + 4, brief(value, 2), "small", "end"));
    }
  }
  const ends = [Math.min(...costs), Math.max(...costs)];
  for (const cost of new Set(ends)) {
    marks.push(label(x(cost), bottom + 18, costWords(cost), "small"));
  }
  marks.push(label((left + right) / 2, bottom + 38,
    `worse than BF16 (up, ${unit}) against cost (right)`, "small"));
  found.points.forEach(([cost, value], i) => marks.push(h("circle", { cx: x(cost), cy: y(value),
    r: 5,
    class: i === found.points.length - 1 && !found.is_done ? "dot last" : "dot" })));
  marks.push(h("path", { class: "star",
    d: "M0,-11 L3,-3 L11,-3 L5,2 L7,10 L0,5 L-7,10 L-5,2 L-11,-3 L-3,-3 z",
    transform: `translate(${x(found.best.cost)} ${y(found.best.worse)})` }));
  svg.replaceChildren(...marks);
  svg.setAttribute("aria-label", `${found.points.length} mixes tried. The best, a star, costs ${
    costWords(found.best.cost)} and is worse by ${brief(found.best.worse, 2)} ${unit}.`);
}

export default { render: ({ model, el }) => startPart(model, el, networkView) };
