// Ten images to choose from, the scores of the chosen one, and a sentence that says it all.

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** An 8 x 8 image as cells whose opacity is the ink. */
function picture(ink) {
  const cells = ink.map((value) => {
    const cell = make("i");
    cell.style.opacity = value / 16;
    return cell;
  });
  return make("span", { class: "ink", "aria-hidden": "true" }, ...cells);
}

function picker(model) {
  const name = `digit-${Math.random().toString(36).slice(2)}`;
  const inputs = [];
  const list = model.get("images").map((ink, i) => {
    const input = make("input", { type: "radio", name, value: i, "aria-label": `a ${i}`,
      onchange: () => set(model, "index", i) });
    inputs.push(input);
    return make("label", { title: `a ${i}` }, input, picture(ink));
  });
  const root = make("fieldset", { class: "pick" }, make("legend", {}, "An image"), ...list);
  return { root, show: () => { inputs[model.get("index")].checked = true; } };
}

function choice(model, name, label, options, read) {
  const select = make("select", { "data-name": name,
    onchange: () => set(model, name, read(select.value)) },
    ...options.map(([value, text]) => make("option", { value }, text)));
  return { root: make("label", {}, `${label} `, select),
    show: () => { select.value = model.get(name); } };
}

function set(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** One bar per digit: what the core found, with NumPy's value as a tick. */
function scores({ core, numpy }) {
  const all = [...core, ...numpy];
  const low = Math.min(...all);
  const share = (value) => `${(100 * (value - low)) / (Math.max(...all) - low)}%`;
  const best = core.indexOf(Math.max(...core));
  return core.map((value, digit) => {
    const bar = make("span", { class: "bar" });
    const tick = make("span", { class: "tick" });
    bar.style.width = share(value);
    tick.style.left = share(numpy[digit]);
    return make("tr", { class: digit === best ? "best" : "" },
      make("th", { scope: "row" }, String(digit)),
      make("td", { class: "track" }, bar, tick),
      make("td", { class: "number" }, value.toFixed(2)),
      make("td", { class: "number" }, numpy[digit].toFixed(2)));
  });
}

function sentence(result) {
  const read = (list) => list.indexOf(Math.max(...list));
  const one = `The core reads ${read(result.core)}, NumPy reads ${read(result.numpy)}, `
    + `the label says ${result.label}.`;
  const many = result.images === 1 ? "" : ` Of ${result.images} images the core reads ${
    result.same} as NumPy does and ${result.right} correctly.`;
  const each = result.total_us / result.images;
  const pace = result.images === 1 ? "" : `, ${each.toFixed(3)} µs an image`;
  return `${one}${many} On one core of ${result.chip} this takes ${
    result.total_us.toFixed(2)} µs${pace} (predicted); MFU ${percent(result.mfu)}.`;
}

export default {
  render({ model, el }) {
    const { batch, dtype } = model.get("choices");
    const parts = [
      picker(model),
      choice(model, "batch", "Images in one run", batch.map((n) => [n, n]), Number),
      choice(model, "dtype", "Data type", Object.entries(dtype), String),
    ];
    const body = make("tbody");
    const table = make("table", {},
      make("thead", {}, make("tr", {}, make("td"), make("td"),
        make("th", { scope: "col" }, "core"), make("th", { scope: "col" }, "NumPy"))), body);
    const told = make("p", { role: "status" });
    const tools = toolsOf(model, el);
    const root = make("section", { class: "trn-digits", "aria-label": "Read a digit" },
      parts[0].root,
      make("div", { class: "run" }, make("div", { class: "choose" }, parts[1].root, parts[2].root),
        table, told), tools.element);
    el.replaceChildren(root);
    const draw = () => {
      const result = model.get("result");
      for (const part of parts) part.show();
      body.replaceChildren(...scores(result));
      told.textContent = sentence(result);
      root.dataset.read = result.core.indexOf(Math.max(...result.core));
      root.dataset.totalUs = result.total_us;
    };
    draw();
    model.on("change:result", draw);
    return () => {
      tools.stop();
      model.off("change:result", draw);
    };
  },
};
