// Downloads, and the state as a link, as JSON and as code.

function download(name, data, type = "text/csv") {
  const url = URL.createObjectURL(new Blob([data], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

const csvCell = (text) => (/[",\n]/.test(text) ? `"${String(text).replace(/"/g, '""')}"` : String(text));

function csvOfTable(table) {
  return [...table.rows].map((row) => [...row.cells].map((cell) =>
    csvCell(cell.textContent.trim())).join(",")).join("\n");
}

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

function shareView(app) {
  const area = (name, readonly) => h("textarea", { rows: 6, spellcheck: "false", readonly,
    "aria-label": name });
  const json = area("State as JSON", false);
  const code = area("State as code", true);
  const link = h("input", { type: "text", readonly: true, "aria-label": "Link to this moment" });
  const done = h("span", { role: "status" });
  const copy = (field, what) => h("button", { type: "button", onclick: async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy");
    }
    say(done, `Copied the ${what}.`);
  } }, `Copy ${what}`);
  const load = h("button", { type: "button", "data-act": "load", onclick: () => {
    try {
      const state = JSON.parse(json.value);
      if (!state || typeof state !== "object" || Array.isArray(state)) throw new Error("not a dictionary");
      app.restore(state);
      say(done, "Loaded.");
    } catch (error) {
      say(done, `This is not a state: ${error.message}.`);
    }
  } }, "Load this JSON");
  const address = h("div", { class: "address" }, link, copy(link, "link"));
  const fold = h("details", { class: "fold" }, h("summary", {}, "Save or share this moment"), address,
    h("div", { class: "split" }, h("div", {}, json, copy(json, "JSON"), load),
      h("div", {}, code, copy(code, "code"))), done);
  fold.addEventListener("toggle", () => view.draw(app.state(), app.inPage));
  const view = {
    element: fold,
    draw(state, inPage) {
      address.hidden = !inPage;
      if (!fold.open || document.activeElement === json) return;
      json.value = JSON.stringify(state);
      code.value = `from widgets.profiler import lesson\n\nlesson(state=${pythonOf(state)})`;
      link.value = linkTo(state).href;
    },
  };
  return view;
}

const TABLE_ROWS = 200;

/** The rows in sight as a table, and the run as files. */
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
        download(`${app.run.summary.name}-${app.run.summary.chip}.csv`, csvOfRun(app.run)) },
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
