// How a factor comes about: one bar for each share on a logarithmic axis, where products add up.

const PLOT = { row: 27, left: 6, right: 76, top: 24, bottom: 26, label: 0 };
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function chartView() {
  const root = h("div", { class: "chart" });
  let width = 0;
  let last = null;

  /** Start and end of every share, and of the whole. */
  function steps(card) {
    let at = 1;
    const rows = card.shares.map(([what, factor, text]) => {
      const row = { what, text, from: at, to: at * factor, kind: "share" };
      at *= factor;
      return row;
    });
    const whole = { what: "together", text: card.found, from: 1, to: at, kind: "whole" };
    if (rows.length < 2) return [{ ...whole, what: "found", from: 1, to: card.found_value }];
    return [...rows, whole];
  }

  function words(card, rows) {
    const parts = rows.filter((row) => row.kind === "share")
      .map((row) => `${row.what} ${row.text}`).join(", ");
    return `${parts ? `${parts}. ` : ""}Found: ${card.found}; claimed: ${card.claimed}.`;
  }

  function draw(card) {
    last = card;
    root.hidden = card.found_value === null;
    if (root.hidden) return;
    const rows = steps(card);
    const values = rows.flatMap((row) => [row.from, row.to]);
    const low = Math.log(Math.min(...values, card.claimed_value)) - 0.05;
    const high = Math.log(Math.max(...values, card.claimed_value)) + 0.12;
    width = Math.max(280, root.clientWidth || 420);
    const x = (value) => PLOT.left
      + ((Math.log(value) - low) / (high - low)) * (width - PLOT.left - PLOT.right);
    const height = PLOT.top + rows.length * PLOT.row + PLOT.bottom;
    const bottom = height - PLOT.bottom;
    const svg = h("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
      "aria-label": words(card, rows) });
    for (const tick of TICKS) {
      if (Math.log(tick) < low || Math.log(tick) > high) continue;
      svg.append(h("line", { class: "grid", x1: x(tick), x2: x(tick), y1: PLOT.top, y2: bottom }),
        h("text", { class: "tick", x: x(tick), y: bottom + 17, "text-anchor": "middle" },
          `${tick} ×`));
    }
    const at = x(card.claimed_value);
    const clear = (end) => (at >= end && at < end + PLOT.right ? at : end); // of the claim's line
    rows.forEach((row, i) => {
      const y = PLOT.top + i * PLOT.row;
      const [from, to] = [x(row.from), x(row.to)].sort((a, b) => a - b);
      const back = row.to < row.from;
      svg.append(
        h("rect", { class: `bar ${row.kind}${back ? " back" : ""}`, x: from, y: y + 12,
          width: Math.max(2, to - from), height: 11 }),
        h("text", { class: "label", x: PLOT.left, y: y + 9 }, row.what),
        h("text", { class: "value", x: clear(Math.max(to, x(row.from))) + 5, y: y + 22 },
          row.text));
    });
    svg.append(h("line", { class: "claimed", x1: at, x2: at, y1: 14, y2: bottom }),
      h("text", { class: "claimed-label", x: Math.min(at, width - 4), y: 10,
        "text-anchor": at > width / 2 ? "end" : "start" }, `claimed: ${card.claimed}`));
    root.replaceChildren(svg);
  }

  const resized = new ResizeObserver(() => {
    if (last && Math.abs(root.clientWidth - width) > 2) draw(last);
  });
  resized.observe(root);
  return { element: root, draw, stop: () => resized.disconnect() };
}
