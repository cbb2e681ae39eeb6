// Draws a prepared Vega-Lite chart in the colors of the page it is on, with its text and table.

// One Vega per page, however many charts: the first one that draws unpacks it.
function vega(model) {
  globalThis.trnlabVega ??= unpack(model);
  return globalThis.trnlabVega;
}

async function unpack(model) {
  const reference = model.get("_vega").slice("IPY_MODEL_".length);
  const bundle = await model.widget_manager.get_model(reference);
  const packed = new Blob([bundle.get("code")]).stream();
  const script = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { vegaEmbed } = await import(url);
  URL.revokeObjectURL(url);
  return vegaEmbed;
}

// The theme as a Vega configuration, read where the chart stands: light, dark, font and size.
function config(element) {
  const style = getComputedStyle(element);
  const color = (name) => style.getPropertyValue(`--trn-${name}`).trim();
  const [font, size] = [style.fontFamily, Number.parseFloat(style.fontSize)];
  const words = { labelFont: font, titleFont: font, labelFontSize: size, titleFontSize: size };
  return {
    aria: false, // the figure around the drawing carries the text
    background: null,
    axis: {
      ...words,
      labelColor: color("text"),
      titleColor: color("muted"),
      titleFontWeight: "normal",
      titlePadding: size / 2,
      gridColor: color("border"),
      gridOpacity: 0.5,
      domainColor: color("muted"),
      tickColor: color("muted"),
      labelLimit: 400,
    },
    view: { stroke: null },
    text: { font, fontSize: size, color: color("text") },
    line: { color: color("muted") },
    range: { category: [color("muted"), color("accent")] }, // the others, the current one
  };
}

function rows(columns) {
  const names = Object.keys(columns);
  const length = columns[names[0]]?.length ?? 0;
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(names.map((name) => [name, columns[name][i]])),
  );
}

function shown(value) {
  if (typeof value !== "number") return String(value);
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function table(spec, data) {
  const { about, columns } = spec.usermeta;
  const line = (kind, cells) => {
    const row = document.createElement("tr");
    for (const text of cells) {
      const cell = row.appendChild(document.createElement(kind));
      cell.textContent = text;
      if (kind === "th") cell.scope = "col";
    }
    return row;
  };
  const body = rows(data[about]).map((row) => line("td", columns[about].map((c) => shown(row[c]))));
  const element = document.createElement("table");
  element.createCaption().textContent = spec.usermeta.title;
  element.append(line("th", columns[about]), ...body);
  return element;
}

function figure() {
  const parts = document.createElement("figure");
  parts.className = "trn-chart";
  parts.innerHTML = `
    <div role="img"><div class="trn-chart-picture" aria-hidden="true"></div></div>
    <details class="trn-share"><summary>Table and files</summary>
      <div class="trn-chart-table"></div></details>`;
  const files = exportsView(parts);
  const fold = parts.querySelector("details");
  fold.append(files.element);
  fold.addEventListener("toggle", files.draw);
  return parts;
}

function render({ model, el }) {
  const element = figure();
  const picture = element.querySelector(".trn-chart-picture");
  const named = picture.parentElement; // Vega names its own container as it likes
  const listed = element.querySelector(".trn-chart-table");
  behind(listed, named);
  el.append(element);
  let current = Promise.resolve(null); // the drawn view; steps wait for the one before

  const next = (step) => {
    current = current.then(step).catch((error) => {
      picture.textContent = `The chart could not be drawn: ${error.message}`;
      return null;
    });
  };
  const describe = () => {
    named.setAttribute("aria-label", model.get("description"));
    listed.replaceChildren(table(model.get("spec"), model.get("data")));
  };
  const draw = async (old) => {
    const embed = await vega(model);
    old?.finalize();
    const datasets = Object.entries(model.get("data")).map(([name, data]) => [name, rows(data)]);
    const spec = { ...model.get("spec"), datasets: Object.fromEntries(datasets) };
    const drawn = await embed(picture, spec, {
      mode: "vega-lite",
      renderer: "svg",
      actions: false,
      ast: true, // interpret expressions: no eval, so the page's policy can refuse it
      config: config(element),
    });
    picture.querySelector("svg").dataset.title = model.get("description");
    return drawn;
  };
  const update = async (drawn) => {
    if (!drawn) return draw(drawn);
    for (const [name, data] of Object.entries(model.get("data"))) drawn.view.data(name, rows(data));
    await drawn.view.runAsync();
    return drawn;
  };
  const fit = async (drawn) => {
    if (drawn && picture.clientWidth) {
      await drawn.view.signal("width", picture.clientWidth).runAsync();
    }
    return drawn;
  };
  const changed = () => {
    describe();
    next(update);
  };
  const recolor = () => next(draw);

  model.on("change:data", changed);
  const sizes = new ResizeObserver(() => next(fit));
  sizes.observe(picture);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", recolor);
  const themes = new MutationObserver(recolor);
  for (const node of [document.documentElement, document.body]) {
    themes.observe(node, { attributeFilter: THEME_NAMES });
  }
  describe();
  next(draw);

  return () => {
    model.off("change:data", changed);
    sizes.disconnect();
    scheme.removeEventListener("change", recolor);
    themes.disconnect();
    current.then((drawn) => drawn?.finalize());
  };
}

export default { render };
