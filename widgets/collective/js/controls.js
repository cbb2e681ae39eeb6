// Which collective, of which group, of what size, by which algorithm.

const KIND_WORDS = { all_reduce: "all_reduce: everybody gets the sum",
  all_gather: "all_gather: everybody gets all parts",
  reduce_scatter: "reduce_scatter: each gets its part of the sum",
  all_to_all: "all_to_all: each sends a part to each other",
  all_to_all_v: "all_to_all_v: the same, parts of any size",
  permute: "permute: each to the next", broadcast: "broadcast: from rank 0 to all" };

const CHOICE_WORDS = { fastest: "the fastest here", documented: "as documented" };

function controlsView(app) {
  const system = pickView(app, "system", "System", "wide");
  system.select.onchange = () => app.change({ system: system.select.value, reading: 0,
    ...fitting(system.select.value) });
  const reading = pickView(app, "reading", "Link figures that sources disagree on", "wide");
  reading.select.onchange = () => app.change({ reading: Number(reading.select.value) });
  const chips = numberView(app, "chips", "Chips", "narrow");
  const kind = pickView(app, "kind", "Collective", "wide");
  kind.select.onchange = () => {
    const known = app.trait("algorithms")[kind.select.value];
    const had = known.includes(app.params().algorithm);
    const first = known.find((name) => !CHOICE_WORDS[name]);
    app.change({ kind: kind.select.value, algorithm: had ? app.params().algorithm : first });
  };
  const algorithm = pickView(app, "algorithm", "Algorithm", "wide");
  const ranks = numberView(app, "ranks", "Ranks", "narrow");
  const stride = numberView(app, "stride", "Devices apart", "narrow");
  const together = h("input", { type: "checkbox", "data-name": "together",
    onchange: () => app.change({ together: together.checked }) });
  const all = h("label", { class: "check" }, together, "all groups at once");
  const range = h("input", { type: "range", min: 3, max: 10.5, step: 0.05, "data-name": "size",
    oninput: () => app.change({ tensor_bytes: Math.round(10 ** range.valueAsNumber) }) });
  const size = labelled("Tensor, from 1 kB to 30 GB", range, "wide");
  const typed = numberView(app, "tensor_bytes", "Tensor, bytes");
  const skew = numberView(app, "skew", "Rank 0 gets, times the mean");
  const past = historyView(app);

  /** A group that the system has room for: a rank for each chip of a server or two. */
  function fitting(name) {
    const each = { trn1: 2, trn2: 4, "trn2-ultraserver": 4 }[name] || 1;
    const few = { b200: 8, h100: 8, "a100-80gb": 8 }[name] || 16;
    return { chips: name === "trn2-ultraserver" ? 64 : few, ranks: few, stride: each };
  }
  return {
    element: h("div", { class: "controls", role: "group", "aria-label": "The collective" },
      system.element, chips.element, reading.element, kind.element, algorithm.element,
      ranks.element, stride.element, all, skew.element, size, typed.element, past.element),
    draw() {
      const params = app.params();
      const scene = app.scene();
      system.draw(app.trait("systems"), params.system);
      reading.draw(scene.system.readings, params.reading);
      reading.element.hidden = scene.system.readings.length < 2;
      chips.draw(params.chips);
      kind.draw(Object.keys(app.trait("algorithms")).map((name) => [name, KIND_WORDS[name]]),
        params.kind);
      const known = app.trait("algorithms")[params.kind] || [];
      algorithm.draw(known.map((name) => [name, CHOICE_WORDS[name] || name]), params.algorithm);
      ranks.draw(params.ranks);
      stride.draw(params.stride);
      together.checked = params.together;
      range.value = Math.log10(params.tensor_bytes);
      range.setAttribute("aria-valuetext", sizeWords(params.tensor_bytes));
      typed.draw(params.tensor_bytes);
      skew.draw(params.skew);
      skew.element.hidden = params.kind !== "all_to_all_v";
      past.draw();
    },
  };
}
