// What each rank holds: a cell for each rank and part, colored and numbered by where it is from.

const INKS = ["tensor", "scalar", "vector", "psum", "dma", "sbuf", "gpsimd", "sync"];
const MOST_CELLS = 20000;

/** Color and, beyond the eighth, a pattern; the number on it says the same. */
function inkOf(theme, origin) {
  return theme[INKS[origin % INKS.length]];
}

/** One cell: how full it is, in the color of its origin, with the origin's number. */
function paintCell(pen, theme, origin, share, [x, y, w, high], labelled_) {
  if (share <= 0) return;
  const filled = high * share;
  pen.fillStyle = inkOf(theme, origin);
  pen.globalAlpha = share >= 1 ? 1 : 0.8;
  pen.fillRect(x, y + high - filled, w, filled);
  pen.globalAlpha = 1;
  if (Math.floor(origin / INKS.length) % 2 && w >= 8) {
    pen.fillStyle = stripes(pen, theme.bg, "rise", 5);
    pen.fillRect(x, y + high - filled, w, filled);
  }
  const text = String(origin);
  if (!labelled_ || high < 10 || w < 3 + 5 * text.length) return;
  const size = Math.min(0.78, (high * 0.8) / theme.em, w / (text.length * 0.75 * theme.em));
  pen.fillStyle = share >= 0.6 ? inkOf(theme, origin) : theme.surface || theme.bg;
  const width = Math.min(w, 6.2 * text.length + 3);
  if (share >= 0.6) pen.fillRect(x + w / 2 - width / 2, y + high / 2 - 6, width, 12);
  write(pen, text, x + w / 2, y + high / 2 + 0.5, share >= 0.6 ? theme.bg : theme.text,
    theme.font(size, "sans", 700), "center");
}

/** The matrix of ranks and origins; a click chooses a rank. */
function chunksView(app, { run, held, rank, choose }) {
  const canvas = h("canvas", { role: "img", "aria-label": "What each rank holds" });
  const stage = h("div", { class: "stage matrix" }, canvas);
  let geometry = null;
  canvas.addEventListener("click", (event) => {
    const { top } = canvas.getBoundingClientRect();
    const at = Math.floor((event.clientY - top - geometry.top) / geometry.high);
    const chosen = geometry.first + at;
    if (at >= 0 && chosen < run().plan.ranks && at < geometry.rows) choose(chosen);
  });
  return {
    element: stage,
    say(text) { canvas.setAttribute("aria-label", text); },
    draw() {
      const { pen, width, height } = prepare(canvas);
      const { plan } = run();
      const { theme } = app;
      const rows = Math.min(plan.ranks, Math.max(1, Math.floor(MOST_CELLS / plan.ranks)),
        Math.max(1, Math.floor((height - 24) / 3)));
      const first_ = Math.max(0, Math.min(rank() - (rows >> 1), plan.ranks - rows));
      const [left, top] = [40, 20];
      const [w, high] = [(width - left - 2) / plan.ranks, Math.min(26, (height - top - 2) / rows)];
      geometry = { top, high, rows, first: first_ };
      write(pen, "rank", 2, 9, theme.muted, theme.font(0.78));
      const axis = plan.kind.startsWith("all_to_all") ? "came from rank"
        : plan.kind === "all_gather" || plan.kind === "permute" ? "from rank" : "part";
      write(pen, `${axis} 0 to ${plan.ranks - 1}${
        rows < plan.ranks ? `; ranks ${first_} to ${first_ + rows - 1} are shown` : ""}`, left, 9,
      theme.muted, theme.font(0.78));
      const inner = (size) => Math.max(0.6, size - (size > 6 ? 2 : size > 3 ? 1 : 0));
      const now = held();
      for (let r = first_; r < first_ + rows; r += 1) {
        const y = top + (r - first_) * high;
        if (high >= 9 || r % Math.ceil(10 / high) === 0) {
          write(pen, String(r), left - 6, y + high / 2, r === rank() ? theme.accent : theme.text,
            theme.font(0.75, "sans", r === rank() ? 700 : 400), "right");
        }
        if (r === rank()) {
          pen.strokeStyle = theme.accent;
          pen.lineWidth = 2;
          pen.strokeRect(left - 1, y, plan.ranks * w + 1, high - 1);
        }
        for (let origin = 0; origin < plan.ranks; origin += 1) {
          const n = countOf(run(), now, r, origin);
          const box = [left + origin * w, y + 1, inner(w), inner(high)];
          if (high > 6) {
            pen.fillStyle = theme.raised;
            pen.fillRect(...box);
          }
          paintCell(pen, theme, origin, shareOf(run(), r, n), box, true);
        }
      }
    },
  };
}

const PICTURED = 16; // ranks up to which a chip shows its chunks

/** The rank of a device in its group, -1 outside of all groups that exchange. */
function rankOf({ ranks, stride, count: groups }, device) {
  const block = Math.floor(device / (ranks * stride));
  const group = block * stride + (device % stride);
  return group < groups ? Math.floor(device / stride) % ranks : -1;
}

/** A device of the machine: its chunks, or how far it is, and its rank. */
function paintRank(app, run, held, chosen, pen, device, [x, y, w, high], number) {
  const { theme } = app;
  const { ranks } = run.group;
  const rank = rankOf(run.group, number);
  pen.fillStyle = theme.raised;
  pen.fillRect(x + 0.5, y + 0.5, w - 1, high - 1);
  if (rank < 0) return;
  const label = `${rank}`;
  const roomy = ranks <= PICTURED && w >= 44 && high >= 30;
  if (roomy) {
    const top = y + 15;
    const fitOf = (lines) =>
      Math.min((w - 6) / Math.ceil(ranks / lines) / 1.3, (high - 18) / lines);
    const rows = [1, 2, 3, 4].reduce((best, each) => (fitOf(each) > fitOf(best) ? each : best), 1);
    const columns = Math.ceil(ranks / rows);
    const [cw, ch] = [(w - 6) / columns, (high - 18) / rows];
    for (let origin = 0; origin < ranks; origin += 1) {
      const n = countOf(run, held, rank, origin);
      const box = [x + 3 + (origin % columns) * cw, top + Math.floor(origin / columns) * ch,
        Math.max(1, cw - 1), Math.max(1, ch - 1)];
      paintCell(pen, theme, origin, shareOf(run, rank, n), box, true);
    }
    write(pen, `rank ${label}`, x + 4, y + 8, theme.text, theme.font(0.76, "sans", 650));
  } else {
    const share = progressOf(run, held, rank);
    pen.fillStyle = inkOf(theme, rank);
    pen.globalAlpha = 0.85;
    pen.fillRect(x + 0.5, y + 0.5 + (high - 1) * (1 - share), w - 1, (high - 1) * share);
    pen.globalAlpha = 1;
    if (high >= 10 && w >= 7 + 6 * label.length) {
      const width = 6 * label.length + 5;
      pen.fillStyle = theme.bg;
      pen.fillRect(x + w / 2 - width / 2, y + high / 2 - 5.5, width, 11);
      write(pen, label, x + w / 2, y + high / 2 + 0.5, theme.text, theme.font(0.72, "sans", 650),
        "center");
    }
  }
  if (rank === chosen) {
    pen.strokeStyle = theme.accent;
    pen.lineWidth = 3;
    pen.strokeRect(x + 1, y + 1, w - 2, high - 2);
  }
}
