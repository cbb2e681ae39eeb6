// Play, pause, step, step back, jump to a wait, scrub, speed, order, zoom: buttons and keys.

const SPEEDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const ICONS = {
  start: "M3 2h2v12H3zM13 2v12L6 8z", end: "M11 2h2v12h-2zM3 2v12l7-6z",
  back: "M10 2v12L3 8zM11 2h2v12h-2z", step: "M6 2v12l7-6zM3 2h2v12H3z",
  play: "M4 2v12l10-6z", pause: "M4 2h3v12H4zM9 2h3v12H9z",
  undo: "M7 1v3h2.500a5 5 0 0 1 0 10H4v-2h5.500a3 3 0 0 0 0-6H7v3L2 5z",
  redo: "M9 1v3H6.500a5 5 0 0 0 0 10H12v-2H6.500a3 3 0 0 1 0-6H9v3l5-4z",
  reset: "M8 2a6 6 0 1 0 6 6h-2a4 4 0 1 1-4-4v2.500L12.500 3 8-.5z",
};

function icon(name) {
  return h("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true",
    focusable: "false" }, h("path", { d: ICONS[name], fill: "currentColor" }));
}

/** [keys, what they do], as the page lists them. */
const KEYS = [
  [["Space"], "play"], [["←", "→"], "step"], [["W", "⇧W"], "next, last wait"],
  [["Home", "End"], "ends"], [["+", "−", "0"], "zoom"], [["[", "]"], "pan"],
  [["<", ">"], "speed"], [["1–5"], "rung"], [["U", "⇧U"], "undo, redo"],
];

/** The action that a keydown asks for, or null. */
function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const { target } = event;
  const tag = target.tagName;
  const typing = tag === "TEXTAREA" || tag === "SELECT"
    || (tag === "INPUT" && target.type !== "radio" && target.type !== "checkbox");
  if (typing) return null;
  const presses = tag === "BUTTON" || tag === "SUMMARY" || tag === "A";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === " ") return presses ? null : "play";
  if (key === "w") return event.shiftKey ? "previousWait" : "nextWait";
  if (key === "u") return event.shiftKey ? "redo" : "undo";
  if (/^[1-5]$/.test(key)) return `rung ${key}`;
  return { ArrowRight: "step", ArrowLeft: "back", Home: "start", End: "end", "+": "zoomIn",
    "=": "zoomIn", "-": "zoomOut", "−": "zoomOut", 0: "fit", "[": "earlier", "]": "later",
    "<": "slower", ",": "slower", ">": "faster", ".": "faster" }[key] || null;
}

function keyList() {
  return h("ul", { class: "keys", "aria-label": "Keys" }, ...KEYS.map(([keys, what]) =>
    h("li", {}, ...keys.map((key) => h("kbd", {}, key)), ` ${what}`)));
}

function transportView(app) {
  const button = (name, label, ...content) => h("button", { type: "button", "data-act": name,
    "aria-label": label, title: label, onclick: () => app.act(name) }, ...content);
  const play = button("play", "Play", icon("play"));
  const scrub = h("input", { type: "range", class: "scrub", min: 0, step: 1,
    "aria-label": "Instruction", oninput: () => app.goPosition(scrub.valueAsNumber) });
  const speed = h("select", { "aria-label": "Speed, steps per second", title: "Steps per second", "data-act": "speed",
    onchange: () => app.setSpeed(Number(speed.value)) },
    ...SPEEDS.map((value) => h("option", { value }, `${value}/s`)));
  const order = h("select", { "aria-label": "Order of steps", title: "Order of steps", "data-act": "order",
    onchange: () => app.setOrder(order.value) },
    h("option", { value: "time" }, "by time"),
    h("option", { value: "program" }, "by program"));
  const at = h("span", { class: "at" });
  const nth = h("span", {});
  const where = h("output", { class: "where" }, at, nth);
  const root = h("div", { class: "transport", role: "group", "aria-label": "Transport" },
    h("div", { class: "buttons" },
      button("start", "To the start", icon("start")),
      button("back", "Step back", icon("back")),
      play,
      button("step", "Step forward", icon("step")),
      button("end", "To the end", icon("end")),
      button("previousWait", "To the wait before", "‹ wait"),
      button("nextWait", "To the next wait", "wait ›")),
    scrub, where,
    h("div", { class: "pickers" }, speed, order));
  let wasPlaying = null;

  return {
    element: root,
    draw(scene, row) {
      const position = app.position(row);
      scrub.max = scene.rows.n - 1;
      scrub.value = position;
      scrub.setAttribute("aria-valuetext",
        `instruction ${position + 1} of ${scene.rows.n}, ${time(scene.rows.start_us[row])}`);
      say(at, `${time(scene.rows.start_us[row])}, `);
      say(nth, `${count(position + 1)} of ${count(scene.rows.n)}`);
      speed.value = app.speed;
      order.value = app.order;
      if (wasPlaying === app.playing) return;
      wasPlaying = app.playing;
      const label = app.playing ? "Pause" : "Play";
      play.replaceChildren(icon(app.playing ? "pause" : "play"));
      play.setAttribute("aria-label", label);
      play.title = label;
    },
  };
}
