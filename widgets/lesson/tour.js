// A way through a dashboard: the browser keeps the place, Python sets the dashboard.

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

const KEY = "step"; // of the page's address, which leads to a step

/** The step that the address names, from 0; -1: none of these. */
function stepInAddress(count) {
  const step = Number(new URLSearchParams(window.location.search).get(KEY));
  return Number.isInteger(step) && step >= 1 && step <= count ? step - 1 : -1;
}

/** Whether the address says nothing of a dashboard. */
function isAlone() {
  const names = [...new URLSearchParams(window.location.search).keys()];
  return names.every((name) => name === KEY || name === "theme");
}

function putInAddress(step) {
  const url = new URL(window.location.href);
  url.searchParams.set(KEY, step + 1);
  window.history.replaceState(null, "", url);
}

function render({ model, el }) {
  const steps = model.get("steps");
  const inPage = "voila" in document.body.dataset;
  const button = (text, act, extra = "") => make("button", { type: "button", onclick: act,
    className: `trn-button ${extra}`, textContent: text });

  const place = make("p", { className: "small" });
  const text = make("p");
  const question = make("p", { className: "trn-tour-question" });
  const hints = make("ol", { className: "trn-hints" });
  const answer = make("div", { className: "trn-card-body" });
  const expected = make("details", {}, make("summary", { textContent: "What there is to see" }),
    answer);
  const told = make("div", {}, text, question);
  told.setAttribute("aria-live", "polite");
  hints.setAttribute("aria-live", "polite");
  const next = button("", () => go(model.get("at") + 1), "trn-primary");
  const back = button("Back", () => go(model.get("at") - 1));
  const again = button("Set it again", () => model.send({ kind: "show", step: model.get("at") }));
  const hint = button("", () => put({ hints_shown: model.get("hints_shown") + 1 }));
  el.replaceChildren(make("section", { className: "trn-card trn-card-tour",
    ariaLabel: "Step by step" }, make("h3", { textContent: "Step by step" }), place, told, hints,
  expected, make("div", { className: "trn-row" }, back, next, again, hint)));

  function put(traits) {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    model.save_changes();
  }

  function go(step) {
    expected.open = false;
    put({ at: step, hints_shown: 0 });
    model.send({ kind: "show", step });
    if (inPage) putInAddress(step);
  }

  function draw() {
    const at = Math.min(model.get("at"), steps.length - 1);
    const begun = at >= 0;
    const step = begun ? steps[at] : { text: "", question: "", expected: "", hints: [] };
    const shown = Math.min(model.get("hints_shown"), step.hints.length);
    place.textContent = begun ? `Step ${at + 1} of ${steps.length}. Change what you like: the `
      + "next step, or this one again, sets the dashboard."
      : `${steps.length} steps, each of which sets the dashboard to a moment. Leave the way when `
      + "you like, and come back.";
    text.innerHTML = step.text;
    question.innerHTML = step.question;
    answer.innerHTML = step.expected;
    hints.replaceChildren(...step.hints.slice(0, shown).map((html) =>
      make("li", { innerHTML: html })));
    expected.hidden = !step.expected;
    hint.textContent = `Hint (${shown} of ${step.hints.length} shown)`;
    hint.hidden = !step.hints.length;
    hint.disabled = shown >= step.hints.length;
    next.textContent = begun ? "Next" : "Start";
    next.disabled = at === steps.length - 1;
    back.hidden = again.hidden = !begun;
    back.disabled = at === 0;
  }

  const linked = inPage && model.get("at") < 0 ? stepInAddress(steps.length) : -1;
  if (linked >= 0) {
    put({ at: linked });
    if (isAlone()) model.send({ kind: "show", step: linked }); // else its own state leads
    requestAnimationFrame(() => el.scrollIntoView({ block: "nearest" }));
  }
  draw();
  const events = "change:at change:hints_shown";
  model.on(events, draw);
  return () => model.off(events, draw);
}

export default { render };
