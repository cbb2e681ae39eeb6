// Which rows a search, three filters and a line of the source leave; sums over them, so that any
// zoom is drawn at once.

const NO_FILTER = { text: "", engine: "", op: "", wait: "", line: "" };

function isFiltered(filter) {
  return Object.values(filter).some((value) => value);
}

/** Set run.match (a byte for each row), lane.hit (sums of matching time) and run.found. */
function applyFilter(run, filter) {
  run.match = null;
  run.found = null;
  if (!isFiltered(filter)) return;
  const tests = [...codeTests(run, filter), ...filter.text.toLowerCase().split(/\s+/)
    .filter((word) => word).map((word) => wordTest(run, word))];
  const { n } = run.rows;
  run.match = new Uint8Array(n);
  const found = [];
  for (let row = 0; row < n; row += 1) {
    let hit = true;
    for (let i = 0; i < tests.length && hit; i += 1) hit = tests[i](row);
    if (hit) {
      run.match[row] = 1;
      found.push(row);
    }
  }
  const { start, busy, wait } = run.rows;
  found.sort((a, b) => start[a] - start[b] || a - b);
  run.found = { rows: found, busy_us: 0, wait_us: 0 };
  for (const row of found) {
    run.found.busy_us += busy[row];
    run.found.wait_us += wait[row];
  }
  for (const lane of run.lanes) lane.hit = sums(lane.rows, (row) => run.match[row] * busy[row]);
}

function codeTests(run, { engine, op, wait, line }) {
  const { rows, names } = run;
  const tests = [];
  const add = (name, list, column) => {
    if (!name) return;
    const code = list.indexOf(name);
    tests.push((row) => column[row] === code);
  };
  add(engine, names.engines, rows.engine);
  add(op, names.ops, rows.op);
  if (line) tests.push((row) => rows.line[row] === Number(line));
  if (wait === "any") tests.push((row) => didWait(run, row));
  else if (wait) {
    add(wait, names.wait_kinds, rows.wait_kind);
    tests.push((row) => rows.wait[row] > 0);
  }
  return tests;
}

/** A word is found in the instruction, the lane, the tile or the wait; a number is a line. */
function wordTest({ rows, names }, word) {
  const has = (list) => Uint8Array.from(list, (name) => name.toLowerCase().includes(word));
  const [op, lane, tile, wait] = [names.ops, names.lanes, names.tiles, names.wait_kinds].map(has);
  const number = /^\d+$/.test(word) ? Number(word) : -1;
  return (row) => Boolean(op[rows.op[row]] || lane[rows.lane[row]] || tile[rows.tile[row]]
    || (rows.wait[row] > 0 && wait[rows.wait_kind[row]]) || rows.line[row] === number);
}

/** The match after (or before) a row, in time; -1 if there is none. */
function nextFound(run, row, direction) {
  const list = run.found ? run.found.rows : [];
  if (!list.length) return -1;
  const { start } = run.rows;
  const place = list.indexOf(row);
  if (place >= 0) return list[(place + direction + list.length) % list.length];
  const at = row < 0 ? -1 : start[row];
  const next = list.findIndex((other) => start[other] > at);
  if (direction > 0) return list[Math.max(0, next)];
  return list[next > 0 ? next - 1 : list.length - 1];
}
