// The critical path by lane, instruction and line of the source.

function pathView(app) {
  const root = h("div", { class: "tab-body path" });
  let told = 0;
  return {
    element: root,
    draw(run, why) {
      if (!why?.parts) {
        told = 0;
        root.replaceChildren(h("p", { class: "quiet" }, why?.problem || "Following the path…"));
        return;
      }
      if (told === why.id) return;
      told = why.id;
      const total = run.summary.total_us;
      const most = why.parts.length ? why.parts[0].us : 1;
      const button = (act, words) => h("button", { type: "button", "data-act": act,
        onclick: () => app.act(act) }, words);
      const cells = why.parts.map((part) => h("tr", {},
        h("th", { scope: "row" }, h("code", { title: part.code }, part.code || part.op),
          h("span", { class: "quiet" }, `Line ${part.line}: ${part.op} on ${part.lane}, ${
            plural(part.count, "time")}`)),
        h("td", { class: "figure" }, time(part.us), " ", meter(part.us / most, "accent")),
        h("td", { class: "figure" }, percent(part.us / total))));
      const rest = why.rest_us / total >= 0.001 ? [h("tr", {}, h("th", { scope: "row" }, "all others"),
        h("td", { class: "figure" }, time(why.rest_us)),
        h("td", { class: "figure" }, percent(why.rest_us / total)))] : [];
      root.replaceChildren(
        h("p", {}, `The total time is one chain of ${plural(why.path.length, "instruction")}, each of `
          + "which had to wait for the one before. Only what shortens this chain shortens the run."),
        h("div", { class: "steps" }, button("previousLink", "‹ link"), button("nextLink", "link ›")),
        h("div", { class: "scroll" }, h("table", {},
          h("caption", {}, "Time of the chain"), h("tbody", {}, ...cells, ...rest))));
    },
  };
}
