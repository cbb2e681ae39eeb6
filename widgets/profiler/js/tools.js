// Search, three filters, steps from match to match, and what is chosen, in words.

function toolsView(app) {
  const text = h("input", { type: "search", "data-name": "search", placeholder: "dma_copy, rhs, line…",
    oninput: () => app.filter({ text: text.value }) });
  const choose = (name) => h("select", { "data-name": name,
    onchange: (event) => app.filter({ [name]: event.target.value }) });
  const [engine, op, wait] = ["engine", "op", "wait"].map(choose);
  const button = (act, words, mark) => h("button", { type: "button", "data-act": act, title: words,
    "aria-label": words, onclick: () => app.act(act) }, mark);
  const path = h("input", { type: "checkbox", "data-name": "path",
    onchange: () => app.showPath(path.checked) });
  const found = h("span", { class: "found", role: "status" });
  const clear = button("clear", "Clear search and filters", "Clear");
  const steps = h("div", { class: "steps" }, button("previousMatch", "Previous match", "‹"),
    button("nextMatch", "Next match", "›"), clear);
  let listed = "";

  function list(run) {
    const key = JSON.stringify([run.key, run.names.ops]);
    if (listed === key) return;
    listed = key;
    const { rows, names } = run;
    const used = (column) => [...new Set(column)].sort((a, b) => a - b);
    engine.replaceChildren(option("", "all"), ...used(rows.engine).map((code) =>
      option(names.engines[code], ENGINE_NAMES[names.engines[code]])));
    op.replaceChildren(option("", "all"), ...used(rows.op).map((code) =>
      option(names.ops[code], names.ops[code])));
    wait.replaceChildren(option("", "all"), option("any", "any wait"),
      ...used(rows.wait_kind).filter((code) => code > 0).map((code) =>
        option(names.wait_kinds[code], names.wait_kinds[code])));
  }

  return {
    element: h("div", { class: "tools", role: "group", "aria-label": "Find in the timeline" },
      labelled("Search", text, "search"), labelled("Engine", engine), labelled("Instruction", op),
      labelled("Waits for", wait), steps,
      h("label", { class: "check" }, path, " Critical path"), found),
    search: text,
    draw(run, filter, withPath) {
      list(run);
      if (document.activeElement !== text) text.value = filter.text;
      engine.value = filter.engine;
      op.value = filter.op;
      wait.value = filter.wait;
      path.checked = withPath;
      const on = isFiltered(filter);
      steps.hidden = !on;
      const of = filter.line ? `Line ${filter.line}: ` : "";
      say(found, !on ? "" : `${of}${count(run.found.rows.length)} of ${
        plural(run.rows.n, "row")}: at work ${time(run.found.busy_us)}, waiting ${
        time(run.found.wait_us)}`);
    },
  };
}

const PROFILER_KEYS = [
  [["←", "→"], "instruction"], [["↑", "↓"], "lane"], [["W"], "next wait"],
  [["P"], "next on the critical path"], [["N"], "next match"], [["+", "−", "0"], "zoom"],
  [["[", "]"], "pan"], [["/"], "search"],
];

/** The action that a keydown on the timeline asks for, or null. */
function timelineAction(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return { ArrowRight: "next", ArrowLeft: "previous", ArrowUp: "up", ArrowDown: "down",
    Home: "first", End: "last", w: event.shiftKey ? "previousWait" : "nextWait",
    p: event.shiftKey ? "previousLink" : "nextLink", n: event.shiftKey ? "previousMatch" : "nextMatch",
    "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", "−": "zoomOut", 0: "fit", "[": "earlier",
    "]": "later", "/": "search" }[key] || null;
}

function keysView() {
  return h("ul", { class: "keys", "aria-label": "Keys on the timeline" },
    ...PROFILER_KEYS.map(([keys, what]) =>
      h("li", {}, ...keys.map((key) => h("kbd", {}, key)), ` ${what}`)));
}
