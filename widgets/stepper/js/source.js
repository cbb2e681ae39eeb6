// The kernel's own source, the cursor's line marked.

const TOKENS = /(#.*$)|("""[^]*?"""|"[^"]*"|'[^']*')|\b(nisa\.\w+)|\b(def|for|in|if|else|return|range)\b/g;

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
  const list = h("ol", { class: "code" });
  const root = panel("source", "", "Click a line for its next instruction.", list);
  const title = root.querySelector("h3");
  let shown = null;
  let current = null;
  let items = new Map();

  function build({ source, linesRun }) {
    items = new Map();
    list.replaceChildren(...source.flatMap(({ first, lines }) => lines.map((text, i) => {
      const number = first + i;
      const runs = linesRun.get(number) || 0;
      const code = h("code", {}, ...highlight(text.trimStart()));
      code.style.setProperty("--indent", text.length - text.trimStart().length);
      const item = h("li", { value: number },
        h("span", { class: "number", "aria-hidden": "true" }, String(number)), code,
        runs ? h("span", { class: "runs", title: `${count(runs)} device instructions` },
          `${count(runs)}×`) : null);
      if (runs) {
        item.classList.add("runs-here");
        item.addEventListener("click", () => app.goLine(number));
      }
      items.set(number, item);
      if (i === 0) item.classList.add("first");
      return item;
    })));
  }

  return {
    element: root,
    draw(scene, row) {
      if (shown !== scene.source) {
        shown = scene.source;
        current = null;
        build(scene);
        say(title, `${scene.meaning}.`);
      }
      const item = items.get(scene.rows.line[row]);
      if (item === current) return;
      current?.classList.remove("current");
      current?.removeAttribute("aria-current");
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
