// One or two runs on a shared axis of time, to zoom, pan and ask. Two are drawn one above the other.

/** Keep a window inside the run and not narrower than a few nanoseconds. */
function clampWindow({ from, to }, total) {
  const span = Math.min(total, Math.max(0.02, to - from));
  const start = Math.min(Math.max(0, from), total - span);
  return { from: start, to: start + span };
}

/**
 * The view: `runs()` gives the runs to draw, `extra(pen, place, scale, bottom)` what is drawn over
 * the first of them. Tells `chosen(row)` when a bar of the first run is chosen.
 */
function timelineView({ name, runs, theme, unit, extra, chosen, moved, stop }) {
  const canvas = h("canvas", { role: "img" });
  const tip = h("div", { class: "tip", hidden: true });
  const button = (act, words, sign) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick: () => view.act(act) }, sign);
  const stage = h("div", { class: "stage", tabindex: stop ? 0 : -1, role: "group",
    "aria-label": name }, canvas, tip);
  const zoom = h("div", { class: "zoom", role: "group", "aria-label": `Zoom: ${name}` },
    button("zoomOut", "Zoom out", "−"), button("zoomIn", "Zoom in", "+"),
    button("fit", "Show the whole run", "Fit"), button("earlier", "Earlier", "‹"),
    button("later", "Later", "›"));
  let scale = null;
  let places = [];
  let shown = [];
  let frame = 0;
  let drag = null;

  const total = () => Math.max(...runs().map((run) => run.summary.total_us));
  const bottom = () => stage.clientHeight - AXIS_PX - OVERVIEW_PX;

  const view = {
    element: stage,
    zoom,
    window: { from: 0, to: 1 },
    took: 0,
    show(window, tell = true) {
      view.window = clampWindow(window, total());
      view.redraw();
      if (tell) moved(view.window);
    },
    fit() { view.show({ from: 0, to: total() }); },
    zoomBy(factor, at) {
      const { from, to } = view.window;
      const inside = at >= from && at <= to ? at : (from + to) / 2;
      view.show({ from: inside - (inside - from) * factor, to: inside + (to - inside) * factor });
    },
    pan(share) {
      const { from, to } = view.window;
      view.show({ from: from + share * (to - from), to: to + share * (to - from) });
    },
    /** Bring a row into sight, with room around it. */
    reveal(run, row) {
      const at = run.rows.start[row];
      const { from, to } = view.window;
      const span = to - from;
      if (at < from || at > from + 0.97 * span) {
        view.show({ from: at - 0.3 * span, to: at + 0.7 * span });
      }
    },
    act(action, at) {
      ({ zoomIn: () => view.zoomBy(0.5, at), zoomOut: () => view.zoomBy(2, at),
        fit: view.fit, earlier: () => view.pan(-0.25), later: () => view.pan(0.25) })[action]();
    },
    redraw() { if (!frame) frame = requestAnimationFrame(view.draw); },
    draw() {
      frame = 0;
      shown = runs();
      if (!shown.length || !stage.clientWidth) return;
      const began = performance.now();
      const look = theme();
      const { pen, width } = prepare(canvas);
      scale = makeScale(view.window, width, look);
      drawAxis(pen, bottom(), scale, look, unit());
      const each = bottom() / shown.length;
      places = shown.map((run, i) => layoutRun(run, i * each, (i + 1) * each, look,
        shown.length > 1));
      shown.forEach((run, i) => {
        drawRun(pen, run, places[i], scale, look);
        if (shown.length > 1) {
          write(pen, `${run.title}, ${run.size}: ${time(run.summary.total_us)}`, scale.left,
            i * each + 0.8 * look.em, look.text, look.font(0.85, "sans", 650));
          drawMoment(pen, run.summary.total_us, "", (i + 0.2) * each, (i + 1) * each, scale, look);
        }
      });
      extra?.(pen, places[0], scale, bottom());
      drawOverview(pen, shown[0], bottom() + AXIS_PX, scale, total(), look);
      view.took = performance.now() - began;
      stage.dataset.drawMs = view.took.toFixed(2);
    },
    say(words) { canvas.setAttribute("aria-label", words); },
  };

  const pointAt = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** {run, row} or {run, counter} under a point, or null. */
  function under(x, y) {
    if (!scale || x < scale.left || y >= bottom()) return null;
    for (const [i, place] of places.entries()) {
      const band = place.lanes.find(({ y: top, h: height }) => y >= top - 1 && y <= top + height + 1);
      if (band) {
        const row = rowAt(shown[i], band.lane, scale, x);
        return row < 0 ? null : { run: shown[i], row, first: i === 0 };
      }
      const counter = place.counters.find(({ y: top, h: height }) => y >= top && y <= top + height);
      if (counter) return { run: shown[i], counter };
    }
    return null;
  }

  function hover(x, y) {
    const found = under(x, y);
    tip.hidden = !found;
    stage.style.cursor = found?.first ? "pointer" : "grab";
    if (!found) return;
    if (found.counter) {
      const { of, name: title } = found.counter;
      const level = levelAt(of, scale.at(x));
      const much = title === "SBUF" ? `${kib(level)} of ${kib(of.capacity)} of each partition`
        : `${level} of ${plural(of.capacity, "bank")}`;
      tip.replaceChildren(h("strong", {}, `${title} at ${time(scale.at(x))}`), h("span", {}, much));
    } else {
      const { run, row } = found;
      tip.replaceChildren(h("strong", {}, run.names.ops[run.rows.op[row]]),
        h("span", {}, rowWords(run, row)),
        didWait(run, row) ? h("span", { class: "why-wait" }, rowWait(run, row)) : "");
    }
    tip.style.left = `${Math.min(Math.max(4, x + 14), stage.clientWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = y > stage.clientHeight / 2 ? `${y - tip.offsetHeight - 12}px` : `${y + 18}px`;
  }

  function centerOn(x) {
    const at = ((x - scale.left) / scale.width) * total();
    const half = (view.window.to - view.window.from) / 2;
    view.show({ from: at - half, to: at + half });
  }

  stage.addEventListener("pointerdown", (event) => {
    const [x, y] = pointAt(event);
    if (!scale || event.button) return;
    drag = { x, window: view.window, moved: false, overview: y >= bottom() + AXIS_PX };
    stage.setPointerCapture(event.pointerId);
    if (drag.overview) centerOn(x);
  });
  stage.addEventListener("pointermove", (event) => {
    const [x, y] = pointAt(event);
    if (!drag) hover(x, y);
    else if (drag.overview) centerOn(x);
    else {
      drag.moved ||= Math.abs(x - drag.x) > 4;
      if (!drag.moved) return;
      const shift = ((drag.x - x) * (drag.window.to - drag.window.from)) / scale.width;
      tip.hidden = true;
      view.show({ from: drag.window.from + shift, to: drag.window.to + shift });
    }
  });
  stage.addEventListener("pointerup", (event) => {
    const found = drag && !drag.moved && !drag.overview ? under(...pointAt(event)) : null;
    if (found?.first && found.row >= 0) chosen(found.row);
    drag = null;
  });
  stage.addEventListener("pointercancel", () => { drag = null; });
  stage.addEventListener("pointerleave", () => { tip.hidden = true; });
  stage.addEventListener("dblclick", (event) => view.zoomBy(0.4, scale.at(pointAt(event)[0])));
  stage.addEventListener("wheel", (event) => {
    const along = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (event.shiftKey || along) {
      event.preventDefault();
      view.pan((event.deltaX || event.deltaY) / scale.width);
    } else if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      view.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, scale.at(pointAt(event)[0]));
    }
  }, { passive: false });
  return view;
}

/** The row of a lane at a point: the one at work there, else the one that waits there; or -1. */
function rowAt(run, lane, scale, x) {
  const { rows } = run;
  const at = scale.at(x);
  const reach = (3 * (scale.to - scale.from)) / scale.width;
  const next = startedBy(lane, at + reach);
  const row = next > 0 ? lane.rows[next - 1] : -1;
  if (row >= 0 && at <= rows.start[row] + rows.busy[row] + reach) return row;
  const ahead = next < lane.rows.length ? lane.rows[next] : -1;
  return ahead >= 0 && at >= rows.start[ahead] - rows.wait[ahead] ? ahead : -1;
}
