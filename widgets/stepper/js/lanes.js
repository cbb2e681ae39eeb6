// Everything over time on one axis: engine and DMA lanes, PSUM banks, SBUF addresses. Drawing only.

const GUTTER_EM = 6.7;
const AXIS_PX = 20;
const OVERVIEW_PX = 12;
const LABEL_PX = 14; // of a lane whose name does not touch the next one

/** Where each band of the picture lies: {lanes: [{lane, y, h}], banks, sbuf, axis, overview}. */
function layoutBands(scene, height) {
  const axis = height - OVERVIEW_PX - AXIS_PX;
  const gap = 7;
  const room = axis - 2 * gap - 6;
  const lanes_px = Math.max(room * 0.52, Math.min(room * 0.64, LABEL_PX * scene.lanes.length));
  const lane_px = Math.min(24, lanes_px / scene.lanes.length);
  const bank_px = Math.min(11, (room * 0.22) / scene.psum_banks);
  const lanes = scene.lanes.map((lane, i) => ({ lane, y: 2 + i * lane_px, h: lane_px - 2 }));
  const banks_y = 2 + lane_px * scene.lanes.length + gap;
  const sbuf_y = banks_y + bank_px * scene.psum_banks + gap;
  return {
    lanes,
    banks: { y: banks_y, h: bank_px, n: scene.psum_banks },
    sbuf: { y: sbuf_y, h: axis - sbuf_y - 4 },
    axis: { y: axis },
    overview: { y: height - OVERVIEW_PX },
  };
}

