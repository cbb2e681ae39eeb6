// Where the model sits: each device in the color of its part, links lit by their share of a step.

const PARTS = [["stage", "pipeline stage"], ["dp", "data rank"], ["cp", "context rank"],
  ["tp", "tensor rank"]];
const PLACE_INKS = ["tensor", "scalar", "vector", "psum", "dma", "sbuf", "gpsimd", "sync"];

/** The rank of a device, -1 where the plan leaves it idle. */
function rankOf(scene, device) {
  const domain = scene.machine.domain_chips * scene.machine.devices_per_chip;
  const within = device % domain;
  if (scene.used && within >= scene.used) return -1;
  const rank = scene.used ? Math.floor(device / domain) * scene.used + within : device;
  return rank < scene.devices ? rank : -1;
}

function partOf({ plan }, rank, part) {
  const { tp, cp, dp } = plan;
  return { tp: rank % tp, cp: Math.floor(rank / tp) % cp, dp: Math.floor(rank / tp / cp) % dp,
    stage: Math.floor(rank / tp / cp / dp) }[part];
}

function placementView(app, view) {
  const parts = h("select", { "data-name": "part", onchange: () => {
    view.part = parts.value;
    draw();
    app.save();
  } }, ...PARTS.map(([name, words]) => h("option", { value: name }, words)));
  const device = h("input", { type: "text", inputmode: "numeric", "data-name": "device",
    onchange: () => {
      const chosen = readNumber(device.value);
      const scene = app.scene();
      const size = scene.machine.domain_chips * scene.machine.devices_per_chip;
      const there = Number.isInteger(chosen) && chosen >= 0
        && chosen < scene.machine.chips * scene.machine.devices_per_chip;
      if (there) Object.assign(view, { device: chosen, domain: Math.floor(chosen / size) });
      device.value = count(view.device);
      draw();
      app.save();
    } });
  const words = h("p", { class: "now", "aria-live": "polite" });
  const sent = h("tbody", {});
  const machine = machineView(app, { label: "Where the model sits", content,
    pick: (device) => {
      const scene = app.scene();
      const domain = scene.machine.domain_chips * scene.machine.devices_per_chip;
      view.device = view.domain * domain + device;
      draw();
      app.save();
    },
    pickDomain: (domain) => { view.domain = domain; draw(); app.save(); } });

  function content() {
    const scene = app.scene();
    const m = scene.machine;
    const loads = new Map();
    if (scene.loads && view.domain === 0) {
      const links = columnOf(scene.loads.link);
      const shares = columnOf(scene.loads.share);
      links.forEach((link, i) => {
        if (link < m.domain_chips * PORTS) loads.set(link, shares[i]);
      });
    }
    const size = m.domain_chips * m.devices_per_chip;
    return { machine: m, domain: view.domain, domains: m.domains, loads,
      chips: Math.min(m.domain_chips, m.chips - view.domain * m.domain_chips),
      paint: (pen, device, box) =>
        paintPart(app, scene, view, pen, view.domain * size + device, box),
      tile: (domain) => {
        const rank = rankOf(scene, domain * size);
        const part = partOf(scene, Math.max(0, rank), "stage");
        return rank < 0 ? null : app.theme[PLACE_INKS[part % PLACE_INKS.length]];
      } };
  }

  function deviceWords() {
    const scene = app.scene();
    const rank = rankOf(scene, view.device);
    const who = `Device ${count(view.device)}`;
    if (rank < 0) return `${who} is idle in this plan.`;
    const listed = PARTS.map(([name, label]) =>
      `${label} ${count(partOf(scene, rank, name))}`).join(", ");
    return `${who}: ${listed}.`;
  }

  function draw() {
    const scene = app.scene();
    const total = scene.machine.chips * scene.machine.devices_per_chip;
    view.domain = Math.min(view.domain, scene.machine.domains - 1);
    view.device = Math.min(view.device, total - 1);
    parts.value = view.part;
    if (document.activeElement !== device) device.value = count(view.device);
    const idle = scene.idle ? ` ${plural(scene.idle, "device")} of ${count(total)} idle.` : "";
    const busy = scene.loads ? ` The busiest link works ${percent(scene.loads.busiest)} of a step.`
      : "";
    say(words, `${deviceWords()}${idle}${busy}`);
    const chips = plural(scene.machine.chips, "chip");
    machine.say(`${scene.system.product}, ${chips}. ${words.textContent}`);
    machine.draw();
    table.hidden = !scene.sent?.some(([, bytes_]) => bytes_ > 0);
    sent.replaceChildren(...(scene.sent || []).filter(([, bytes_]) => bytes_ > 0)
      .map(([cause, bytes_]) => h("tr", {}, h("td", {}, cause),
        h("td", { class: "figure", "data-sent": cause }, sizeWords(bytes_)))));
  }

  const table = h("table", { class: "sent" },
    h("caption", { class: "quiet" }, "A device sends in a step"), sent);
  behind(table, machine.element.querySelector("canvas"));
  return {
    element: h("section", { class: "panel placement", "aria-label": "Where the model sits" },
      h("header", {}, h("h3", {}, "Where it sits"), h("p", { class: "how" },
        "Number and color: the part. "
        + "Lines: links of the first domain, thicker the more of a step they work.")),
      h("div", { class: "controls" }, labelled("Show", parts), labelled("Device", device)),
      machine.element, words, table),
    draw,
  };
}

function paintPart(app, scene, view, pen, device, [x, y, w, high]) {
  const { theme } = app;
  const rank = rankOf(scene, device);
  if (rank < 0) {
    pen.fillStyle = theme.raised;
    pen.fillRect(x + 0.5, y + 0.5, w - 1, high - 1);
    if (w > 40 && high > 12) {
      write(pen, "idle", x + w / 2, y + high / 2, theme.muted, theme.font(0.72), "center");
    }
  } else {
    const part = partOf(scene, rank, view.part);
    pen.fillStyle = theme[PLACE_INKS[part % PLACE_INKS.length]];
    pen.fillRect(x + 0.5, y + 0.5, w - 1, high - 1);
    const text = String(part);
    if (high >= 10 && w >= 6 + 6.5 * text.length) {
      write(pen, text, x + w / 2, y + high / 2 + 0.5, theme.bg, theme.font(0.74, "sans", 700),
        "center");
    }
  }
  if (device === view.device) {
    pen.strokeStyle = theme.text;
    pen.lineWidth = 2;
    pen.strokeRect(x + 1, y + 1, w - 2, high - 2);
  }
}
