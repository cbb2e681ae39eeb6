// The numbers in the current tile: fetched when the cursor rests, drawn as a heat map.

const NEAR = 6;

function number(value) {
  if (Number.isNaN(value)) return "NaN";
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function valuesView(app) {
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": "Operand" });
  const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": "Values, not fetched yet" });
  const near = h("table", { class: "near" });
  behind(near, canvas);
  const told = h("p", { class: "told", "aria-live": "polite" });
  const note = h("p", { class: "legend" });
  const root = panel("values", "Values in the tile",
    "Darker is larger; the two hues are plus and minus. Point at a value, or focus and use arrows.",
    tabs, h("div", { class: "split" }, h("div", { class: "map" }, canvas), near), told, note);
  root.classList.add("empty");
  say(note, "Numbers are fetched while this panel is in sight.");
  const cache = new Map();
  let role = null;
  let at = [0, 0];
  let shown = null;
  let asked = null;
  let timer = null;

  // Numbers are fetched for eyes only: while the panel is out of sight the kernel is left alone.
  let seen = false;
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    if (seen && asked && !cache.has(asked)) request();
  }).observe(root);

  function request() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!seen) return;
      const { id, rows } = app.scene;
      app.ask({ kind: "values", key: asked, id, call: rows.call[app.row], role });
    }, 160);
  }

  const key = (scene, row) => `${scene.id}:${scene.rows.call[row]}:${role}`;

  function chooseRole(scene, row) {
    const roles = operandsOf(scene, scene.rows.call[row]).map((operand) => roleOf(scene, operand));
    if (!roles.includes(role)) role = roles[0];
    const choose = (name) => {
      role = name;
      app.refresh();
    };
    tabs.replaceChildren(...roles.map((name) => h("button", { type: "button",
      "aria-pressed": String(name === role), onclick: () => choose(name) }, name)));
  }

  function paint(tile) {
    const { pen, width, height } = prepare(canvas);
    const [rows, cols] = tile.shape;
    const w = width / cols;
    const hh = height / rows;
    const step_r = Math.max(1, Math.floor(rows / height));
    const step_c = Math.max(1, Math.floor(cols / width));
    const broken = stripes(pen, app.theme.warn);
    for (let r = 0; r < rows; r += step_r) {
      for (let c = 0; c < cols; c += step_c) {
        const value = tile.data[r * cols + c];
        const missing = Number.isNaN(value);
        pen.globalAlpha = missing ? 1 : tile.top && Math.min(1, Math.abs(value) / tile.top);
        pen.fillStyle = missing ? broken : value < 0 ? app.theme.warn : app.theme.accent;
        pen.fillRect(c * w, r * hh, w * step_c + 0.4, hh * step_r + 0.4);
      }
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = app.theme.text;
    pen.lineWidth = 1.5;
    pen.strokeRect(at[1] * w - 1, at[0] * hh - 1, Math.max(4, w) + 2, Math.max(4, hh) + 2);
  }

  function tell(tile) {
    const [rows, cols] = tile.shape;
    at = [Math.min(rows - 1, at[0]), Math.min(cols - 1, at[1])];
    const r0 = Math.max(0, Math.min(at[0] - 2, rows - NEAR));
    const c0 = Math.max(0, Math.min(at[1] - 2, cols - NEAR));
    const cell = (r, c) => h("td", { class: r === at[0] && c === at[1] ? "here" : null },
      number(tile.data[r * cols + c]));
    const range = (first, length) => Array.from({ length: Math.min(NEAR, length) },
      (_, i) => first + i);
    near.replaceChildren(
      h("tr", {}, h("th", { scope: "col" }, ""),
        ...range(c0, cols).map((c) => h("th", { scope: "col" }, String(c)))),
      ...range(r0, rows).map((r) => h("tr", {}, h("th", { scope: "row" }, String(r)),
        ...range(c0, cols).map((c) => cell(r, c)))));
    say(told, `${valueName(tile)} = ${number(tile.data[at[0] * cols + at[1]])}`);
    canvas.setAttribute("aria-label",
      `Values of ${tile.name}, ${rows} × ${cols}; arrow keys move. ${told.textContent}`);
    paint(tile);
  }

  /** The focused value by its place in HBM where the tile is a plain part of a matrix. */
  function valueName({ call, role: which, name, shape }) {
    const { scene } = app;
    const own = `${name}[${at[0]}, ${at[1]}]`;
    const operand = operandsOf(scene, call).find((o) => roleOf(scene, o) === which);
    const { matrix, box } = scene.places[operand] || NOWHERE;
    if (matrix < 0 || box[1] - box[0] !== shape[0] || box[3] - box[2] !== shape[1]) return own;
    return `${own}, ${nameOf(scene, matrix)}[${box[0] + at[0]}, ${box[2] + at[1]}]`;
  }

  function present(tile) {
    shown = tile;
    root.classList.toggle("empty", !tile.data);
    say(note, tile.data ? tile.note : tile.problem);
    if (tile.data) tell(tile);
  }

  canvas.addEventListener("pointermove", (event) => {
    if (!shown?.data) return;
    const box = canvas.getBoundingClientRect();
    at = [Math.floor(((event.clientY - box.top) / box.height) * shown.shape[0]),
      Math.floor(((event.clientX - box.left) / box.width) * shown.shape[1])];
    at = at.map((value) => Math.max(0, value));
    tell(shown);
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1],
      ArrowRight: [0, 1] }[event.key];
    if (!move || !shown?.data) return;
    event.preventDefault();
    event.stopPropagation();
    at = at.map((value, i) => Math.max(0, value + move[i]));
    tell(shown);
  });

  return {
    element: root,
    stale() { if (shown?.data) tell(shown); },
    /** The kernel's answer to a request for values. */
    receive(message, buffers) {
      const tile = { ...message, data: buffers.length ? F32(buffers[0]) : null };
      if (tile.data) {
        tile.top = tile.data.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
      }
      cache.set(message.key, tile);
      if (cache.size > 64) cache.delete(cache.keys().next().value);
      if (message.key === asked) present(tile);
    },
    draw(scene, row) {
      const before = role;
      const call = `${scene.id}:${scene.rows.call[row]}`;
      if (root.dataset.call !== call || before !== root.dataset.role) {
        root.dataset.call = call;
        chooseRole(scene, row);
        root.dataset.role = role;
      }
      const wanted = key(scene, row);
      if (wanted === asked) return;
      asked = wanted;
      if (cache.has(wanted)) {
        present(cache.get(wanted));
        return;
      }
      request();
    },
  };
}
