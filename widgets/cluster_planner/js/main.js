// The planner: a model on a machine; time, memory, links and bubbles follow the degrees.

function plannerBoard(app) {
  const view = { part: "stage", window: "start", domain: 0, device: 0 };
  const pick = (name, words, kind) => pickView(app, name, words, kind);
  const task = pick("task", "Do what");
  const model = modelView(app);
  const system = pick("system", "System", "wide");
  system.select.onchange = () => app.change({ system: system.select.value, reading: 0,
    chips: firstChips(app, system.select.value), dp: 0,
    dtype: FORMATS_OF[system.select.value] || app.params().dtype });
  const reading = pick("reading", "Link figures that sources disagree on", "wide");
  reading.select.onchange = () => app.change({ reading: Number(reading.select.value) });
  const chips = numberView(app, "chips", "Chips");
  const range = h("input", { type: "range", min: 0, step: 1, "data-name": "chips-steps",
    "aria-label": "Chips, from one to all that can be connected",
    oninput: () => app.change({ chips: app.scene().chip_steps[range.valueAsNumber] }) });
  const dtype = pick("dtype", "Format");
  const training = ["global_batch", "micro_batch", "sequence"].map((name) =>
    [name, numberView(app, name, { global_batch: "Global batch", micro_batch: "Micro-batch",
      sequence: "Tokens of a sequence" }[name])]);
  const inference = ["batch", "prompt", "output"].map((name) =>
    [name, numberView(app, name, { batch: "Requests at once", prompt: "Tokens of a prompt",
      output: "Tokens to write" }[name])]);
  const degrees = degreesView(app);
  const past = historyView(app);
  const announced = h("p", { class: "not-yet", hidden: true });
  const about = h("p", { class: "quiet about" });
  const numbers = numbersView();
  const time_ = barsView("Time by cause");
  const token = barsView("Time of one further token by cause");
  const memory = barsView("Memory of a device by kind");
  const timeTitle = h("h3", {});
  const limit = h("p", { class: "quiet" });
  const placement = placementView(app, view);
  const pipe = pipelineView(app, view);
  const plans = plansView(app);
  const scaling = scalingView(app);
  const sweep = sweepView(app);
  const pools = poolsView(app);
  const tokenTitle = h("h4", {}, "One further token, by cause");
  let drawn = 0;

  function drawControls() {
    const params = app.params();
    const scene = app.scene();
    task.draw([["training", "train it"], ["inference", "serve it"]], params.task);
    model.draw();
    system.draw(app.trait("systems"), params.system);
    reading.draw(scene.system.readings, params.reading);
    reading.element.hidden = scene.system.readings.length < 2;
    chips.draw(params.chips);
    placeOn(range, scene.chip_steps, scene.machine.chips);
    range.setAttribute("aria-valuetext", plural(scene.machine.chips, "chip"));
    dtype.draw(app.trait("formats").map((name) => [name, name]), params.dtype);
    const isTraining = params.task === "training";
    for (const [name, field] of training) field.draw(params[name]);
    for (const [name, field] of inference) field.draw(params[name]);
    for (const [, field] of training) field.element.hidden = !isTraining;
    for (const [, field] of inference) field.element.hidden = isTraining;
    degrees.draw();
    past.draw();
  }

  function draw() {
    const scene = app.scene();
    const isNew = drawn !== scene.id;
    drawn = scene.id;
    const isTraining = scene.task === "training";
    drawControls();
    const isAnnounced = scene.system.badge === "announced";
    announced.hidden = !isAnnounced;
    say(announced, isAnnounced ? scene.system.why : "");
    say(about, modelWords(scene.model));
    numbers.draw(scene);
    say(timeTitle, isTraining ? "Time of a step" : "Time to the first token");
    const causes = isTraining ? scene.time : scene.prefill;
    const whole = isTraining ? scene.step_s : scene.ttft_s;
    time_.draw(causes, (s) => `${secondsWords(s)}, ${percent(s / whole)}`, 0, isNew);
    for (const part of [tokenTitle, token.element]) part.hidden = isTraining;
    if (!isTraining) {
      token.draw(scene.token, (s) => `${secondsWords(s)}, ${percent(s / scene.tpot_s)}`, 0, isNew);
    }
    memory.draw(scene.memory, gib, scene.memory_limit, isNew);
    say(limit, `A full bar: ${gib(scene.memory_limit)}, what the runtime leaves of a device: ${
      scene.system.device}.`);
    pipe.element.hidden = !isTraining;
    scaling.element.hidden = !isTraining;
    for (const part of [sweep, pools]) part.element.hidden = isTraining;
    placement.draw();
    pipe.draw();
    plans.draw();
    for (const part of isTraining ? [scaling] : [sweep, pools]) part.draw();
    Object.assign(app.root.dataset, { chips: scene.machine.chips, model: scene.model.name,
      parameters: scene.model.parameters, dp: scene.plan.dp, fits: scene.fits,
      step: scene.step_s || "", ttft: scene.ttft_s || "", tokens: scene.tokens_per_s });
  }

  const bars = h("section", { class: "panel", "aria-label": "Time and memory" },
    h("header", {}, timeTitle, h("p", { class: "how" }, "A tick marks the plan before.")),
    time_.element, tokenTitle, token.element, h("h3", {}, "Memory of a device"), memory.element,
    limit);
  return {
    element: h("div", { class: "body" },
      h("div", { class: "controls", role: "group", "aria-label": "Model, machine, work" },
        task.element, model.element, system.element,
        h("div", { class: "control wide" }, chips.element, range), reading.element, dtype.element,
        ...training.map(([, field]) => field.element),
        ...inference.map(([, field]) => field.element),
        past.element),
      model.fold, about, announced, numbers.element, degrees.element,
      h("div", { class: "work" }, h("div", { class: "column" }, bars, pipe.element),
        placement.element),
      h("div", { class: "work even" }, plans.element,
        h("div", { class: "column" }, scaling.element, sweep.element, pools.element))),
    draw, follows: ["plans", "scaling", "sweep", "pools"],
    act() {},
    viewState: () => ({ ...view }),
    readView(saved) {
      const whole = (value) => (Number.isInteger(value) && value >= 0 ? value : 0);
      view.part = PARTS.some(([name]) => name === saved.part) ? saved.part : "stage";
      view.window = WINDOWS.some(([name]) => name === saved.window) ? saved.window : "start";
      view.domain = whole(saved.domain);
      view.device = whole(saved.device);
    },
  };
}

const FORMATS_OF = { trn1: "bfloat16", trn2: "bfloat16", "a100-80gb": "bfloat16", h100: "bfloat16",
  "tpu-v5e": "bfloat16", "tpu-v5p": "bfloat16", "tpu-v6e": "bfloat16", ironwood: "bfloat16",
  "trn2-ultraserver": "bfloat16" };

function render(context) {
  return mountBoard(context, { className: "trn-planner", module: "widgets.cluster_planner",
    parameter: "p", build: plannerBoard });
}

export default { render };
