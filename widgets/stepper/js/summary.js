// The run in six numbers, with a mark that says how far they can be trusted, and the prediction.

function summaryView() {
  const cells = {};
  const list = h("dl", { class: "numbers" });
  for (const [name, label] of [["time", "Time"], ["mfu", "MFU"], ["mbu", "MBU"],
    ["moved", "HBM bytes"], ["intensity", "Intensity"], ["rows", "Instructions"]]) {
    const value = h("span", { class: "value", "data-number": name });
    const note = h("span", { class: "note" });
    const mark = h("span", { class: "mark" });
    cells[name] = { value, note, mark };
    list.append(h("div", { class: name }, h("dt", {}, label), h("dd", {}, value, mark, note)));
  }
  return {
    element: list,
    draw(scene, honesty) {
      const { summary } = scene;
      const put = (name, value, note) => {
        say(cells[name].value, value);
        say(cells[name].note, note);
        cells[name].value.title = note;
      };
      const busy_us = summary.busy.tensor * summary.total_us;
      put("time", time(summary.total_us), `TensorE busy ${time(busy_us)}`);
      put("mfu", percent(summary.mfu), "of BF16 peak");
      put("mbu", percent(summary.mbu), "of HBM peak");
      put("moved", bytes(summary.hbm_bytes),
        `${times(summary.hbm_bytes / summary.least_bytes)} the least`);
      put("intensity", `${summary.intensity.toFixed(1)} FLOP/B`,
        `knee at ${(summary.peak_flops_per_s / summary.hbm_bytes_per_s).toFixed(0)}`);
      put("rows", count(summary.rows), `${count(summary.calls)} NKI calls`);
      cells.time.mark.replaceChildren(badge(honesty));
    },
  };
}

/** Commit to a guess, then see: how many times faster is the best rung than the obvious one? */
function predictView(app) {
  const guess = h("input", { type: "number", min: 1, step: 0.1, inputmode: "decimal",
    "aria-label": "Your guess, times faster", "data-act": "guess" });
  const verdict = h("p", { class: "verdict", "aria-live": "polite" });
  const question = h("p", { class: "question" });
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    app.commit(guess.valueAsNumber > 0 ? guess.valueAsNumber : null);
  } }, guess, h("span", { "aria-hidden": "true" }, "×"),
    h("button", { type: "submit", class: "primary", "data-act": "commit" }, "Commit"),
    h("button", { type: "button", "data-act": "show",
      onclick: () => app.commit(null) }, "Show me"));
  return {
    element: h("div", { class: "predict" }, question, form, verdict),
    draw(ladder, { revealed, stale, guess: value, honesty }) {
      const pair = stale ? null : slowAndFast(ladder);
      const ask = `Predict: ${ladder.obvious} takes how many times the best rung's time?`;
      say(question, revealed ? "The obvious way against the best rung" : ask);
      form.hidden = revealed;
      verdict.hidden = !revealed;
      if (!revealed) return;
      if (stale) say(verdict, "Running the other rungs …");
      else say(verdict, pair ? outcome(pair, value, honesty)
        : `${ladder.obvious} does not run at these sizes, or nothing beats it.`);
    },
  };
}

/** The rung written the obvious way and the fastest rung, once both are known. */
function slowAndFast(ladder) {
  const done = ladder.rungs.filter((rung) => rung.total_us);
  const slow = done.find((rung) => rung.name === ladder.obvious);
  if (!slow || done.length < 2) return null;
  const fast = done.reduce((best, rung) => (rung.total_us < best.total_us ? rung : best));
  return fast === slow ? null : { slow, fast, ratio: slow.total_us / fast.total_us };
}

function outcome({ slow, fast, ratio }, value, honesty) {
  const told = value ? `You said ${times(value)}. ` : "";
  return `${told}The model says ${times(ratio)}: ${time(slow.total_us)} for ${slow.name}, ${
    time(fast.total_us)} for ${fast.name} (${honesty.badge}).`;
}
