// A dashboard's frame: what was asked, what is wrong with it, the views, the state to share.

const QUIET_MS = 250;

/**
 * mountBoard(context, {className, module, parameter, build}) -> cleanup.
 * `build(app)` gives {element, draw(), told(message), readView(saved), viewState(), act(name)}.
 */
function mountBoard({ model, el }, { className, module, parameter, build }) {
  const root = h("div", { class: `trn-board ${className}`, tabindex: -1 });
  const inPage = "voila" in document.body.dataset;
  const heart = heartOf(model, inPage);
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  let saveTimer = 0;
  const session = sessionOf(model, root, () => drawAll());
  const app = {
    root, inPage, key: parameter, session, theme: {},
    code: (state) => asCode(state, module),
    params: session.params,
    change: session.change,
    scene: () => model.get("scene"),
    trait: (name) => model.get(name),
    ask(message) { heart.tell(() => model.send(message)); },
    restore(state) { app.ask({ kind: "restore", state }); },
    state: () => ({ ...model.get("params"), view: views.viewState() }),
    refresh: () => share.draw(app.state(), inPage),
    act(name) {
      if (["undo", "redo", "reset"].includes(name)) session[name]();
      else views.act(name);
    },
    save() {
      clearTimeout(saveTimer);
      saveTimer = setTimeout(() => {
        model.set("view", views.viewState());
        heart.tell(() => model.save_changes());
        app.refresh();
        if (inPage) putInAddress(app.state(), parameter);
      }, QUIET_MS);
    },
  };
  const views = build(app);
  const share = stateView(app);
  root.append(heart.element, problem, views.element, share.element);
  el.replaceChildren(root);

  function drawAll() {
    app.theme = readTheme(root);
    const text = model.get("problem");
    problem.hidden = !text;
    const still = "The last picture that worked is still shown.";
    say(problem, text ? `${text.replace(/\.?$/, ".")} ${still}` : "");
    views.draw();
    root.dataset.scene = app.scene().id;
    share.draw(app.state(), inPage);
  }

  const listeners = {
    "change:scene": () => {
      session.answered();
      drawAll();
      const asked = Number(root.dataset.askedAt || 0);
      root.dataset.answerMs = (performance.now() - asked).toFixed(1);
      app.save();
    },
    "change:problem": () => {
      if (model.get("problem")) session.answered();
      drawAll();
    },
    "change:params": drawAll,
    "change:view": () => {
      if (alike(model.get("view"), views.viewState())) return;
      views.readView(model.get("view"));
      drawAll();
    },
    "msg:custom": (message, buffers) => {
      heart.heard();
      if (views.told) views.told(message, buffers);
    },
  };
  for (const name of views.follows || []) listeners[`change:${name}`] = drawAll;
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  root.addEventListener("keydown", (event) => {
    const action = boardAction(event, views.keys || {});
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    app.act(action);
  });
  const resized = new ResizeObserver(drawAll);
  resized.observe(root);
  const unwatch = watchTheme(drawAll);

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get(parameter);
  if (inPage && address && address !== model.get("address")) {
    model.set("address", address);
    app.restore(unpackState(address) || {});
  }
  views.readView(model.get("view"));
  drawAll();

  return () => {
    heart.stop();
    clearTimeout(saveTimer);
    resized.disconnect();
    unwatch();
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

/** The action that a key asks for, or null: not while the learner types or moves a slider. */
function boardAction(event, keys) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const { target } = event;
  if (["TEXTAREA", "SELECT", "INPUT"].includes(target.tagName) && target.type !== "checkbox") {
    return null;
  }
  if (target.closest("[role=region]")) return null; // it scrolls
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === " " && ["BUTTON", "SUMMARY", "A"].includes(target.tagName)) return null;
  if (key === "u") return event.shiftKey ? "redo" : "undo";
  return keys[key] || null;
}

/** Undo, redo, reset. */
function historyView(app) {
  const button = (act, words, mark) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick: () => app.act(act) }, mark);
  const undo = button("undo", "Undo", "↶");
  const redo = button("redo", "Redo", "↷");
  return {
    element: h("div", { class: "history" }, undo, redo, button("reset", "Reset", "Reset")),
    draw() {
      undo.disabled = !app.session.canUndo();
      redo.disabled = !app.session.canRedo();
    },
  };
}

/** A control under its label. */
function labelled(words, control, kind = "") {
  control.id = control.id || `b-${Math.random().toString(36).slice(2, 9)}`;
  return h("div", { class: `control ${kind}` }, h("label", { for: control.id }, words), control);
}

/** A select over [value, words]; `draw(options, value)` keeps the elements where they are alike. */
function pickView(app, name, words, kind = "") {
  const select = h("select", { "data-name": name });
  select.onchange = () => app.change({ [name]: select.value }); // a board may set another
  let shown = null;
  const element = labelled(words, select, kind);
  return {
    element, select,
    draw(options, value) {
      if (!alike(options, shown)) {
        shown = options;
        select.replaceChildren(...options.map(([key, text]) => h("option", { value: key }, text)));
      }
      select.value = value;
      select.title = select.selectedOptions[0]?.text ?? ""; // a narrow page cuts it
    },
  };
}

/** A number that the learner types; what is no number is sent as it is, and refused in words. */
function numberView(app, name, words, kind = "") {
  const field = h("input", { type: "text", inputmode: "numeric", "data-name": name,
    autocomplete: "off" });
  field.onchange = () => app.change({ [name]: readNumber(field.value) });
  return {
    element: labelled(words, field, kind), field,
    draw(value) {
      if (document.activeElement !== field) field.value = numberText(value);
    },
  };
}

/** Put a slider over a list of values where a value is, or would be. */
function placeOn(range, values, value) {
  const place = values.findIndex((each) => each >= value);
  range.max = values.length - 1;
  range.value = place < 0 ? values.length - 1 : place;
}

/** Labels [x, text] below an axis, from the left; one that would touch the last is left out. */
function ticks(pen, labels, y, ink, font) {
  pen.font = font;
  let free = -Infinity;
  for (const [x, text] of labels) {
    const half = pen.measureText(text).width / 2;
    if (x - half < free) continue;
    write(pen, text, x, y, ink, font, "center");
    free = x + half + 6;
  }
}

/** "1,024", "2e6" and "7 x 13" as numbers; anything else as it was typed. */
function readNumber(text) {
  const plain = text.replace(/[\s,_]/g, "");
  const product = /^(\d+)[x×*](\d+)$/i.exec(plain);
  if (product) return Number(product[1]) * Number(product[2]);
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : text.slice(0, 40);
}

function numberText(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}

/** A size in bytes where only the rough size counts: "65.5 kB", "1 MB". */
function sizeWords(value) {
  const [factor, unit] = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]
    .find(([size]) => value >= size) || [1, "B"];
  return `${+(value / factor).toPrecision(3)} ${unit}`;
}

/** Seconds in the unit that reads best. */
function secondsWords(value) {
  if (value === 0) return "0 s";
  const [factor, unit] = [[86400, "days"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]]
    .find(([size]) => value >= size * (size === 86400 ? 2 : 1)) || [1e-9, "ns"];
  return `${+(value / factor).toPrecision(3)} ${unit}`;
}

/** A column of numbers that the kernel sent as bytes. */
function columnOf(column) {
  const { buffer, byteOffset, byteLength } = column.data;
  const bytes_read = buffer.slice(byteOffset, byteOffset + byteLength);
  return new { i4: Int32Array, f4: Float32Array, f8: Float64Array, i2: Int16Array,
    u1: Uint8Array, u4: Uint32Array }[column.type](bytes_read);
}
