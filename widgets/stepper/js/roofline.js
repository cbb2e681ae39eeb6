// The roofline on log axes: one point per rung, the current one emphasised.

function rooflineView(app) {
  const picture = h("svg", { class: "roof", role: "img" });
  let points = [];
  const table = tableFold("Roofline", ["rung", "flop per byte", "TFLOP/s", "roof, TFLOP/s"], () =>
    points.map(({ name, intensity, flops_per_s, roof }) => [name, Number(intensity.toFixed(2)),
      Number((flops_per_s / 1e12).toFixed(3)), Number((roof / 1e12).toFixed(3))]));
  behind(table.table, picture);
  const root = panel("roofline", "Roofline",
    "Logarithmic axes. Near the slope the way to HBM limits, near the flat roof TensorE; far below, "
      + "waiting.",
    picture, table.element);
  const M = { left: 46, right: 116, top: 14, bottom: 34 };

  function draw(scene, ladder, width, height) {
    const { summary } = scene;
    const peak = summary.peak_flops_per_s;
    const slope = summary.hbm_bytes_per_s;
    points = pointsOf(scene, ladder);
    table.draw();
    const xs = [...points.map(({ intensity }) => intensity), peak / slope];
    const ys = [...points.map(({ flops_per_s }) => flops_per_s), peak];
    const x_range = [10 ** Math.floor(Math.log10(Math.min(...xs) * 0.8)),
      10 ** Math.ceil(Math.log10(Math.max(...xs) * 1.4))];
    const y_range = [10 ** Math.floor(Math.log10(Math.min(...ys) * 0.8)), peak * 2.2];
    const log = ([low, high], from, to) => (value) => from
      + ((to - from) * Math.log10(value / low)) / Math.log10(high / low);
    const x = log(x_range, M.left, width - M.right);
    const y = log(y_range, height - M.bottom, M.top);
    const text = (at_x, at_y, words, extra = {}) =>
      h("text", { x: at_x, y: at_y, ...extra }, words);
    const parts = [];
    for (let v = x_range[0]; v <= x_range[1] * 1.001; v *= 10) {
      parts.push(h("line", { class: "grid", x1: x(v), x2: x(v), y1: M.top, y2: height - M.bottom }),
        text(x(v), height - M.bottom + 14, String(v), { "text-anchor": "middle" }));
    }
    for (let v = y_range[0]; v <= y_range[1]; v *= 10) {
      parts.push(h("line", { class: "grid", x1: M.left, x2: width - M.right, y1: y(v), y2: y(v) }),
        text(M.left - 6, y(v) + 4, String(v / 1e12), { "text-anchor": "end" }));
    }
    const knee = peak / slope;
    const start = Math.max(x_range[0], y_range[0] / slope);
    parts.push(
      h("path", { class: "roof-line", d: `M${x(start)} ${y(start * slope)}L${x(knee)} ${y(peak)}L${
        width - M.right} ${y(peak)}` }),
      text(width - M.right, y(peak) - 6, `TensorE peak ${(peak / 1e12).toFixed(1)} TFLOP/s`,
        { "text-anchor": "end", class: "roof-name" }),
      text((x(start) + x(knee)) / 2 - 10, (y(start * slope) + y(peak)) / 2,
        `${summary.slope_of} ${(slope / 1e9).toFixed(0)} GB/s`, { "text-anchor": "end", class: "roof-name" }),
      text((M.left + width) / 2, height - 4, "FLOP per byte moved", { "text-anchor": "middle" }),
      text(4, 10, "TFLOP/s", {}));
    const names_x = width - M.right + 14;
    let name_y = -Infinity;
    for (const point of points.toSorted((a, b) => b.flops_per_s - a.flops_per_s)) {
      name_y = Math.max(name_y + 16, y(point.flops_per_s) + 4);
      parts.push(...mark(point, x, y, [names_x, name_y], text));
    }
    picture.replaceChildren(...parts);
    picture.setAttribute("aria-label", `Roofline. ${points.map(({ name, intensity, flops_per_s }) =>
      `${name}: ${intensity.toFixed(1)} FLOP per byte, ${(flops_per_s / 1e12).toFixed(2)} TFLOP/s`)
      .join("; ")}.`);
  }

  function mark(point, x, y, [name_x, name_y], text) {
    const at_x = x(point.intensity);
    const at_y = y(point.flops_per_s);
    const current = point.current ? " current" : "";
    return [
      h("line", { class: "drop", x1: at_x, x2: at_x, y1: at_y, y2: y(point.roof) }),
      h("line", { class: "leader", x1: at_x, x2: name_x - 3, y1: at_y, y2: name_y - 4 }),
      h("circle", { class: `point${current}`, cx: at_x, cy: at_y, r: point.current ? 7 : 5 }),
      text(name_x, name_y, `${point.rung} ${point.name}`, { class: `name${current}` }),
    ];
  }

  function pointsOf(scene, ladder) {
    const { summary, params } = scene;
    const roof = (intensity) => Math.min(summary.peak_flops_per_s,
      intensity * summary.hbm_bytes_per_s);
    const rungs = ladder.rungs.filter((rung) => rung.total_us && rung.name !== params.kernel);
    const own = { name: params.kernel, rung: scene.rung, intensity: summary.intensity,
      flops_per_s: summary.flops_per_s, current: true };
    return [...rungs, own].map((point) => ({ ...point, roof: roof(point.intensity) }));
  }

  return {
    element: root,
    draw(scene, ladder) {
      const size = sizeOf(picture);
      const [width, height] = [size.width || 300, size.height || 200];
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      draw(scene, ladder, width, height);
    },
  };
}
