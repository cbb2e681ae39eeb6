// A matrix in every format: SQNR as bars, the sizes of values and errors, and maps of both.

const MAX_DB = 70; // end of the bars

function matrixView(app) {
  const file = h("input", { type: "file", accept: ".npy,.csv,.txt",
    "aria-label": "A .npy or .csv file",
    onchange: () => upload(file.files[0]) });
  const words = h("p", { class: "sentence", "aria-live": "polite" });
  const about = h("p", { class: "quiet" });
  const body = h("tbody", {});
  const table = h("table", { class: "storages", "aria-label": "Ways to store it" },
    h("thead", {}, h("tr", {},
    ...["Format", "Scale for each", "Bits", "SQNR, matrix", "", "SQNR, product", ""].map((text) =>
      h("th", { scope: "col" }, text)))), body);
  const histogram = picture(180, "");
  const valueMap = h("canvas", { class: "heat", role: "img" });
  const errorMap = h("canvas", { class: "heat", role: "img" });
  const scale = h("p", { class: "quiet" });
  const rows = new Map();
  const sizes = app.fold("How many of each size", ["from", "to", "values", "errors"], () => {
    const { first, last, values, errors } = app.scene.histogram;
    const edge = (i) => `2^${Number((first + (i * (last - first)) / values.length).toFixed(2))}`;
    return values.map((n, i) => [edge(i), edge(i + 1), n, errors[i]])
      .filter(([, , n, wrong]) => n || wrong);
  });
  const cells = app.fold("The maps", ["rows from", "K from", "largest value at most",
    "largest error at most"], () => cellsOf(app));

  behind(sizes.table, histogram);
  behind(cells.table, valueMap, errorMap);
  for (const map of [valueMap, errorMap]) {
    tipOver(map, (x, y) => {
      const { maps, shape } = app.scene;
      const row = Math.floor((y * maps.rows) / map.clientHeight);
      const column = Math.floor((x * maps.columns) / map.clientWidth);
      const [from, k, value, error] = cellOf(app, row * maps.columns + column);
      return shape ? `rows from ${from}, K from ${k}: value at most ${value}, error at most ${
        error}` : "";
    });
  }

  async function upload(chosen) {
    file.value = "";
    if (!chosen) return;
    if (chosen.size > app.fixed.max_bytes) {
      app.refuse(`${chosen.name} has ${count(chosen.size)} bytes, and at most ${
        count(app.fixed.max_bytes)} are read here: take a part of it. `
        + "What is shown is the last that worked.");
      return;
    }
    app.ask({ kind: "file", name: chosen.name }, [await chosen.arrayBuffer()]);
  }

  function rowOf(entry) {
    const pick = h("input", { type: "radio", name: "nu-storage", value: entry.name,
      onchange: () => app.change({ format: entry.name }) });
    const cells = { bits: h("td", { class: "figure" }), db: h("td", { class: "figure" }),
      product: h("td", { class: "figure" }) };
    const meter = () => h("span", { class: "fill" });
    const bars = [meter(), meter()];
    const bar = (fill) => h("td", { class: "bar" },
      h("span", { class: "meter", "aria-hidden": "true" }, fill));
    return { pick, cells, bars, element: h("tr", { "data-storage": entry.name },
      h("th", { scope: "row" }, h("label", {}, pick, " ", entry.element)),
      h("td", { class: "quiet" }, entry.sharing), cells.bits, cells.db,
      bar(bars[0]), cells.product, bar(bars[1])) };
  }

  return {
    controls: [chooser(app, "data", "Matrix", app.fixed.data, "wide"),
      chooser(app, "tame", "Before rounding", app.fixed.tames),
      labelled("Or your own, .npy or .csv", file, "wide")],
    body: h("div", { class: "panel" }, words, about, h("div", { class: "matrix-body" },
      h("div", { class: "scroll" }, table,
        h("p", { class: "quiet" }, "* A baseline: TensorE multiplies no integers.")),
      h("div", { class: "pictures" },
        h("figure", {}, h("figcaption", { class: "quiet" },
          "How many values (outline) and errors (filled) there are of each size"), histogram),
        h("div", { class: "maps" },
          h("figure", {}, h("figcaption", { class: "quiet" }, "Values, K to the right"), valueMap),
          h("figure", {}, h("figcaption", { class: "quiet" }, "Errors, same shades"), errorMap)),
            scale, sizes.element, cells.element))),
    draw(scene) {
      say(words, scene.summary);
      say(about, `${scene.words} ${scene.shape[0]} × ${scene.shape[1]}; the largest is ${
        scene.spread} times the root mean square. In ${scene.label}, ${scene.vanished} become 0.`);
      const chosen = app.params().format;
      for (const entry of scene.rows) {
        if (!rows.has(entry.name)) {
          rows.set(entry.name, rowOf(entry));
          body.append(rows.get(entry.name).element);
        }
        const row = rows.get(entry.name);
        row.pick.checked = entry.name === chosen;
        row.element.classList.toggle("chosen", entry.name === chosen);
        say(row.cells.bits, String(Number(entry.bits.toPrecision(4))));
        say(row.cells.db, entry.words);
        say(row.cells.product, entry.product_words);
        [entry.db, entry.product_db].forEach((db, i) => {
          const share = db === null ? (row.cells.db.textContent === "exact" ? 1 : 0) : db / MAX_DB;
          row.bars[i].style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
        });
      }
      drawHistogram(histogram, scene);
      drawHeat(valueMap, scene.maps, "values", app);
      drawHeat(errorMap, scene.maps, "errors", app);
      say(scale, `Shades: ${app.fixed.decades} decades, down from the largest value, ${
        brief(scene.maps.top)}. Each cell shows its largest.`);
      sizes.draw();
      cells.draw();
    },
  };
}

