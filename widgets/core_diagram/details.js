// The numbers of one part as a table, and all parts as one: the text alternative of the diagram.

const STATUS_MARKS = {
  published: "●", measured: "◆", inferred: "◐", assumed: "○", derived: "∑", changed: "✎",
};
const STATUS_WORDS = {
  published: "printed in AWS's documents",
  measured: "read from a published profile of a device",
  inferred: "worked out from published figures",
  assumed: "not published for this chip: our choice, with a range",
  derived: "computed from the numbers above",
};

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  const { attrs, ...own } = props;
  Object.assign(node, own);
  for (const [name, value] of Object.entries(attrs ?? {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const status = (name) => el("span", { className: `cd-status cd-${name}` },
  el("span", { textContent: STATUS_MARKS[name], attrs: { "aria-hidden": "true" } }), ` ${name}`);

// The value in use beside what other documents say.
function conflicts(fact) {
  const claim = (value, source, used) => el("div", { className: "cd-claim" },
    el("strong", { textContent: value }), used ? " used here" : "",
    el("div", { className: "cd-source", textContent: source }));
  return el("div", { className: "cd-conflict" },
    el("div", { className: "cd-small", textContent: "The documents disagree:" }),
    el("div", { className: "cd-claims" }, claim(fact.value, fact.source, true),
      ...fact.others.map(([value, source]) => claim(value, source, false))));
}

// Two lines: what, how much, how sure; then where it comes from.
function factRows(fact, before) {
  const value = el("td", { className: "cd-value" }, el("strong", { textContent: fact.value }));
  if (fact.before) {
    const words = fact.before === "new" ? `▲ new, not in ${before}` : `▲ ${fact.before}`;
    value.append(el("div", { className: "cd-was", textContent: words }));
  }
  const about = el("td", { colSpan: 3 });
  if (fact.others.length) about.append(conflicts(fact));
  else about.append(el("div", { className: "cd-source", textContent: fact.source }));
  if (fact.doubt) about.append(el("div", { className: "cd-small", textContent: fact.doubt }));
  const name = el("th", { scope: "row", textContent: fact.label });
  return el("tbody", { attrs: { "data-field": fact.field } },
    el("tr", {}, name, value, el("td", {}, status(fact.status))), el("tr", {}, about));
}

function factTable(facts, before, caption) {
  const head = el("thead", {}, el("tr", {}, ...["Quantity", "Value", "Status"].map((words) =>
    el("th", { scope: "col", textContent: words }))));
  return el("table", { className: "cd-table" },
    el("caption", { className: "cd-hidden", textContent: caption }), head,
    ...facts.map((fact) => factRows(fact, before)));
}

// The panel of the selected part.
function details(chip, name, flows) {
  const part = chip.parts[name];
  const wiring = flows.filter((flow) => flow.start === name || flow.end === name)
    .map((flow) => `${flow.words}.`).join(" ");
  const heading = el("h3", { className: "cd-heading", tabIndex: -1, textContent: part.title,
    style: `--part: var(--trn-${name})` });
  const parts = [heading, el("p", { textContent: part.role }),
    ...(wiring ? [el("p", { className: "cd-small", textContent: wiring })] : []),
    factTable(part.facts, chip.before, `${part.title} of ${chip.product}`)];
  if (part.more.length) {
    const words = `All numbers: ${part.more.length} more`;
    parts.push(el("details", {}, el("summary", { textContent: words }),
      factTable(part.more, chip.before, `More numbers of the ${part.title}`)));
  }
  return parts;
}

function everything(chip) {
  return Object.values(chip.parts).flatMap((part) => [
    el("h4", { textContent: part.title }),
    factTable(part.facts.concat(part.more), chip.before, `${part.title} of ${chip.product}`),
  ]);
}

function statusKey() {
  return el("dl", { className: "cd-key" }, ...Object.entries(STATUS_WORDS).map(([name, words]) =>
    el("div", {}, el("dt", {}, status(name)), el("dd", { textContent: words }))));
}
