// The product that is asked for, and the way back: quick changes in a row are one edit.

const ONE_EDIT_MS = 600;

/** Methods that change the parameters; `send(params)` asks for a run. */
function editsOf(model, send) {
  let past = [];
  let future = [];
  let last = -ONE_EDIT_MS;

  function travel(from, to) {
    if (!from.length) return;
    to.push(model.get("params"));
    last = -ONE_EDIT_MS;
    send(from.pop());
  }

  return {
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
    change(part) {
      const before = model.get("params");
      const after = { ...before, ...part };
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      if (performance.now() - last > ONE_EDIT_MS) past.push(before);
      last = performance.now();
      future = [];
      send(after);
    },
    undo: () => travel(past, future),
    redo: () => travel(future, past),
  };
}
