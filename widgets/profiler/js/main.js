// One widget: what the learner asked for, what is shown of it, and the views that follow.

const QUIET_MS = 250;
const TABS = [["why", "Why"], ["code", "Code"], ["whatif", "What if"], ["path", "Critical path"],
  ["range", "Range"]];

function render({ model, el }) {
  const root = h("div", { class: "trn-profiler", tabindex: -1 });
  const inPage = "voila" in document.body.dataset;
  const heart = heartOf(model, inPage);
  const view = { filter: { ...NO_FILTER }, row: -1, path: false, tab: "why", window: null };
  let pending = false;
  let waiting = null; // the newest request, while an older one is being answered
  let saveTimer = 0;
  let told = { row: -1, text: "" };

  const history = historyOf(() => app.params(), send);
  const app = {
    inPage, theme: {}, run: readRun(model.get("scene")), other: null,
    gallery: model.get("gallery"), chips: model.get("chips"),
    get window() { return timeline.window; },
    params: () => waiting || model.get("params"),
    change(part) { history.change(part); },
    ask(message) { heart.tell(() => model.send(message)); },
    filter(part) {
      view.filter = { ...view.filter, ...part };
      applyFilter(app.run, view.filter);
      drawTools();
      drawCode();
      timeline.redraw();
      save();
    },
    /** The instructions of a line, and the next of them. */
    chooseLine(line) {
      app.filter({ ...NO_FILTER, line: String(line) });
      app.choose(nextFound(app.run, view.row, 1));
    },
    showPath(on) {
      view.path = on;
      drawTools();
      timeline.redraw();
      save();
    },
    choose(row) {
      if (row < 0) return;
      view.row = row;
      timeline.reveal(app.run, row);
      timeline.redraw();
      drawCode();
      model.send({ kind: "wait", id: app.run.id, row });
      tell();
      save();
    },
    root,
    code: (state) => asCode(state, "widgets.profiler"),
    restore(state) { app.ask({ kind: "restore", state }); },
    state: () => ({ ...model.get("params"), view: viewState() }),
    act(action) { (ACTIONS[action] || (() => timeline.act(action, chosenAt())))(); },
  };

  const chosenAt = () => (view.row >= 0 ? app.run.rows.start[view.row] : undefined);
  const whyNow = () => (model.get("why").id === app.run.id ? model.get("why") : null);
  const bandNow = () => (model.get("band").id === app.run.id ? model.get("band") : null);

  /** The neighbour of the chosen row on its lane, or the lane's first. */
  function step(direction) {
    const { run } = app;
    if (view.row < 0) { app.choose(run.lanes[0].rows[0]); return; }
    const lane = run.lanes[run.placeOfLane[run.rows.lane[view.row]]];
    const place = lane.rows.indexOf(view.row) + direction;
    if (place >= 0 && place < lane.rows.length) app.choose(lane.rows[place]);
  }

  function changeLane(direction) {
    const { run } = app;
    if (view.row < 0) { step(0); return; }
    const place = run.placeOfLane[run.rows.lane[view.row]] + direction;
    const lane = run.lanes[place];
    if (!lane) return;
    app.choose(lane.rows[Math.max(0, startedBy(lane, run.rows.start[view.row]) - 1)]);
  }

  function goWait(direction) {
    const { run } = app;
    const at = chosenAt() ?? -1;
    let best = -1;
    for (let row = 0; row < run.rows.n; row += 1) {
      const start = run.rows.start[row];
      if (row === view.row || !didWait(run, row)) continue;
      if (direction > 0 ? start < at || (start === at && row < view.row)
        : start > at || (start === at && row > view.row)) continue;
      const ahead = best < 0 || (direction > 0 ? start < run.rows.start[best]
        : start >= run.rows.start[best]);
      if (ahead) best = row;
    }
    app.choose(best);
  }

  function goLink(direction) {
    const path = whyNow()?.links;
    if (!path?.length) return;
    view.path = true;
    const place = path.indexOf(view.row);
    const next = place >= 0 ? place + direction
      : Math.max(0, firstAbove(path.length, (i) => app.run.rows.start[path[i]], chosenAt() ?? -1)
        - (direction > 0 ? 0 : 1));
    app.choose(path[Math.min(path.length - 1, Math.max(0, next))]);
    drawTools();
  }

  const end = (last) => {
    const lane = app.run.lanes[view.row < 0 ? 0 : app.run.placeOfLane[app.run.rows.lane[view.row]]];
    app.choose(lane.rows[last ? lane.rows.length - 1 : 0]);
  };
  const ACTIONS = {
    next: () => step(1), previous: () => step(-1), up: () => changeLane(-1), down: () => changeLane(1),
    first: () => end(false), last: () => end(true),
    nextWait: () => goWait(1), previousWait: () => goWait(-1),
    nextLink: () => goLink(1), previousLink: () => goLink(-1),
    nextMatch: () => app.choose(nextFound(app.run, view.row, 1)),
    previousMatch: () => app.choose(nextFound(app.run, view.row, -1)),
    clear: () => app.filter({ ...NO_FILTER }),
    search: () => tools.search.focus(),
    undo: () => history.undo(),
    redo: () => history.redo(),
    reset: () => { app.change(model.get("defaults")); app.filter({ ...NO_FILTER }); timeline.fit(); },
  };

  const timeline = timelineView({ name: "Timeline", runs: () => [app.run], theme: () => app.theme,
    unit: () => `µs, ${model.get("honesty").badge}`, chosen: app.choose, stop: true,
    moved: () => { files.draw(); describe(); save(); },
    extra(pen, place, scale, bottom) {
      const { run, theme } = app;
      const links = whyNow()?.links;
      if (view.path && links) drawPath(pen, run, links, place, scale, theme);
      if (view.row >= 0) drawChosen(pen, run, view.row, place, scale, theme);
      if (Math.abs(run.base_us - run.summary.total_us) > 1e-9) {
        drawMoment(pen, run.base_us, "end with the model's constants", 0, bottom, scale, theme);
      }
    } });
  const controls = controlsView(app);
  const numbers = numbersView();
  const tools = toolsView(app);
  const why = whyView(app);
  const code = codeView(app);
  const whatif = whatifView(app);
  const path = pathView(app);
  const range = rangeView();
  const compare = compareView(app);
  const files = filesView(app);
  const share = stateView(app);
  const doing = h("p", {});
  const waited = h("p", { class: "why-wait" });
  const now = h("div", { class: "now", "aria-live": "polite" }, doing, waited);
  const bodies = { why: why.element, code: code.element, whatif: whatif.element,
    path: path.element, range: range.element };
  const tabs = TABS.map(([name, words]) => h("button", { type: "button", "data-tab": name,
    "aria-pressed": "false", onclick: () => { view.tab = name; drawTabs(); save(); } }, words));
  const film = h("section", { class: "panel film", "aria-label": "Timeline" }, tools.element,
    timeline.element, h("div", { class: "under" }, now, timeline.zoom));
  const side = h("section", { class: "panel side", "aria-label": "Explanation" },
    h("div", { class: "tabs", role: "group", "aria-label": "What to explain" }, ...tabs),
    ...Object.values(bodies));
  behind(files.element, ...timeline.element.querySelectorAll("canvas"));
  root.append(heart.element, controls.element, numbers.element, h("div", { class: "work" }, film, side),
    h("div", { class: "below" }, keysView(), files.buttons), compare.element, files.element,
    share.element);
  el.replaceChildren(root);

  /** One request at a time is under way; of those that follow only the last is sent. */
  function send(params) {
    if (pending) {
      waiting = params;
      drawControls();
      return;
    }
    pending = true;
    root.classList.add("busy");
    root.dataset.busy = "true";
    root.dataset.askedAt = performance.now().toFixed(1);
    heart.tell(() => {
      model.set("params", params);
      model.save_changes();
    });
    drawControls();
  }

  function answered() {
    pending = false;
    const next = waiting;
    waiting = null;
    root.classList.remove("busy");
    root.dataset.busy = "false";
    if (next && JSON.stringify(next) !== JSON.stringify(model.get("params"))) send(next);
  }

  const drawControls = () => {
    controls.draw(app.params(), model.get("problem"), history);
    whatif.draw(model.get("fields"), app.params().constants || {}, app.run);
  };
  const drawTools = () => {
    tools.draw(app.run, view.filter, view.path);
    why.draw(app.run, whyNow(), view.filter);
    files.draw();
  };
  const drawCode = () => code.draw(app.run, model.get("source"), view.row);
  const drawNumbers = () => numbers.draw(app.run, model.get("honesty"), bandNow());
  function drawTabs() {
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.tab === view.tab));
    for (const [name, body] of Object.entries(bodies)) body.hidden = name !== view.tab;
    why.draw(app.run, whyNow(), view.filter);
    drawCode();
    path.draw(app.run, whyNow());
    range.draw(app.run, bandNow(), model.get("honesty"));
  }

  /** What is chosen, in words; the engine's own sentence once it has come. */
  function tell() {
    if (view.row < 0) {
      say(doing, "Bars: at work. Hatched: waiting. Choose a bar, or press W for the next wait. "
        + "Ctrl and the wheel zoom, dragging pans.");
      say(waited, "");
    } else {
      say(doing, rowWords(app.run, view.row));
      say(waited, !didWait(app.run, view.row) ? ""
        : told.row === view.row && told.id === app.run.id ? told.text : rowWait(app.run, view.row));
    }
    describe();
  }

  function describe() {
    const { from, to } = timeline.window;
    const { summary, title, size } = app.run;
    timeline.say(`Timeline of ${title}, ${size}, from ${time(from)} to ${time(to)} of ${
      time(summary.total_us)}. ${app.run.lanes.map((lane) => `${laneLabel(lane.name)}: at work ${
      time(lane.busy[lane.rows.length])}, waiting ${time(lane.wait[lane.rows.length])}`).join("; ")}.`);
  }

  function mark() {
    Object.assign(root.dataset, { scene: app.run.id, rows: app.run.rows.n, row: view.row,
      totalUs: app.run.summary.total_us, kernel: app.run.key[0], chip: app.run.key[2],
      why: "share" in model.get("why") ? "" : model.get("why").id, band: model.get("band").id,
      other: model.get("other").id });
  }

  function fitToWindow() {
    root.style.setProperty("--room", inPage ? `${window.innerHeight - work.offsetTop + root.offsetTop - 20}px` : "70vh");
  }
  const work = root.querySelector(".work");

  function drawAll() {
    fitToWindow();
    app.theme = readTheme(root);
    drawControls();
    drawNumbers();
    drawTools();
    code.stale();
    drawTabs();
    compare.draw(model.get("params"), model.get("other"));
    compare.redraw();
    tell();
    share.draw(app.state(), inPage);
    timeline.redraw();
    mark();
  }

  function viewState() {
    const { from, to } = timeline.window;
    return { ...view, window: from > 0 || to < app.run.summary.total_us ? { from, to } : null };
  }

  function save() {
    clearTimeout(saveTimer);
    mark();
    saveTimer = setTimeout(() => {
      model.set("view", viewState());
      model.save_changes();
      share.draw(app.state(), inPage);
      if (inPage) putInAddress(app.state());
    }, QUIET_MS);
  }

  /** What a link or a saved state says of the view, as far as it fits the run. */
  function readView() {
    const saved = model.get("view");
    for (const name of Object.keys(NO_FILTER)) {
      const value = saved.filter?.[name];
      view.filter[name] = typeof value === "string" ? value.slice(0, 80) : "";
    }
    view.path = saved.path === true;
    view.tab = saved.tab in bodies ? saved.tab : "why";
    const row = Number.isInteger(saved.row) ? saved.row : -1;
    view.row = row < app.run.rows.n ? Math.max(-1, row) : -1;
    const { from, to } = saved.window || {};
    const total = app.run.summary.total_us;
    const whole = !(from >= 0 && to > from);
    timeline.window = clampWindow(whole ? { from: 0, to: total } : { from, to }, total);
    if (!/^\d*$/.test(view.filter.line)) view.filter.line = "";
    for (const name of ["engine", "op", "wait"]) {
      const known = { engine: app.run.names.engines, op: app.run.names.ops,
        wait: ["any", ...app.run.names.wait_kinds] }[name];
      if (!known.includes(view.filter[name])) view.filter[name] = "";
    }
  }

  function onScene() {
    const began = performance.now();
    const before = app.run;
    app.run = readRun(model.get("scene"));
    const same = JSON.stringify(before.key) === JSON.stringify(app.run.key);
    if (!same) {
      view.row = -1;
      if (before.key[0] !== app.run.key[0]) view.filter.line = "";
      for (const [name, list] of [["op", app.run.names.ops], ["wait", ["any", ...app.run.names.wait_kinds]]]) {
        if (!list.includes(view.filter[name])) view.filter[name] = "";
      }
    }
    const share_of = ({ from, to }, was, is) => ({ from: (from / was) * is, to: (to / was) * is });
    const [was, is] = [before, app.run].map((run) => run.summary.total_us);
    const whole = timeline.window.from <= 0 && timeline.window.to >= was * (1 - 1e-9);
    timeline.window = !same || whole ? { from: 0, to: Math.max(is, same ? app.run.base_us : 0) }
      : clampWindow(share_of(timeline.window, was, is), is);
    applyFilter(app.run, view.filter);
    answered();
    drawAll();
    if (view.row >= 0) model.send({ kind: "wait", id: app.run.id, row: view.row });
    root.dataset.sceneMs = (performance.now() - began).toFixed(1);
    root.dataset.answerMs = (performance.now() - Number(root.dataset.askedAt || 0)).toFixed(1);
    save();
  }

  function readWhy() {
    const found = model.get("why");
    if (found.path && !found.links) {
      const { buffer, byteOffset, byteLength } = found.path;
      found.links = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      found.path = found.links;
    }
  }

  function readOther() {
    const raw = model.get("other");
    const fits = raw.rows && model.get("params").rival;
    app.other = fits ? readRun(raw) : null;
  }

  const listeners = {
    "change:scene": onScene,
    "change:problem": () => {
      if (model.get("problem")) answered();
      drawControls();
    },
    "change:params": drawControls,
    "change:fields": drawControls,
    "change:why": () => { readWhy(); drawTabs(); mark(); timeline.redraw(); },
    "change:band": () => { drawTabs(); drawNumbers(); mark(); },
    "change:other": () => {
      readOther();
      compare.draw(model.get("params"), model.get("other"));
      compare.redraw();
      mark();
    },
    "change:view": () => {
      if (JSON.stringify(model.get("view")) === JSON.stringify(viewState())) return;
      readView();
      applyFilter(app.run, view.filter);
      drawAll();
    },
    "msg:custom": (message, buffers) => {
      heart.heard();
      if (message.kind === "perfetto") files.receive(message, buffers);
      if (message.kind === "wait") {
        told = message;
        tell();
      }
    },
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

  timeline.element.addEventListener("keydown", (event) => {
    const action = timelineAction(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    app.act(action);
  });

  const resized = new ResizeObserver(() => drawAll());
  resized.observe(root);
  const unwatch = watchTheme(drawAll);

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get("s");
  if (inPage && address && address !== model.get("address")) {
    model.set("address", address);
    app.restore(unpackState(address) || {});
  }

  readView();
  readWhy();
  readOther();
  applyFilter(app.run, view.filter);
  drawAll();

  return () => {
    heart.stop();
    clearTimeout(saveTimer);
    resized.disconnect();
    unwatch();
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

export default { render };
