// The widget: one chip, one selected part; the drawing and the numbers follow.

const NARROW = 560; // pixels below which the boxes are stacked

function chipSwitch(model, choose) {
  const name = "chip" + Math.random().toString(36).slice(2);
  const field = el("fieldset", { className: "cd-chips" }, el("legend", { textContent: "Chip" }));
  for (const chip of model.get("chips")) {
    const input = el("input", { type: "radio", name, value: chip.name });
    input.addEventListener("change", () => choose(chip.name));
    field.append(el("label", {}, input, chip.product.replace("AWS ", "")));
  }
  return field;
}

function changeSummary(chip) {
  if (!chip.before) return "The oldest of the three: choose another chip to see what changed.";
  const changed = Object.values(chip.parts)
    .map((part) => [part.title, part.facts.concat(part.more).filter((fact) => fact.before).length])
    .filter(([, count]) => count);
  const list = changed.map(([title, count]) => `${title} (${count})`).join(", ");
  return `▲ counts the numbers that changed since ${chip.before}: ${list}.`;
}

// Where a key moves the focus: to the nearest part in that direction.
function neighbor(layout, from, key) {
  const center = (name) => {
    const [x, y, width, height] = layout.boxes[name];
    return [x + width / 2, y + height / 2];
  };
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
    ArrowDown: [0, 1] }[key];
  const [x, y] = center(from);
  let best = null;
  for (const name of Object.keys(layout.boxes)) {
    const [cx, cy] = center(name);
    const ahead = (cx - x) * dx + (cy - y) * dy;
    const aside = Math.abs((cx - x) * dy) + Math.abs((cy - y) * dx);
    const cost = ahead + 2 * aside;
    if (ahead > 5 && (!best || cost < best.cost)) best = { name, cost };
  }
  return best?.name;
}

function render({ model, el: root }) {
  const find = () => model.get("chips").find(({ name }) => name === model.get("chip"));
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const chooser = chipSwitch(model, (chip) => set("chip", chip));
  const changes = el("p", { className: "cd-changes", attrs: { role: "status" } });
  const figure = el("div", { className: "cd-figure" });
  const panel = el("div", { className: "cd-panel", attrs: { role: "region",
    "aria-label": "Numbers of the selected part" } });
  const all = el("details", { className: "cd-all" },
    el("summary", { textContent: "The same as a table: every part, every number" }));
  const tools = toolsOf(model, root);
  // JupyterLab must not take the arrow keys for its cells.
  const section = el("section", { className: "cd",
    attrs: { "aria-label": "NeuronCore diagram", "data-lm-suppress-shortcuts": "true" } },
    el("div", { className: "cd-head" }, chooser, changes),
    el("div", { className: "cd-main" }, figure, panel), statusKey(), all,
    el("p", { className: "cd-small", textContent: "Click a part, or move with Tab or the arrow "
      + "keys; Enter goes to its numbers, Escape comes back. Who reads and writes what: "
      + `${model.get("flows_source")}.` }), tools.element);
  root.replaceChildren(el("div", { className: "cd-outer" }, section));
  let layout = wideLayout();

  function drawFigure() {
    const focused = figure.contains(document.activeElement)
      && document.activeElement.dataset.part;
    figure.replaceChildren(drawCore(find(), model.get("flows"), layout));
    behind(all, figure.firstElementChild);
    markSelected();
    if (focused) focusPart(focused);
  }

  function drawPanel() {
    panel.replaceChildren(...details(find(), model.get("selected"), model.get("flows")));
  }

  function drawAll() {
    all.querySelectorAll(":scope > :not(summary)").forEach((node) => node.remove());
    if (all.open) all.append(...everything(find()));
  }

  function draw() {
    const chip = find();
    changes.textContent = changeSummary(chip);
    for (const input of chooser.querySelectorAll("input")) {
      input.checked = input.value === chip.name;
    }
    section.dataset.chip = chip.name;
    drawFigure();
    drawPanel();
    drawAll();
  }

  function markSelected() {
    const selected = model.get("selected");
    for (const part of figure.querySelectorAll(".cd-part")) {
      part.setAttribute("aria-pressed", part.dataset.part === selected);
    }
    for (const flow of figure.querySelectorAll(".cd-flow")) {
      flow.classList.toggle("cd-touched", flow.dataset.flow.split("-").includes(selected));
    }
  }

  const focusPart = (name) => figure.querySelector(`[data-part="${name}"]`)?.focus();

  function onKey(event) {
    const name = event.target.closest("[data-part]")?.dataset.part;
    if (event.key === "Escape") return focusPart(model.get("selected"));
    if (!name) return;
    if (event.key === "Enter" || event.key === " ") {
      set("selected", name);
      panel.querySelector("h3").focus();
    } else if (event.key.startsWith("Arrow")) {
      focusPart(neighbor(layout, name, event.key));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const select = (event) => {
    const part = event.target.closest("[data-part]");
    if (part) set("selected", part.dataset.part);
  };
  figure.addEventListener("click", select);
  figure.addEventListener("focusin", select);
  section.addEventListener("keydown", onKey);
  all.addEventListener("toggle", drawAll);

  const selected = () => {
    markSelected();
    drawPanel();
  };
  model.on("change:chip", draw);
  model.on("change:selected", selected);
  const resize = new ResizeObserver(() => {
    const next = section.clientWidth < NARROW ? narrowLayout() : wideLayout();
    if (next.width === layout.width) return;
    layout = next;
    drawFigure();
  });
  resize.observe(section);
  draw();
  return () => {
    tools.stop();
    resize.disconnect();
    model.off("change:chip", draw);
    model.off("change:selected", selected);
  };
}

export default { render };
