// The figures that went in, the verdict for other settings, and what would settle the claim.

function evidenceView() {
  const body = h("tbody");
  const root = h("section", { class: "evidence", "aria-label": "Figures" },
    h("h4", {}, "The figures"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"),
      h("th", { scope: "col" }, "Figure"), h("th", { scope: "col" }, "Status and source"))), body));
  return {
    element: root,
    draw(card) {
      root.hidden = !card.guess || !card.evidence.length;
      body.replaceChildren(...card.evidence.map((row) => h("tr", {},
        h("th", { scope: "row" }, row.what), h("td", { class: "figure" }, row.value),
        h("td", {}, h("span", { class: `status ${row.status}` }, row.status), " ",
          h("span", { class: "source" }, row.source)))));
    },
  };
}

function mapView(app) {
  const sentence = h("p", { class: "how", role: "status" });
  const table = h("table", { class: "map" });
  const root = h("section", { class: "settings", "aria-label": "Other settings" },
    h("h4", {}, "The same claim in other settings"), sentence, table);

  function cell(found, rows, columns, label) {
    const here = found.row === rows.value && found.column === columns.value;
    return h("td", {}, h("button", { type: "button", class: `cell ${found.kind} ${
      found.holds === null ? "none" : found.holds ? "holds" : "fails"}`,
    "data-row": found.row, "data-column": found.column, "aria-pressed": String(here),
    "aria-label": `${label}: ${found.found || "no figure"}. ${found.text}`,
    onclick: () => app.set({ [rows.name]: found.row, [columns.name]: found.column }) },
    h("span", { class: "mark" }, found.mark), " ", found.found));
  }

  return {
    element: root,
    draw(card) {
      root.hidden = !card.guess;
      if (root.hidden) return;
      const { rows, columns, cells } = card.map;
      const focused = document.activeElement?.closest?.(".cell")?.dataset;
      say(sentence, `${card.map.sentence} Choose one.`);
      const head = h("tr", {}, h("td", {}), ...columns.options.map(([, , short]) =>
        h("th", { scope: "col" }, short)));
      const lines = rows.options.map(([, label, short], i) => h("tr", {},
        h("th", { scope: "row" }, short),
        ...cells.slice(i * columns.options.length, (i + 1) * columns.options.length)
          .map((found, j) => cell(found, rows, columns, `${label}, ${columns.options[j][1]}`))));
      table.replaceChildren(h("thead", {}, head), h("tbody", {}, ...lines));
      if (focused) {
        [...table.querySelectorAll(".cell")].find((each) =>
          each.dataset.row === focused.row && each.dataset.column === focused.column)?.focus();
      }
    },
  };
}

function settlesView() {
  const list = h("ul");
  const root = h("section", { class: "settles", "aria-label": "What would settle it" },
    h("h4", {}, "A benchmark would have to report"), list);
  return {
    element: root,
    draw(card) {
      root.hidden = !card.guess;
      list.replaceChildren(...card.settles.map((text) => h("li", {}, text)));
    },
  };
}
