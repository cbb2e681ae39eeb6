// The rows in sight as a table; the run as files.

/** Every device instruction as a line. */
function csvOfRun(run) {
  const { rows, names } = run;
  const lines = ["row,call,line,lane,op,tile,start_us,busy_us,readable_us,wait_us,wait_for,bytes"];
  for (let i = 0; i < rows.n; i += 1) {
    lines.push([i, rows.call[i], rows.line[i], csvCell(names.lanes[rows.lane[i]]),
      csvCell(names.ops[rows.op[i]]), csvCell(names.tiles[rows.tile[i]]), rows.start[i].toFixed(4),
      rows.busy[i].toFixed(4), (rows.start[i] + rows.busy[i] + rows.tail[i]).toFixed(4),
      rows.wait[i].toFixed(4), names.wait_kinds[rows.wait_kind[i]], rows.bytes[i]].join(","));
  }
  return lines.join("\n");
}

const TABLE_ROWS = 200;

/** {element, buttons, draw, receive}: the table, and the files' buttons. */
function filesView(app) {
  const body = h("tbody", {});
  const note = h("p", { class: "quiet" });
  const status = h("span", { role: "status" });
  const fold = h("details", { class: "fold" }, h("summary", {}, "Table of what is in sight"), note,
    h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Instructions in sight" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["start", "lane", "instruction", "tile", "at work",
        "waited", "for", "line"].map((words) => h("th", { scope: "col" }, words)))), body)));
  fold.addEventListener("toggle", () => view.draw());
  const fetchTrace = h("button", { type: "button", "data-act": "perfetto", onclick: () => {
    say(status, "Writing the trace…");
    app.ask({ kind: "perfetto" });
  } }, "Perfetto trace");
  const view = {
    element: fold,
    buttons: h("div", { class: "files", role: "group", "aria-label": "Downloads" }, fetchTrace,
      h("button", { type: "button", "data-act": "csv", onclick: () =>
        download(`${app.run.summary.name}-${app.run.summary.chip}.csv`, csvOfRun(app.run), "text/csv") },
      "Timeline as CSV"), status),
    receive(message, buffers) {
      say(status, message.problem || "The trace opens in ui.perfetto.dev.");
      if (!message.problem) download(message.name, buffers[0], "application/json");
    },
    draw() {
      if (!fold.open) return;
      const { run, window: { from, to } } = app;
      const { rows, names } = run;
      const inSight = [];
      for (let i = 0; i < rows.n; i += 1) {
        if (rows.start[i] <= to && rows.start[i] + rows.busy[i] >= from && (!run.match || run.match[i])) {
          inSight.push(i);
        }
      }
      inSight.sort((a, b) => rows.start[a] - rows.start[b] || a - b);
      const listed = inSight.slice(0, TABLE_ROWS);
      say(note, `${plural(inSight.length, "instruction")} between ${time(from)} and ${time(to)}${
        listed.length < inSight.length ? `; the first ${listed.length} are listed, zoom in for others` : ""}.`);
      body.replaceChildren(...listed.map((i) => h("tr", {}, ...[time(rows.start[i]), laneTitle(run, i),
        names.ops[rows.op[i]], names.tiles[rows.tile[i]], time(rows.busy[i]),
        didWait(run, i) ? time(rows.wait[i]) : "", didWait(run, i) ? names.wait_kinds[rows.wait_kind[i]] : "",
        String(rows.line[i])].map((words) => h("td", {}, words)))));
    },
  };
  return view;
}
