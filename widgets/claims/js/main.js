// One widget: the claims on one side, the chosen one as a card on the other.

function render({ model, el }) {
  const inPage = "voila" in document.body.dataset;
  const choices = model.get("choices");
  const kinds = Object.fromEntries(choices);
  const app = {
    choices, kinds,
    change(part) {
      heart.tell(() => {
        for (const [name, value] of Object.entries(part)) model.set(name, value);
        model.save_changes();
      });
    },
    setAll(values) {
      app.change({ settings: { ...model.get("settings"), [model.get("claim")]: values } });
    },
    set(values) { app.setAll({ ...model.get("settings")[model.get("claim")], ...values }); },
    guess(kind) {
      const claim = model.get("claim");
      const { [claim]: _gone, ...others } = model.get("guesses");
      moved = kind ? ".verdict" : ".guess input";
      app.change({ guesses: kind ? { ...others, [claim]: kind } : others });
    },
  };
  let moved = ""; // where the focus goes once the answer is drawn

  const title = h("h3", { tabindex: -1 });
  const says = h("p", { class: "says" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const heart = heartOf(model, inPage);
  const board = boardView(app);
  const views = [knobsView(app), guessView(app), verdictView(app), evidenceView(), mapView(app),
    settlesView()];
  const [knobs, guess, verdict, evidence, map, settles] = views;
  const card = h("article", { class: "card" }, h("header", {}, title, says), problem, heart.element,
    knobs.element, h("div", { class: "halves" },
      h("div", {}, guess.element, verdict.element, settles.element),
      h("div", {}, map.element, evidence.element)));
  const root = h("div", { class: "trn-claims", role: "group", "aria-label": "Claims put to the test" },
    board.element, card);
  const tools = toolsOf(model, root);
  el.replaceChildren(root, tools.element);

  function draw() {
    const shown = model.get("card");
    board.draw(model.get("board"), shown.name);
    say(title, shown.title);
    says.replaceChildren(`Said: ${shown.says}. `,
      h("span", { class: "source" }, `${shown.speaker}; ${shown.source}`));
    for (const view of views) view.draw(shown);
    drawProblem();
    Object.assign(root.dataset, { claim: shown.name, kind: shown.guess ? shown.kind : "",
      found: shown.found_value ?? "", guess: shown.guess });
    if (moved) {
      const target = root.querySelector(moved);
      if (target?.tagName !== "INPUT") target?.setAttribute("tabindex", "-1");
      target?.focus({ preventScroll: true });
      moved = "";
    }
  }

  function drawProblem() {
    const text = model.get("problem");
    problem.hidden = !text;
    say(problem, text ? `${text} The card still shows the last setting.` : "");
  }

  const listeners = {
    "change:card change:board": draw,
    "change:problem": drawProblem,
    "msg:custom": heart.heard,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

  board.element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...board.element.querySelectorAll("button")];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  });

  draw();
  return () => {
    heart.stop();
    tools.stop();
    verdict.stop();
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

export default { render };
