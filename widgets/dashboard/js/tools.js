// Undo, redo, reset and the state of a dashboard whose state is some of its traits (`Stateful`).

const TOOLS_QUIET_MS = 250;

/** {element, stop}: a row of buttons, the fold to save and share, and what was refused. */
function toolsOf(model, root) {
  const { names, quiet, key, start, module, name } = model.get("sharing");
  const inPage = "voila" in document.body.dataset;
  const read = () => Object.fromEntries(names.map((trait) => [trait, model.get(trait)]));
  const edited = () => Object.fromEntries(names.filter((trait) => !quiet.includes(trait))
    .map((trait) => [trait, model.get(trait)]));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  let before = edited();
  let traveling = false;
  let timer = 0;

  function set(state) {
    traveling = true;
    for (const [trait, value] of Object.entries(state)) model.set(trait, value);
    model.save_changes();
    traveling = false;
    before = edited();
    draw();
  }

  const history = historyOf(edited, set);
  const button = (words, act) => h("button", { type: "button", onclick: act }, words);
  const undo = button("Undo", history.undo);
  const redo = button("Redo", history.redo);
  const reset = button("Reset", () => {
    if (same(read(), start)) return;
    history.remember(edited());
    set(start);
  });
  const refused = h("p", { class: "trn-refused", role: "alert" });
  const app = {
    root, key, state: read,
    restore: (state) => model.send({ kind: "restore", state }),
    code: (state) => {
      const items = Object.entries(state).map(([trait, value]) =>
        `    ${trait}=${pythonOf(value)},`);
      return [`from ${module} import ${name}`, "", `${name}(`, ...items, ")"].join("\n");
    },
  };
  const share = stateView(app);

  function draw() {
    undo.disabled = !history.canUndo();
    redo.disabled = !history.canRedo();
    say(refused, model.get("refused"));
    clearTimeout(timer);
    timer = setTimeout(() => {
      share.draw(read(), inPage);
      if (!inPage) return;
      const url = linkTo(read(), key);
      if (same(read(), start)) url.searchParams.delete(key);
      window.history.replaceState(null, "", url);
    }, TOOLS_QUIET_MS);
  }

  function changed() {
    if (traveling) return;
    const now = edited();
    if (!same(now, before)) history.remember(before);
    before = now;
    draw();
  }

  const events = [...names, "refused"].map((trait) => `change:${trait}`).join(" ");
  model.on(events, changed);

  // A kernel that was started before the page asked for it has not seen the page's address.
  const address = new URLSearchParams(window.location.search).get(key);
  if (inPage && address && address !== model.get("sharing").used) {
    app.restore(unpackState(address) || {});
  }
  draw();
  return {
    element: h("div", { class: "trn-tools" }, h("div", { class: "trn-steps", role: "group",
      "aria-label": "History" }, undo, redo, reset), refused, share.element),
    stop() {
      clearTimeout(timer);
      model.off(events, changed);
    },
  };
}
