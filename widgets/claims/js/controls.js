// The list of claims, the knobs of one of them, and the guess that comes before its verdict.

function boardView(app) {
  const list = h("ol", { class: "board", "aria-label": "Claims" });

  function line(entry, chosen) {
    const right = entry.guess && entry.guess === entry.kind;
    const state = entry.mark || "·";
    return h("li", {}, h("button", { type: "button", "data-claim": entry.name,
      "aria-current": chosen ? "true" : false,
      onclick: () => app.change({ claim: entry.name }) },
    h("span", { class: `mark ${entry.kind}`, "aria-hidden": "true" }, state),
    h("span", { class: "words" }, entry.title),
    h("span", { class: "hidden-words" },
      entry.mark ? `, ${app.kinds[entry.kind]}${right ? ", as you guessed" : ""}` : ", not guessed")));
  }

  return {
    element: list,
    draw(board, name) {
      const focused = document.activeElement?.dataset?.claim;
      list.replaceChildren(...board.map((entry) => line(entry, entry.name === name)));
      if (focused) list.querySelector(`[data-claim="${focused}"]`)?.focus();
    },
  };
}

function knobsView(app) {
  const root = h("fieldset", { class: "knobs" });
  const legend = h("legend", {}, "The setting");
  const reset = h("button", { type: "button", "data-act": "reset",
    onclick: () => app.setAll({}) }, "As it was meant");
  let built = "";
  let controls = [];

  function knob(each) {
    const select = h("select", { "data-knob": each.name,
      onchange: () => app.set({ [each.name]: select.value }) },
    ...each.options.map(([value, label]) => h("option", { value }, label)));
    return { control: select, element: h("label", { class: "knob" },
      h("span", {}, each.label), select), draw(found) { select.value = found.value; } };
  }

  function dial(each) {
    const typed = h("input", { type: "number", min: each.low, max: each.high, step: "any",
      "data-knob": each.name, onchange: () => app.set({ [each.name]: typed.value, [each.turns]: each.to }) });
    return { control: typed, element: h("label", { class: "knob dial" },
      h("span", {}, `${each.label}, ${each.unit}`), typed),
    draw(found) { if (document.activeElement !== typed) typed.value = found.value; } };
  }

  return {
    element: root,
    draw(card) {
      const all = [...card.knobs, ...card.dials];
      if (built !== card.name) {
        built = card.name;
        controls = [...card.knobs.map(knob), ...card.dials.map(dial)];
        root.replaceChildren(legend, ...controls.map(({ element }) => element), reset);
      }
      controls.forEach((control, i) => control.draw(all[i]));
      root.disabled = !card.guess;
      say(legend, card.guess ? "Turn a knob: the verdict follows" : "The setting that is meant");
    },
  };
}

function guessView(app) {
  const question = h("legend", {});
  const name = `guess${Math.random().toString(36).slice(2)}`;
  const options = h("div", { class: "options" });
  const note = h("p", { class: "note", role: "status" });
  const commit = h("button", { type: "button", class: "primary", "data-act": "commit",
    onclick: () => {
      const chosen = options.querySelector("input:checked");
      if (!chosen) { say(note, "Choose first; a wrong guess teaches more than none."); return; }
      say(note, "");
      app.guess(chosen.value);
    } }, "Commit and see the verdict");
  const root = h("fieldset", { class: "guess" }, question, options, commit, note);
  let built = "";
  return {
    element: root,
    draw(card) {
      root.hidden = Boolean(card.guess);
      if (built === card.name && !root.hidden) return;
      built = card.name;
      say(question, `Predict. ${card.question}`);
      options.replaceChildren(...app.choices.map(([value, words]) => h("label", {},
        h("input", { type: "radio", name, value }), h("span", {}, words))));
    },
  };
}
