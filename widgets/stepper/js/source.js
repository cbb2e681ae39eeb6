// The kernel's own source, the cursor's line marked.

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

function sourceView(app) {
  const list = h("ol", { class: "code", tabindex: 0, "aria-label": "Source" });
  const root = panel("source", "", "Click a line for its next instruction.", list);
  const title = root.querySelector("h3");
  let shown = ""; // the text
  let counted = null; // the scene
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
      item.addEventListener("click", () => app.cursor.goLine(number));
      lines.set(number, { item, button });
      if (i === 0) item.classList.add("first");
      return item;
    })));
  }

  /** How often each line runs. */
  function tally({ linesRun }) {
    for (const [number, { item, button }] of lines) {
      const runs = linesRun.get(number) || 0;
      item.classList.toggle("runs-here", runs > 0);
      button.hidden = !runs;
      say(button, runs ? `${count(runs)}×` : "");
      button.setAttribute("aria-label",
        `Line ${number}: to the next of ${count(runs)} instructions`);
    }
  }

  return {
    element: root,
    stale() { current = null; },
    draw(scene, row) {
      if (counted !== scene) {
        counted = scene;
        const text = JSON.stringify(scene.source);
        if (shown !== text) {
          shown = text;
          current = null;
          build(scene.source);
          say(title, `${scene.meaning}.`);
        }
        tally(scene);
      }
      const item = lines.get(scene.rows.line[row])?.item;
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
