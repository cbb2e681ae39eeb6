// 32 values to drag, and what four ways of scaling leave of them.

const HEIGHT = 140; // of the editor
const SMALL_HEIGHT = 140; // of each result
const FACTORS = { ArrowUp: 1.1, ArrowDown: 1 / 1.1, PageUp: 8, PageDown: 1 / 8 };

function blockView(app) {
  const { fixed } = app;
  const [smallest, largest] = fixed.range;
  let chosen = 12;

  const presets = h("div", { class: "examples", role: "group", "aria-label": "Blocks to try" },
    h("span", { class: "quiet" }, "Try"), ...fixed.presets.map(([words, values]) =>
      h("button", { type: "button", onclick: () => {
        chosen = values.reduce((best, value, i) =>
          (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
        app.change({ values });
      } }, words)));
  const typed = h("input", { type: "text", inputmode: "decimal", "data-name": "value",
    autocomplete: "off", onchange: () => {
      const text = typed.value.trim();
      setValue(chosen, text && Number.isFinite(Number(text)) ? Number(text) : text);
    } });
  const which = labelled("Value", typed);

  const bars = Array.from({ length: fixed.own[2] }, (_, i) => {
    const bar = h("g", { role: "slider", class: "bar", "aria-label": `Value ${i + 1}` });
    bar.dataset.lmSuppressShortcuts = "";
    bar.addEventListener("keydown", (event) => onKey(event, i));
    bar.addEventListener("focus", () => { if (i !== chosen) choose(i); });
    return bar;
  });
  const editor = picture(HEIGHT, "", { role: "group" });
  editor.setAttribute("aria-label",
    `The ${bars.length} values of the block; arrow keys move and change them`);
  const grid = h("g", {});
  editor.append(grid, ...bars); // they stay: a bar that is put in again would lose the focus
  const words = h("p", { class: "sentence", "aria-live": "polite" });
  const ways = h("div", { class: "ways" });
  const panels = new Map();
  const kept = app.fold("The block before and after", ["value", "before",
    ...fixed.ways], () => app.scene.values.map((value, i) => [i + 1, brief(value, 6),
    ...app.scene.ways.map((way) => (way.problem ? "" : brief(way.block[i], 6)))]));
  const levels = app.fold("The tensor around it", ["way", "channel", ...stepsOf(fixed)], () =>
    app.scene.ways.filter((way) => !way.problem).flatMap((way) => channelsOf(way, fixed)));
  behind(kept.table, editor);
  draggable(editor, () => editor, (x, y, event) => {
    const frame = frameOf(editor, HEIGHT);
    if (event.type === "pointerdown") {
      choose(Math.max(0, Math.min(31, Math.floor((x - frame.left) / frame.step))), true);
    }
    const size = Math.min(largest, Math.max(smallest, 2 ** frame.y.back(y)));
    const value = y > frame.bottom + 4 ? 0 : size;
    const was = app.params().values[chosen];
    setValue(chosen, Number((was < 0 ? -value : value).toPrecision(3)));
  });

  function frameOf(svg, height) {
    const left = 46;
    const width = svg.pixels() - left - 4;
    const bottom = height - 20;
    const y = linear([Math.log2(smallest), Math.log2(largest)], [bottom, 8]);
    return { left, width, bottom, y, step: width / 32,
      at(value) {
        const place = value ? y(Math.log2(Math.abs(value))) : bottom;
        return Math.min(bottom, Math.max(2, place));
      } };
  }

  function setValue(i, value) {
    const values = [...app.base().values];
    values[i] = value;
    app.change({ values });
  }

  function choose(i, focus = false) {
    chosen = i;
    app.redraw();
    if (focus) bars[i].focus({ preventScroll: true });
  }

  function onKey(event, i) {
    const { key } = event;
    const value = Number(app.params().values[i]);
    if (key === "ArrowLeft" || key === "ArrowRight" || key === "Home" || key === "End") {
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: 31 }[key];
      choose((to + 32) % 32, true);
    } else if (key in FACTORS) {
      const next = (value || smallest) * (event.shiftKey ? FACTORS[key] ** 3 : FACTORS[key]);
      const size = Math.min(largest, Math.max(smallest, Math.abs(next)));
      setValue(i, Number((Math.sign(value) < 0 ? -size : size).toPrecision(3)));
    } else if (key === "-") setValue(i, -value);
    else if (key === "0" || key === "Delete" || key === "Backspace") setValue(i, 0);
    else return;
    event.preventDefault();
  }

  function axis(frame) {
    const marks = [];
    for (let power = -8; power <= 8; power += 4) {
      const y = frame.y(power);
      marks.push(line(frame.left, y, frame.left + frame.width, y, "grid"),
        label(frame.left - 6, y + 4, power < 0 ? `1/${2 ** -power}` : String(2 ** power), "small",
          "end"));
    }
    return marks;
  }

  const barShape = (frame, i, value, kind) => {
    const top = frame.at(value);
    return box(frame.left + i * frame.step + 1, top, frame.step - 2, frame.bottom - top,
      `${kind}${value < 0 ? " minus" : ""}`);
  };

  function drawEditor(values) {
    const frame = frameOf(editor, HEIGHT);
    bars.forEach((bar, i) => {
      const value = Number(values[i]) || 0;
      bar.setAttribute("tabindex", i === chosen ? 0 : -1);
      bar.setAttribute("aria-valuenow", value);
      bar.setAttribute("aria-valuetext", String(values[i]));
      bar.classList.toggle("chosen", i === chosen);
      bar.replaceChildren(box(frame.left + i * frame.step, 4, frame.step, frame.bottom - 2, "grip"),
        barShape(frame, i, value, "value"),
        i === chosen || i % 8 === 7 || !i
          ? label(frame.left + (i + 0.5) * frame.step, HEIGHT - 5, String(i + 1),
            i === chosen ? "hit" : "small") : "");
    });
    grid.replaceChildren(...axis(frame));
  }

  return {
    controls: [chooser(app, "element", "Element", fixed.elements), which, presets],
    body: h("div", { class: "panel" },
      h("p", { class: "quiet" }, "Size of each value on a logarithmic axis; pale, dotted bars "
        + "are negative. Drag a bar, or choose it and use the arrow keys; minus changes its sign."),
      editor, words, ways,
      h("p", { class: "quiet map-key" },
        "Maps: the tensor of 8 channels around the block, framed. ",
        ...[0, 1, 2, 3, 4, 5].map((level) => h("span", {}, h("i", { class: `cell level${level}` }),
          stepsOf(fixed)[level]))),
      h("div", { class: "tables" }, kept.element, levels.element)),
    draw(scene) {
      const { values } = app.params();
      which.querySelector("label").textContent = `Value ${chosen + 1}`;
      if (document.activeElement !== typed) typed.value = String(values[chosen]);
      drawEditor(values);
      say(words, scene.words);
      for (const way of scene.ways) {
        if (!panels.has(way.name)) {
          panels.set(way.name, wayPanel(app, way, [kept.table, levels.table]));
          ways.append(panels.get(way.name).element);
        }
        panels.get(way.name).draw(way, scene.values, chosen, { frameOf, barShape });
      }
      kept.draw();
      levels.draw();
    },
  };
}

/** What the shades of a map stand for, the best first. */
const stepsOf = (fixed) => [...fixed.steps, "worse", "became 0"];

/** A row for each channel of the map: how many of its values have each shade. */
function channelsOf({ title, map }, fixed) {
  const [rows, columns] = fixed.map;
  return Array.from({ length: rows }, (_, row) => {
    const channel = [...map.slice(row * columns, (row + 1) * columns)];
    return [title, row, ...stepsOf(fixed).map((_step, level) =>
      channel.filter((shade) => Number(shade) === level).length)];
  });
}

/** What one way of scaling leaves of the block, and of the tensor around it. */
function wayPanel(app, way, [kept, levels]) {
  const scale = h("p", { class: "figure scale" });
  const svg = picture(SMALL_HEIGHT, "");
  const now = h("p", { class: "now" });
  const list = h("dl", { class: "facts" });
  const map = h("canvas", { class: "map", role: "img" });
  const note = h("p", { class: "quiet" });
  behind(kept, svg);
  behind(levels, map);
  tipOver(map, (x, y) => {
    const [height, width] = app.fixed.map;
    const row = Math.floor((y * height) / map.clientHeight);
    const column = Math.floor((x * width) / map.clientWidth);
    const found = app.scene.ways.find(({ name }) => name === way.name);
    const level = found.map?.[row * width + column];
    return level ? `channel ${row}, value ${column}: ${stepsOf(app.fixed)[Number(level)]}` : "";
  });
  const item = (words, value, key) => h("div", {}, h("dt", {}, words),
    h("dd", { class: "figure", "data-number": key }, value));
  return {
    element: h("section", { class: "way", "data-way": way.name, "aria-label": way.title },
      h("h4", {}, way.title), h("p", { class: "quiet" }, way.shares), scale, svg, now, list, map,
        note),
    draw(found, values, chosen, { frameOf, barShape }) {
      const gone = Boolean(found.problem);
      for (const part of [svg, list, map]) part.toggleAttribute("hidden", gone);
      say(scale, gone ? "" : found.scale);
      say(now, gone ? found.problem : `Value ${chosen + 1}: ${brief(values[chosen], 4)} → ${
        brief(found.block[chosen], 4)}`);
      say(note, found.note || "");
      if (gone) return;
      const frame = frameOf(svg, SMALL_HEIGHT);
      const [low, high] = found.window.map((value) => frame.at(value));
      const marks = [box(frame.left, high, frame.width, low - high, "window"),
        line(frame.left, high, frame.left + frame.width, high, "edge"),
        line(frame.left, low, frame.left + frame.width, low, "edge"),
        label(frame.left - 6, high + 4, brief(found.window[1]), "small", "end"),
        label(frame.left - 6, Math.max(high + 18, low + 4), brief(found.window[0]), "small",
          "end")];
      values.forEach((value, i) => {
        const kept = found.block[i];
        marks.push(barShape(frame, i, kept, "kept"), barShape(frame, i, value, "was"));
        const x = frame.left + (i + 0.5) * frame.step;
        if (value && !kept) marks.push(label(x, frame.bottom + 13, "×", "lost"));
        if (found.clipped.includes(i)) marks.push(label(x, frame.at(value) - 1, "▾", "lost"));
      });
      marks.push(box(frame.left + chosen * frame.step, 2, frame.step, frame.bottom, "cursor"));
      svg.replaceChildren(...marks);
      svg.setAttribute("aria-label",
        `${way.title}: ${found.scale}. It spans ${brief(found.window[0])} to ${
        brief(found.window[1])}. ${found.vanished} of ${values.length} values became 0, ${
        found.clipped.length} clipped.`);
      list.replaceChildren(item("became 0", `${found.vanished} of ${values.length}`, "vanished"),
        item("clipped", String(found.clipped.length), "clipped"),
        item("SQNR, block", found.db, "db"), item("SQNR, tensor", found.tensor_db, "tensor_db"));
      drawMap(map, found, app);
    },
  };
}

const SHADES = [0, 0.12, 0.3, 0.5, 0.75, 1];

function drawMap(canvas, found, app) {
  const [rows, columns] = app.fixed.map;
  const [row, first, count] = app.fixed.own;
  const { pen, width, height } = prepare(canvas);
  const [w, t] = [width / columns, height / rows];
  pen.fillStyle = app.theme.warn;
  for (let i = 0; i < found.map.length; i += 1) {
    pen.globalAlpha = SHADES[Number(found.map[i])];
    fillCell(pen, i, columns, w, t);
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = app.theme.text;
  pen.lineWidth = 2;
  pen.strokeRect(first * w, row * t, count * w, t);
  const lost = [...found.map].filter((level) => level === "5").length;
  canvas.setAttribute("aria-label",
    `Map of ${found.map.length} values around the block: ${lost} became 0.`);
}

export default { render: ({ model, el }) => startPart(model, el, blockView) };
