// How far the times can be believed: the badge beside each of them, and the reasons.

function badge(honesty) {
  return h("span", { class: `badge ${honesty.badge}`, title: honesty.why }, honesty.badge);
}

/** Two boxes to open: what the times rest on, and what the model leaves out. */
function trustBoxes(honesty) {
  const rows = honesty.assumed.map(({ what, value, range, why }) => h("tr", {},
    h("th", { scope: "row" }, what), h("td", {}, value), h("td", {}, range), h("td", {}, why)));
  const names = ["Constant", "Used", "Range", "Why"].map((name) => h("th", { scope: "col" }, name));
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...names)), h("tbody", {}, ...rows));
  return [
    h("details", { class: "fold" },
      h("summary", {}, badge(honesty),
        ` What these times rest on: ${plural(rows.length, "assumed constant")}`),
      h("p", {}, honesty.why),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Assumed constants" },
        table)),
    h("details", { class: "fold" },
      h("summary", {}, "What this model leaves out"),
      h("ul", {}, ...honesty.leaves_out.map((item) => h("li", {}, item)))),
  ];
}
