// A number in every format: bits as buttons, and the number line of the chosen format.

const LOW = -160; // powers of two that the slider spans
const HIGH = 136;
const FATES = { exact: "=", rounded: "≈", subnormal: "≈", underflow: "0", overflow: "∞",
  saturates: "⊣", special: "–" };
const ERROR_DECADES = 9; // of the bar of relative error, down from 1

function numberView(app) {
  const typed = h("input", { type: "text", inputmode: "decimal", autocomplete: "off",
    spellcheck: "false", "data-name": "text", onchange: () => type(typed.value),
    onkeydown: (event) => { if (event.key === "Enter") type(typed.value); } });
  const slider = h("input", { type: "range", min: LOW, max: HIGH, step: 0.05, "data-name": "size",
    oninput: () => type(sized(2 ** Number(slider.value))) });
  const sign = h("button", { type: "button", "data-act": "sign", onclick: () => {
    const { text } = app.scene;
    type(text.startsWith("-") ? text.slice(1) : `-${text}`);
  } }, "±");
  sign.setAttribute("aria-label", "Change the sign");
  const examples = h("div", { class: "examples", role: "group", "aria-label": "Numbers to try" },
    h("span", { class: "quiet" }, "Try"), ...app.fixed.examples.map((text) =>
      h("button", { type: "button", onclick: () => app.change({ text, code: -1 }) },
        text)));

  const type = (text) => app.change({ text: text.trim(), code: -1 });
  const sized = (magnitude) => `${app.scene.text.startsWith("-") ? "-" : ""}${
    Number(magnitude.toPrecision(4))}`;

  const rows = app.fixed.formats.map((format, place) => formatRow(app, format, place));
  const table = h("div", { class: "formats", role: "group",
    "aria-label": "The number in each format" },
    h("p", { class: "legend quiet" },
      h("span", {}, h("i", { class: "bit sign" }), " sign"),
      h("span", {}, h("i", { class: "bit exponent" }), " exponent"),
      h("span", {}, h("i", { class: "bit mantissa" }), " mantissa"),
      h("span", {}, "Press a bit to flip it. Bars: relative error, logarithmic. "
        + "Choose a format for its number line.")),
    ...rows.map((row) => row.element));
  const axis = numberLine(app, type);
  return {
    controls: [labelled("Number", typed), h("div", { class: "history" }, sign),
      labelled("Drag its size", slider, "wide"), examples],
    body: h("div", { class: "panel" }, table, axis.element),
    draw(scene) {
      const params = app.params();
      const shown = params.code >= 0 ? scene.text : params.text;
      const isTyping = document.activeElement === typed && params.text === typed.value.trim();
      if (!isTyping) typed.value = shown;
      if (scene.value && document.activeElement !== slider) {
        slider.value = Math.log2(Math.abs(scene.value));
      }
      slider.setAttribute("aria-valuetext", scene.text);
      rows.forEach((row, place) => row.draw(scene.rows[place], params.format));
      axis.draw(scene);
    },
  };
}

function formatRow(app, format, place) {
  const [signs, exponents, mantissas] = format.fields;
  const width = signs + exponents + mantissas;
  const choose = h("input", { type: "radio", name: "nu-format", value: format.name,
    onchange: () => app.change({ format: format.name, ...keepValue() }) });
  const kinds = (at) => (at < signs ? "sign" : at < signs + exponents ? "exponent" : "mantissa");
  const bits = Array.from({ length: width }, (_, at) => {
    const kind = kinds(at);
    const button = h("button", { type: "button", class: `bit ${kind}`, "data-bit": width - 1 - at,
      onclick: () => flip(width - 1 - at) });
    button.title = `${format.label}, ${kind} bit`;
    const begins = (at === signs && signs) || (at === signs + exponents && exponents);
    button.classList.toggle("begins", Boolean(begins));
    return button;
  });
  const stored = h("span", { class: "stored figure" });
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  const bar = h("span", { class: "fill" });
  const words = h("span", { class: "fate" });
  const element = h("div", { class: "format", "data-format": format.name },
    h("label", {}, choose, " ", h("strong", {}, format.label),
      format.note ? h("span", { class: "quiet" }, ` ${format.note}`) : ""),
    h("div", { class: "bits", role: "group", "aria-label": `Bits of ${format.label}` }, ...bits),
    stored, mark, h("span", { class: "meter", "aria-hidden": "true" }, bar), words);

  /** The value stays as it is when another format is chosen, also one that was made of bits. */
  function keepValue() {
    return app.params().code >= 0 ? { text: app.scene.text, code: -1 } : {};
  }

  function flip(bit) {
    const { code } = app.scene.rows[place];
    const weight = 2 ** bit;
    const isSet = Math.floor(code / weight) % 2 === 1;
    app.change({ format: format.name, code: isSet ? code - weight : code + weight });
  }

  return {
    element,
    draw(row, chosen) {
      element.classList.toggle("chosen", format.name === chosen);
      element.dataset.fate = row.fate;
      choose.checked = format.name === chosen;
      bits.forEach((button, at) => {
        const one = row.bits[at] === "1";
        say(button, row.bits[at]);
        button.setAttribute("aria-pressed", String(one));
        button.setAttribute("aria-label", `${kinds(at)} bit ${width - 1 - at}`);
      });
      say(stored, row.stored);
      say(mark, FATES[row.fate]);
      say(words, row.words);
      const share = row.relative > 0 ? 1 + Math.log10(row.relative) / ERROR_DECADES : 0;
      bar.style.width = `${100 * Math.min(1, Math.max(0, share))}%`;
    },
  };
}

