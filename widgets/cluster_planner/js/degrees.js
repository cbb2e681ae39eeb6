// The degrees of parallelism: a slider over those that divide, and a field for any other.

const DEGREE_WORDS = { tp: "tensor (tp)", pp: "pipeline (pp)", dp: "data (dp)", ep: "expert (ep)",
  cp: "context (cp)", virtual_stages: "virtual stages", zero: "ZeRO stage" };

function degreeView(app, name) {
  const range = h("input", { type: "range", min: 0, step: 1, "data-slider": name,
    "aria-label": DEGREE_WORDS[name],
    oninput: () => app.change({ [name]: values[range.valueAsNumber], ...freed(name) }) });
  const typed = numberView(app, name, DEGREE_WORDS[name]);
  let values = [1];

  /** One stage has no virtual ones. */
  function freed(changed) {
    return changed === "pp" ? { virtual_stages: 1 } : {};
  }
  return {
    element: h("div", { class: "degree" }, typed.element, range),
    draw(value, shown, offered) {
      values = offered;
      placeOn(range, values, shown);
      range.disabled = values.length < 2;
      range.setAttribute("aria-valuetext", String(shown));
      typed.draw(value);
    },
  };
}

function degreesView(app) {
  const names = ["tp", "pp", "cp", "ep", "virtual_stages", "zero"];
  const degrees = Object.fromEntries(names.map((name) => [name, degreeView(app, name)]));
  const fill = h("input", { type: "checkbox", "data-name": "fill", onchange: () =>
    app.change({ dp: fill.checked ? 0 : app.scene().plan.dp }) });
  const dp = numberView(app, "dp", DEGREE_WORDS.dp);
  const recompute = pickView(app, "recompute", "Recompute");
  const schedule = pickView(app, "schedule", "Pipeline schedule");
  const check = (name, words) => {
    const box = h("input", { type: "checkbox", "data-name": name,
      onchange: () => app.change({ [name]: box.checked }) });
    return { box, element: h("label", { class: "check" }, box, words) };
  };
  const sharded = check("sequence_parallel", "sequence parallel");
  const overlap = check("overlap", "overlap data exchange");
  const training = [degrees.virtual_stages.element, degrees.zero.element, recompute.element,
    schedule.element, sharded.element, overlap.element];
  return {
    element: h("div", { class: "degrees", role: "group", "aria-label": "The plan" },
      degrees.tp.element, degrees.pp.element,
      h("div", { class: "degree" }, dp.element,
        h("label", { class: "check" }, fill, "as many as fit")),
      degrees.cp.element, degrees.ep.element, ...training),
    draw() {
      const params = app.params();
      const scene = app.scene();
      for (const name of names) {
        degrees[name].draw(params[name], scene.plan[name], scene.options[name]);
      }
      fill.checked = params.dp === 0;
      dp.field.disabled = params.dp === 0;
      dp.draw(params.dp === 0 ? scene.plan.dp : params.dp);
      recompute.draw(["none", "selective", "full"].map((name) => [name, name]), params.recompute);
      schedule.draw([["1f1b", "1F1B, interleaved"], ["zero-bubble", "zero-bubble"]],
        params.schedule);
      sharded.box.checked = params.sequence_parallel;
      overlap.box.checked = params.overlap;
      for (const part of training) part.hidden = params.task === "inference";
      degrees.ep.element.hidden = scene.options.ep.length < 2;
    },
  };
}
