// The line to the kernel: whatever is sent goes through here, and a silence is said.

const PING_MS = 5000;
const SILENT_MS = 15000;

/** {element, tell(action), heard(), stop()}: `tell` does nothing once the kernel is silent. */
function heartOf(model, inPage) {
  const element = h("p", { class: "trn-dead", role: "alert", hidden: true });
  let lastHeard = performance.now();

  function attempt(action) {
    try {
      action();
    } catch {
      lastHeard = -SILENT_MS;
    }
  }

  const timer = setInterval(() => {
    if (document.hidden) lastHeard = performance.now();
    attempt(() => model.send({ kind: "ping" }));
    if (performance.now() - lastHeard < SILENT_MS) return;
    element.hidden = false;
    const wayOut = inPage ? "reload the page; your state is in the address" : "run the cell again";
    say(element, `The kernel has stopped: ${wayOut}. What is shown stays; new runs do not start.`);
  }, PING_MS);

  return {
    element,
    tell(action) { if (element.hidden) attempt(action); },
    heard() {
      lastHeard = performance.now();
      element.hidden = true;
    },
    stop() { clearInterval(timer); },
  };
}
