// What is asked for: kernel, size, chip; undo, redo, reset; the run in numbers.

function option(value, words) {
  return h("option", { value }, words);
}

function labelled(words, control, kind = "") {
  const id = `pf-${Math.random().toString(36).slice(2, 9)}`;
  control.id = id;
  return h("div", { class: `control ${kind}` }, h("label", { for: id }, words), control);
}

/** A select over the gallery, in its groups. */
function fillKernels(select, gallery, first = []) {
  const groups = [...new Set(gallery.map(({ group }) => group))];
  select.replaceChildren(...first, ...groups.map((group) => h("optgroup", { label: group },
    ...gallery.filter((entry) => entry.group === group)
      .map(({ name, title }) => option(name, title)))));
}

function controlsView(app) {
  const pick = (name, changed) => h("select", { "data-name": name,
    onchange: (event) => changed(event.target.value) });
  const entryOf = (name) => app.gallery.find((entry) => entry.name === name);
  const kernel = pick("kernel", (value) => {
    const entry = entryOf(value);
    const had = entry.sizes.some(([key]) => key === app.params().size);
    app.change({ kernel: value, size: had ? app.params().size : entry.sizes[0][0] });
  });
  const size = pick("size", (value) => app.change({ size: value }));
  const chip = pick("chip", (value) => app.change({ chip: value, constants: {} }));
  const button = (act, words, mark) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick: () => app.act(act) }, mark);
  const undo = button("undo", "Undo", "↶");
  const redo = button("redo", "Redo", "↷");
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  fillKernels(kernel, app.gallery);
  chip.replaceChildren(...app.chips.map(([name, words]) => option(name, words)));
  let sizes = "";
  return {
    element: h("div", { class: "ask" },
      h("div", { class: "controls", role: "group", "aria-label": "The run" },
        labelled("Kernel", kernel, "wide"), labelled("Size", size), labelled("Chip", chip),
        h("div", { class: "history" }, undo, redo, button("reset", "Reset", "Reset"))), problem),
    draw(params, trouble, history) {
      const entry = entryOf(params.kernel);
      if (entry && sizes !== entry.name) {
        sizes = entry.name;
        size.replaceChildren(...entry.sizes.map(([key, words]) => option(key, words)));
      }
      kernel.value = params.kernel;
      size.value = params.size;
      chip.value = params.chip;
      undo.disabled = !history.canUndo();
      redo.disabled = !history.canRedo();
      problem.hidden = !trouble;
      say(problem, trouble ? `${trouble} The last run that worked is still shown.` : "");
    },
  };
}

/** The run in numbers. */
function numbersView() {
  const list = h("dl", { class: "numbers" });
  const item = (name, value, note, mark) => h("div", {}, h("dt", {}, name),
    h("dd", {}, h("span", { class: "value", "data-number": mark || "" }, value),
      note ? h("span", { class: "note" }, note) : ""));
  return {
    element: list,
    draw(run, honesty, band) {
      const s = run.summary;
      const total = item("Total time", time(s.total_us), rangeWords(run, band), "time");
      total.querySelector("dt").append(" ", h("span", { class: `badge ${honesty.badge}` },
        honesty.badge));
      list.replaceChildren(total,
        item("Busiest", ENGINE_NAMES[s.busiest], `at work ${percent(s.busy[s.busiest])}`),
        item("TensorE at work", percent(s.busy.tensor), `MFU ${percent(s.mfu)}`, "tensor"),
        item("Through HBM", bytes(s.hbm_bytes), `MBU ${percent(s.mbu)}`),
        item("Instructions", count(s.rows), `${count(s.calls)} NKI calls`));
    },
  };
}

function rangeWords(run, band) {
  if (Math.abs(run.base_us - run.summary.total_us) > 1e-9) {
    return `${signed(run.summary.total_us / run.base_us - 1)}; it was ${time(run.base_us)}`;
  }
  if (!band || band.problem) return "";
  return `${time(band.fast_us)} to ${time(band.slow_us)}`;
}

/** "+12.0 %", "−3.1 %" */
function signed(fraction) {
  const sign = fraction < 0 ? "−" : "+";
  return `${sign}${percent(Math.abs(fraction))}`;
}