/** A cell of both maps: its first row and column, and what its shades stand for. */
function cellOf({ fixed, scene: { maps, shape } }, i) {
  const size = (digit) => {
    const shade = parseInt(digit, 16);
    return shade ? brief(maps.top * 10 ** (fixed.decades * (shade / (fixed.shades - 1) - 1))) : 0;
  };
  const from = (at, cells, all) => Math.floor((at * all) / cells);
  return [from(Math.floor(i / maps.columns), maps.rows, shape[0]),
    from(i % maps.columns, maps.columns, shape[1]), size(maps.values[i]), size(maps.errors[i])];
}

/** The cells of both maps, those with the largest errors first. */
function cellsOf(app) {
  const { errors } = app.scene.maps;
  return [...errors].map((_, i) => i)
    .sort((a, b) => parseInt(errors[b], 16) - parseInt(errors[a], 16) || a - b)
    .map((i) => cellOf(app, i));
}

function drawHistogram(svg, { histogram: found, label: name, vanished }) {
  const width = svg.pixels();
  const bottom = 150;
  const most = Math.max(...found.values, ...found.errors, 1);
  const x = linear([found.first, found.last], [8, width - 8]);
  const y = linear([0, Math.log10(most + 1)], [bottom, 10]);
  const step = (found.last - found.first) / found.values.length;
  const bar = (list, kind) => list.map((n, i) => (n ? box(x(found.first + i * step) + 0.5,
    y(Math.log10(n + 1)),
    x(found.first + step) - x(found.first) - 1, bottom - y(Math.log10(n + 1)), kind) : null))
    .filter(Boolean);
  const ticks = [];
  for (let power = Math.ceil(found.first / 8) * 8; power <= found.last; power += 8) {
    ticks.push(line(x(power), bottom, x(power), bottom + 5, "tick"),
      label(x(power), bottom + 20, power < 0 ? `2^${power}` : String(2 ** power), "small"));
  }
  svg.replaceChildren(line(8, bottom, width - 8, bottom, "rule"), ...ticks,
    ...bar(found.errors, "kept"), ...bar(found.values, "was"));
  svg.setAttribute("aria-label",
    `Sizes of values and of errors in ${name}, both axes logarithmic; ${
    vanished} of the values become 0.`);
}

function drawHeat(canvas, maps, which, app) {
  const { pen, width, height } = prepare(canvas);
  const [w, t] = [width / maps.columns, height / maps.rows];
  pen.fillStyle = which === "values" ? app.theme.tensor : app.theme.warn;
  for (let i = 0; i < maps[which].length; i += 1) {
    const shade = parseInt(maps[which][i], 16);
    if (!shade) continue;
    pen.globalAlpha = shade / (app.fixed.shades - 1);
    fillCell(pen, i, maps.columns, w, t);
  }
  const least = app.fixed.shades - 4;
  const dark = [...maps[which]].filter((digit) => parseInt(digit, 16) >= least).length;
  canvas.setAttribute("aria-label",
    `Map of ${which}: ${dark} of ${maps[which].length} cells are within a decade of the largest.`);
}

export default { render: ({ model, el }) => startPart(model, el, matrixView) };
