// What the learner asks for: one request at a time is under way, of those that follow only the
// last is sent; undo, redo, reset.

const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** `drawn` is called when what is asked for has changed. */
function sessionOf(model, root, drawn) {
  let pending = false;
  let waiting = null;
  const params = () => waiting || model.get("params");

  function send(asked) {
    if (pending) {
      waiting = asked;
      drawn();
      return;
    }
    pending = true;
    root.dataset.busy = "true";
    root.dataset.askedAt = performance.now().toFixed(1);
    model.set("params", asked);
    model.save_changes();
    drawn();
  }

  const history = historyOf(params, send);
  return {
    ...history, params,
    reset: () => history.change(model.get("defaults")),
    answered() {
      pending = false;
      const next = waiting;
      waiting = null;
      root.dataset.busy = "false";
      if (next && !alike(next, model.get("params"))) send(next);
    },
  };
}
