// The machine: what it is built of, its wires, and the links that traffic takes.

function chipsView(app) {
  const range = h("input", { type: "range", min: 0, step: 1, "data-name": "chips-steps",
    oninput: () => build(app.scene().steps[range.valueAsNumber]) });
  const slider = labelled("From one chip to all that can be connected", range, "wide");
  const typed = numberView(app, "chips", "Chips");
  typed.field.onchange = () => build(readNumber(typed.field.value));

  /** Fewer chips: a message that ended beyond them ends at the last one. */
  function build(chips) {
    const last = chips * app.scene().machine.devices_per_chip - 1;
    const { source, target } = app.params();
    const ends = Number.isInteger(last) && last >= 0
      ? { source: Math.min(source, last), target: Math.min(target, last) } : {};
    app.change({ chips, ...ends });
  }
  return {
    elements: [slider, typed.element],
    draw(chips) {
      const { steps, machine } = app.scene();
      placeOn(range, steps, machine.chips);
      range.setAttribute("aria-valuetext", plural(machine.chips, "chip"));
      typed.draw(chips);
    },
  };
}

function machineBoard(app) {
  const view = { domain: 0 };
  const system = pickView(app, "system", "System", "wide");
  system.select.onchange = () => app.change({ system: system.select.value, reading: 0, source: 0,
    target: 1, gpus: 0, domain: 72, chips: firstChips(app, system.select.value) });
  const reading = pickView(app, "reading", "Link figures that sources disagree on", "wide");
  reading.select.onchange = () => app.change({ reading: Number(reading.select.value) });
  const chips = chipsView(app);
  const domain = numberView(app, "domain", "Trainium4 chips in an NVLink domain");
  const gpus = numberView(app, "gpus", "GPUs beside them");
  const pattern = pickView(app, "pattern", "Traffic", "wide");
  const source = numberView(app, "source", "From device", "narrow");
  const target = numberView(app, "target", "To device", "narrow");
  const size = numberView(app, "message_bytes", "Bytes of a message");
  const past = historyView(app);
  const announced = h("p", { class: "not-yet", hidden: true });
  const facts = h("dl", { class: "facts" });
  const levels = h("p", { class: "levels" });
  const sentence = h("p", { class: "now", "aria-live": "polite" });
  const badge = h("span", { class: "badge" });
  const busy = h("tbody", {});
  const figures = h("tbody", {});
  const title = h("h3", {});
  const machine = machineView(app, {
    label: "The machine",
    content() {
      const { machine: m, traffic } = app.scene();
      const links = columnOf(traffic.link);
      const shares = columnOf(traffic.share);
      const loads = new Map();
      links.forEach((link, i) => {
        const own = link - view.domain * (m.domain_chips - m.guests) * PORTS;
        if (own >= 0 && own < m.domain_chips * PORTS) loads.set(own, shares[i]);
      });
      const here = Math.min(m.domain_chips - m.guests,
        m.chips - view.domain * (m.domain_chips - m.guests));
      return { machine: m, domain: view.domain, domains: m.domains, chips: here + m.guests, loads,
        paint: (pen, device, box) => paintDevice(app, m, view.domain, here, pen, device, box),
        tile: (from, to) => (endsIn(m, from, to) ? app.theme.accent : null) };
    },
    pick: (device) => {
      const { machine: m } = app.scene();
      const each = m.devices_per_chip;
      if (device >= (m.domain_chips - m.guests) * each) return;
      app.change({ pattern: "pair", source: app.params().target,
        target: view.domain * (m.domain_chips - m.guests) * each + device });
    },
    pickDomain: (chosen) => { view.domain = chosen; draw(); app.save(); },
  });

  /** Whether the message starts or ends in one of these domains. */
  function endsIn(m, from, to) {
    if (app.params().pattern !== "pair") return from === 0;
    const size_ = (m.domain_chips - m.guests) * m.devices_per_chip;
    return ["source", "target"].some((end) => {
      const domain_ = Math.floor(app.params()[end] / size_);
      return domain_ >= from && domain_ <= to;
    });
  }

  function words() {
    const { traffic } = app.scene();
    const { route } = traffic;
    if (route.places) {
      const way = route.links.length
        ? route.links.map(([chip, kind]) => `chip ${count(chip)} ${kind}`).join(", ")
        : "no link: both are on one chip";
      return `${route.places[0]}; ${route.places[1]}. The message takes ${way}. ${
        route.hops ? `${plural(route.hops, "hop")}, ` : ""}${
        secondsWords(route.latency_s)} of latency, then ${
        secondsWords(traffic.busiest_link_s)} for its bytes on the slowest link.`;
    }
    if (!traffic.messages) return "No traffic.";
    return `${plural(traffic.messages, "message")} at once: the busiest link needs ${
      secondsWords(traffic.busiest_link_s)}, the busiest link or memory ${
        secondsWords(traffic.busiest_s)}.`;
  }

  function draw() {
    const params = app.params();
    const scene = app.scene();
    const isAnnounced = scene.system.badge === "announced";
    view.domain = Math.min(view.domain, scene.machine.domains - 1);
    system.draw(app.trait("systems"), params.system);
    reading.draw(scene.system.readings, params.reading);
    reading.element.hidden = scene.system.readings.length < 2;
    chips.draw(params.chips);
    domain.draw(params.domain);
    gpus.draw(params.gpus);
    for (const part of [domain, gpus]) part.element.hidden = params.system !== "trn4-announced";
    pattern.draw(app.trait("patterns"), params.pattern);
    source.draw(params.source);
    target.draw(params.target);
    size.draw(params.message_bytes);
    for (const end of [source, target]) end.element.hidden = params.pattern !== "pair";
    past.draw();
    announced.hidden = !isAnnounced;
    say(announced, isAnnounced ? scene.system.why : "");
    say(title, scene.system.product);
    badge.className = `badge ${scene.system.badge}`;
    say(badge, scene.system.badge);
    badge.title = scene.system.why;
    facts.replaceChildren(...scene.facts.flatMap(([name, value]) =>
      [h("dt", {}, name), h("dd", { "data-fact": name }, value)]));
    const named = scene.levels.filter(([name]) => name !== "device" && name !== "cluster");
    say(levels, [...named].reverse().map(([name, n]) => plural(n, name)).join(" · "));
    say(sentence, words());
    busy.replaceChildren(...scene.traffic.table.map(([chip, kind, bytes_, rate, seconds]) =>
      h("tr", {}, ...[[count(chip)], [kind], [sizeWords(bytes_), "figure"],
        [`${count(rate / 1e9)} GB/s`, "figure"], [secondsWords(seconds), "figure"]]
        .map(([text, kind_]) => h("td", { class: kind_ || "" }, text)))));
    figures.replaceChildren(...scene.system.figures.map((row) => h("tr", {},
      h("td", {}, row.what), h("td", { class: "figure" }, row.value),
      h("td", { class: `status ${row.status}` },
        row.range ? `${row.status}, ${row.range}` : row.status),
      h("td", {}, row.source))));
    machine.say(`${scene.system.product}: ${levels.textContent}. ${sentence.textContent}`);
    machine.draw();
    Object.assign(app.root.dataset, { chips: scene.machine.chips, domains: scene.machine.domains,
      domain: view.domain, busiest: scene.traffic.busiest_s });
  }

  const table = (caption, heads, body) => h("div", { class: "scroll", tabindex: 0, role: "region",
    "aria-label": caption }, h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((text) =>
    h("th", { scope: "col" }, text)))), body));
  const links = table("Busiest links", ["chip", "link", "carries", "can carry", "needs"], busy);
  behind(links.querySelector("table"), machine.element.querySelector("canvas"));
  const film = h("section", { class: "panel film", "aria-label": "The machine" },
    h("header", {}, title, badge), machine.element, sentence);
  const side = h("section", { class: "panel", "aria-label": "In numbers" },
    h("header", {}, h("h3", {}, "In numbers"), levels), facts,
    h("div", { class: "controls" }, pattern.element, source.element, target.element, size.element),
    h("p", { class: "quiet" },
      "Click a chip: the message goes there from where the last one ended."));
  return {
    element: h("div", { class: "body" },
      h("div", { class: "controls", role: "group", "aria-label": "The machine" }, system.element,
        ...chips.elements, reading.element, domain.element, gpus.element, past.element),
      announced, h("div", { class: "work" }, film, side),
      h("details", { class: "fold" }, h("summary", {}, "Busiest links and memories"),
        links),
      h("details", { class: "fold" }, h("summary", {}, "Constants: published, inferred, assumed"),
        table("Constants", ["what", "value", "standing", "source"], figures))),
    draw,
    act() {},
    viewState: () => ({ ...view }),
    readView(saved) {
      view.domain = Number.isInteger(saved.domain) && saved.domain >= 0 ? saved.domain : 0;
    },
  };
}

/** A device: the ends of a message filled, GPUs of a mixed domain hatched. */
function paintDevice(app, machine, domain, chips, pen, device, [x, y, w, high]) {
  const { theme } = app;
  const own = (machine.domain_chips - machine.guests) * machine.devices_per_chip;
  const params = app.params();
  const number = domain * own + device;
  const isGuest = device >= chips * machine.devices_per_chip;
  const isEnd = !isGuest && params.pattern === "pair"
    && (number === params.source || number === params.target);
  pen.fillStyle = isGuest ? stripes(pen, theme.gpsimd) : isEnd ? theme.accent : theme.raised;
  pen.fillRect(x + 0.5, y + 0.5, w - 1, high - 1);
  const text = isGuest ? "GPU" : String(number);
  if (high < 10 || w < 8 + 6 * text.length) return;
  write(pen, text, x + w / 2, y + high / 2 + 0.5, isEnd ? theme.bg : theme.text,
    theme.font(0.72, "sans", isEnd ? 700 : 400), "center");
}

function render(context) {
  return mountBoard(context, { className: "trn-machine", module: "widgets.machine", parameter: "m",
    build: machineBoard });
}

export default { render };