/** The values around the number; the number itself can be dragged, or moved with the arrow keys. */
function numberLine(app, type) {
  const svg = picture(118, "", { role: "group" });
  const words = h("p", { class: "sentence", "aria-live": "polite" });
  const facts = h("p", { class: "quiet" });
  const handle = h("g", { class: "handle", tabindex: 0, role: "slider",
    "aria-label": "The number" });
  handle.dataset.lmSuppressShortcuts = "";
  handle.append(h("path", { d: "M0,0 l9,-14 h-18 z" }), h("rect", { x: -16, y: -30, width: 32,
    height: 44,
    class: "grip" }));
  const marksPlace = h("g", {});
  svg.append(marksPlace, handle); // the handle stays, and with it the focus
  let scale = null;
  let step = 0;
  let value = 0;
  draggable(handle, () => svg, (x) => scale && type(typable(scale.back(x))));
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 8, PageDown: -8 };
    if (!(event.key in by)) return;
    event.preventDefault();
    type(typable(value + by[event.key] * step));
  });
  const typable = (number) => String(Number(number.toPrecision(12)));
  const table = app.fold("The number line", ["value", "bits", "from the number", ""], () => {
    const { ticks, texts = [], bits, distances, target } = app.scene.line;
    return ticks.map((_, i) => [texts[i], bits[i], distances[i],
      i === target ? "where the number goes" : ""]);
  });
  behind(table.table, svg);
  return {
    element: h("div", { class: "axis" }, words, svg, facts, table.element),
    draw({ line: found, format, text }) {
      const about = app.fixed.formats.find(({ name }) => name === format);
      say(words, found.words);
      facts.replaceChildren(h("strong", {}, `${about.label}. `), about.facts,
        h("span", { class: "source" }, ` ${about.source}`));
      svg.setAttribute("aria-label", found.words);
      svg.toggleAttribute("hidden", !found.ticks.length);
      table.element.hidden = !found.ticks.length;
      table.draw();
      if (!found.ticks.length) return;
      const { ticks } = found;
      const room = svg.pixels();
      const [first, last] = [ticks[0], ticks[ticks.length - 1]];
      const margin = Math.max(60, room * 0.07);
      scale = linear([first, last], [margin, room - margin]);
      if (last === first) scale = linear([first - 1, first + 1], [margin, room - margin]);
      value = found.value;
      step = Math.min(...ticks.slice(1).map((tick, i) => tick - ticks[i])) / 8;
      if (!Number.isFinite(step)) step = Math.abs(first) / 8 || 1;
      const y = 66;
      const marks = [line(8, y, room - 8, y, "rule")];
      if (found.is_high_end) marks.push(...beyond(scale(last), room, y, "ends here"));
      if (found.is_low_end) marks.push(...beyond(0, scale(first), y, "ends here"));
      // Labels in two rows; where they would touch, some are left out, never the target's.
      const gap = (room - 2 * margin) / Math.max(1, ticks.length - 1);
      const every = Math.ceil((5.8 * app.theme.em) / (2 * gap));
      const middle = found.target >= 0 ? found.target : 0;
      ticks.forEach((tick, i) => {
        const x = scale(tick);
        const hit = i === found.target;
        const place = Math.abs(i - middle) / every;
        marks.push(line(x, y - 9, x, y + 9, hit ? "tick hit" : "tick"));
        if (Number.isInteger(place)) {
          marks.push(label(x, y + 27 + (place % 2) * 18, found.texts[i], hit ? "hit" : "small"));
        }
        if (i) {
          const half = scale((tick + ticks[i - 1]) / 2);
          marks.push(line(half, y - 3, half, y + 3, "half"));
        }
      });
      const at = Math.min(room - 12, Math.max(12, scale(value)));
      if (found.target >= 0) {
        const x = scale(ticks[found.target]);
        marks.push(h("path", { class: "jump",
          d: `M${at},${y - 22} Q${(at + x) / 2},${y - 40} ${x},${y - 12}` }));
      }
      const beside = at > room - 140 ? ["end", -14] : at < 140 ? ["start", 14] : ["middle", 0];
      marks.push(label(at + beside[1], 16, text, "value", beside[0]));
      handle.setAttribute("transform", `translate(${at} ${y - 8})`);
      handle.setAttribute("aria-valuenow", value);
      handle.setAttribute("aria-valuetext", text);
      marksPlace.replaceChildren(...marks);
    },
  };
}

function beyond(from, to, y, words) {
  return [box(from, y - 9, to - from, 18, "beyond"), label((from + to) / 2, y - 14, words,
    "small")];
}

export default { render: ({ model, el }) => startPart(model, el, numberView) };