/** "Nice" tick positions for a window of time. */
function ticks(from, to, wanted) {
  const raw = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= raw);
  const list = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) list.push(at);
  return { list, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** The SBUF addresses in use within a window, so that zooming in time zooms in space too. */
function addressesIn({ tiles }, { from, to }) {
  let low = Infinity;
  let high = 0;
  for (let tile = 0; tile < tiles.n; tile += 1) {
    if (tiles.bank[tile] >= 0 || tiles.end_us[tile] < from || tiles.start_us[tile] > to) continue;
    low = Math.min(low, tiles.address_bytes[tile]);
    high = Math.max(high, tiles.address_bytes[tile] + tiles.bytes_per_partition[tile]);
  }
  return high ? { low, high } : { low: 0, high: 1 };
}

/** The fills of SBUF tiles by kind: one color, patterns told apart without it; PSUM has its own. */
function tileFills(pen, scene, theme) {
  const patterns = [null, stripes(pen, theme.bg, "rise"), stripes(pen, theme.bg, "rows"),
    stripes(pen, theme.bg, "fall")];
  return (tile, height) => {
    if (scene.tiles.bank[tile] >= 0) return [theme.psum, null];
    const kind = scene.kinds.indexOf(scene.tileNames[tile]);
    return [theme.sbuf, height > 5 && patterns[kind % patterns.length]];
  };
}

/** Draw the window [from, to] of a scene; `bands` come from layoutBands. */
function drawWindow(pen, scene, bands, scale, theme) {
  drawAxis(pen, bands, scale, theme);
  const wait = stripes(pen, theme.warn);
  for (const band of bands.lanes) {
    drawLaneLabel(pen, laneLabel(band.lane.name), band, theme);
    pen.save();
    pen.beginPath();
    pen.rect(scale.left, band.y - 1, scale.width, band.h + 2);
    pen.clip();
    drawLane(pen, scene, band, scale, theme, wait);
    pen.restore();
  }
  pen.save();
  pen.beginPath();
  pen.rect(scale.left, bands.banks.y - 2, scale.width, bands.axis.y - bands.banks.y + 2);
  pen.clip();
  const range = addressesIn(scene, scale);
  drawTiles(pen, scene, bands, scale, range, theme);
  pen.restore();
  drawMemoryLabels(pen, range, bands, theme);
}

function drawAxis(pen, bands, scale, theme) {
  const { list, digits } = ticks(scale.from, scale.to, Math.max(2, scale.width / 110));
  const right = scale.left + scale.width + 8;
  const y = bands.axis.y + 4;
  const style = [theme.muted, theme.font(0.76)];
  const unit = `µs, ${theme.badge}`;
  write(pen, unit, right, y, ...style, "right", "top");
  const end = right - pen.measureText(unit).width - 8;
  for (const at of list) {
    const x = Math.round(scale.x(at));
    pen.fillStyle = theme.border;
    pen.fillRect(x, 0, 1, bands.axis.y);
    const text = at.toFixed(digits);
    const half = pen.measureText(text).width / 2;
    if (x - half < scale.left - 6 || x + half > end) continue;
    write(pen, text, x, y, ...style, "center", "top");
  }
}

function drawLaneLabel(pen, text, { y, h: height }, theme) {
  if (height < 7) return;
  write(pen, text, GUTTER_EM * theme.em - 10, y + height / 2 + 0.5, theme.text,
    theme.font(Math.min(0.82, (height + 3) / theme.em)), "right");
}

/** Bars of one lane. Bars that would fall on a pixel already inked are skipped. */
function drawLane(pen, scene, { lane, y, h: height }, scale, theme, wait) {
  const { rows, names } = scene;
  const first = Math.max(0, firstAfter(lane.rows, (row) => rows.start_us[row] >= scale.from) - 1);
  const color = theme[lane.engine];
  let inked = -Infinity; // nothing is drawn left of here any more
  const font = theme.font(0.7, "sans", 700);
  for (let i = first; i < lane.rows.length; i += 1) {
    const row = lane.rows[i];
    const start = rows.start_us[row];
    const left = scale.x(start);
    if (waited(scene, row)) {
      const from = Math.max(scale.left, inked, scale.x(start - rows.wait_us[row]));
      if (left - from > 0.6) {
        pen.fillStyle = wait;
        pen.fillRect(from, y + height * 0.25, left - from, height * 0.5);
      }
    }
    if (start > scale.to) break;
    const right = scale.x(start + rows.busy_us[row]);
    if (right <= Math.max(inked, scale.left)) continue;
    const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    pen.fillStyle = color;
    pen.fillRect(left, y, width, height);
    inked = left + Math.max(1, right - left);
    const tail = scale.x(rows.end_us[row]) - right;
    if (tail > 3) {
      pen.globalAlpha = 0.45;
      pen.fillRect(right, y + height - 2, tail, 1.5);
      pen.globalAlpha = 1;
    }
    if (width > 46 && height >= 11) {
      pen.font = font;
      write(pen, fit(pen, names.ops[rows.op[row]], width - 8), Math.max(left, scale.left) + 4,
        y + height / 2 + 0.5, theme.bg, font);
    }
  }
}

function drawTiles(pen, scene, bands, scale, { low, high }, theme) {
  const { tiles } = scene;
  const { sbuf, banks } = bands;
  const byte_px = sbuf.h / (high - low);
  const fills = tileFills(pen, scene, theme);
  pen.lineWidth = 1;
  for (let bank = 0; bank <= banks.n; bank += 1) {
    pen.fillStyle = theme.border;
    pen.globalAlpha = 0.5;
    pen.fillRect(scale.left, banks.y + bank * banks.h - 0.5, scale.width, 0.5);
  }
  pen.globalAlpha = 1;
  for (let tile = 0; tile < tiles.n; tile += 1) {
    if (tiles.end_us[tile] < scale.from || tiles.start_us[tile] > scale.to) continue;
    const left = scale.x(tiles.start_us[tile]);
    const width = Math.max(1, scale.x(tiles.end_us[tile]) - left);
    const bank = tiles.bank[tile];
    const end = tiles.address_bytes[tile] + tiles.bytes_per_partition[tile];
    const y = bank >= 0 ? banks.y + bank * banks.h : sbuf.y + byte_px * (high - end);
    const height = bank >= 0 ? banks.h - 1
      : Math.max(1, byte_px * tiles.bytes_per_partition[tile] - 0.5);
    for (const fill of fills(tile, height)) {
      if (!fill) continue;
      pen.fillStyle = fill;
      pen.fillRect(left, y, width > 3 ? width - 1 : width, height);
    }
  }
}

function drawMemoryLabels(pen, { low, high }, bands, theme) {
  const { banks, sbuf } = bands;
  const edge = GUTTER_EM * theme.em;
  const label = (text, y, color, share) =>
    write(pen, text, edge - 10, y, color, theme.font(share), "right");
  label("PSUM banks", banks.y + (banks.h * banks.n) / 2, theme.text, 0.82);
  label("SBUF", sbuf.y + sbuf.h / 2, theme.text, 0.82);
  if (sbuf.h >= 3.4 * theme.em) {
    label(kib(high), sbuf.y + 5, theme.muted, 0.7);
    label(kib(low), sbuf.y + sbuf.h - 4, theme.muted, 0.7);
  }
  pen.fillStyle = theme.muted;
  pen.fillRect(edge - 1, sbuf.y, 1, sbuf.h);
  pen.fillRect(edge - 1, banks.y, 1, banks.h * banks.n);
}

/** The cursor: a line through all bands, its bar outlined, an arrow from what it waited for. */
function drawCursor(pen, scene, row, bands, scale, theme) {
  const { rows } = scene;
  const x = scale.x(rows.start_us[row]);
  const bandOf = (which) => bands.lanes.find((band) => band.lane.code === rows.lane[which]);
  pen.save();
  pen.beginPath();
  pen.rect(scale.left - 1, 0, scale.width + 2, bands.axis.y + 1);
  pen.clip();
  pen.strokeStyle = theme.accent;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, bands.axis.y);
  pen.stroke();
  const band = bandOf(row);
  const width = Math.max(4, scale.x(rows.start_us[row] + rows.busy_us[row]) - x);
  pen.lineWidth = 2;
  pen.strokeStyle = theme.text;
  pen.strokeRect(x - 1, band.y - 0.5, width + 1, band.h + 1);
  const cause = rows.wait_on[row];
  if (waited(scene, row) && cause >= 0) drawCause(pen, scale, bandOf(cause), band, {
    from: scale.x(Math.min(rows.end_us[cause], rows.start_us[row])), to: x }, theme);
  pen.restore();
}

