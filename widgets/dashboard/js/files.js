// Every drawing of a dashboard as SVG or PNG, every table as CSV: found on the page, not listed.

const SVG_STYLE = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray",
  "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "text-anchor",
  "dominant-baseline", "visibility", "display", "paint-order", "mix-blend-mode"];
const PNG_SCALE = 2;
const SMALLEST_PX = 80; // smaller drawings are marks in a line of text

function download(name, data, type) {
  const url = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function csvCell(text) {
  return /[",\n]/.test(text) ? `"${String(text).replace(/"/g, '""')}"` : String(text);
}

function csvOfTable(table) {
  table.fill?.();
  const text = [...table.rows].map((row) => [...row.cells].map((cell) =>
    csvCell(cell.textContent.trim().replace(/\s+/g, " "))).join(",")).join("\n");
  table.rest?.();
  return text;
}

/** A drawing as a file of its own: the colors and type that the page gives it written into it. */
function svgOf(svg) {
  const copy = svg.cloneNode(true);
  const { width, height } = svg.getBoundingClientRect();
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    for (const name of [...node.style]) {
      if (name.startsWith("--")) node.style.removeProperty(name);
      else node.style.setProperty(name, style.getPropertyValue(name));
    }
    for (const name of SVG_STYLE) node.style.setProperty(name, style.getPropertyValue(name));
    node.removeAttribute("tabindex");
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  for (const [name, value] of Object.entries({ width, height })) copy.setAttribute(name, value);
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const paper = getComputedStyle(svg).getPropertyValue("--trn-bg").trim() || "white";
  copy.style.setProperty("background", paper);
  return new XMLSerializer().serializeToString(copy);
}

/** The canvases of which a drawing consists, the lowest first. */
function layersOf(canvas) {
  return canvas.classList.contains("layer")
    ? [...canvas.parentElement.querySelectorAll(":scope > canvas.layer")] : [canvas];
}

/** A drawing's pixels on the page's background. */
async function pngOf(drawing) {
  const { width, height } = drawing.getBoundingClientRect();
  let pictures = drawing.tagName === "CANVAS" ? layersOf(drawing) : [];
  if (!pictures.length) {
    const url = URL.createObjectURL(new Blob([svgOf(drawing)], { type: "image/svg+xml" }));
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    URL.revokeObjectURL(url);
    pictures = [picture];
  }
  const canvas = h("canvas", { width: width * PNG_SCALE, height: height * PNG_SCALE });
  const pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(drawing).getPropertyValue("--trn-bg").trim() || "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  for (const each of pictures) pen.drawImage(each, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** What a drawing or table is called: by its own name, else by the heading of its part. */
function labelOf(node) {
  const named = node.closest("[aria-label]");
  const part = node.closest("[aria-labelledby]");
  const heading = part && document.getElementById(part.getAttribute("aria-labelledby"));
  const text = node.dataset.title || node.getAttribute("aria-label") || node.caption?.textContent
    || heading?.textContent || named?.getAttribute("aria-label") || "";
  return text.split(/[.:;,(]/)[0].trim().slice(0, 50);
}

function isShown(node) {
  const { width, height } = node.getBoundingClientRect();
  return width >= SMALLEST_PX && height >= SMALLEST_PX;
}

/** {element, draw}: buttons for every drawing in sight and every table in `root`. */
function exportsView(root) {
  const list = h("ul", { class: "trn-exports" });
  const done = h("span", { role: "status" });
  const button = (words, name, act) => h("button", { type: "button",
    "aria-label": `${words} of ${name}`, onclick: async () => {
      try {
        await act();
        say(done, `${words} of ${name} is saved.`);
      } catch (error) {
        say(done, `${words} of ${name} could not be made: ${error.message}`);
      }
    } }, words);

  function drawings() {
    return [...root.querySelectorAll("svg, canvas")].filter((node) =>
      isShown(node) && !node.parentElement.closest("svg")
      && !(node.tagName === "CANVAS" && node.ariaHidden === "true"));
  }

  function draw() {
    const used = new Map();
    const named = (node, kind) => {
      const label = labelOf(node) || kind;
      used.set(label, (used.get(label) || 0) + 1);
      return used.get(label) > 1 ? `${label} ${used.get(label)}` : label;
    };
    const file = (name, ending) =>
      `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}.${ending}`;
    const items = [
      ...drawings().map((node) => {
        const name = named(node, "Picture");
        const svg = button("SVG", name, async () => download(file(name, "svg"),
          node.tagName === "CANVAS" ? await svgOfCanvases(layersOf(node)) : svgOf(node),
          "image/svg+xml"));
        return h("li", {}, `${name} `, svg, button("PNG", name, async () =>
          download(file(name, "png"), await pngOf(node))));
      }),
      ...[...root.querySelectorAll("table")].filter((table) => table.fill || table.rows.length > 1)
        .map((table) => {
          const name = named(table, "Table");
          return h("li", {}, `${name} `, button("CSV", name, () =>
            download(file(name, "csv"), csvOfTable(table), "text/csv")));
        }),
    ];
    list.replaceChildren(...items);
  }
  return { element: h("div", { class: "trn-files" }, list, done), draw };
}
