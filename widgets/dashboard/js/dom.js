// Small helpers for elements, colors and canvases. Nothing here knows the scene.

const FOCUSABLE = ["button", "input", "select", "textarea", "summary", "canvas", "div"];

/**
 * h("p", {class: "x", onclick: f}, "text", child) -> element. Text is never parsed as HTML.
 * JupyterLab takes keys such as B and D from a focused element unless the element itself objects.
 */
function h(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "circle", "rect", "text", "g"].includes(tag);
  const element = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  if (FOCUSABLE.includes(tag)) element.dataset.lmSuppressShortcuts = "";
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Tell who cannot see a drawing which table stands behind it. */
function behind(table, ...drawings) {
  table.id ||= `trn-table-${Math.random().toString(36).slice(2, 9)}`;
  for (const drawing of drawings) drawing.setAttribute("aria-details", table.id);
}

/** Write text only when it changed: keeps screen readers and layout quiet. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** "1 tile", "2 tiles" */
function plural(n, noun) {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}

/** One panel: a heading, one line on how to read it, a body. */
function panel(name, title, how, ...body) {
  const id = `trn-${name}-${Math.random().toString(36).slice(2, 8)}`;
  return h("section", { class: `panel ${name}`, "aria-labelledby": id },
    h("header", {}, h("h3", { id }, title), h("p", { class: "how" }, how)), ...body);
}

const COLOR_NAMES = ["bg", "raised", "text", "muted", "border", "accent", "warn", "tensor",
  "vector", "scalar", "gpsimd", "sync", "dma", "sbuf", "psum"];

/** The theme's colors and type as the element sees them. */
function readTheme(element) {
  const style = getComputedStyle(element);
  const theme = {};
  for (const name of COLOR_NAMES) theme[name] = style.getPropertyValue(`--trn-${name}`).trim();
  const size = parseFloat(style.fontSize);
  const families = { sans: style.fontFamily, mono: style.getPropertyValue("--trn-mono").trim() };
  theme.em = size;
  theme.font = (share, family = "sans", weight = 400) =>
    `${weight} ${(share * size).toFixed(1)}px ${families[family]}`;
  return theme;
}

const THEME_NAMES = ["data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/** Call `changed` when the reader switches between light and dark. */
function watchTheme(changed) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed);
  window.addEventListener("trn-redraw", changed); // a drawing is saved as a file
  const observer = new MutationObserver(changed);
  const options = { attributes: true, attributeFilter: THEME_NAMES };
  observer.observe(document.documentElement, options);
  observer.observe(document.body, options);
  return () => {
    dark.removeEventListener("change", changed);
    window.removeEventListener("trn-redraw", changed);
    observer.disconnect();
  };
}

const MEASURED = new Set();  // elements whose size was asked for
let sizes = null;

const measure = (element) => ({ width: element.clientWidth, height: element.clientHeight });

/** {width, height} of an element's box in CSS px. */
function sizeOf(element) {
  MEASURED.add(element);
  return sizes?.get(element) || measure(element);
}

/**
 * Do work that writes and asks for sizes by turns, with the sizes from before: to ask after each
 * write costs a new layout. `again` is called if the work has changed one of them.
 */
function withSizes(work, again) {
  for (const element of MEASURED) if (!element.isConnected) MEASURED.delete(element);
  const known = new Map([...MEASURED].map((element) => [element, measure(element)]));
  sizes = known;
  try {
    work();
  } finally {
    sizes = null;
  }
  requestAnimationFrame(() => setTimeout(() => {  // when the page has its layout
    const isOther = ([element, { width, height }]) => element.isConnected
      && (element.clientWidth !== width || element.clientHeight !== height);
    if ([...known].some(isOther)) again();
  }));
}

/** Size a canvas to its box at the screen's resolution; returns {pen, width, height} in CSS px. */
function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = sizeOf(canvas);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.recorder || canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

const STRIPES = new Map();

/** A pattern of lines in one color: "rise" also marks waiting, readable without color. */
function stripes(pen, color, kind = "rise", gap = 6) {
  const ratio = window.devicePixelRatio || 1;
  const key = `${color} ${kind} ${gap} ${ratio}`;
  if (!STRIPES.has(key)) STRIPES.set(key, drawStripes(pen, color, kind, gap, ratio));
  return STRIPES.get(key);
}

function drawStripes(pen, color, kind, gap, ratio) {
  const size = gap * ratio;
  const tile = h("canvas", { width: size, height: size });
  const ink = tile.getContext("2d");
  ink.strokeStyle = color;
  ink.lineWidth = ratio;
  ink.beginPath();
  for (const shift of kind === "rows" ? [0] : [-size, 0, size]) {
    const [y0, y1] = { rise: [size, 0], fall: [0, size], rows: [size / 2, size / 2] }[kind];
    ink.moveTo(shift, y0);
    ink.lineTo(shift + size, y1);
  }
  ink.stroke();
  const pattern = pen.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return Object.assign(pattern, { tile, ratio }); // for drawings as SVG
}

/** One line of text on a canvas. */
function write(pen, text, x, y, fillStyle, font, textAlign = "left", textBaseline = "middle") {
  Object.assign(pen, { fillStyle, font, textAlign, textBaseline });
  pen.fillText(text, x, y);
}

/** Shorten text with an ellipsis until it fits. */
function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 1 ? `${text.slice(0, low)}…` : "";
}
