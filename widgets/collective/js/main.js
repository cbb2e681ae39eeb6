// The collective: ranks where they sit, what they hold, links lit by load, and time against size.

function collectiveBoard(app) {
  const view = { step: 0, rank: 0, domain: 0 };
  let run = readRun(app.scene());
  let held = heldAt(run, 0);
  const controls = controlsView(app);
  const announced = h("p", { class: "not-yet", hidden: true });
  const sentence = h("p", { class: "now", "aria-live": "polite" });
  const badge = h("span", { class: "badge" });
  const title = h("h3", {});
  const how = h("p", { class: "how" });
  const chosen = h("p", { class: "now chosen" });
  const totals = h("dl", { class: "numbers" });
  const rows = h("tbody", {});
  const linkRows = h("tbody", {});
  const heldRows = h("tbody", {});
  const crossing = h("p", { class: "quiet" });
  const transport = transportView({ move: show, at: () => view.step, last: () => run.plan.steps });
  const machine = machineView(app, { label: "Ranks in the machine", content: machineContent,
    pick: (device) => {
      const rank = rankOf(run.group, deviceNumber(device));
      if (rank >= 0) choose(rank);
    },
    pickDomain: (domain) => { view.domain = domain; drawStep(); app.save(); } });
  const chunks = chunksView(app, { run: () => run, held: () => held, rank: () => view.rank,
    choose });
  const times = timesView(app, { data: () => app.trait("times"),
    pick: (size) => app.change({ tensor_bytes: Math.round(size) }) });

  function deviceNumber(device) {
    return view.domain * run.machine.domain_chips * run.machine.devices_per_chip + device;
  }

  function machineContent() {
    const m = run.machine;
    const loads = new Map();
    if (view.step) {
      for (let row = run.loadFrom[view.step - 1]; row < run.loadFrom[view.step]; row += 1) {
        const own = run.timed.load_link[row] - view.domain * m.domain_chips * PORTS;
        if (own >= 0 && own < m.domain_chips * PORTS) loads.set(own, run.timed.load_share[row]);
      }
    }
    const size = m.domain_chips * m.devices_per_chip * 1;
    const { ranks, stride, count: groups } = run.group;
    const reaches = groups > 1 ? groups * ranks - 1 : (ranks - 1) * stride;
    return { machine: m, domain: view.domain, domains: m.domains, loads,
      chips: Math.min(m.domain_chips, m.chips - view.domain * m.domain_chips),
      paint: (pen, device, box) =>
        paintRank(app, run, held, view.rank, pen, device, box, deviceNumber(device)),
      tile: (from) => (from * size <= reaches ? app.theme.accent : null) };
  }

  function show(step) {
    view.step = step;
    held = heldAt(run, step);
    drawStep();
    app.save();
  }

  function choose(rank) {
    view.rank = rank;
    drawStep();
    app.save();
  }

  function drawStep() {
    transport.draw();
    say(sentence, stepWords(run, view.step));
    const cells = Array.from({ length: run.plan.ranks }, (_, origin) => origin)
      .filter((origin) => countOf(run, held, view.rank, origin));
    const listed = cells.slice(0, 6).map((origin) => cellWords(run, held, view.rank, origin));
    say(chosen, `Rank ${view.rank} holds ${listed.join("; ") || "nothing yet"}${
      cells.length > 6 ? `; and ${cells.length - 6} more` : ""}.`);
    machine.say(`${run.system.product}. ${sentence.textContent}`);
    chunks.say(`What each rank holds. ${chosen.textContent}`);
    machine.draw();
    chunks.draw();
    drawTables();
    Object.assign(app.root.dataset, { step: view.step, steps: run.plan.steps, rank: view.rank,
      total: run.timed.total_s, algorithm: run.plan.algorithm });
  }

  /** The pictures as tables, for the step that is shown; drawn only when they are open. */
  function drawTables() {
    if (links.open) {
      const from = view.step ? run.loadFrom[view.step - 1] : 0;
      const to = view.step ? run.loadFrom[view.step] : 0;
      const order = Array.from({ length: to - from }, (_, i) => from + i)
        .sort((a, b) => run.timed.load_share[b] - run.timed.load_share[a]).slice(0, 40);
      linkRows.replaceChildren(...order.map((row) => h("tr", {},
        h("td", {}, linkWords(run.machine, run.timed.load_link[row])),
        h("td", { class: "figure" }, sizeWords(run.timed.load_bytes[row])),
        h("td", { class: "figure" }, percent(run.timed.load_share[row])))));
    }
    if (table.open) {
      heldRows.replaceChildren(...Array.from({ length: run.plan.ranks }, (_, origin) => h("tr", {},
        h("td", {}, cellWords(run, held, view.rank, origin)))));
    }
  }

  function drawTimes() {
    const found = app.trait("times");
    times.draw(app.params().tensor_bytes, run.plan.algorithm);
    if (!found.now) return;
    times.say(timesWords(found, run.tensor_bytes || app.params().tensor_bytes));
    say(crossing, choiceWords(found, app.params().tensor_bytes));
    rows.replaceChildren(...found.now.map(([name, seconds, bus]) => h("tr", {},
      h("td", {}, name === run.plan.algorithm ? h("strong", {}, name) : name),
      h("td", { class: "figure" }, secondsWords(seconds)),
      h("td", { class: "figure" }, `${+(bus / 1e9).toPrecision(3)} GB/s`))));
    app.root.dataset.times = found.id;
  }

  function draw() {
    if (run.id !== app.scene().id) {
      const before = run.plan;
      run = readRun(app.scene());
      const alike_ = before.kind === run.plan.kind && before.algorithm === run.plan.algorithm;
      view.step = alike_ ? Math.min(view.step, run.plan.steps) : 0;
      view.rank = Math.min(view.rank, run.plan.ranks - 1);
      view.domain = Math.min(view.domain, run.machine.domains - 1);
    }
    held = heldAt(run, view.step);
    const { plan, timed, system } = run;
    const isAnnounced = system.badge === "announced";
    announced.hidden = !isAnnounced;
    say(announced, isAnnounced ? system.why : "");
    controls.draw();
    say(title, `${plan.kind}, ${plan.algorithm}`);
    const many = run.group.count > 1 ? `${count(run.group.count)} groups of ` : "";
    say(how, `${many}${plural(plan.ranks, "rank")}; a rank is a ${system.device}.`);
    badge.className = `badge ${system.badge}`;
    badge.title = system.why;
    say(badge, system.badge);
    const item = (name, value, note, mark) => h("div", {}, h("dt", {}, name), h("dd", {},
      h("span", { class: "value", "data-number": mark }, value),
      h("span", { class: "note" }, note)));
    totals.replaceChildren(
      item("Time", secondsWords(timed.total_s), `${secondsWords(timed.start_s)} of it to start`,
        "time"),
      item("Steps", count(plan.steps), `${count(run.sends.step.length)} sends`, "steps"),
      item("One send", chunkWords(run), "", "chunk"),
      item("Bus bandwidth", `${+(timed.bus_bytes_per_s / 1e9).toPrecision(3)} GB/s`,
        "as nccom-test counts", "bus"));
    drawStep();
    drawTimes();
  }

  const fold = (words, heads, body) => {
    const element = h("details", { class: "fold" }, h("summary", {}, words),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words },
        h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((text) =>
          h("th", { scope: "col" }, text)))), body)));
    element.addEventListener("toggle", drawTables);
    return element;
  };
  const links = fold("Links of this step", ["link", "carries", "at work"], linkRows);
  const table = fold("What the chosen rank holds", ["part"], heldRows);
  behind(linkRows.parentElement, machine.element.querySelector("canvas"));
  behind(heldRows.parentElement, chunks.element.querySelector("canvas"));
  const film = h("section", { class: "panel film", "aria-label": "The machine, step by step" },
    h("header", {}, title, badge, how), machine.element, transport.element, sentence);
  const side = h("section", { class: "panel side", "aria-label": "What each rank holds" },
    h("header", {}, h("h3", {}, "What each rank holds"), h("p", { class: "how" },
      "Number and color: where a part is from. Height: how much of the sum is in it, "
        + "or its size.")),
    chunks.element, chosen);
  const chart = h("section", { class: "panel chart", "aria-label": "Time against size" },
    h("header", {}, h("h3", {}, "Time against size"), h("p", { class: "how" },
      "Click for another size. The lowest line is what a runtime should choose.")),
    h("div", { class: "chart-body" }, times.element, h("table", {}, h("thead", {}, h("tr", {},
      ...["algorithm", "time", "bus"].map((text) => h("th", { scope: "col" }, text)))), rows)),
        crossing);
  behind(rows.parentElement, times.element.querySelector("canvas"));
  return {
    element: h("div", { class: "body" }, controls.element, announced, totals,
      h("div", { class: "work" }, film, side),
      h("p", { class: "keys" }, h("kbd", {}, "←"), h("kbd", {}, "→"), " step ",
        h("kbd", {}, "Space"), " play ", h("kbd", {}, "Home"), h("kbd", {}, "End"), " ends ",
        h("kbd", {}, "↑"), h("kbd", {}, "↓"),
        " rank ", h("kbd", {}, "U"), h("kbd", {}, "⇧U"), " undo, redo"),
      chart, h("div", { class: "split" }, links, table)),
    draw, keys: STEP_KEYS, follows: ["times"],
    act(action) {
      if (action === "nextRank") choose(Math.min(run.plan.ranks - 1, view.rank + 1));
      else if (action === "backRank") choose(Math.max(0, view.rank - 1));
      else transport.act(action);
    },
    viewState: () => ({ ...view }),
    readView(saved) {
      const whole = (value, most) =>
        (Number.isInteger(value) && value >= 0 ? Math.min(value, most) : 0);
      view.step = whole(saved.step, run.plan.steps);
      view.rank = whole(saved.rank, run.plan.ranks - 1);
      view.domain = whole(saved.domain, run.machine.domains - 1);
    },
  };
}

function render(context) {
  return mountBoard(context, { className: "trn-collective", module: "widgets.collective",
    parameter: "c", build: collectiveBoard });
}

export default { render };
