// The frame of every part: controls, undo, the place of a refusal, the state in the address.

const SOON_MS = 600; // edits closer than this are one step of undo
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

/** The part of an address that is this part's; the others' stays. */
function saveToAddress(key, state) {
  const now = unpackState(new URL(window.location.href).searchParams.get("s") || "") || {};
  if (Object.keys(state).length) now[key] = state;
  else delete now[key];
  const url = linkTo(now);
  if (!Object.keys(now).length) url.searchParams.delete("s");
  window.history.replaceState(null, "", url);
}

function pythonOf(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, inner]) =>
    `${JSON.stringify(name)}: ${pythonOf(inner)}`).join(", ")}}`;
}

/**
 * Start a part: `view(app)` returns {controls, body, draw(scene)}. One request at a time is under
 * way; of those that follow only the last is sent.
 */
function startPart(model, el, view) {
  const key = model.get("key");
  const root = h("div", { class: `trn-numbers ${key}`, tabindex: -1 });
  const inPage = "voila" in document.body.dataset;
  const history = { past: [], future: [] };
  const drawers = [];
  let pending = false;
  let waiting = null;
  let lastEdit = -SOON_MS;
  let saveTimer = 0;

  const app = {
    model, root, theme: {}, inPage,
    get scene() { return model.get("scene"); },
    get fixed() { return model.get("fixed"); },
    get more() { return model.get("more"); },
    params: () => waiting || model.get("params"),
    change(part, { step = false } = {}) {
      const before = app.params();
      const after = { ...before, ...part };
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      if (step || performance.now() - lastEdit > SOON_MS) history.past.push(before);
      lastEdit = performance.now();
      history.future = [];
      send(after);
    },
    refuse(text) { say(problem, text); problem.hidden = !text; },
    ask: (message, buffers) => model.send(message, undefined, buffers),
    onDraw: (drawer) => drawers.push(drawer),
    redraw: () => draw(),
  };

  const button = (act, words, mark, onclick) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick }, mark);
  const undo = button("undo", "Undo", "↶", () => travel(history.past, history.future));
  const redo = button("redo", "Redo", "↷", () => travel(history.future, history.past));
  const reset = button("reset", "Reset", "Reset", () => app.change(model.get("defaults"), { step: true }));
  const copied = h("span", { role: "status", class: "quiet" });
  const share = button("share", inPage ? "Copy a link to this" : "Copy this as code",
    inPage ? "Copy link" : "Copy code", copy);
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const soon = h("p", { class: "quiet soon" }, "Computing…");
  const parts = view(app);
  root.append(h("div", { class: "controls", role: "group", "aria-label": "Controls" },
    ...parts.controls, h("div", { class: "history" }, undo, redo, reset, share, copied)), problem,
  soon, parts.body);
  el.replaceChildren(root);

  async function copy() {
    const state = { [key]: app.scene.params || {} };
    const text = inPage ? window.location.href
      : `from widgets import numbers\n\nnumbers.lesson(state=${pythonOf(state)}).${key}`;
    try {
      await navigator.clipboard.writeText(text);
      say(copied, "Copied.");
    } catch {
      say(copied, inPage ? "Copy the address of this page." : text);
    }
  }

  function send(params) {
    if (pending) {
      waiting = params;
      draw();
      return;
    }
    pending = true;
    root.dataset.busy = "true";
    model.set("params", params);
    model.save_changes();
    draw();
  }

  function answered() {
    pending = false;
    const next = waiting;
    waiting = null;
    root.dataset.busy = "false";
    if (next && JSON.stringify(next) !== JSON.stringify(model.get("params"))) send(next);
  }

  function travel(from, to) {
    if (!from.length) return;
    to.push(app.params());
    lastEdit = -SOON_MS;
    send(from.pop());
  }

  function draw() {
    app.theme = readTheme(root);
    const trouble = model.get("problem");
    problem.hidden = !trouble;
    say(problem, trouble ? `${trouble} What is shown is the last that worked.` : "");
    undo.disabled = !history.past.length;
    redo.disabled = !history.future.length;
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
      if (inPage && app.scene.id) saveToAddress(key, app.scene.params);
    }, QUIET_MS);
  }

  const onAnswer = () => { say(copied, ""); answered(); draw(); save(); };
  const onMore = () => draw();
  model.on("change:answers", onAnswer);
  model.on("change:more", onMore);
  const unwatch = watchTheme(() => requestAnimationFrame(draw));
  let width = 0;
  const resize = new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) < 2) return;
    width = root.clientWidth;
    requestAnimationFrame(draw);
  });
  resize.observe(root);
  draw();
  // A part that has not answered yet is asked when the reader comes within a screen of it.
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    if (!app.scene.id) model.send({ kind: "ready" });
  }, { rootMargin: "100% 0px" });
  near.observe(root);
  return () => {
    near.disconnect();
    clearTimeout(saveTimer);
    unwatch();
    resize.disconnect();
    model.off("change:answers", onAnswer);
    model.off("change:more", onMore);
  };
}
