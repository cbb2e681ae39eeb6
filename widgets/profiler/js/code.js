// The kernel's source: the line of the chosen instruction is marked; a line selects its own.

function codeView(app) {
  const how = h("p", { class: "quiet" });
  const source = sourceView((line) => app.chooseLine(line), (line, runs) =>
    `Line ${line}: select its ${plural(runs, "instruction")}`);
  const root = h("div", { class: "tab-body source" }, how, source.element);
  let counted = {};
  let wasHidden = true; // what is hidden forgets how far it was scrolled

  /** How many instructions came from each line, and how many of those are found. */
  function counts(run) {
    if (counted.run === run && counted.match === run.match) return counted;
    const { line, n } = run.rows;
    const [runs, hits] = [new Map(), run.match && new Map()];
    for (let row = 0; row < n; row += 1) {
      runs.set(line[row], (runs.get(line[row]) || 0) + 1);
      if (hits && run.match[row]) hits.set(line[row], (hits.get(line[row]) || 0) + 1);
    }
    counted = { run, match: run.match, runs, hits };
    return counted;
  }

  return {
    element: root,
    stale: source.stale,
    draw(run, text, row) {
      if (root.hidden !== wasHidden) source.stale();
      wasHidden = root.hidden;
      if (wasHidden) return;
      say(how, text.length ? "Click a line to select its instructions."
        : "The source of this kernel is not at hand: it stands neither in a file nor in a cell.");
      source.draw(text, counts(run), row < 0 ? 0 : run.rows.line[row]);
    },
  };
}
