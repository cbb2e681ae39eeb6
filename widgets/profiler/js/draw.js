// A run on a canvas: lanes, memory, critical path. What is narrower than a pixel is added up.

const GUTTER_EM = 6.6;
const AXIS_PX = 20;
const OVERVIEW_PX = 14;

function makeScale({ from, to }, width, theme) {
  const gutter = GUTTER_EM * theme.em;
  const span = Math.max(40, width - gutter - 8);
  return { from, to, left: gutter, width: span,
    x: (at) => gutter + (span * (at - from)) / (to - from),
    at: (x) => from + ((x - gutter) * (to - from)) / span };
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

/** Where everything of a run lies between two heights: lanes, then the counters. */
function layoutRun(run, top, bottom, theme, titled) {
  const head = titled ? 1.5 * theme.em : 2;
  const room = bottom - top - head - 12;
  const least = Math.min(2 * 3.2 * theme.em, 0.4 * room); // for the counters
  const lane_px = Math.min(44, (room - least) / run.lanes.length);
  const lanes = run.lanes.map((lane, i) => ({ lane, y: top + head + i * lane_px,
    h: Math.max(2, lane_px * 0.88 - 1) }));
  const under = top + head + lane_px * run.lanes.length + 6;
  const each = (bottom - under) / 2;
  return { top, lanes, counters: [
    { name: "SBUF", of: run.sbuf, top: run.sbuf.most || 1, color: "sbuf", y: under, h: each - 5 },
    { name: "PSUM", of: run.psum, top: run.psum.capacity, color: "psum", y: under + each,
      h: each - 5 }] };
}

function drawRun(pen, run, place, scale, theme) {
  const wait = stripes(pen, theme.warn);
  for (const band of place.lanes) {
    label(pen, laneLabel(band.lane.name), band, theme);
    clipped(pen, scale, band, () => {
      const first = Math.max(0, startedBy(band.lane, scale.from) - 1);
      const last = startedBy(band.lane, scale.to);
      const dense = last - first > scale.width / 3;
      (dense ? drawDense : drawBars)(pen, run, band, scale, theme, { first, last, wait });
    });
  }
  for (const band of place.counters) {
    label(pen, band.name, band, theme, counterNote(band));
    clipped(pen, scale, band, () => drawCounter(pen, band, scale, theme));
  }
}

function clipped(pen, scale, { y, h: height }, paint) {
  pen.save();
  pen.beginPath();
  pen.rect(scale.left, y - 1, scale.width, height + 2);
  pen.clip();
  paint();
  pen.restore();
}

function label(pen, text, { y, h: height }, theme, note = "") {
  if (height < 6) return;
  const size = Math.min(0.8, (height + 4) / theme.em);
  const x = GUTTER_EM * theme.em - 8;
  const two = note && height > 2.1 * theme.em;
  write(pen, text, x, y + height / 2 + (two ? -0.45 * theme.em : 0.5), theme.text,
    theme.font(size), "right");
  if (two) {
    write(pen, note, x, y + height / 2 + 0.55 * theme.em, theme.muted, theme.font(0.7), "right");
  }
}

function counterNote({ name, of }) {
  return name === "SBUF" ? `to ${kib(of.most)}` : `${of.most} of ${of.capacity} banks`;
}

/** Few rows: each its bar, hatched where the lane waited, a thin tail until its result is there. */
function drawBars(pen, run, { lane, y, h: height }, scale, theme, { first, last, wait }) {
  const { rows, names, match } = run;
  const font = theme.font(0.7, "sans", 700);
  const color = theme[lane.engine];
  for (let i = first; i <= last && i < lane.rows.length; i += 1) {
    const row = lane.rows[i];
    const left = scale.x(rows.start[row]);
    pen.globalAlpha = match && !match[row] ? 0.22 : 1;
    if (didWait(run, row)) {
      pen.globalAlpha *= 0.75;
      const from = Math.max(scale.left, scale.x(rows.start[row] - rows.wait[row]));
      pen.fillStyle = wait;
      if (left - from > 0.6) pen.fillRect(from, y + height * 0.25, left - from, height * 0.5);
      pen.globalAlpha /= 0.75;
    }
    const right = scale.x(rows.start[row] + rows.busy[row]);
    const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    pen.fillStyle = color;
    pen.fillRect(left, y, width, height);
    const tail = scale.x(rows.start[row] + rows.busy[row] + rows.tail[row]) - right;
    if (tail > 3) pen.fillRect(right, y + height - 2, tail, 1);
    if (width > 46 && height >= 11) {
      const x = Math.max(left, scale.left) + 4;
      pen.font = font;
      write(pen, fit(pen, names.ops[rows.op[row]], left + width - x - 4), x, y + height / 2 + 0.5,
        theme.bg, font);
    }
  }
  pen.globalAlpha = 1;
}

/** Many rows: in each pixel the share of time at work, from below, and waiting, from above. */
function drawDense(pen, run, { lane, y, h: height }, scale, theme) {
  const found = shares(run, lane, scale, Math.round(scale.width));
  const bottom = y + height;
  columns(pen, found.wait, scale, height, () => y, theme.warn, run.match ? 0.12 : 0.4);
  columns(pen, found.busy, scale, height, (size) => bottom - size, theme[lane.engine],
    run.match ? 0.22 : 1);
  if (run.match) columns(pen, found.hit, scale, height, (size) => bottom - size, theme[lane.engine], 1);
}

/** Columns of a pixel each; equal neighbours are one. */
function columns(pen, share, scale, height, top, color, alpha) {
  pen.fillStyle = color;
  pen.globalAlpha = alpha;
  const size = (i) => Math.round(share[i] * height * 2) / 2;
  for (let i = 0; i < share.length;) {
    const tall = size(i);
    let next = i + 1;
    while (next < share.length && size(next) === tall) next += 1;
    if (tall > 0) pen.fillRect(scale.left + i, top(tall), next - i, tall);
    i = next;
  }
  pen.globalAlpha = 1;
}

/** A step function as an area: in each pixel its highest level. */
function drawCounter(pen, { of, top, color, y, h: height }, scale, theme) {
  pen.fillStyle = theme.raised;
  pen.fillRect(scale.left, y, scale.width, height);
  const share = new Float32Array(Math.round(scale.width));
  let i = firstAbove(of.n, (k) => of.at[k], scale.from);
  let level = i ? of.level[i - 1] : 0;
  for (let px = 0; px < share.length; px += 1) {
    const end = scale.at(scale.left + px + 1);
    let high = level;
    while (i < of.n && of.at[i] <= end) {
      level = of.level[i];
      if (level > high) high = level;
      i += 1;
    }
    share[px] = high / top;
  }
  columns(pen, share, scale, height, (size) => y + height - size, theme[color], 1);
}

/** A line from link to link; the links that start on one pixel are one stroke up and down. */
function drawPath(pen, run, path, place, scale, theme) {
  const { rows, placeOfLane } = run;
  const first = Math.max(0, firstAbove(path.length, (i) => rows.start[path[i]], scale.from) - 1);
  const clip = { y: place.lanes[0].y - 2, h: place.counters[0].y - place.lanes[0].y };
  const heights = place.lanes.map((band) => band.y + band.h / 2);
  const right = scale.left + scale.width;
  clipped(pen, scale, clip, () => {
    pen.beginPath();
    let px = -Infinity;
    let [low, high, last] = [0, 0, 0];
    const leave = () => {
      if (high > low) for (const y of [low, high, last]) pen.lineTo(px, y);
    };
    for (let i = first; i < path.length && px < right; i += 1) {
      const y = heights[placeOfLane[rows.lane[path[i]]]];
      const x = Math.max(scale.left - 5, scale.x(rows.start[path[i]]));
      if (x - px < 1) {
        [low, high, last] = [Math.min(low, y), Math.max(high, y), y];
        continue;
      }
      if (i > first) {
        leave();
        pen.lineTo(x, last);
      }
      pen.lineTo(x, y);
      [px, low, high, last] = [x, y, y, y];
    }
    leave();
    pen.lineTo(Math.min(right, scale.x(run.summary.total_us)), last);
    pen.lineJoin = "round";
    for (const [color, width] of [[theme.bg, 4.5], [theme.accent, 2.2]]) {
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.stroke();
    }
  });
}

function drawAxis(pen, y, scale, theme, unit) {
  const { list, digits } = ticks(scale.from, scale.to, Math.max(2, scale.width / 110));
  const right = scale.left + scale.width + 8;
  const style = [theme.muted, theme.font(0.76)];
  write(pen, unit, right, y + 4, ...style, "right", "top");
  const end = right - pen.measureText(unit).width - 8;
  for (const at of list) {
    const x = Math.round(scale.x(at));
    pen.fillStyle = theme.border;
    pen.globalAlpha = 0.6;
    pen.fillRect(x, 0, 1, y);
    pen.globalAlpha = 1;
    const text = at.toFixed(digits);
    const half = pen.measureText(text).width / 2;
    if (x - half < scale.left - 6 || x + half > end) continue;
    write(pen, text, x, y + 4, ...style, "center", "top");
  }
}

/** A moment that matters, as a dashed line between two heights, with words if there are any. */
function drawMoment(pen, at, words, top, bottom, scale, theme) {
  if (at < scale.from || at > scale.to) return;
  const x = scale.x(at);
  pen.strokeStyle = theme.text;
  pen.lineWidth = 1.2;
  pen.setLineDash([5, 4]);
  pen.beginPath();
  pen.moveTo(x, top);
  pen.lineTo(x, bottom);
  pen.stroke();
  pen.setLineDash([]);
  if (!words) return;
  pen.font = theme.font(0.74, "sans", 600);
  const width = pen.measureText(words).width + 8;
  const left = Math.max(scale.left, x - width - 2);
  pen.fillStyle = theme.surface;
  pen.fillRect(left, bottom - 1.5 * theme.em, width, 1.3 * theme.em);
  write(pen, words, left + 4, bottom - 0.85 * theme.em, theme.text, pen.font);
}

/** How busy the busiest engine is over the whole run, and the window in it. */
function drawOverview(pen, run, y, scale, total, theme) {
  const lane = run.lanes.reduce((most, other) =>
    (other.busy[other.rows.length] > most.busy[most.rows.length] ? other : most));
  const x = (at) => scale.left + (scale.width * at) / total;
  pen.fillStyle = theme.raised;
  pen.fillRect(scale.left, y + 2, scale.width, OVERVIEW_PX - 4);
  const whole = { from: 0, to: total, left: scale.left, width: scale.width };
  const high = OVERVIEW_PX - 4;
  columns(pen, shares(run, lane, whole, Math.round(scale.width)).busy, whole, high,
    (size) => y + 2 + high - size, theme[lane.engine], 0.6);
  pen.strokeStyle = theme.accent;
  pen.lineWidth = 2;
  pen.strokeRect(x(scale.from), y + 1, Math.max(4, x(scale.to) - x(scale.from)), OVERVIEW_PX - 2);
}

/** The chosen row outlined, and an arrow from what it waited for. */
function drawChosen(pen, run, row, place, scale, theme) {
  const { rows, placeOfLane } = run;
  const band = place.lanes[placeOfLane[rows.lane[row]]];
  const x = scale.x(rows.start[row]);
  clipped(pen, scale, { y: place.lanes[0].y - 3, h: place.counters[0].y - place.lanes[0].y }, () => {
    const width = Math.max(4, scale.x(rows.start[row] + rows.busy[row]) - x);
    pen.lineWidth = 4;
    pen.strokeStyle = theme.bg;
    pen.strokeRect(x - 2, band.y - 1.5, width + 3, band.h + 3);
    pen.lineWidth = 2;
    pen.strokeStyle = theme.text;
    pen.strokeRect(x - 2, band.y - 1.5, width + 3, band.h + 3);
    const cause = rows.wait_on[row];
    if (cause < 0 || !didWait(run, row)) return;
    const from = place.lanes[placeOfLane[rows.lane[cause]]];
    const end = Math.min(rows.start[cause] + rows.busy[cause] + rows.tail[cause], rows.start[row]);
    arrow(pen, scale.x(end), from.y + from.h / 2, x - 2, band.y + band.h / 2, theme.warn);
  });
}

function arrow(pen, x0, y0, x1, y1, color) {
  const turn = Math.atan2(y1 - y0, x1 - x0);
  const head = (side) => pen.lineTo(x1 - 8 * Math.cos(turn + side), y1 - 8 * Math.sin(turn + side));
  pen.strokeStyle = color;
  pen.fillStyle = color;
  pen.lineWidth = 1.8;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
  pen.setLineDash([]);
  pen.beginPath();
  pen.moveTo(x1, y1);
  head(0.45);
  head(-0.45);
  pen.fill();
}
