// A kernel's own source, one of its lines marked.

const TOKENS =
  /(#.*$)|("""[^]*?"""|"[^"]*"|'[^']*')|\b(nisa\.\w+)|\b(def|for|in|if|else|return|range)\b/g;

/** One source line as spans: comments, strings, device calls and keywords told apart. */
function highlight(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(TOKENS)) {
    parts.push(text.slice(last, match.index));
    const kind = ["comment", "string", "device", "keyword"][match.slice(1).findIndex(Boolean)];
    parts.push(h("span", { class: kind }, match[0]));
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

/** {element, stale, draw}: `pick(line)` is called for a line that ran; `label(line, runs)` says
 * what that does. */
function sourceView(pick, label) {
  const list = h("ol", { class: "trn-code", tabindex: 0, "aria-label": "Source" });
  let given = null; // the source
  let shown = ""; // its text
  let counted = null; // the counts
  let current = null;
  let lines = new Map(); // by number: its item and its button

  function build(source) {
    lines = new Map();
    list.replaceChildren(...source.flatMap(({ first, lines: texts }) => texts.map((text, i) => {
      const number = first + i;
      const code = h("code", {}, ...highlight(text.trimStart()));
      code.style.setProperty("--indent", text.length - text.trimStart().length);
      const button = h("button", { type: "button", class: "runs", hidden: true });
      const item = h("li", { value: number },
        h("span", { class: "number", "aria-hidden": "true" }, String(number)), code, button);
      item.addEventListener("click", () => button.hidden || pick(number));
      lines.set(number, { item, button });
      if (i === 0) item.classList.add("first");
      return item;
    })));
  }

  /** How often each line runs; of those that a filter leaves, too. */
  function tally(runs, hits) {
    for (const [number, { item, button }] of lines) {
      const all = runs.get(number) || 0;
      const found = hits?.get(number) || 0;
      item.classList.toggle("runs-here", all > 0);
      item.classList.toggle("hit", found > 0);
      button.hidden = !all;
      say(button, !all ? "" : hits ? `${count(found)} of ${count(all)}` : `${count(all)}×`);
      button.setAttribute("aria-label", label(number, all));
    }
  }

  return {
    element: list,
    stale() { current = null; },
    /** `runs` and `hits`: line -> how often, made anew when they change; `line`: the marked one. */
    draw(source, { runs, hits = null }, line) {
      const text = given === source ? shown : JSON.stringify(source);
      given = source;
      if (shown !== text) {
        shown = text;
        current = null;
        counted = null;
        build(source);
      }
      if (counted !== (hits || runs)) {
        counted = hits || runs;
        tally(runs, hits);
      }
      const item = lines.get(line)?.item;
      if (item === current) return;
      for (const last of list.querySelectorAll(".current")) {
        last.classList.remove("current");
        last.removeAttribute("aria-current");
      }
      current = item;
      if (!item) return;
      item.classList.add("current");
      item.setAttribute("aria-current", "step");
      const above = item.offsetTop - list.scrollTop;
      if (above < 24 || above > list.clientHeight - 48) {
        list.scrollTop = item.offsetTop - list.clientHeight / 3;
      }
    },
  };
}
