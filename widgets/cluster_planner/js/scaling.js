// From one server to a million chips: how much of a chip's work is left as the machine grows.

const HEADS = ["chips", "batch grows: tokens/s", "batch, sequences", "a chip",
  "batch stays: tokens/s", "a chip", "idle"];
const BEYOND = "everything is extrapolated: the network between domains is taken to be free of "
  + "bottlenecks, nothing fails, and no run of that size is published for this system.";

function scalingView(app) {
  const canvas = h("canvas", { role: "img", "aria-label": "From one server to a million chips" });
  const stage = h("div", { class: "stage scaling-stage" }, canvas);
  const body = h("tbody", {});
  const words = h("p", { class: "quiet" });
  const table = h("details", { class: "fold" }, h("summary", {}, "As a table"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Scaling" },
      h("table", {}, h("thead", {}, h("tr", {}, ...HEADS.map((text) =>
        h("th", { scope: "col" }, text)))),
      body)));

  behind(body.parentElement, canvas);
  let points = [];
  tipOver(canvas, (x, y) => nearestOf(points, x, y));

  function axes(found, width, height, em) {
    const all = [...found.grows, ...found.stays];
    const [left, right, top, bottom] = [3.7 * em, width - 7.6 * em, 26, height - 32];
    const chips_ = all.map(([chips]) => chips);
    const [x0, x1] = [Math.min(...chips_), Math.max(...chips_, 10)].map(Math.log10);
    const most = Math.max(...all.map(([, , each]) => each));
    return { left, right, top, bottom, most,
      x: (chips) => left + ((Math.log10(chips) - x0) / Math.max(0.1, x1 - x0)) * (right - left),
      y: (each) => bottom - (each / most) * (bottom - top), x0, x1 };
  }

  /** Solid within one domain, dashed where nobody has published a run: extrapolated. */
  function curve(pen, theme, axis, found, points, ink, shape) {
    const inside = points.filter(([chips]) => chips <= found.domain);
    const outside = points.filter(([chips]) => chips > found.domain);
    const place = ([chips, , each]) => [axis.x(chips), axis.y(each)];
    pen.strokeStyle = ink;
    pen.fillStyle = ink;
    pen.lineWidth = 2.2;
    if (inside.length > 1) stroke(pen, inside.map(place));
    pen.setLineDash([6, 4]);
    const joined = [...inside.slice(-1), ...outside];
    if (joined.length > 1) stroke(pen, joined.map(place));
    pen.setLineDash([]);
    for (const point of points) {
      const [x, y] = place(point);
      pen.beginPath();
      if (shape === "round") pen.arc(x, y, 3.5, 0, 7);
      else pen.rect(x - 3, y - 3, 6, 6);
      if (point[0] <= found.domain) pen.fill();
      else {
        pen.fillStyle = theme.surface || theme.bg;
        pen.fill();
        pen.stroke();
        pen.fillStyle = ink;
      }
    }
  }

  function draw() {
    const found = app.trait("scaling");
    const { pen, width, height } = prepare(canvas);
    if (!found.grows?.length || width < 50) return;
    app.root.dataset.scaling = found.id;
    const { theme } = app;
    const axis = axes(found, width, height, app.theme.em);
    const edge = Math.min(axis.right, axis.x(found.domain));
    pen.fillStyle = stripes(pen, theme.border, "rise", 8);
    pen.fillRect(edge, axis.top, axis.right - edge, axis.bottom - axis.top);
    pen.lineWidth = 1;
    pen.strokeStyle = theme.border;
    const labels = [];
    for (let power = Math.ceil(axis.x0); power <= axis.x1 + 0.01; power += 1) {
      const x = axis.x(10 ** power);
      stroke(pen, [[x, axis.top], [x, axis.bottom]]);
      labels.push([x, count(10 ** power)]);
    }
    ticks(pen, labels, axis.bottom + 11, theme.muted, theme.font(0.75));
    for (const part of [0, 0.5, 1]) {
      const y = axis.y(axis.most * part);
      stroke(pen, [[axis.left, y], [axis.right, y]]);
      write(pen, `${100 * part} %`, axis.left - 5, y, theme.muted, theme.font(0.75), "right");
    }
    write(pen, "chips (logarithmic)", axis.left, axis.bottom + 25, theme.muted, theme.font(0.75));
    const beyond = axis.right - axis.left > 260
      ? `extrapolated: beyond one domain of ${count(found.domain)}` : "extrapolated";
    const room = axis.right - edge > 210;
    write(pen, beyond, room ? edge + 4 : axis.right, axis.top - 9, theme.warn,
      theme.font(0.78, "sans", 650), room ? "left" : "right");
    curve(pen, theme, axis, found, found.stays, theme.scalar, "square");
    curve(pen, theme, axis, found, found.grows, theme.tensor, "round");
    points = ["grows", "stays"].flatMap((kind) => found[kind].map(([chips, rate, each, batch]) =>
      [axis.x(chips), axis.y(each), `${count(chips)} chips, batch ${count(batch)}: ${
        shortCount(rate)} tokens/s, ${shortCount(each)} a chip`]));
    const label = (line, text, ink, shift) => {
      const [chips, , each] = line.at(-1);
      write(pen, text, axis.x(chips) + 9, axis.y(each) + shift, ink, theme.font(0.78, "sans", 650));
    };
    label(found.grows, "batch grows", theme.tensor, 0);
    label(found.stays, "batch stays", theme.scalar, -8);
    const x = axis.x(found.chips);
    pen.strokeStyle = theme.accent;
    pen.lineWidth = 2;
    stroke(pen, [[x, axis.top], [x, axis.bottom]]);
    tell(found);
  }

  function tell(found) {
    const [grown, kept] = [found.grows.at(-1), found.stays.at(-1)];
    const sequence = app.params().sequence;
    say(words, `Work of a chip, against the best here. On ${
      count(grown[0])} chips the same cut writes ${
      shortCount(grown[1])} tokens/s if the batch grows to ${count(grown[3])} sequences (${
      shortCount(grown[3] * sequence)} tokens a step), and ${shortCount(kept[1])} if it stays at ${
      count(kept[3])}, with ${count(kept[4])} devices idle. Beyond one domain of ${
      count(found.domain)} chips ${BEYOND} ${
      count(found.announced)} chips are the most announced.`);
    canvas.setAttribute("aria-label", words.textContent);
    const kept_ = new Map(found.stays.map((row) => [row[0], row]));
    body.replaceChildren(...found.grows.map(([chips, rate, each, batch]) => {
      const other = kept_.get(chips);
      return h("tr", {}, ...[count(chips), shortCount(rate), count(batch), shortCount(each),
        other ? shortCount(other[1]) : "–", other ? shortCount(other[2]) : "–",
        other ? count(other[4]) : "–"].map((text) => h("td", { class: "figure" }, text)));
    }));
  }

  return {
    element: h("section", { class: "panel scaling",
      "aria-label": "From one server to a million chips" },
      h("header", {}, h("h3", {}, "To a million chips"), h("p", { class: "how" },
        "The same cut on more chips; filled marks: within one domain, hollow: extrapolated.")),
      stage, words, table),
    draw,
  };
}
