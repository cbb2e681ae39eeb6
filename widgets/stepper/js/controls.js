// The learner's choices: one labelled native control for each, built from the kernel's own list.

/** A select, or a number (and for a size a slider): {root, show}. Calls `change(name, value)`. */
function control(field, change) {
  const { name, label: words, group } = field;
  const id = `trn-${name}-${Math.random().toString(36).slice(2, 8)}`;
  const label = h("label", { for: id }, words);
  const root = h("div", { class: `control ${group} ${name}` }, label);
  if (group === "choice") {
    const select = h("select", { id, "data-name": name, onchange: () => change(name, select.value) },
      ...field.choices.map(({ value, label: text }) => h("option", { value }, text)));
    root.append(select);
    return { root, show(value) { select.value = value; } };
  }
  const inputs = [h("input", { id, type: "number", "data-name": name,
    onchange: () => change(name, inputs[0].valueAsNumber) })];
  if (group === "size") {
    inputs.push(h("input", { type: "range", "aria-label": `${words}, slider`, "data-slider": name,
      oninput: () => change(name, inputs[1].valueAsNumber) }));
  }
  root.append(...inputs);
  return { root,
    show(value, { min, max, step, off, help }) {
      root.title = help;
      root.classList.toggle("off", Boolean(off));
      for (const input of inputs) {
        Object.assign(input, { min, max, step, disabled: Boolean(off) });
        if (input.valueAsNumber !== value) input.value = value;
      }
    } };
}

function controlsView(app) {
  const bar = h("div", { class: "controls", role: "group", "aria-label": "The product" });
  const problem = h("div", { class: "problem", role: "alert", hidden: true });
  let controls = null;
  let told = null;

  function build(fields) {
    controls = {};
    for (const field of fields) controls[field.name] = control(field, app.change);
    const of = (group) => fields.filter((field) => field.group === group)
      .map(({ name }) => controls[name].root);
    const button = (name, label) => h("button", { type: "button", "data-act": name,
      "aria-label": label, title: label, onclick: () => app.act(name) }, icon(name));
    for (const [name, label] of [["undo", "Undo"], ["redo", "Redo"], ["reset", "Reset"]]) {
      controls[name] = button(name, label);
    }
    const [kernel, ...choices] = of("choice");
    bar.replaceChildren(kernel, ...of("size"),
      h("fieldset", { class: "blocks" }, h("legend", {}, "Block, in tiles"), ...of("block")),
      ...choices, h("div", { class: "history" }, controls.undo, controls.redo, controls.reset));
  }

  function tell(trouble) {
    problem.hidden = !trouble;
    problem.replaceChildren();
    if (!trouble) return;
    const kept = h("p", { class: "kept" }, "Below, the last run that worked. ");
    problem.append(h("p", {}, trouble.text), kept);
    if (!trouble.fix) return;
    const words = Object.entries(trouble.fix).map(([name, value]) => `${name} = ${value}`);
    kept.append(h("button", { type: "button", "data-act": "fix",
      onclick: () => app.changeAll(trouble.fix) }, `Use ${words.join(", ")}`));
  }

  return {
    element: h("div", { class: "ask" }, bar, problem),
    draw(fields, params, history, trouble) {
      if (!controls) build(fields);
      for (const field of fields) controls[field.name].show(params[field.name], field);
      controls.undo.disabled = !history.past.length;
      controls.redo.disabled = !history.future.length;
      if (trouble !== told) tell(trouble);
      told = trouble;
    },
  };
}
