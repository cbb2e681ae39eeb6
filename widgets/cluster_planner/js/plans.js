// The map of plans: the best for each cut by tensor and pipeline, and the best of all.

const GOAL_WORDS = { tokens_per_s: "tokens per second", tokens_per_joule: "tokens per joule",
  cost: "USD per million tokens", ttft_s: "time to the first token" };

function valueWords(goal, value) {
  if (goal === "ttft_s") return secondsWords(value);
  if (goal === "tokens_per_s") return shortCount(value);
  return String(+value.toPrecision(3));
}

function shortCount(value) {
  const [factor, unit] = [[1e9, " B"], [1e6, " M"], [1e3, " k"]].find(([f]) => value >= f)
    || [1, ""];
  return `${+(value / factor).toPrecision(3)}${unit}`;
}

function planWords(plan, micro, isTraining) {
  const { tp, pp, dp, ep, cp, virtual_stages: v, zero, recompute, schedule } = plan;
  const rest = [ep > 1 ? `ep ${ep}` : "", cp > 1 ? `cp ${cp}` : "", v > 1 ? `${v} virtual` : "",
    schedule === "1f1b" ? "" : schedule,
    ...(isTraining ? [`zero ${zero}`, `micro-batch ${micro}`, recompute] : [])].filter(Boolean);
  return `tp ${tp}, pp ${pp}, dp ${count(dp)}${rest.length ? `; ${rest.join(", ")}` : ""}`;
}

function plansView(app) {
  const goal = pickView(app, "goal", "Goal");
  const told = h("p", { class: "quiet" });
  const map = h("table", { class: "map" });
  const best = h("ol", { class: "best" });
  const progress = progressView("Plans looked at", () => app.ask({ kind: "stop" }));
  const more = h("button", { type: "button", "data-act": "go-on",
    onclick: () => app.ask({ kind: "go on" }) }, "Go on");

  const isTraining = () => app.params().task === "training";

  /** Show a plan of the map. */
  function use({ plan, micro_batch, chips }) {
    const { tp, pp, dp, ep, cp, virtual_stages, zero, sequence_parallel, recompute,
      schedule } = plan;
    app.change({ tp, pp, dp, ep, cp, virtual_stages,
      ...(app.params().goal === "cost" ? { chips } : {}),
      ...(isTraining()
        ? { zero, sequence_parallel, recompute, schedule, micro_batch } : {}) });
  }

  function cellOf(found, row, ideal) {
    if (!row) return h("td", { class: "none" }, "–");
    const share = found.lower ? ideal / row.value : row.value / ideal;
    const shown = app.scene().plan;
    const here = shown.tp === row.plan.tp && shown.pp === row.plan.pp;
    const words = `tp ${row.plan.tp}, pp ${row.plan.pp}: ${valueWords(found.goal, row.value)} ${
      GOAL_WORDS[found.goal]}, ${planWords(row.plan, row.micro_batch, isTraining())}`;
    return h("td", {}, h("button", { type: "button", title: words, "aria-label": words,
      "aria-pressed": String(here), "data-tp": row.plan.tp, "data-pp": row.plan.pp,
      style: `--share:${(100 * share).toFixed(1)}%`, onclick: () => use(row) },
    `${share > 0.9999 ? "★ " : ""}${valueWords(found.goal, row.value)}`));
  }

  return {
    element: h("section", { class: "panel plans", "aria-label": "The map of plans" },
      h("header", {}, h("h3", {}, "The map of plans"), h("p", { class: "how" },
        "Each cell: the best plan that fits with this tp and pp. Press one to see it above.")),
      h("div", { class: "controls" }, goal.element), told, progress.element, more,
      h("div", { class: "scroll", tabindex: 0, role: "region",
        "aria-label": "Best plan for each tp and pp" },
        map), h("h4", {}, "The best"), best),
    draw() {
      const found = app.trait("plans");
      goal.draw(Object.entries(GOAL_WORDS).filter(([name]) => !isTraining() || name !== "ttft_s"),
        app.params().goal);
      const isOld = found.id !== app.scene().id;
      const isOn = !isOld && "share" in found;
      progress.draw(isOn ? found.share : null, `${percent(found.share)} looked at`);
      more.hidden = isOld || !("stopped" in found);
      if (isOld || isOn) {
        say(told, "Ranking the plans of this model on this machine…");
        return;
      }
      app.root.dataset.plans = found.id;
      if (found.problem) {
        say(told, found.problem);
        map.replaceChildren();
        best.replaceChildren();
        return;
      }
      const part = "stopped" in found ? `Stopped after ${percent(found.stopped)}: of ` : "";
      say(told, `${part}${count(found.legal)} plans looked at, ${count(found.fitting)} fit.${
        found.goal === "cost" ? ` Of up to ${plural(app.scene().machine.chips, "chip")
          }, a plan pays for those it needs.` : ""}`);
      const tps = [...new Set(found.cells.map(({ plan }) => plan.tp))].sort((a, b) => a - b);
      const pps = [...new Set(found.cells.map(({ plan }) => plan.pp))].sort((a, b) => a - b);
      const ideal = found.best[0].value;
      const cell = new Map(found.cells.map((row) => [`${row.plan.tp} ${row.plan.pp}`, row]));
      map.replaceChildren(h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "pp \\ tp"),
        ...tps.map((tp) => h("th", { scope: "col" }, String(tp))))),
      h("tbody", {}, ...pps.map((pp) => h("tr", {}, h("th", { scope: "row" }, String(pp)),
        ...tps.map((tp) => cellOf(found, cell.get(`${tp} ${pp}`), ideal))))));
      best.replaceChildren(...found.best.map((row) => h("li", {},
        h("button", { type: "button", "data-act": "use", onclick: () => use(row) },
          `${valueWords(found.goal, row.value)}: ${
            planWords(row.plan, row.micro_batch, isTraining())}; ${
            found.goal === "cost" ? `${plural(row.chips, "chip")}, ` : ""}${
            sizeWords(row.memory_bytes)} a device`))));
    },
  };
}
