// Predict, then reveal. The guess is locked once revealed; "Guess again" unlocks it.

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

function choiceFields(model, name) {
  return model.get("choices").map((choice) => {
    const input = make("input", {
      type: "radio", name, value: choice, checked: model.get("guess") === choice,
    });
    return make("label", { className: "trn-choice" }, input, make("span", { innerHTML: choice }));
  });
}

function numberField(model) {
  const input = make("input", {
    type: "number", step: "any", value: model.get("guess"), className: "trn-number",
  });
  const unit = make("span", { textContent: model.get("unit") });
  return [make("label", { className: "trn-number-label" }, "Your guess: ", input, " ", unit)];
}

const CLOSE = 1.15; // a guess within this factor counts as right

function numberOutcome(guess, answer, unit) {
  const said = `You said ${guess} ${unit}; the answer is ${Number(answer.toPrecision(4))} ${unit}.`;
  if (!(guess > 0) || !(answer > 0)) return [guess === answer, said];
  const factor = Math.max(guess / answer, answer / guess);
  if (factor < CLOSE) return [true, `${said} A very good guess.`];
  return [false, `${said} That is off by a factor of ${factor.toPrecision(2)}.`];
}

// Whether the guess was right, and what to say to it.
function outcome(model) {
  const guess = model.get("guess");
  const answer = model.get("answer");
  if (!model.get("choices").length) return numberOutcome(Number(guess), answer, model.get("unit"));
  if (guess === answer) return [true, "As you predicted."];
  return [false, model.get("because")[guess] ?? "The answer is another one."];
}

export default {
  render({ model, el }) {
    const name = "predict" + Math.random().toString(36).slice(2);
    const fieldset = make("fieldset", { className: "trn-fields" });
    const reveal = make("button", { type: "button", className: "trn-button trn-primary" });
    reveal.textContent = "Commit and reveal";
    const again = make("button", { type: "button", className: "trn-button" });
    again.textContent = "Guess again";
    const note = make("p", { className: "trn-note", role: "status" });
    const verdict = make("p", { className: "trn-verdict" });
    const explanation = make("div", { className: "trn-card-body" });
    const answer = make("div", { className: "trn-reveal" }, verdict, explanation);
    const live = make("div", { role: "status" });
    const section = make("section", { className: "trn-card trn-card-predict" },
      make("h3", { textContent: "Predict first" }), fieldset,
      make("div", { className: "trn-row" }, reveal, again, note), live);
    el.replaceChildren(section);

    const draw = () => {
      const shown = model.get("revealed");
      const fields = model.get("choices").length ? choiceFields(model, name) : numberField(model);
      const legend = make("legend", { innerHTML: model.get("question") });
      fieldset.replaceChildren(legend, ...fields);
      section.ariaLabel = `Predict: ${legend.textContent}`;
      fieldset.disabled = shown;
      reveal.hidden = shown;
      again.hidden = !shown;
      note.textContent = "";
      live.replaceChildren(...(shown ? [answer] : []));
      if (!shown) return;
      const [right, words] = outcome(model);
      verdict.className = `trn-verdict ${right ? "trn-right" : "trn-wrong"}`;
      verdict.innerHTML = words;
      explanation.innerHTML = model.get("reveal");
    };
    const set = (state) => {
      for (const [key, value] of Object.entries(state)) model.set(key, value);
      model.save_changes();
    };
    fieldset.addEventListener("change", (event) => {
      model.set("guess", event.target.value);
      model.save_changes();
    });
    reveal.addEventListener("click", () => {
      if (!model.get("guess")) {
        note.textContent = "Choose first; a wrong guess teaches more than none.";
        return;
      }
      set({ revealed: true });
      again.focus({ preventScroll: true });
    });
    fieldset.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the button that gets the focus would take it for a click
      model.set("guess", event.target.value);
      reveal.click();
    });
    again.addEventListener("click", () => {
      set({ revealed: false, guess: "" });
      fieldset.querySelector("input")?.focus();
    });
    draw();
    model.on("change:revealed change:question change:reveal change:answer", draw);
    return () => model.off("change:revealed change:question change:reveal change:answer", draw);
  },
};
