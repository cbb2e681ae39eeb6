// What limits the run: engines at work, causes by what fixing each would save, idle time.

function meter(share, color = "") {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${Math.min(100, Math.max(0, 100 * share))}%`;
  if (color) fill.style.background = `var(--trn-${color})`;
  return h("span", { class: "meter", "aria-hidden": "true" }, fill);
}

function whyView(app) {
  const root = h("div", { class: "tab-body why" });
  const progress = progressView("Causes judged", () => app.ask({ kind: "stop" }));
  let told = null;
  return {
    element: root,
    draw(run, why, filter) {
      const isOn = Boolean(why && "share" in why);
      progress.draw(isOn ? why.share : null, `${percent(isOn ? why.share : 0)} of the causes`);
      if (!why || isOn || why.problem) {
        told = null;
        const words = why?.problem || "Scheduling the run again without each cause…";
        if (!progress.element.isConnected || !isOn) {
          root.replaceChildren(h("p", { class: "quiet" }, words), progress.element);
        }
        return;
      }
      const key = `${why.id} ${JSON.stringify(filter)}`;
      if (told === key) return;
      told = key;
      const held = root.contains(document.activeElement) ? document.activeElement.dataset.cause : "";
      root.replaceChildren(engines(run), h("p", {}, why.text), causes(app, why, filter), ...gaps(why));
      if (held) root.querySelector(`[data-cause="${held}"]`)?.focus();
    },
  };
}

function engines(run) {
  const { busy } = run.summary;
  return h("ul", { class: "engines", "aria-label": "Engines at work" },
    ...Object.keys(busy).map((name) => h("li", {},
      h("span", {}, ENGINE_NAMES[name]), meter(busy[name], name),
      h("span", { class: "figure" }, percent(busy[name])))));
}

function causes(app, why, filter) {
  if (!why.causes.length) {
    return h("p", {}, "No single cause that can be removed costs much: the work itself is the limit.");
  }
  const most = why.causes[0].share;
  return h("div", {}, h("h4", {}, "What fixing each cause would save"),
    h("ol", { class: "causes" }, ...why.causes.map((cause) => {
      const on = Object.entries(cause.shown).every(([name, value]) => filter[name] === value);
      return h("li", {}, h("button", { type: "button", "data-cause": cause.name, "data-us": cause.us,
        "aria-pressed": String(on), title: "Show it in the timeline",
        onclick: () => app.filter(on ? NO_FILTER : { ...NO_FILTER, ...cause.shown }) },
      h("span", { class: "name" }, cause.name),
      h("span", { class: "figure" }, `−${time(cause.us)}, ${percent(cause.share)}`),
      meter(cause.share / most, "accent"), h("span", { class: "words" }, cause.text)));
    })),
    h("p", { class: "quiet" }, "Each was found by scheduling the run again without it. Savings do "
      + "not add up: behind one limit stands the next. Press one to see what it is about."));
}

function gaps(why) {
  if (!why.gaps.length) return [];
  return [h("h4", {}, `Idle time of ${ENGINE_NAMES[why.engine]}, with its longest wait`),
    h("ul", { class: "gaps" }, ...why.gaps.map((gap) => h("li", {},
      h("b", {}, `${time(gap.us)} for ${gap.kind}: `), gap.text)))];
}
