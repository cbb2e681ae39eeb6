// The table behind a drawing: a fold that is filled when it is read or saved, not at each frame.

const TABLE_ROWS = 200; // in sight; a file has all

/** {element, table, draw}: `read()` gives the rows as they are now, each a list of texts. */
function tableFold(title, heads, read) {
  const body = h("tbody", {});
  const note = h("p", { class: "quiet", hidden: true });
  const table = h("table", { "aria-label": title }, h("thead", {}, h("tr", {},
    ...heads.map((text) => h("th", { scope: "col" }, text)))), body);
  const fold = h("details", { class: "fold trn-table" }, h("summary", {}, `${title}, as a table`),
    note, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table));
  function fill(most = Infinity) {
    const rows = read();
    const shown = rows.slice(0, most);
    body.replaceChildren(...shown.map((row) => h("tr", {}, ...row.map((cell) =>
      h("td", {}, String(cell))))));
    note.hidden = shown.length === rows.length;
    say(note, `The first ${shown.length} of ${count(rows.length)}; the CSV has all.`);
  }
  const draw = () => fold.open && fill(TABLE_ROWS);
  table.fill = fill; // for a file
  table.rest = () => fill(fold.open ? TABLE_ROWS : 0);
  fold.addEventListener("toggle", table.rest);
  return { element: fold, table, draw };
}
