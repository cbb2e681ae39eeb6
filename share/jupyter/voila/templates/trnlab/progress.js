// Says what the page is doing until it is ready, and afterwards if its kernel has gone.
{
  const page = { part: 0, parts: 0, since: Date.now(), finished: false };
  // Outputs that Voila has not put in place yet, and widgets in place that show nothing yet.
  const waiting = [
    'script[type="application/vnd.voila.cell-output+json"]',
    ".jp-OutputArea-output.lm-Panel:not(:has(> .lm-Widget > *))",
  ].join();
  const patience_ms = 10_000; // then call a page ready whatever its widgets show

  const say = (text, fraction) => {
    const bar = document.getElementById("trn-progress");
    bar.hidden = false;
    bar.querySelector("span").textContent = text;
    if (fraction !== undefined) bar.querySelector("progress").value = fraction;
  };

  const stopped = (text) => {
    const bar = document.getElementById("trn-progress");
    const again = document.createElement("a");
    again.className = "trn-go";
    again.href = location.href;
    again.addEventListener("click", () => { again.href = location.href; });
    again.textContent = "Reload";
    bar.dataset.stopped = "";
    bar.replaceChildren(text, again);
    bar.hidden = false;
  };

  const ready = () => {
    document.getElementById("trn-progress").hidden = true;
    document.documentElement.dataset.ready = "";
    watch();
  };

  const recovered = () => {
    const bar = document.getElementById("trn-progress");
    bar.hidden = true;
    delete bar.dataset.stopped;
  };

  // Ask now and then whether the kernel is alive: a dead one answers no slider and says no word.
  const watch = async () => {
    const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const { kernelId } = document.body.dataset;
    let misses = 0;
    for (;;) {
      await new Promise((resume) => setTimeout(resume, 10_000));
      const answer = await fetch(`${baseUrl}api/kernels/${kernelId}`).catch(() => null);
      if (answer?.ok) {
        if (misses > 1) recovered();
        misses = 0;
        continue;
      }
      misses += 1;
      if (misses < 2) continue;
      if (answer) {
        stopped("The kernel of this page has stopped, so its controls no longer answer; what you "
          + "have set is in the address. ");
        return;
      }
      stopped("The server does not answer. The page asks again every ten seconds; what it shows "
        + "stays. ");
    }
  };

  // A page that is left takes its kernel with it; otherwise the server keeps it until it is idle.
  // A browser whose first page is a lesson gets the token for that with any page without a kernel.
  const token = () => /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const fetchToken = () => token() || fetch(document.body.dataset.glossary).catch(() => null);
  addEventListener("pagehide", ({ persisted }) => {
    const { kernelId } = document.body?.dataset ?? {};
    if (persisted || !kernelId) return;
    const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const form = new FormData();
    form.append("_xsrf", decodeURIComponent(token() ?? ""));
    navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`, form);
  });

  // Voila's page calls these: after each part, when it has waited for long, and at its end.
  window.voila_process = (part, parts) => {
    if (!page.part) fetchToken();
    Object.assign(page, { part, parts, since: Date.now() });
    say(`Part ${part} of ${parts} is ready`, part / (parts + 1));
  };
  window.voila_heartbeat = () => {
    const seconds = Math.round((Date.now() - page.since) / 1000);
    const what = page.part ? `Running part ${page.part + 1} of ${page.parts}` : "Starting a kernel";
    say(`${what}: ${seconds} seconds so far; many pages may be starting at once`);
  };
  window.voila_finish = () => {
    page.finished = true;
    say("Drawing the widgets", 1);
    const drawn = new MutationObserver(() => document.querySelector(waiting) || done());
    const late = setTimeout(() => done(), patience_ms);
    const done = () => {
      drawn.disconnect();
      clearTimeout(late);
      ready();
    };
    if (!document.querySelector(waiting)) return done();
    drawn.observe(document.body, { childList: true, subtree: true });
  };

  addEventListener("DOMContentLoaded", () => {
    if (!page.finished) stopped("The server stopped before this page was complete. ");
  });
}
