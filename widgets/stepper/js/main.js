// One widget: the state that the learner chose, one cursor, and the views that follow it.

const PING_MS = 5000;
const SILENT_MS = 15000;
const QUIET_MS = 250;

function render({ model, el }) {
  const root = h("div", { class: "trn-stepper", tabindex: -1 });
  const app = { scene: readScene(model.get("scene")), other: null, row: 0, playing: false,
    speed: 8, order: "time", theme: {}, revealed: false, guess: null };
  const history = { past: [], future: [] };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const inPage = "voila" in document.body.dataset;
  let pending = false;
  let frame = 0;
  let clock = 0;
  let lastEdit = 0;
  let saveTimer = 0;

  Object.assign(app, {
    position: (row) => (app.order === "time" ? app.scene.placeInTime[row] : row),
    rowAtPosition: (position) => (app.order === "time" ? app.scene.byTime[position] : position),
    go(row, { follow = true } = {}) {
      app.row = Math.max(0, Math.min(app.scene.rows.n - 1, row));
      if (follow) timeline.follow(app.row);
      app.redraw();
      save();
    },
    goPosition: (position) => app.go(app.rowAtPosition(
      Math.max(0, Math.min(app.scene.rows.n - 1, position)))),
    goTime(at_us) {
      const { rows, byTime } = app.scene;
      const next = firstAfter(byTime, (row) => rows.start_us[row] > at_us);
      app.go(byTime[Math.max(0, next - 1)], { follow: false });
    },
    goLine(line) {
      const { rows } = app.scene;
      const from = app.position(app.row);
      for (let step = 1; step <= rows.n; step += 1) {
        const row = app.rowAtPosition((from + step) % rows.n);
        if (rows.line[row] === line) { app.go(row); return; }
      }
    },
    goWait(direction) {
      const { rows } = app.scene;
      for (let at = app.position(app.row) + direction; at >= 0 && at < rows.n; at += direction) {
        const row = app.rowAtPosition(at);
        if (waited(app.scene, row)) { app.go(row); return; }
      }
      say(status, direction > 0 ? "No wait after this one." : "No wait before this one.");
    },
    redraw() { if (!frame) frame = requestAnimationFrame(draw); },
    refresh() { timeline.stale(); app.redraw(); },
    setSpeed(speed) { app.speed = speed; app.redraw(); },
    setOrder(order) { app.order = order; app.redraw(); save(); },
    play(on) {
      if (on && app.position(app.row) === app.scene.rows.n - 1) app.goPosition(0);
      app.playing = on;
      clock = 0;
      if (on) requestAnimationFrame(tick);
      app.redraw();
    },
    act(name) {
      if (name.startsWith("rung")) {
        const choices = fieldOf("kernel").choices;
        const choice = choices[Number(name.slice(5)) - 1];
        if (choice) app.change("kernel", choice.value);
        return;
      }
      const at = app.position(app.row);
      if (name !== "play" && !["zoomIn", "zoomOut", "fit", "slower", "faster"].includes(name)) {
        app.playing = false;
      }
      ({
        play: () => app.play(!app.playing),
        step: () => app.goPosition(at + 1),
        back: () => app.goPosition(at - 1),
        start: () => app.goPosition(0),
        end: () => app.goPosition(app.scene.rows.n - 1),
        nextWait: () => app.goWait(1),
        previousWait: () => app.goWait(-1),
        zoomIn: () => timeline.zoom(0.5),
        zoomOut: () => timeline.zoom(2),
        fit: () => timeline.show({ from: 0, to: app.scene.summary.total_us }),
        earlier: () => timeline.pan(-0.25),
        later: () => timeline.pan(0.25),
        slower: () => app.setSpeed(SPEEDS[Math.max(0, SPEEDS.indexOf(app.speed) - 1)]),
        faster: () => app.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1,
          SPEEDS.indexOf(app.speed) + 1)]),
        undo: () => travel(history.past, history.future),
        redo: () => travel(history.future, history.past),
        reset: () => {
          app.changeAll(model.get("defaults"));
          app.goPosition(0);
        },
      })[name]();
    },
    change(name, value) { app.changeAll({ [name]: value }); },
    changeAll(part) {
      const before = model.get("params");
      const after = { ...before, ...part };
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      if (performance.now() - lastEdit > 600) history.past.push(before);
      lastEdit = performance.now();
      history.future = [];
      send(after);
    },
    ask(message) { tell(() => model.send(message)); },
    commit(value) {
      app.guess = value;
      app.revealed = true;
      put({ guess: value, revealed: true });
      app.redraw();
      save();
    },
    compareWith(name) {
      put({ rival: name });
      save();
    },
    restore(state) { app.ask({ kind: "restore", state }); },
    state: () => ({ ...model.get("params"), rival: model.get("rival"), row: app.row,
      guess: app.guess, revealed: app.revealed }),
  });

  const fieldOf = (name) => model.get("fields").find((field) => field.name === name);
  const timeline = timelineView(app);
  const controls = controlsView(app);
  const summary = summaryView(app);
  const predict = predictView(app);
  const transport = transportView(app);
  const source = sourceView(app);
  const tiles = tilesView(app);
  const memory = memoryView(app);
  const values = valuesView(app);
  const roofline = rooflineView(app);
  const compare = compareView(app);
  const state = stateView(app);
  const trust = h("div", { class: "trust" });
  const doing = h("p", { class: "doing" });
  const waiting = h("p", { class: "waiting" });
  const now = h("div", { class: "now", "aria-live": "polite" }, doing, waiting);
  const status = h("p", { class: "status", role: "status" });
  const dead = h("p", { class: "dead", role: "alert", hidden: true });
  const film = h("section", { class: "panel film" },
    transport.element, now, timeline.element, 
    h("p", { class: "how" }, "Bars: at work. Hatched: waiting. Thin tails: not yet readable. Marks "
      + "on the left: now."));
  const work = h("div", { class: "work" },
    h("div", { class: "left" }, film, source.element),
    h("div", { class: "right" }, tiles.element, memory.element));
  root.append(h("h2", {}, model.get("question")), dead, controls.element,
    h("div", { class: "strip" }, summary.element, predict.element), work, keyList(),
    h("div", { class: "second" }, values.element, roofline.element), compare.element,
    trust, state.element, status);
  el.replaceChildren(root);

  function put(traits) {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    tell(() => model.save_changes());
  }

  function send(params) {
    pending = true;
    root.classList.add("busy");
    put({ params });
    drawControls();
  }

  function travel(from, to) {
    if (!from.length) return;
    to.push(model.get("params"));
    lastEdit = 0;
    send(from.pop());
  }

  function drawControls() {
    const problem = model.get("problem");
    controls.draw(model.get("fields"), model.get("params"), history,
      problem.text ? problem : null);
  }

  function drawLadder() {
    const ladder = { ...model.get("ladder"), obvious: model.get("obvious") };
    const honesty = model.get("honesty");
    const stale = app.revealed && ladder.id !== app.scene.id;
    root.classList.toggle("stale", stale);
    predict.draw(ladder, app.revealed, stale, app.guess, honesty);
    roofline.draw(app.scene, stale ? { rungs: [] } : ladder);
    compare.draw(app.scene, app.other, ladder, { revealed: app.revealed, stale, honesty });
  }

  /** Everything that follows the cursor, within one frame. */
  function draw() {
    frame = 0;
    const began = performance.now();
    const { scene, row } = app;
    timeline.draw(scene, row);
    transport.draw(scene, row);
    source.draw(scene, row);
    tiles.draw(scene, row);
    memory.draw(scene, row);
    values.draw(scene, row);
    say(doing, describe(scene, row));
    say(waiting, waitWords(scene, row));
    waiting.classList.toggle("waits", waited(scene, row));
    now.setAttribute("aria-live", app.playing ? "off" : "polite");
    mark(began);
  }

  /** What the page shows, readable by a test. */
  function mark(began) {
    const { scene, row } = app;
    Object.assign(root.dataset, { row, rows: scene.rows.n, line: scene.rows.line[row],
      totalUs: scene.summary.total_us, kernel: scene.params.kernel, scene: scene.id,
      playing: app.playing, drawMs: (performance.now() - began).toFixed(2),
      busy: pending });
  }

  /** On a page of its own, what follows the cursor fills the window down to the fold. */
  function fitToWindow() {
    const above = root.getBoundingClientRect().top + window.scrollY;
    root.classList.toggle("first", inPage && above < 150);
    const top = work.getBoundingClientRect().top + window.scrollY;
    const fits = inPage && top < 0.6 * window.innerHeight;
    work.style.setProperty("--room", fits ? `${window.innerHeight - top - 8}px` : "70vh");
  }

  function drawAll() {
    fitToWindow();
    app.theme = { ...readTheme(root), badge: model.get("honesty").badge };
    timeline.stale();
    summary.draw(app.scene, model.get("honesty"));
    drawControls();
    drawLadder();
    values.stale();
    state.draw(app.state(), inPage);
    draw();
  }

  function tick(at) {
    if (!app.playing || !root.isConnected) return;
    const pace = calm.matches ? Math.min(app.speed, 2) : app.speed;
    if (!clock) clock = at;
    const steps = Math.floor(((at - clock) * pace) / 1000);
    if (steps > 0) {
      clock += (steps * 1000) / pace;
      const next = Math.min(app.scene.rows.n - 1, app.position(app.row) + steps);
      app.goPosition(next);
      if (next === app.scene.rows.n - 1) app.play(false);
    }
    requestAnimationFrame(tick);
  }

  /** Remember the moment: in the model, in the address, in the open boxes; not at every frame. */
  function save() {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => {
      if (model.get("row") !== app.row) put({ row: app.row });
      const now_state = app.state();
      state.draw(now_state, inPage);
      if (inPage) window.history.replaceState(null, "", linkTo(now_state));
    }, QUIET_MS);
  }

  function onScene() {
    const began = performance.now();
    const share = app.scene.rows.n > 1 ? app.position(app.row) / (app.scene.rows.n - 1) : 0;
    app.scene = readScene(model.get("scene"));
    app.scene.waits = readWaits(model.get("waits"), app.scene.id);
    const wanted = app.scene.row;
    app.row = wanted >= 0 ? Math.min(wanted, app.scene.rows.n - 1)
      : app.rowAtPosition(Math.round(share * (app.scene.rows.n - 1)));
    pending = false;
    root.classList.remove("busy");
    timeline.window = { from: 0, to: app.scene.summary.total_us };
    drawAll();
    root.dataset.sceneMs = (performance.now() - began).toFixed(1);
    save();
  }

  function onProblem() {
    if (model.get("problem").text) {
      pending = false;
      root.classList.remove("busy");
      root.dataset.busy = "false";
    }
    drawControls();
  }

  const listeners = {
    "change:scene": onScene,
    "change:problem": onProblem,
    "change:params": drawControls,
    "change:ladder": drawLadder,
    "change:honesty": () => trust.replaceChildren(...trustBoxes(model.get("honesty"))),
    "change:waits": () => {
      app.scene.waits = readWaits(model.get("waits"), app.scene.id);
      app.redraw();
    },
    "change:other": () => {
      const raw = model.get("other");
      app.other = raw.rows ? readScene(raw) : null;
      drawLadder();
    },
    "change:revealed": () => { app.revealed = model.get("revealed"); drawLadder(); },
    "change:guess": () => { app.guess = model.get("guess"); drawLadder(); },
    "change:row": () => { if (model.get("row") !== app.row && !app.playing) app.go(model.get("row")); },
    "msg:custom": (message, buffers) => {
      heard();
      if (message.kind === "values") values.receive(message, buffers);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

  // A page that hears nothing from its kernel for a while says so, and asks nothing but for a sign.
  let lastHeard = performance.now();
  function heard() {
    lastHeard = performance.now();
    dead.hidden = true;
  }
  function tell(message, always = false) {
    try {
      if (always || dead.hidden) message();
    } catch {
      lastHeard = -SILENT_MS;
    }
  }
  const heart = setInterval(() => {
    if (document.hidden) lastHeard = performance.now();
    tell(() => model.send({ kind: "ping" }), true);
    if (performance.now() - lastHeard < SILENT_MS) return;
    dead.hidden = false;
    say(dead, `The kernel has stopped: ${inPage ? "reload the page; your state is in the address."
      : "run the cell again."} Until then stepping works, and new runs do not.`);
  }, PING_MS);

  function onKey(event) {
    if (event.defaultPrevented) return;
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    app.act(action);
  }
  root.addEventListener("keydown", onKey);
  const onPageKey = (event) => { if (event.target === document.body) onKey(event); };
  if (inPage) document.addEventListener("keydown", onPageKey);

  const resized = new ResizeObserver(() => drawAll());
  resized.observe(root);
  const unwatch = watchTheme(drawAll);

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get("s");
  if (inPage && address && address !== model.get("address")) {
    model.set("address", address);
    app.restore(unpackState(address) || {});
  }

  app.row = Math.min(app.scene.rows.n - 1, Math.max(0, model.get("row")));
  app.revealed = model.get("revealed");
  app.guess = model.get("guess");
  app.scene.waits = readWaits(model.get("waits"), app.scene.id);
  if (model.get("other").rows) app.other = readScene(model.get("other"));
  timeline.window = { from: 0, to: app.scene.summary.total_us };
  listeners["change:honesty"]();
  drawAll();

  return () => {
    app.playing = false;
    clearInterval(heart);
    clearTimeout(saveTimer);
    cancelAnimationFrame(frame);
    resized.disconnect();
    unwatch();
    document.removeEventListener("keydown", onPageKey);
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

/** {id, rows, texts} -> {row: text}, if it belongs to the scene shown. */
function readWaits(waits, id) {
  if (waits.id !== id) return null;
  const texts = {};
  const rows = I32(waits.rows);
  rows.forEach((row, i) => { texts[row] = waits.texts[i]; });
  return texts;
}

/** What may be believed, what is assumed, what is left out. */
function trustBoxes(honesty) {
  const facts = honesty.assumed.map(({ what, value, range, why }) => h("tr", {},
    h("th", { scope: "row" }, what), h("td", {}, value), h("td", {}, range), h("td", {}, why)));
  return [
    h("details", { class: "fold" },
      h("summary", {}, badge(honesty), ` What these times rest on: ${facts.length} assumed constants`),
      h("p", {}, honesty.why),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Assumed constants" },
        h("table", {}, h("thead", {}, h("tr", {}, ...["Constant", "Used", "Range", "Why"].map((name) =>
          h("th", { scope: "col" }, name)))), h("tbody", {}, ...facts)))),
    h("details", { class: "fold" },
      h("summary", {}, "What this model leaves out"),
      h("ul", {}, ...honesty.leaves_out.map((item) => h("li", {}, item)))),
  ];
}

export default { render };
