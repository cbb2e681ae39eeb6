// Constants of the chip as sliders: the run is scheduled again while one moves.

function whatifView(app) {
  const root = h("div", { class: "tab-body whatif" });
  const sentence = h("p", { class: "sentence", role: "status" });
  const reset = h("button", { type: "button", "data-act": "resetConstants",
    onclick: () => app.change({ constants: {} }) }, "All as in the model");
  const list = h("div", { class: "constants" });
  let rows = [];
  let built = "";
  root.append(sentence, list, reset, h("p", { class: "quiet" },
    "Assumed: AWS does not publish it; the slider spans its range. Others span half to double: "
    + "what would be, not what is."));

  const digits = (field) => Number((field.max - field.min).toPrecision(1)) >= 100 ? 0
    : field.max - field.min >= 5 ? 1 : 2;

  function set(field, shown) {
    const values = { ...app.params().constants };
    if (Math.abs(shown - field.value) < field.step / 2) delete values[field.name];
    else values[field.name] = shown / field.scale;
    app.change({ constants: values });
  }

  function row(field) {
    const options = { min: field.min, max: field.max, step: "any" };
    const slider = h("input", { type: "range", ...options, "data-name": field.name,
      "aria-label": field.label, oninput: () => set(field, slider.valueAsNumber) });
    slider.step = field.step;
    const typed = h("input", { type: "number", step: "any", "data-typed": field.name,
      "aria-label": `${field.label}, ${field.unit}`,
      onchange: () => set(field, typed.valueAsNumber) });
    const element = h("div", { class: "constant", title: field.why },
      h("span", { class: "name" }, field.label, " ",
        h("span", { class: `status ${field.status}` }, field.status)), slider, typed,
      h("span", { class: "unit" }, field.unit));
    return { field, slider, typed, element };
  }

  return {
    element: root,
    draw(fields, constants, run) {
      const key = JSON.stringify(fields);
      if (built !== key) {
        built = key;
        rows = fields.map(row);
        list.replaceChildren(...rows.map(({ element }) => element));
      }
      for (const { field, slider, typed, element } of rows) {
        const changed = field.name in constants;
        const value = changed ? constants[field.name] * field.scale : field.value;
        if (document.activeElement !== slider) slider.value = value;
        slider.setAttribute("aria-valuetext", `${value.toFixed(digits(field))} ${field.unit}`);
        if (document.activeElement !== typed) typed.value = value.toFixed(digits(field));
        element.classList.toggle("changed", changed);
      }
      const now = run.summary.total_us;
      reset.disabled = !Object.keys(constants).length;
      say(sentence, Math.abs(now - run.base_us) < 1e-9
        ? `${time(now)} with the model's constants. Move a slider.`
        : `${time(run.base_us)} → ${time(now)}: ${signed(now / run.base_us - 1)}.`);
    },
  };
}
