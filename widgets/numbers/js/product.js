// A product in six formats: error against time against bytes, the work of each engine, other sizes.

const FORMAT_MARKS = { bf16: "BF", fp8: "F8", "mxfp8-core": "M8*", mxfp8: "M8", "mxfp4-core": "M4*",
  mxfp4: "M4" };
const LABELS = { bf16: [0, 1.2, "middle"], fp8: [1, 0, "start"], "mxfp8-core": [0, -1.1, "middle"],
  mxfp8: [-1, 0, "end"], "mxfp4-core": [0, 1.2, "middle"], mxfp4: [-1, 0, "end"] };
const PATTERNS = ["solid", "rise", "fall", "rows"];

function productView(app) {
  const { fixed } = app;
  const words = h("p", { class: "sentence", "aria-live": "polite" });
  const body = h("tbody", {});
  const table = h("table", { class: "storages", "aria-label": "Formats" },
    h("thead", {}, h("tr", {},
    ...["", "Format", "Time", "Faster", "TensorE", "SQNR", "Moved"].map((text) =>
      h("th", { scope: "col" }, text)))), body);
  const tradeoff = picture(250, "");
  const works = h("div", { class: "works" });
  const worksTitle = h("figcaption", {});
  const sweep = picture(230, "");
  const honest = h("p", { class: "quiet" });
  const causes = h("p", { class: "quiet" });
  const rows = new Map();
  const others = app.fold("Times faster than BF16", ["format", "M", "times"], () => {
    const { sizes: ms = [], lines = [] } = app.more;
    return lines.flatMap(([, label_, values]) => values.map((value, i) => [label_, ms[i],
      value.toFixed(3)]));
  });
  const engines = app.fold("What each engine does", ["engine", "for", "µs"], () =>
    app.scene.work.flatMap(({ title, parts }) => parts.map(([name, us]) =>
      [title, name, us.toFixed(3)])));
  const sizes = Object.entries(fixed.sizes)
    .map(([name, entries]) => chooser(app, name, name, entries));

  behind(table, tradeoff);
  behind(others.table, sweep);

  function rowOf(point) {
    const pick = h("input", { type: "radio", name: "nu-variant", value: point.name,
      "aria-label": point.label, onchange: () => app.change({ chosen: point.name }) });
    const cell = () => h("td", { class: "figure" });
    const cells = { us: cell(), speedup: cell(), tensor: cell(), db: cell(), bytes: cell() };
    return { pick, cells, element: h("tr", { "data-variant": point.name },
      h("td", {}, h("label", {}, pick, " ", h("b", { class: "figure" }, FORMAT_MARKS[point.name]))),
      h("th", { scope: "row" }, point.label, h("span", { class: "quiet block" }, point.note)),
      ...Object.values(cells)) };
  }

  return {
    controls: [...sizes, chooser(app, "interleave", "Who interleaves", fixed.interleave, "wide"),
      chooser(app, "data", "Values", fixed.data, "wide")],
    body: h("div", { class: "panel" }, words, honest,
      h("div", { class: "product-body" }, h("div", { class: "scroll" }, table),
        h("figure", {}, h("figcaption", {}, "Error against time; the area of a mark is its bytes"),
          tradeoff)),
      h("div", { class: "product-body" },
        h("figure", {}, worksTitle, works, causes, engines.element),
        h("figure", {}, h("figcaption", {},
          "When does the fourfold rate survive? Times faster than BF16"),
          sweep, others.element))),
    draw(scene) {
      const { more } = app;
      const now = more.id === scene.id ? more : null;
      say(words, scene.words);
      const range = now?.range_us ? ` With every assumed constant at its fast or slow end: ${
        time(now.range_us[0])} to ${time(now.range_us[1])}.` : "";
      honest.replaceChildren(h("span", { class: "badge" }, fixed.honesty.badge),
        ` ${scene.label}: ${time(scene.total_us)}.${range} ${fixed.honesty.why}`);
      for (const point of scene.points) {
        if (!rows.has(point.name)) {
          rows.set(point.name, rowOf(point));
          body.append(rows.get(point.name).element);
        }
        const { pick, cells, element } = rows.get(point.name);
        pick.checked = point.name === app.params().chosen;
        element.classList.toggle("chosen", pick.checked);
        say(cells.us, time(point.us));
        say(cells.speedup, ratio(point.speedup));
        say(cells.tensor, ratio(point.tensor_speedup));
        say(cells.db, point.error);
        say(cells.bytes, bytes(point.bytes));
      }
      drawTradeoff(tradeoff, scene);
      say(worksTitle, `What each engine does in ${scene.label}`);
      drawWorks(works, scene);
      causes.replaceChildren(...(now ? now.causes.map(([text, us]) =>
        h("span", { class: "block" }, `${text} Without it: ${time(us)} less.`)) : []));
      drawSweep(sweep, now, Number(app.params().M), app.theme.em, app.fixed.tile);
      engines.draw();
      others.draw();
    },
  };
}

const ratio = (value) => `${value >= 0.095 ? value.toFixed(2) : value.toFixed(3)}×`;

