// One domain of a machine on a canvas: switches, wires lit by load, chips; all domains as tiles.

const MOST_WIRED = 400; // chips whose idle wires are drawn too

/**
 * Draw a domain. `loads`: link -> share of the time it is at work, links numbered in the domain.
 * `paint(pen, device, box)` fills a device; `chips`: how many of the domain's there are.
 */
function drawMachine(pen, theme, layout, machine, { chips, loads, paint }) {
  drawBars(pen, theme, layout);
  if (machine.domain_chips <= MOST_WIRED) drawIdleWires(pen, theme, layout, machine, chips);
  drawLoads(pen, theme, layout, loads);
  for (let device = 0; device < chips * machine.devices_per_chip; device += 1) {
    paint(pen, device, layout.deviceBox(device));
  }
  if (layout.size < 6) return;
  for (const { x, y, words } of layout.planes || []) {
    if (layout.size >= 9) write(pen, words, x, y, theme.muted, theme.font(0.75));
  }
  pen.strokeStyle = theme.muted;
  pen.lineWidth = 1;
  for (let chip = 0; chip < chips; chip += 1) {
    const [x, y] = layout.at(chip);
    pen.strokeRect(x - layout.width / 2, y - layout.height / 2, layout.width, layout.height);
  }
}

function drawBars(pen, theme, layout) {
  for (const { x, top, bottom, words, wide, side } of layout.bars) {
    const width = wide ? BAR : BAR * 0.6;
    pen.fillStyle = theme.raised;
    pen.fillRect(x - width / 2, top, width, bottom - top);
    pen.strokeStyle = theme.muted;
    pen.lineWidth = 1;
    pen.strokeRect(x - width / 2, top, width, bottom - top);
    if (!words) continue;
    pen.save();
    pen.translate(x, (top + bottom) / 2);
    pen.rotate(-Math.PI / 2);
    write(pen, words, 0, (side || -1) * BAR * 1.2, theme.muted, theme.font(0.78), "center");
    pen.restore();
  }
}

function drawIdleWires(pen, theme, layout, machine, chips) {
  pen.strokeStyle = theme.border;
  pen.lineWidth = 1;
  for (const port of machine.ports_used) {
    if (port >= NET_OUT) continue;
    for (let chip = 0; chip < chips; chip += 1) stroke(pen, layout.wire(port, chip));
  }
}

