// The timeline: a window on the run that zooms and pans. The picture of a window is drawn once; a
// step only redraws what marks the cursor.

/** Keep a window inside the run and not narrower than a few nanoseconds. */
function clampWindow({ from, to }, total_us) {
  const span = Math.min(total_us, Math.max(0.02, to - from));
  const start = Math.min(Math.max(0, from), total_us - span);
  return { from: start, to: start + span };
}

/** The row under a point of the picture, or -1. */
function rowAt(scene, bands, scale, x, y) {
  const band = bands.lanes.find(({ y: top, h: height }) => y >= top - 1 && y <= top + height + 1);
  if (!band || x < scale.left) return -1;
  const { rows } = scene;
  const at = scale.at(x);
  const reach = (3 * (scale.to - scale.from)) / scale.width;
  const next = firstAfter(band.lane.rows, (row) => rows.start_us[row] > at + reach);
  const row = next > 0 ? band.lane.rows[next - 1] : -1;
  if (row >= 0 && at <= rows.start_us[row] + rows.busy_us[row] + reach) return row;
  const ahead = next < band.lane.rows.length ? band.lane.rows[next] : -1;
  if (ahead >= 0 && at >= rows.start_us[ahead] - rows.wait_us[ahead]) return ahead;
  return -1;
}

/** The view: owns the canvases and the window; tells `app.cursor.go(row)` when a bar is clicked. */
function timelineView(app) {
  const base = h("canvas", { class: "layer", "aria-hidden": "true" });
  const top = h("canvas", { class: "layer", role: "img" });
  const tip = h("div", { class: "tip", hidden: true });
  const stage = h("div", { class: "stage" }, base, top, tip,
    h("div", { class: "zoom", onpointerdown: (event) => event.stopPropagation() },
      actButton(app, "zoomOut", "Zoom out", "−"), actButton(app, "zoomIn", "Zoom in", "+"),
      actButton(app, "fit", "Show the whole run", "Fit")));
  let drawn = null;
  let bands = null;
  let scale = null;

  const view = {
    element: stage,
    window: { from: 0, to: 1 },
    stale() { drawn = null; },
    show(window) {
      view.window = clampWindow(window, app.scene.summary.total_us);
      drawn = null;
      app.redraw();
    },
    zoom(factor, at = momentOf(app.scene, app.row)) {
      const { from, to } = view.window;
      const inside = at >= from && at <= to ? at : (from + to) / 2;
      view.show({ from: inside - (inside - from) * factor, to: inside + (to - inside) * factor });
    },
    pan(share) {
      const { from, to } = view.window;
      view.show({ from: from + share * (to - from), to: to + share * (to - from) });
    },
    follow(row) {
      const at = momentOf(app.scene, row);
      const { from, to } = view.window;
      const span = to - from;
      if (at < from || at > from + span * 0.97) {
        view.window = clampWindow({ from: at - span * 0.12, to: at + span * 0.88 },
          app.scene.summary.total_us);
        drawn = null;
      }
    },
    draw(scene, row) {
      const { width, height } = sizeOf(stage);
      bands = layoutBands(scene, height);
      scale = makeScale(view.window, width, app.theme);
      const key = `${width} ${height}`;
      if (drawn !== key) {
        drawWindow(prepare(base).pen, scene, bands, scale, app.theme);
        drawn = key;
      }
      const { pen } = prepare(top);
      drawOverview(pen, scene, row, bands, scale, app.theme);
      drawStates(pen, scene, row, bands, app.theme);
      drawCursor(pen, scene, row, bands, scale, app.theme);
      top.setAttribute("aria-label", `Timeline from ${time(view.window.from)} to ${
        time(view.window.to)}. ${describe(scene, row)} ${whenWords(scene, row)} ${
        waitWords(scene, row)} ${stateWords(scene, row)}`);
    },
  };

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    drag = { x, y, window: view.window, moved: false, overview: y >= bands.overview.y };
    stage.setPointerCapture(event.pointerId);
    if (drag.overview) centerOn(x);
  });
  stage.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!drag) { hover(x, y); return; }
    if (drag.overview) { centerOn(x); return; }
    if (Math.abs(x - drag.x) > 4) drag.moved = true;
    if (!drag.moved) return;
    const shift = ((drag.x - x) * (drag.window.to - drag.window.from)) / scale.width;
    tip.hidden = true;
    view.show({ from: drag.window.from + shift, to: drag.window.to + shift });
  });
  stage.addEventListener("pointerup", (event) => {
    const [x, y] = place(event);
    if (drag && !drag.moved && !drag.overview) {
      const row = rowAt(app.scene, bands, scale, x, y);
      if (row >= 0) app.cursor.go(row);
      else if (x >= scale.left && y < bands.axis.y) app.cursor.goTime(scale.at(x));
    }
    drag = null;
  });
  stage.addEventListener("pointerleave", () => { tip.hidden = true; });
  stage.addEventListener("dblclick", (event) => view.zoom(0.4, scale.at(place(event)[0])));
  stage.addEventListener("wheel", (event) => {
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      view.pan((event.deltaX || event.deltaY) / scale.width);
    } else if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      view.zoom(event.deltaY > 0 ? 1.25 : 0.8, scale.at(place(event)[0]));
    }
  }, { passive: false });

  function centerOn(x) {
    const at = ((x - scale.left) / scale.width) * app.scene.summary.total_us;
    const half = (view.window.to - view.window.from) / 2;
    view.show({ from: at - half, to: at + half });
  }

  function hover(x, y) {
    const row = rowAt(app.scene, bands, scale, x, y);
    tip.hidden = row < 0;
    stage.style.cursor = row < 0 ? "grab" : "pointer";
    if (row < 0) return;
    const { rows, names } = app.scene;
    tip.replaceChildren(
      h("strong", {}, `${names.ops[rows.op[row]]} on ${laneWords(app.scene, row)}`),
      h("span", {}, `${describe(app.scene, row)} ${whenWords(app.scene, row)}`),
      waited(app.scene, row) ? h("span", { class: "why" }, waitWords(app.scene, row)) : "");
    const box = stage.getBoundingClientRect();
    tip.style.left = `${Math.min(Math.max(8, x + 14), box.width - tip.offsetWidth - 8)}px`;
    tip.style.top = `${y + 18}px`;
  }
  return view;
}
