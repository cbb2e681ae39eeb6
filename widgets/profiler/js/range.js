// The range of a predicted time, and the constants that it hangs on.

function rangeView() {
  const root = h("div", { class: "tab-body range" });
  return {
    element: root,
    draw(run, band, honesty) {
      if (!band || band.problem) {
        root.replaceChildren(h("p", {}, honesty.why),
          h("p", { class: "quiet" }, band ? band.problem : "Scheduling the run at both ends…"));
        return;
      }
      const lows = band.effects.map((effect) => effect.fast_us);
      const highs = band.effects.map((effect) => effect.slow_us);
      const from = Math.min(band.fast_us, ...lows);
      const to = Math.max(band.slow_us, ...highs);
      const span = to - from || 1;
      const bar = (low, high) => {
        const fill = h("span", { class: "span" });
        fill.style.left = `${(100 * (low - from)) / span}%`;
        fill.style.width = `${Math.max(0.6, (100 * (high - low)) / span)}%`;
        const mark = h("span", { class: "at" });
        mark.style.left = `${(100 * (band.predicted_us - from)) / span}%`;
        return h("span", { class: "whisker", "aria-hidden": "true" }, fill, mark);
      };
      const line = (name, low, high, why) => h("tr", { title: why || "" },
        h("th", { scope: "row" }, name), h("td", { class: "bar" }, bar(low, high)),
        h("td", { class: "figure" }, time(low)), h("td", { class: "figure" }, time(high)));
      root.replaceChildren(
        h("p", {}, `${time(band.predicted_us)} is ${honesty.badge}. With every assumed constant at its `
          + `faster or slower end: ${time(band.fast_us)} to ${time(band.slow_us)}.`),
        h("div", { class: "scroll" }, h("table", {},
          h("thead", {}, h("tr", {}, ...["Constant", "", "fast", "slow"].map((words) =>
            h("th", { scope: "col" }, words)))),
          h("tbody", {}, line("all at once", band.fast_us, band.slow_us),
            ...band.effects.map((e) => line(e.name, e.fast_us, e.slow_us, e.why))))),
        h("p", { class: "quiet" }, honesty.why));
    },
  };
}
