// Two rungs on one time axis, and all rungs as bars on another.

const RACING = ["tensor", "gpsimd", "dma"]; // the engines whose lanes are set side by side

function compareView(app) {
  const bars = h("div", { class: "bars", role: "group", "aria-label": "Rungs, by time" });
  const canvas = h("canvas", { role: "img" });
  const table = h("table", { class: "pair" });
  behind(table, canvas);
  const hidden = h("p", { class: "placeholder" },
    "Commit to a guess above; then the rungs stand here side by side.");
  const race = h("div", { class: "race" }, canvas);
  const body = h("div", { class: "body" }, h("div", { class: "rungs" }, bars, table), race);
  const root = panel("compare", "The rungs side by side",
    "The same product, the same arithmetic, one time axis. Choose a bar to compare with it.",
    hidden, body);
  const mark = h("span", {});
  root.querySelector("h3").append(" ", mark);

  function drawBars(ladder, scene, other) {
    const most = Math.max(...ladder.rungs.map((rung) => rung.total_us || 0));
    bars.replaceChildren(...ladder.rungs.map((rung) => {
      const own = rung.name === scene.params.kernel;
      const fill = h("span", { class: "fill" });
      fill.style.width = `${rung.total_us ? (100 * rung.total_us) / most : 0}%`;
      return h("button", { type: "button", class: "bar", disabled: !rung.total_us || own,
        "data-rung": rung.name, "data-total-us": rung.total_us || "",
        "aria-pressed": String(rung.name === other), title: rung.problem || rung.meaning,
        onclick: () => app.compareWith(rung.name) },
      h("span", { class: "rung" }, `${rung.rung} ${rung.name}${own ? ", current" : ""}`),
      h("span", { class: "track" }, fill),
      h("span", { class: "took" }, rung.total_us ? time(rung.total_us) : "not for this size"));
    }));
  }

  function drawRace(first, second) {
    const { theme } = app;
    const shownOf = (scene) => scene.lanes.filter(({ engine }) => RACING.includes(engine));
    const lane_px = 1.3 * theme.em;
    const head_px = 1.5 * theme.em;
    const rows_px = [first, second].map((scene) => head_px + lane_px * shownOf(scene).length + 10);
    canvas.style.height = `${rows_px[0] + rows_px[1] + 22}px`;
    const { pen, width, height } = prepare(canvas);
    const longest = Math.max(first.summary.total_us, second.summary.total_us);
    const scale = makeScale({ from: 0, to: longest }, width, theme);
    const wait = stripes(pen, theme.warn);
    [first, second].forEach((scene, i) => {
      const top = i * rows_px[0];
      write(pen, `${scene.rung} ${scene.params.kernel}: ${time(scene.summary.total_us)}`,
        scale.left, top + 1, theme.text, theme.font(0.85, "sans", 600), "left", "top");
      shownOf(scene).forEach((lane, j) => {
        const band = { lane, y: top + head_px + j * lane_px, h: lane_px - 2 };
        drawLaneLabel(pen, laneLabel(lane.name), band, theme);
        drawLane(pen, scene, band, scale, theme, wait);
      });
    });
    drawAxis(pen, { axis: { y: height - 20 } }, scale, { ...theme, border: "transparent" });
    canvas.setAttribute("aria-label", [first, second].map(({ params, summary }) =>
      `${params.kernel} takes ${time(summary.total_us)}`).join("; "));
  }

  function drawTable(first, second) {
    const lines = [
      ["Time", (s) => time(s.total_us)], ["MFU", (s) => percent(s.mfu)],
      ["MBU", (s) => percent(s.mbu)], ["Bytes moved", (s) => bytes(s.hbm_bytes)],
      ["FLOP per byte", (s) => s.intensity.toFixed(1)],
      ["TensorE busy", (s) => percent(s.busy.tensor)],
      ["Device instructions", (s) => count(s.rows)],
    ];
    table.replaceChildren(
      h("thead", {}, h("tr", {}, h("td", {}), ...[first, second].map(({ rung, params }) =>
        h("th", { scope: "col" }, `${rung} ${params.kernel}`)))),
      h("tbody", {}, ...lines.map(([name, of]) => h("tr", {}, h("th", { scope: "row" }, name),
        ...[first, second].map(({ summary }) => h("td", {}, of(summary)))))));
  }

  return {
    element: root,
    draw(scene, other, ladder, { revealed, stale, honesty }) {
      hidden.hidden = revealed;
      body.hidden = !revealed;
      mark.replaceChildren(badge(honesty));
      if (!revealed || stale) return;
      drawBars(ladder, scene, other ? other.params.kernel : null);
      race.hidden = !other;
      table.hidden = !other;
      if (!other) return;
      drawRace(scene, other);
      drawTable(scene, other);
    },
  };
}
