// One widget: the state that the learner chose, one cursor, and the views that follow it.

const QUIET_MS = 250;
const REHEARSALS = 4;
const SLOW_MS = 150;  // an answer that takes longer is waited for in sight

const whenIdle = window.requestIdleCallback || ((job) => setTimeout(job, QUIET_MS));

function render({ model, el }) {
  const root = h("div", { class: "trn-stepper", tabindex: -1 });
  const inPage = "voila" in document.body.dataset;
  let program = readProgram(model.get("program"));
  const heart = heartOf(model, inPage);
  let pending = false;
  let frame = 0;
  let saveTimer = 0;
  let slowTimer = 0;

  /** What the views share: the scene, the cursor, and what a click or a key may ask for. */
  const app = {
    scene: readScene(program, model.get("scene")), other: null, row: 0, playing: false, speed: 8,
    order: "time", theme: {},
    isShown: () => root.isConnected,
    redraw() { if (!frame) frame = requestAnimationFrame(draw); },
    refresh() {
      timeline.stale();
      app.redraw();
    },
    ask(message) { heart.tell(() => model.send(message)); },
    root,
    restore(state) { app.ask({ kind: "restore", state }); },
    commit(guess) { put({ guess, revealed: true }); },
    compareWith(rival) { put({ rival }); },
    act(name) {
      if (!["play", "slower", "faster", "zoomIn", "zoomOut", "fit"].includes(name)) {
        app.playing = false;
      }
      if (name.startsWith("rung")) chooseRung(Number(name.slice(5)));
      else ACTIONS[name]();
    },
    state: () => ({ ...app.scene.params, rival: model.get("rival"), row: app.row,
      guess: model.get("guess"), revealed: model.get("revealed") }),
  };
  app.cursor = cursorOf(app, (follow) => {
    if (follow) timeline.follow(app.row);
    app.redraw();
    save();
  });
  app.edits = historyOf(() => model.get("params"), (params) => {
    pending = true;
    clearTimeout(slowTimer);  // mostly the answer is there before
    slowTimer = setTimeout(() => root.classList.add("busy"), SLOW_MS);
    put({ params });
    drawControls();
  });

  const ACTIONS = {
    play: () => app.cursor.play(!app.playing),
    step: () => app.cursor.goPosition(app.cursor.position() + 1),
    back: () => app.cursor.goPosition(app.cursor.position() - 1),
    start: () => app.cursor.goPosition(0),
    end: () => app.cursor.goPosition(Infinity),
    nextWait: () => app.cursor.goWait(1) || say(status, "No wait after this one."),
    previousWait: () => app.cursor.goWait(-1) || say(status, "No wait before this one."),
    zoomIn: () => timeline.zoom(0.5),
    zoomOut: () => timeline.zoom(2),
    fit: () => timeline.show({ from: 0, to: app.scene.summary.total_us }),
    earlier: () => timeline.pan(-0.25),
    later: () => timeline.pan(0.25),
    slower: () => app.cursor.pace(-1),
    faster: () => app.cursor.pace(1),
    undo: app.edits.undo,
    redo: app.edits.redo,
    reset() {
      app.edits.change(model.get("defaults"));
      app.cursor.goPosition(0);
    },
  };

  function chooseRung(number) {
    const { choices } = model.get("fields").find(({ name }) => name === "kernel");
    const choice = choices[number - 1];
    if (choice) app.edits.change({ kernel: choice.value });
  }

  const timeline = timelineView(app);
  const controls = controlsView(app);
  const summary = summaryView(app);
  const predict = predictView(app);
  const transport = transportView(app);
  const source = sourceView((line) => app.cursor.goLine(line), (line, runs) =>
    `Line ${line}: to the next of ${count(runs)} instructions`);
  const code = panel("source", "", "Click a line for its next instruction.", source.element);
  const tiles = tilesView(app);
  const memory = memoryView(app);
  const values = valuesView(app);
  const roofline = rooflineView(app);
  const compare = compareView(app);
  const tables = tablesView(app, timeline, [timeline, tiles, memory].map((view) => view.element));
  const state = stateView(app);
  const trust = h("div", { class: "trust" });
  const doing = h("p", { class: "doing" });
  const waiting = h("p", { class: "waiting" });
  const now = h("div", { class: "now", "aria-live": "polite" }, doing, waiting);
  const status = h("p", { class: "status", role: "status" });
  const film = h("section", { class: "panel film" },
    transport.element, now, timeline.element,
    h("p", { class: "how" }, "Bars: at work. Hatched: waiting. Thin tails: not yet readable. Marks "
      + "on the left: now."));
  const work = h("div", { class: "work" },
    h("div", { class: "left" }, film, code),
    h("div", { class: "right" }, tiles.element, memory.element));
  root.append(h("h1", {}, model.get("question")), heart.element, controls.element,
    h("div", { class: "strip" }, summary.element, predict.element), work, keyList(),
    h("div", { class: "second" }, values.element, roofline.element), compare.element,
    tables.element, trust, state.element, status);
  el.replaceChildren(root);

  function put(traits) {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    heart.tell(() => model.save_changes());
  }

  function drawControls() {
    const problem = model.get("problem");
    controls.draw(model.get("fields"), model.get("params"), problem.text ? problem : null);
  }

  function drawLadder() {
    const honesty = model.get("honesty");
    const guess = model.get("guess");
    const revealed = model.get("revealed");
    const ladder = { ...model.get("ladder"), obvious: model.get("obvious") };
    const stale = revealed && ladder.id !== app.scene.id;
    root.classList.toggle("stale", stale);
    predict.draw(ladder, { revealed, stale, guess, honesty });
    roofline.draw(app.scene, stale ? { rungs: [] } : ladder);
    compare.draw(app.scene, app.other, ladder, { revealed, stale, honesty });
  }

  /** Everything that follows the cursor, within one frame. */
  function draw() {
    frame = 0;
    const began = performance.now();
    const { scene, row } = app;
    timeline.draw(scene, row);
    transport.draw(scene, row);
    say(code.querySelector("h3"), `${scene.meaning}.`);
    source.draw(scene.source, { runs: scene.linesRun }, scene.rows.line[row]);
    tiles.draw(scene, row);
    memory.draw(scene, row);
    values.draw(scene, row);
    tables.draw();
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

  function drawRun() {
    timeline.stale();
    source.stale();
    draw();
    summary.draw(app.scene, model.get("honesty"));
  }

  /** A new run, in the colors and sizes that the page has. */
  function drawScene() {
    app.theme.badge = model.get("honesty").badge;
    withSizes(() => {
      drawRun();
      drawControls();
      drawLadder();
      values.stale();
      state.draw(app.state(), inPage);
    }, drawAll);
  }

  /**
   * A browser makes code fast that has run a few times: before the first change, not during it.
   * What a learner may be typing into is left alone.
   */
  function rehearse(times) {
    whenIdle(() => {
      if (pending || !root.isConnected) return;
      readScene(readProgram(model.get("program")), model.get("scene"));
      withSizes(drawRun, app.redraw);
      if (times > 1) rehearse(times - 1);
    });
  }

  /** The page has another size or other colors. */
  function drawAll() {
    fitToWindow();
    app.theme = readTheme(root);
    drawScene();
  }

  /** Remember the moment: in the model, in the address, in the open boxes; not at every frame. */
  function save() {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => {
      if (model.get("row") !== app.row) put({ row: app.row });
      const now_state = app.state();
      state.draw(now_state, inPage);
      if (inPage) putInAddress(now_state);
    }, QUIET_MS);
  }

  function rest() {
    pending = false;
    clearTimeout(slowTimer);
    root.classList.remove("busy");
    root.dataset.busy = "false";
  }

  function readOther() {
    const raw = model.get("other");
    return raw.rows ? readScene(readProgram(raw), raw) : null;
  }

  /** A new run: the cursor stays at the same share of it, unless a saved moment says where. */
  function onScene() {
    const rows = app.scene.rows.n;
    const share = rows > 1 ? app.cursor.position() / (rows - 1) : 0;
    app.scene = readScene(program, model.get("scene"));
    app.scene.waits = readWaits(model.get("waits"), app.scene.id);
    const last = app.scene.rows.n - 1;
    const wanted = app.scene.row;
    app.row = wanted >= 0 ? Math.min(wanted, last) : app.cursor.rowAt(Math.round(share * last));
    rest();
    timeline.window = { from: 0, to: app.scene.summary.total_us };
    drawScene();
    save();
  }

  function onProblem() {
    if (model.get("problem").text) rest();
    drawControls();
  }

  const listeners = {
    "change:program": () => { program = readProgram(model.get("program")); },
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
      app.other = readOther();
      drawLadder();
    },
    "change:revealed": () => { drawLadder(); save(); },
    "change:guess": drawLadder,
    "change:rival": () => save(),
    "change:row": () => {
      if (model.get("row") !== app.row && !app.playing) app.cursor.go(model.get("row"));
    },
    "msg:custom": (message, buffers) => {
      heart.heard();
      if (message.kind === "values") values.receive(message, buffers);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

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
  app.scene.waits = readWaits(model.get("waits"), app.scene.id);
  app.other = readOther();
  timeline.window = { from: 0, to: app.scene.summary.total_us };
  listeners["change:honesty"]();
  drawAll();
  rehearse(REHEARSALS);

  return () => {
    app.playing = false;
    heart.stop();
    clearTimeout(saveTimer);
    clearTimeout(slowTimer);
    cancelAnimationFrame(frame);
    resized.disconnect();
    unwatch();
    document.removeEventListener("keydown", onPageKey);
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

export default { render };