function drawCause(pen, scale, source, target, { from, to }, theme) {
  const y0 = source.y + source.h / 2;
  const y1 = target.y + target.h / 2;
  pen.strokeStyle = theme.warn;
  pen.fillStyle = theme.warn;
  pen.lineWidth = 1.5;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(from, y0);
  pen.bezierCurveTo(from + 14, y0, to - 22, y1, to - 5, y1);
  pen.stroke();
  pen.setLineDash([]);
  pen.beginPath();
  pen.moveTo(to - 1, y1);
  pen.lineTo(to - 8, y1 - 4);
  pen.lineTo(to - 8, y1 + 4);
  pen.fill();
  pen.beginPath();
  pen.arc(from, y0, 2.5, 0, 7);
  pen.fill();
}

/** What each lane does at the cursor's moment: a full mark works, a hatched one waits. */
function drawStates(pen, scene, row, bands, theme) {
  const at_us = momentOf(scene, row);
  const wait = stripes(pen, theme.warn, "rise", 4);
  for (const { lane, y, h: height } of bands.lanes) {
    const { busy, waiting } = laneAt(scene, lane, at_us);
    if (busy < 0 && waiting < 0) continue;
    const size = Math.min(9, height);
    pen.fillStyle = busy >= 0 ? theme[lane.engine] : wait;
    pen.fillRect(0, y + (height - size) / 2, size, size);
  }
}

/** "busy: Tensor, DMA q1; waiting: Vector" */
function stateWords(scene, row) {
  const at_us = momentOf(scene, row);
  const states = scene.lanes.map((lane) => [laneLabel(lane.name), laneAt(scene, lane, at_us)]);
  const list = (which) => states.filter(([, state]) => state[which] >= 0).map(([name]) => name)
    .join(", ") || "none";
  return `Busy: ${list("busy")}; waiting: ${list("waiting")}.`;
}

/** The whole run in a strip below, the window marked in it. */
function drawOverview(pen, scene, row, bands, scale, theme) {
  const { y } = bands.overview;
  const whole = scene.summary.total_us;
  const x = (at) => scale.left + (scale.width * at) / whole;
  pen.fillStyle = theme.raised;
  pen.fillRect(scale.left, y + 3, scale.width, 6);
  pen.fillStyle = theme.muted;
  pen.globalAlpha = 0.55;
  pen.fillRect(x(scale.from), y + 3, Math.max(3, x(scale.to) - x(scale.from)), 6);
  pen.globalAlpha = 1;
  pen.fillStyle = theme.accent;
  pen.fillRect(x(scene.rows.start_us[row]) - 1, y, 2.5, OVERVIEW_PX);
}

function makeScale({ from, to }, width, theme) {
  const gutter = GUTTER_EM * theme.em;
  const span = width - gutter - 8;
  return {
    from, to, left: gutter, width: span,
    x: (at) => gutter + (span * (at - from)) / (to - from),
    at: (x) => from + ((x - gutter) * (to - from)) / span,
  };
}
