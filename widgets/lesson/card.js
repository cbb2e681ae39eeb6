// A card of fixed HTML. Folded cards are native <details>.

/** The address of the glossary, where the page has one. */
function glossary() {
  if (document.body.dataset.glossary) return document.body.dataset.glossary;
  const config = document.getElementById("jupyter-config-data");
  return config && `${JSON.parse(config.textContent).baseUrl}voila/glossary`;
}

function body(model) {
  const div = document.createElement("div");
  div.className = "trn-card-body";
  div.innerHTML = model.get("html");
  for (const term of div.querySelectorAll("a[data-anchor]")) {
    const page = glossary();
    if (page) {
      Object.assign(term, { href: `${page}#${term.dataset.anchor}`, target: "_blank", rel: "noopener" });
    }
  }
  return div;
}

function folded(model) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = model.get("title");
  details.append(summary, body(model));
  return details;
}

function open(model) {
  const section = document.createElement("section");
  const title = model.get("title");
  if (title) {
    const level = model.get("kind") === "question" ? "h2" : "h3"; // it follows the page's title
    const heading = document.createElement(level);
    heading.textContent = title;
    section.setAttribute("aria-label", title);
    section.append(heading);
  }
  section.append(body(model));
  return section;
}

export default {
  render({ model, el }) {
    const draw = () => {
      const card = model.get("folded") ? folded(model) : open(model);
      card.className = `trn-card trn-card-${model.get("kind")}`;
      el.replaceChildren(card);
    };
    draw();
    model.on("change:html change:title change:folded change:kind", draw);
    return () => model.off("change:html change:title change:folded change:kind", draw);
  },
};
