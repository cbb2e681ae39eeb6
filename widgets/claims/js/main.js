// One widget: the claims on one side, the chosen one as a card on the other.

const PING_MS = 5000;
const SILENT_MS = 15000;

function render({ model, el }) {
  const inPage = "voila" in document.body.dataset;
  const choices = model.get("guesses");
  const kinds = Object.fromEntries(choices);
  const app = {
    choices, kinds,
    state: () => model.get("params"),
    change(part) {
      model.set("params", { ...app.state(), ...part });
      model.save_changes();
    },
    setAll(values) {
      const { settings, claim } = app.state();
      app.change({ settings: { ...settings, [claim]: values } });
    },
    set(values) {
      const { settings, claim } = app.state();
      app.setAll({ ...settings[claim], ...values });
    },
    guess(kind) {
      const { guesses, claim } = app.state();
      const { [claim]: _gone, ...others } = guesses;
      app.change({ guesses: kind ? { ...others, [claim]: kind } : others });
      moved = kind ? ".verdict" : ".guess input";
    },
  };
  let moved = ""; // where the focus goes once the answer is drawn

  const title = h("h3", { tabindex: -1 });
  const says = h("p", { class: "says" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const dead = h("p", { class: "problem", role: "alert", hidden: true });
  const board = boardView(app);
  const views = [knobsView(app), guessView(app), verdictView(app), evidenceView(), mapView(app),
    settlesView()];
  const [knobs, guess, verdict, evidence, map, settles] = views;
  const card = h("article", { class: "card" }, h("header", {}, title, says), problem, dead,
    knobs.element, h("div", { class: "halves" },
      h("div", {}, guess.element, verdict.element, settles.element),
      h("div", {}, map.element, evidence.element)));
  const root = h("div", { class: "trn-claims", role: "group", "aria-label": "Claims put to the test" },
    board.element, card);
  el.replaceChildren(root);

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
    if (inPage) window.history.replaceState(null, "", linkTo(app.state()));
  }

  function drawProblem() {
    const text = model.get("problem");
    problem.hidden = !text;
    say(problem, text ? `${text} The card still shows the last setting.` : "");
  }

  const listeners = {
    "change:card change:board": draw,
    "change:problem": drawProblem,
    "msg:custom": () => {
      lastHeard = performance.now();
      dead.hidden = true;
    },
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);

  // A page that hears nothing from its kernel for a while says so.
  let lastHeard = performance.now();
  const heart = setInterval(() => {
    if (document.hidden) { lastHeard = performance.now(); return; }
    model.send({ kind: "ping" });
    if (performance.now() - lastHeard < SILENT_MS) return;
    dead.hidden = false;
    say(dead, `The kernel has stopped: ${inPage ? "reload the page; your state is in the address."
      : "run the cell again."}`);
  }, PING_MS);

  board.element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...board.element.querySelectorAll("button")];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  });

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get("s");
  if (inPage && address && address !== model.get("address")) {
    model.set("address", address);
    model.send({ kind: "restore", state: unpackState(address) || {} });
  }

  draw();
  return () => {
    clearInterval(heart);
    verdict.stop();
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}

export default { render };
