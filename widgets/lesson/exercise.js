// An exercise: the browser asks, Python judges, and the hints come one at a time.

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

const button = (text, extra = "") =>
  make("button", { type: "button", className: `trn-button ${extra}`, textContent: text });

function fields(model, name) {
  if (model.get("choices").length) {
    return model.get("choices").map((choice) => make("label", { className: "trn-choice" },
      make("input", { type: "radio", name, value: choice, checked: model.get("given") === choice }),
      make("span", { innerHTML: choice })));
  }
  const input = make("input", {
    type: "text", inputMode: "decimal", autocomplete: "off",
    value: model.get("given"), className: "trn-number",
  });
  return [make("label", { className: "trn-number-label" }, "Answer: ", input, " ",
    make("span", { textContent: model.get("unit") }))];
}

export default {
  render({ model, el }) {
    const name = "exercise" + Math.random().toString(36).slice(2);
    const title = `Exercise ${model.get("number")}`;
    const legend = make("legend", { innerHTML: model.get("question") });
    const fieldset = make("fieldset", { className: "trn-fields" }, legend, ...fields(model, name));
    const check = button("Check", "trn-primary");
    const hint = button("");
    const verdict = make("p", { role: "status" });
    const hints = make("ol", { className: "trn-hints" });
    hints.setAttribute("aria-live", "polite");
    const solution = make("details", { className: "trn-solution" },
      make("summary", { textContent: "Solution" }),
      make("div", { className: "trn-card-body", innerHTML: model.get("solution") }));
    el.replaceChildren(
      make("section", { className: "trn-card trn-card-exercise",
        ariaLabel: `${title}: ${legend.textContent}` },
        make("h3", { textContent: title }), fieldset,
        make("div", { className: "trn-row" }, check, hint), verdict, hints, solution),
    );

    const draw = () => {
      const shown = model.get("hints_shown");
      const all = model.get("hints");
      const right = model.get("right");
      verdict.textContent = model.get("verdict");
      const mark = right ? "trn-right" : "trn-wrong";
      verdict.className = model.get("verdict") ? `trn-verdict ${mark}` : "trn-note";
      hint.textContent = `Hint (${Math.min(shown, all.length)} of ${all.length} shown)`;
      hint.disabled = shown >= all.length;
      while (hints.children.length > shown) hints.lastChild.remove();
      for (const text of all.slice(hints.children.length, shown)) {
        hints.append(make("li", { innerHTML: text }));
      }
      solution.hidden = !(right || shown >= all.length);
    };
    const given = () => {
      const input = fieldset.querySelector("input:checked, input[type=text]");
      return input ? input.value.trim() : "";
    };
    const submit = () => {
      if (!given()) {
        verdict.className = "trn-note";
        verdict.textContent = "Give an answer first, or ask for a hint.";
        return;
      }
      model.set("given", given());
      model.set("attempts", model.get("attempts") + 1);
      model.save_changes();
    };
    check.addEventListener("click", submit);
    fieldset.addEventListener("keydown", (event) => {
      if (event.key === "Enter") submit();
    });
    hint.addEventListener("click", () => {
      model.set("hints_shown", model.get("hints_shown") + 1);
      model.save_changes();
    });
    draw();
    const events = "change:verdict change:right change:hints_shown";
    model.on(events, draw);
    return () => model.off(events, draw);
  },
};
