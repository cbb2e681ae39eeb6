// Links the first use of each glossary term in a page's prose; its line shows on hover and focus.
// Widgets write some of the prose, so it waits until they are there.
{
  const LOOKS_MS = [0, 1000, 4000]; // some widgets draw themselves a little later

  const link = (text, { anchor, short }) => {
    const element = document.createElement("a");
    Object.assign(element, { className: "trn-term", textContent: text, title: short,
      href: `${document.body.dataset.glossary}#${anchor}`, target: "_blank", rel: "noopener" });
    return element;
  };

  const PROSE = [".jp-MarkdownOutput :is(p, li)", ".trn-card-text .trn-card-body",
    ":is(.trn-card-question, .trn-card-takeaway) p"].join(", ");

  /** Text nodes of prose: not of headings, tables, code or links. */
  function* texts() {
    for (const prose of document.querySelectorAll(PROSE)) {
      const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (const node of nodes) if (!node.parentElement.closest("a, code, pre, table")) yield node;
    }
  }

  /** A term as a pattern: also where it begins a sentence, and as code writes it. */
  const written = (term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/-/g, "[-_]")
    .replace(/^[a-z]/, (letter) => `[${letter}${letter.toUpperCase()}]`);

  /** Link the first term of a text that is not linked yet; returns the text after it, if any. */
  const linkFirst = (node, unused) => {
    // The longest first, so that "PSUM bank" is not taken for "PSUM".
    const names = [...unused.keys()].sort((a, b) => b.length - a.length).map(written).join("|");
    const pattern = new RegExp(`(?<![\\w-])(${names})s?(?![\\w-])`);
    const found = unused.size && pattern.exec(node.textContent);
    if (!found) return null;
    const word = node.splitText(found.index);
    const rest = word.splitText(found[0].length);
    const is = new RegExp(`^(${found[1].replace(/_/g, "-")})$`, "i");
    const term = unused.has(found[1]) ? found[1] : [...unused.keys()].find((name) => is.test(name));
    word.replaceWith(link(found[0], unused.get(term)));
    unused.delete(term);
    return rest;
  };

  const linkAll = (unused) => {
    for (const node of texts()) {
      for (let rest = node; rest;) rest = linkFirst(rest, unused);
    }
  };
  const waiting = new MutationObserver(() => {
    waiting.disconnect();
    const { trnlab } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const unused = new Map(trnlab.terms.map((entry) => [entry.term, entry]));
    for (const after_ms of LOOKS_MS) setTimeout(linkAll, after_ms, unused);
  });
  waiting.observe(document.documentElement, { attributeFilter: ["data-ready"] });
}
