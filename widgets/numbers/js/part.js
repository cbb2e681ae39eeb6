// The frame of every part: controls, undo, the place of a refusal, the state in the address.

const QUIET_MS = 250;

function labelled(words, control, kind = "") {
  const id = `nu-${Math.random().toString(36).slice(2, 9)}`;
  control.id = id;
  return h("div", { class: `control ${kind}` }, h("label", { for: id }, words), control);
}

/** A select that sets one parameter; entries are [value, words]. */
function chooser(app, name, words, entries, kind = "") {
  const select = h("select", { "data-name": name,
    onchange: () => app.change({ [name]: select.value }) },
  ...entries.map(([value, text]) => h("option", { value }, text)));
  app.onDraw(() => { select.value = app.params()[name]; });
  return labelled(words, select, kind);
}

/**
 * Start a part: `view(app)` returns {controls, body, draw(scene)}. One request at a time is under
 * way; of those that follow only the last is sent.
 */
function startPart(model, el, view) {
  const key = model.get("key");
  const root = h("div", { class: `trn-numbers ${key}`, tabindex: -1 });
  const inPage = "voila" in document.body.dataset;
  const drawers = [];
  let pending = false;
  let waiting = null;
  let asked = "";
  let saveTimer = 0;

  const heart = heartOf(model, inPage);
  const app = {
    root, key, theme: {},
    get scene() { return model.get("scene"); },
    get fixed() { return model.get("fixed"); },
    get more() { return model.get("more"); },
    params: () => waiting || model.get("params"),
    state: () => app.scene.params || {},
    restore: (state) => heart.tell(() => model.send({ kind: "restore", state })),
    code: (state) => `from widgets import numbers\n\nnumbers.lesson(state=${
      pythonOf({ [key]: state })}).${key}`,
    /** The parameters that an edit starts from: what was refused is no step of undo. */
    base: () => (model.get("problem") && !waiting && app.scene.id
      ? { ...model.get("defaults"), ...app.state() } : app.params()),
    change(part) {
      const after = { ...app.base(), ...part };
      if (JSON.stringify(after) === JSON.stringify(app.base())) send(after); // takes a refusal back
      else history.change(part);
    },
    refuse(text) { say(problem, text); problem.hidden = !text; },
    ask: (message, buffers) => heart.tell(() => model.send(message, undefined, buffers)),
    onDraw: (drawer) => drawers.push(drawer),
    /** A table of what is shown; empty before the first answer. */
    fold: (title, heads, read) => tableFold(title, heads, () => (app.scene.id ? read() : [])),
    redraw: () => draw(),
  };
  const history = historyOf(app.base, send);

  const button = (act, words, mark, onclick) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick }, mark);
  const undo = button("undo", "Undo", "↶", history.undo);
  const redo = button("redo", "Redo", "↷", history.redo);
  const reset = button("reset", "Reset", "Reset", () => app.change(model.get("defaults")));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const soon = h("p", { class: "quiet soon" }, "Computing…");
  const parts = view(app);
  const share = stateView(app);
  const controls = h("div", { class: "controls", role: "group", "aria-label": "Controls" },
    ...parts.controls, h("div", { class: "history" }, undo, redo, reset));
  root.append(heart.element, controls, problem, soon, parts.body, share.element);
  el.replaceChildren(root);

  function send(params) {
    if (pending) {
      waiting = params;
      draw();
      return;
    }
    if (JSON.stringify(params) === JSON.stringify(model.get("params"))) return;
    pending = true;
    asked = JSON.stringify(params);
    root.dataset.busy = "true";
    heart.tell(() => {
      model.set("params", params);
      model.save_changes();
    });
    draw();
  }

  function answered() {
    pending = false;
    const next = waiting;
    waiting = null;
    root.dataset.busy = "false";
    if (next && JSON.stringify(next) !== JSON.stringify(model.get("params"))) send(next);
  }

  function draw() {
    app.theme = readTheme(root);
    const trouble = model.get("problem");
    problem.hidden = !trouble;
    say(problem, trouble ? `${trouble} What is shown is the last that worked.` : "");
    undo.disabled = !history.canUndo();
    redo.disabled = !history.canRedo();
    for (const drawer of drawers) drawer();
    soon.hidden = Boolean(app.scene.id);
    parts.body.hidden = !soon.hidden;
    if (app.scene.id) parts.draw(app.scene);
    root.dataset.scene = app.scene.id || "";
    root.dataset.answers = model.get("answers");
    root.dataset.more = app.more.id || "";
  }

  function save() {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => {
      share.draw(app.state(), inPage);
      if (!inPage || !app.scene.id) return;
      const url = linkTo(app.state(), key);
      if (!Object.keys(app.state()).length) url.searchParams.delete(key);
      window.history.replaceState(null, "", url);
    }, QUIET_MS);
  }

  const onAnswer = () => { answered(); draw(); save(); };
  const onMore = () => draw();
  const onParams = () => { // taken back where no kernel answers, as in a page without one
    if (!pending || JSON.stringify(model.get("params")) === asked) return;
    waiting = null;
    answered();
    draw();
  };
  model.on("change:answers", onAnswer);
  model.on("change:more", onMore);
  model.on("change:params", onParams);
  model.on("msg:custom", heart.heard);
  const unwatch = watchTheme(() => requestAnimationFrame(draw));
  let width = 0;
  const resize = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) < 2) return;
    width = root.clientWidth;
    requestAnimationFrame(draw);
  });
  resize.observe(root);
  draw();

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get(key);
  if (inPage && address && address !== model.get("used")) app.restore(unpackState(address) || {});
  // A part that has not answered yet is asked when the reader comes within a screen of it.
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    if (!app.scene.id) model.send({ kind: "ready" });
  }, { rootMargin: "100% 0px" });
  near.observe(root);
  return () => {
    clearTimeout(saveTimer);
    heart.stop();
    near.disconnect();
    unwatch();
    resize.disconnect();
    model.off("change:answers", onAnswer);
    model.off("change:more", onMore);
    model.off("change:params", onParams);
    model.off("msg:custom", heart.heard);
  };
}