/** Busy links: thicker and nearer to the warning color the longer they work. */
function drawLoads(pen, theme, layout, loads) {
  for (const [link, share] of [...loads].sort((a, b) => a[1] - b[1])) {
    const heavy = share > 0.7;
    pen.strokeStyle = heavy ? theme.warn : theme.accent;
    pen.globalAlpha = 0.35 + 0.65 * Math.min(1, share);
    pen.lineWidth = 1 + 3 * Math.min(1, share);
    pen.setLineDash(heavy || share > 0.3 ? [] : [3, 2]);
    const points = layout.wire(link % PORTS, Math.floor(link / PORTS));
    stroke(pen, points);
    if (layout.size >= 9) arrow(pen, points);
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function stroke(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
}

function arrow(pen, points) {
  const [[x0, y0], [x1, y1]] = points.slice(-2);
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const reach = 3 + pen.lineWidth;
  pen.setLineDash([]);
  pen.fillStyle = pen.strokeStyle;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x1 - ux * reach - uy * reach * 0.6, y1 - uy * reach + ux * reach * 0.6);
  pen.lineTo(x1 - ux * reach + uy * reach * 0.6, y1 - uy * reach - ux * reach * 0.6);
  pen.fill();
}

const MOST_TILES = 8000;

/**
 * All domains as tiles in a box, several to a tile where there are very many. `fill(first, last)`
 * gives a tile's color. Returns a function from a point to a domain (-1: none).
 */
function drawDomains(pen, theme, box, domains, chosen, fill) {
  const each = Math.ceil(domains / MOST_TILES);
  const tiles = Math.ceil(domains / each);
  const { columns, rows } = gridOf(tiles, box.width, box.height);
  const step = Math.min(box.width / columns, box.height / rows, 22);
  const inner = step * (step > 4 ? 0.8 : 1);
  const at = (tile) => [box.left + (tile % columns) * step,
    box.top + Math.floor(tile / columns) * step];
  for (let tile = 0; tile < tiles; tile += 1) {
    const [x, y] = at(tile);
    pen.fillStyle = fill(tile * each, Math.min(domains, (tile + 1) * each) - 1) || theme.border;
    pen.fillRect(x, y, inner, inner);
  }
  const [x, y] = at(Math.floor(chosen / each));
  pen.strokeStyle = theme.text;
  pen.lineWidth = 2;
  pen.strokeRect(x - 1, y - 1, Math.max(inner + 2, 5), Math.max(inner + 2, 5));
  if (each > 1) {
    write(pen, `a tile: ${each} domains`, box.left, box.top - 8, theme.muted, theme.font(0.78));
  }
  return (px, py) => {
    const [column, row] = [Math.floor((px - box.left) / step), Math.floor((py - box.top) / step)];
    const tile = row * columns + column;
    return column >= 0 && column < columns && row >= 0 && tile < tiles ? tile * each : -1;
  };
}

/** A link of a domain in words: its chip and what it is. */
function linkWords(machine, link) {
  return `chip ${Math.floor(link / PORTS)} ${machine.ports[link % PORTS]}`;
}

/**
 * A canvas with a domain on it. `content()` gives what `drawMachine` takes, and `tile(domain)`.
 * `pick(device)` and `pickDomain(domain)` answer clicks.
 */
function machineView(app, { label, content, pick, pickDomain }) {
  const canvas = h("canvas", { role: "img", "aria-label": label });
  const field = h("input", { type: "text", inputmode: "numeric", "aria-label": "Domain shown",
    "data-name": "domain-shown", onchange: () => {
      const domain = readNumber(field.value);
      const isOne = Number.isInteger(domain) && domain >= 0 && domain < shown.domains;
      if (isOne) pickDomain(domain);
      else field.value = count(shown.domain);
    } });
  const picker = h("label", { class: "domain-shown", hidden: true }, "shown ", field);
  const stage = h("div", { class: "stage machine-stage" }, canvas, picker);
  let layout = null;
  let domainAt = () => -1;
  let shown = null;
  canvas.addEventListener("click", (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const domain = domainAt(x, y);
    if (domain >= 0) pickDomain?.(domain);
    else if (layout && pick) {
      const device = layout.deviceAt(x, y);
      if (device >= 0) pick(device);
    }
  });
  return {
    element: stage,
    say(text) { canvas.setAttribute("aria-label", text); },
    draw() {
      const { pen, width, height } = prepare(canvas);
      if (width < 20 || height < 20) return;
      shown = content();
      const { machine, domain, domains } = shown;
      const strip = domains > 1 ? Math.min(170, Math.max(60, width * 0.18)) : 0;
      const box = { left: 4, top: 8, width: width - 8 - strip, height: height - 14 };
      layout = layoutOf(machine, box);
      drawMachine(pen, app.theme, layout, machine, shown);
      domainAt = () => -1;
      picker.hidden = !strip;
      if (document.activeElement !== field) field.value = count(domain);
      if (!strip) return;
      const tiles = { left: width - strip + 12, top: 66, width: strip - 16, height: height - 72 };
      write(pen, `${count(domains)} domains`, tiles.left, 9, app.theme.text,
        app.theme.font(0.8, "sans", 650));
      picker.style.width = `${strip - 12}px`;
      domainAt = drawDomains(pen, app.theme, tiles, domains, domain,
        shown.tile || (() => null));
    },
  };
}

/** How many chips of a system to begin with. */
function firstChips(app, name) {
  return app.trait("systems").find(([known]) => known === name)[2];
}
