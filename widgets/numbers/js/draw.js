// Small pieces of pictures: an SVG of the width it gets, a linear and a log scale, dragging.

/** An empty SVG as wide as its place; `height` in CSS pixels. */
function picture(height, words, attributes = {}) {
  const svg = h("svg", { class: "pic", role: "img", "aria-label": words, height, width: "100%",
    ...attributes });
  svg.pixels = (fallback = 600) => svg.clientWidth || svg.parentElement?.clientWidth || fallback;
  return svg;
}

const line = (x1, y1, x2, y2, kind) => h("line", { x1, y1, x2, y2, class: kind });
const box = (x, y, width, height, kind, more = {}) =>
  h("rect", { x, y, width: Math.max(0, width), height: Math.max(0, height), class: kind, ...more });
const label = (x, y, words, kind = "", anchor = "middle") =>
  h("text", { x, y, class: kind, "text-anchor": anchor }, words);

function linear([low, high], [from, to]) {
  const scale = (value) => from + ((value - low) / (high - low || 1)) * (to - from);
  scale.back = (at) => low + ((at - from) / (to - from || 1)) * (high - low);
  return scale;
}

/** Number with few digits for a label. */
function brief(value, digits = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) {
    return value.toExponential(Math.max(0, digits - 2)).replace("e+", "e");
  }
  return String(Number(value.toPrecision(digits)));
}

/** One cell of a map, with its edges on whole pixels so that no seam shows. */
function fillCell(pen, at, columns, width, height) {
  const edge = (place, size) => Math.round(place * size);
  const [row, column] = [Math.floor(at / columns), at % columns];
  const [x, y] = [edge(column, width), edge(row, height)];
  pen.fillRect(x, y, edge(column + 1, width) - x, edge(row + 1, height) - y);
}

/** Follow a pointer from where it goes down on `element`; `moved` gets x and y within `frame`. */
function draggable(element, frame, moved) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus?.();
    const follow = (next) => {
      const place = frame().getBoundingClientRect();
      moved(next.clientX - place.left, next.clientY - place.top, next);
    };
    const stop = () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", stop);
      window.removeEventListener("pointercancel", stop);
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
    follow(event);
  });
}