function logTicks(low, high) {
  const ticks = [];
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10) {
    ticks.push(...[1, 2, 5].map((part) => decade * part));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function drawTradeoff(svg, { points, chosen }) {
  const [left, bottom, right] = [44, 206, svg.pixels() - 16];
  const times = points.map(({ us }) => us);
  const [low, high] = [Math.min(...times) * 0.8, Math.max(...times) * 1.35];
  const log = linear([Math.log(low), Math.log(high)], [left, right]);
  const x = (us) => log(Math.log(us));
  const y = linear([0, 60], [bottom, 14]);
  const marks = [];
  for (const us of logTicks(low, high)) {
    marks.push(line(x(us), 14, x(us), bottom, "grid"), label(x(us), bottom + 18,
      String(Number(us.toPrecision(2))), "small"));
  }
  for (let db = 0; db <= 60; db += 20) {
    marks.push(line(left, y(db), right, y(db), "grid"), label(left - 6, y(db) + 4, String(db),
      "small", "end"));
  }
  marks.push(label((left + right) / 2, bottom + 38, "time in µs (log), predicted", "small"),
    h("text", { class: "small", transform: `translate(12 ${(bottom + 14) / 2}) rotate(-90)`,
      "text-anchor": "middle" }, "SQNR in dB"));
  const most = Math.max(...points.map((point) => point.bytes));
  for (const point of [...points].sort((a, b) => b.bytes - a.bytes)) {
    const size = 5 + 13 * Math.sqrt(point.bytes / most);
    marks.push(h("circle", { cx: x(point.us), cy: y(point.db), r: size,
      class: point.name === chosen ? "dot chosen" : "dot" }));
  }
  for (const point of points) {
    const size = 9 + 13 * Math.sqrt(point.bytes / most);
    const [dx, dy, anchor] = LABELS[point.name];
    marks.push(label(x(point.us) + dx * size, y(point.db) + 5 + dy * size, FORMAT_MARKS[point.name],
      point.name === chosen ? "hit" : "", anchor));
  }
  svg.replaceChildren(...marks);
  svg.setAttribute("aria-label", points.map((point) =>
    `${point.label}: ${time(point.us)}, ${point.error}, ${bytes(point.bytes)}`).join("; "));
}

function drawWorks(root, { work, total_us: total }) {
  root.replaceChildren(...work.map(({ engine, title, parts }) => {
    const all = parts.reduce((sum, [, us]) => sum + us, 0);
    return h("div", { class: "work" }, h("span", {}, title),
      h("span", { class: "track" }, ...parts.map(([name, us], i) => {
        const piece = h("span", { class: "piece", title: `${name}: ${time(us)}` });
        piece.style.width = `${(100 * us) / Math.max(total, all)}%`;
        piece.style.background = `var(--trn-pattern-${PATTERNS[i % 4]}), var(--trn-${engine})`;
        return piece;
      })),
      h("span", { class: "quiet" }, parts.map(([name, us]) => `${name} ${time(us)}`).join(", ")));
  }), h("p", { class: "quiet" }, `A full bar is the whole run, ${time(total)}.`));
}

function drawSweep(svg, more, current, em, tile) {
  if (!more) {
    svg.replaceChildren(label(svg.pixels() / 2, 100, "Scheduling other sizes…", "small"));
    svg.setAttribute("aria-label", "Times faster than BF16; other sizes are being scheduled");
    return;
  }
  const [left, bottom, right] = [34, 186, svg.pixels() - 11.5 * em];
  const { sizes, lines } = more;
  const ends = [Math.log2(sizes[0]), Math.log2(sizes[sizes.length - 1])];
  const x = linear(ends, [left + 14, right - 6]);
  const y = linear([0, 4.3], [bottom, 8]);
  const marks = [];
  for (let times = 0; times <= 4; times += 1) {
    marks.push(line(left, y(times), right, y(times), times === 4 ? "edge" : "grid"),
      label(left - 6, y(times) + 4, `${times}×`, "small", "end"));
  }
  for (const m of sizes) {
    marks.push(line(x(Math.log2(m)), bottom, x(Math.log2(m)), bottom + 5, "tick"),
      label(x(Math.log2(m)), bottom + 20, String(m), m === current ? "hit" : "small"));
  }
  marks.push(label(0, bottom + 40, `M; a quantized tile is used M / ${tile} times`,
    "small", "start"),
    label(right + 8, y(4) + 4, "TensorE in MX", "small", "start"));
  let below = -Infinity;
  const last = ([, , values]) => values[values.length - 1];
  [...lines].sort((a, b) => last(b) - last(a)).forEach(([, words, values], i) => {
    const dash = ["", "7 4", "2 3"][i];
    const places = values.map((value, j) => `${x(Math.log2(sizes[j]))},${y(Math.min(4.3, value))}`);
    marks.push(h("path", { class: "curve", d: `M${places.join(" L")}`, "stroke-dasharray": dash }),
      ...values.map((value, j) => h("circle", { class: "knot", cx: x(Math.log2(sizes[j])),
        cy: y(Math.min(4.3, value)), r: 3 })));
    below = Math.max(below + 16, y(Math.min(4.3, values[values.length - 1])) + 4);
    marks.push(label(right + 8, below, words, "", "start"));
  });
  svg.replaceChildren(...marks);
  svg.setAttribute("aria-label",
    `Times faster than BF16 for M of ${sizes.join(", ")}: ${lines.map(([, words, values]) =>
    `${words} ${values.map(ratio).join(", ")}`).join("; ")}.`);
}

export default { render: ({ model, el }) => startPart(model, el, productView) };
