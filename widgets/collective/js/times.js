// Time against size, a line for each algorithm, with the sizes where the fastest one changes.

const DASHES = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 4], [12, 4]];

function timesView(app, { data, pick }) {
  const canvas = h("canvas", { role: "img", "aria-label": "Time against size" });
  const stage = h("div", { class: "stage times" }, canvas);
  let axis = null;
  canvas.addEventListener("click", (event) => {
    const { left } = canvas.getBoundingClientRect();
    if (axis) pick(axis.sizeAt(event.clientX - left));
  });
  return {
    element: stage,
    say(text) { canvas.setAttribute("aria-label", text); },
    draw(now, chosen) {
      const { pen, width, height } = prepare(canvas);
      const times = data();
      if (!times.bytes || width < 50) return;
      axis = axesOf(times, width, height, app.theme.em);
      drawAxes(pen, app.theme, axis);
      drawMarks(pen, app.theme, axis, times, now);
      drawLines(pen, app.theme, axis, times, chosen);
    },
  };
}

function axesOf(times, width, height, em) {
  const [left, right, top, bottom] = [4.4 * em, 9 * em, 36, height - 34];
  const all = times.seconds.flat();
  const [x0, x1] = [Math.log10(times.bytes[0]), Math.log10(times.bytes.at(-1))];
  const [y0, y1] = [Math.floor(Math.log10(Math.min(...all)) * 2) / 2, Math.log10(Math.max(...all))];
  const span = width - left - right;
  return { left, top, bottom, right: width - right, x0, x1, y0, y1,
    x: (size) => left + ((Math.log10(size) - x0) / (x1 - x0)) * span,
    y: (seconds) => bottom - ((Math.log10(seconds) - y0) / (y1 - y0)) * (bottom - top),
    sizeAt: (px) => 10 ** Math.min(x1, Math.max(x0, x0 + ((px - left) / span) * (x1 - x0))) };
}

function drawAxes(pen, theme, axis) {
  pen.lineWidth = 1;
  pen.strokeStyle = theme.border;
  const labels = [];
  for (let power = Math.ceil(axis.x0); power <= axis.x1; power += 1) {
    const x = axis.x(10 ** power);
    stroke(pen, [[x, axis.top], [x, axis.bottom]]);
    labels.push([x, sizeWords(10 ** power)]);
  }
  ticks(pen, labels, axis.bottom + 11, theme.muted, theme.font(0.75));
  for (let power = Math.ceil(axis.y0); power <= axis.y1; power += 1) {
    const y = axis.y(10 ** power);
    stroke(pen, [[axis.left, y], [axis.right, y]]);
    write(pen, secondsWords(10 ** power), axis.left - 6, y, theme.muted, theme.font(0.75), "right");
  }
  write(pen, "tensor (both axes logarithmic)", axis.left, axis.bottom + 26, theme.muted,
    theme.font(0.75));
}

function drawMarks(pen, theme, axis, times, now) {
  const line = (size, color, dash) => {
    pen.strokeStyle = color;
    pen.setLineDash(dash);
    stroke(pen, [[axis.x(size), axis.top], [axis.x(size), axis.bottom]]);
    pen.setLineDash([]);
  };
  pen.lineWidth = 1.5;
  const right = axis.x(Math.max(1, ...times.documented.map((mark) => mark.bytes)));
  times.documented.forEach(({ bytes: size, algorithm: name }, i) => {
    line(size, theme.warn, [1, 3]);
    const beside = i ? right : axis.x(size);
    write(pen, `${i > 1 ? "elsewhere" : "documented"}: ${name} from ${sizeWords(size)}`,
      beside + (i ? 4 : -4), axis.bottom - (i > 1 ? 21 : 7), theme.warn, theme.font(0.75),
      i ? "left" : "right");
  });
  times.crossovers.slice(1).forEach(([size, name], i) => {
    if (size < times.bytes[0] || size > times.bytes.at(-1)) return;
    line(size, theme.text, [5, 3]);
    write(pen, `${name} from ${sizeWords(size)}`, axis.x(size) + 3, axis.top - (i % 2 ? 22 : 8),
      theme.text,
      theme.font(0.75, "sans", 650));
  });
  pen.lineWidth = 2;
  line(now, theme.accent, []);
}

function drawLines(pen, theme, axis, times, chosen) {
  const ends = times.names.map((name, i) => ({ name, i, y: axis.y(times.seconds[i].at(-1)) }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, place) => {
    if (place) end.y = Math.max(end.y, ends[place - 1].y + 13);
  });
  ends.forEach(({ name, i, y }) => {
    const isChosen = name === chosen;
    pen.strokeStyle = inkOf(theme, i);
    pen.lineWidth = isChosen ? 3.5 : 1.8;
    pen.setLineDash(DASHES[i % DASHES.length]);
    const points = times.bytes.map((size, at) => [axis.x(size), axis.y(times.seconds[i][at])]);
    stroke(pen, points);
    const last = points.at(-1);
    pen.lineWidth = 1.2;
    stroke(pen, [last, [last[0] + 8, y]]);
    pen.setLineDash([]);
    write(pen, name, last[0] + 11, y, theme.text, theme.font(0.78, "sans", isChosen ? 700 : 400));
  });
}

/** What documents say of the choice, and where the model's own differs. */
function choiceWords(times, size) {
  const { documented, runtime } = times;
  if (!runtime) return "No document gives a choice here: the crossings are the model's.";
  const { algorithm, fastest, longer } = runtime;
  const now = `For ${sizeWords(size)} the documented choice is ${algorithm}; here ${
    algorithm === fastest ? "it is the fastest too"
      : `${fastest} is the fastest, and ${algorithm} takes ${percent(longer)} longer`}.`;
  if (!documented.length) {
    return `${now} The documents speak of one Trainium2 server; for this system that is carried `
      + "over.";
  }
  const [small, large, seen] = documented.map(({ bytes }) => sizeWords(bytes));
  const own = times.crossovers.slice(1).map(([from, name]) => `${name} from ${sizeWords(from)}`);
  return `${now} Dotted, documented for one Trainium2 server: mesh up to ${small}, recursive up to `
    + `${large}, KangaRing above; an example on another page has KangaRing at ${seen} (32 MiB) `
    + `already. Dashed, the model's own: ${own.join(", ")}.`;
}

/** The chart in words. */
function timesWords(times, now) {
  if (!times.now) return "";
  const parts = times.now.map(([name, seconds]) => `${name} ${secondsWords(seconds)}`);
  const cross = times.crossovers.map(([size, name]) =>
    (size ? `${name} from ${sizeWords(size)}` : `${name} for the smallest`));
  return `Time of ${sizeWords(now)}: ${parts.join(", ")}. Fastest: ${cross.join(", ")}.`;
}
