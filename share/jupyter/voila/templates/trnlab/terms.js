// Links the first use of each glossary term in a page's prose; its line shows on hover and focus.
{
  const link = (text, { anchor, short }) => {
    const element = document.createElement("a");
    Object.assign(element, { className: "trn-term", textContent: text, title: short,
      href: `${document.body.dataset.glossary}#${anchor}`, target: "_blank", rel: "noopener" });
    return element;
  };

  /** Text nodes of prose: not of headings, code or links. */
  function* texts() {
    for (const prose of document.querySelectorAll(".jp-MarkdownOutput :is(p, li)")) {
      const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
      const nodes = [];
      while (walker.nextNode()) nodes.push(walker.currentNode);
      for (const node of nodes) if (!node.parentElement.closest("a, code, pre")) yield node;
    }
  }

  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /** Link the first term of a text that is not linked yet; returns the text after it, if any. */
  const linkFirst = (node, unused) => {
    // The longest first, so that "PSUM bank" is not taken for "PSUM".
    const names = [...unused.keys()].sort((a, b) => b.length - a.length).map(escaped).join("|");
    const pattern = new RegExp(`(?<![\\w-])(${names})s?(?![\\w-])`);
    const found = unused.size && pattern.exec(node.textContent);
    if (!found) return null;
    const word = node.splitText(found.index);
    const rest = word.splitText(found[0].length);
    word.replaceWith(link(found[0], unused.get(found[1])));
    unused.delete(found[1]);
    return rest;
  };

  addEventListener("DOMContentLoaded", () => {
    const { trnlab } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const unused = new Map(trnlab.terms.map((entry) => [entry.term, entry]));
    for (const node of texts()) {
      for (let rest = node; rest;) rest = linkFirst(rest, unused);
    }
  });
}
