// Another run on the same axis, and both in numbers.

function compareView(app) {
  const kernel = h("select", { "data-name": "rival",
    onchange: () => app.change({ rival: kernel.value }) });
  const chip = h("select", { "data-name": "rival_chip",
    onchange: () => app.change({ rival_chip: chip.value }) });
  fillKernels(kernel, app.gallery, [option("", "nothing")]);
  chip.replaceChildren(option("", "the same chip"), ...app.chips.map(([name, words]) =>
    option(name, words)));
  const sentence = h("p", { class: "sentence", role: "status" });
  const timeline = timelineView({ name: "Two runs on one axis", theme: () => app.theme,
    runs: () => (app.other ? [app.run, app.other] : [app.run]), unit: () => "µs",
    chosen: (row) => app.choose(row), moved: () => {}, stop: true });
  timeline.element.addEventListener("keydown", (event) => {
    const action = timelineAction(event);
    if (!["zoomIn", "zoomOut", "fit", "earlier", "later"].includes(action)) return;
    event.preventDefault();
    timeline.act(action);
  });
  const table = h("table", { class: "pairs" });
  const save = h("button", { type: "button", "data-act": "pairsCsv",
    onclick: () => download("comparison.csv", csvOfTable(table)) }, "Table as CSV");
  const body = h("div", { class: "compare-body" },
    h("div", {}, timeline.zoom, timeline.element),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Comparison" }, table, save));
  const root = panel("compare", "Compare", "Two runs on one axis of time, and in numbers.",
    h("div", { class: "controls" }, labelled("Compare with", kernel, "wide"), labelled("on", chip)),
    sentence, body);
  let told = -1;
  return {
    element: root,
    redraw() { if (!body.hidden) timeline.redraw(); },
    draw(params, other) {
      kernel.value = params.rival;
      chip.value = params.rival_chip;
      chip.parentElement.hidden = !params.rival;
      body.hidden = !app.other;
      sentence.className = app.other ? "sentence" : "quiet";
      if (!app.other) {
        told = -1;
        say(sentence, other?.problem || (params.rival ? "" : "Choose a kernel: another step of the "
          + "ladder, or the same kernel, to see a slider of What if beside the model's constants."));
        return;
      }
      if (told === app.other.id) return;
      told = app.other.id;
      const [own, rival] = [app.run, app.other].map((run) => run.summary.total_us);
      const ratio = own > rival ? own / rival : rival / own;
      const [first, second] = [app.run, app.other].map((run) => run.summary.badge);
      say(sentence, Math.abs(own - rival) < 1e-9
        ? `Both take the same time (${first === second ? first : `${first} and ${second}`}).`
        : `${app.run.title} takes ${time(own)} (${first}). ${app.other.title} is ${
          ratio.toPrecision(3)} times ${own > rival ? "faster" : "slower"}: ${time(rival)} (${second}).`);
      table.replaceChildren(
        h("thead", {}, h("tr", {}, ...["", app.run.title, app.other.title, "ratio"].map((words) =>
          h("th", { scope: "col" }, words)))),
        h("tbody", {}, ...app.other.pairs.map(([name, unit, a, b]) => h("tr", {},
          h("th", { scope: "row" }, name), ...[a, b].map((value) =>
            h("td", { class: "figure" }, short(value) + unit)),
          h("td", { class: "figure" }, a ? (b / a).toPrecision(3) : "")))));
      timeline.say(`${app.run.title}, ${app.run.size}, above ${app.other.title}, ${app.other.size}. ${
        sentence.textContent}`);
      timeline.fit();
    },
  };
}

function short(value) {
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumSignificantDigits: 4 });
}
