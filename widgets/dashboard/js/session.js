// What the learner asks for: one request at a time is under way, of those that follow only the
// last is sent; undo, redo, reset.

const SOON_MS = 600; // edits closer than this are one step of undo

const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** `drawn` is called when what is asked for has changed. */
function sessionOf(model, root, drawn) {
  const past = [];
  const future = [];
  let pending = false;
  let waiting = null;
  let lastEdit = 0;

  function send(params) {
    if (pending) {
      waiting = params;
      drawn();
      return;
    }
    pending = true;
    root.dataset.busy = "true";
    root.dataset.askedAt = performance.now().toFixed(1);
    model.set("params", params);
    model.save_changes();
    drawn();
  }

  const session = {
    params: () => waiting || model.get("params"),
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    change(part) {
      const before = session.params();
      const after = { ...before, ...part };
      if (alike(after, before)) return;
      if (performance.now() - lastEdit > SOON_MS) past.push(before);
      lastEdit = performance.now();
      future.length = 0;
      send(after);
    },
    answered() {
      pending = false;
      const next = waiting;
      waiting = null;
      root.dataset.busy = "false";
      if (next && !alike(next, model.get("params"))) send(next);
    },
    undo() { travel(past, future); },
    redo() { travel(future, past); },
    reset() { session.change(model.get("defaults")); },
  };

  function travel(from, to) {
    if (!from.length) return;
    to.push(session.params());
    lastEdit = 0;
    send(from.pop());
  }

  return session;
}
