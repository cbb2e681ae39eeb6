// The way back: quick changes in a row are one edit.

const ONE_EDIT_MS = 600;

/** Undo and redo of the parameters that `read()` gives and `send(params)` asks for. */
function historyOf(read, send) {
  let past = [];
  let future = [];
  let last = -ONE_EDIT_MS;

  function travel(from, to) {
    if (!from.length) return;
    to.push(read());
    last = -ONE_EDIT_MS;
    send(from.pop());
  }

  /** A change has been made elsewhere; this is what was before it. */
  function remember(before) {
    if (performance.now() - last > ONE_EDIT_MS) past.push(before);
    last = performance.now();
    future = [];
  }

  return {
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
    remember,
    change(part) {
      const before = read();
      const after = { ...before, ...part };
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      remember(before);
      send(after);
    },
    undo: () => travel(past, future),
    redo: () => travel(future, past),
  };
}
