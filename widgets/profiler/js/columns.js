// The columns that the kernel sent, read once into one object that every view shares.

const COLUMN_TYPES = { f8: Float64Array, f4: Float32Array, i4: Int32Array, i2: Int16Array,
  i1: Int8Array };

const ENGINE_NAMES = { tensor: "TensorE", vector: "VectorE", scalar: "ScalarE",
  gpsimd: "GpSimdE", sync: "SyncE", dma: "DMA" };

/** {name: {type, data: DataView}} -> {name: typed array, n: rows} */
function readColumns(raw) {
  const table = { n: 0 };
  for (const [name, { type, data }] of Object.entries(raw)) {
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    table[name] = new COLUMN_TYPES[type](bytes);
    table.n = table[name].length;
  }
  return table;
}

function readRun(raw) {
  const { sbuf, psum } = raw;
  const run = { ...raw, rows: readColumns(raw.rows) };
  run.sbuf = { ...sbuf, ...readColumns({ at: sbuf.at, level: sbuf.level }) };
  run.psum = { ...psum, ...readColumns({ at: psum.at, level: psum.level }) };
  run.lanes = readLanes(run);
  run.lanes.forEach((lane, place) => { run.placeOfLane[lane.code] = place; });
  run.match = null;
  return run;
}

/**
 * [{code, name, engine, rows, start, busy, wait}], lanes in use only. `rows` is ordered by start;
 * busy[i] and wait[i] are the sums over the first i of them, so that a stretch is added up at once.
 */
function readLanes(run) {
  const { rows, names } = run;
  const count = new Int32Array(names.lanes.length);
  for (let row = 0; row < rows.n; row += 1) count[rows.lane[row]] += 1;
  const lists = Array.from(count, (n) => new Int32Array(n));
  const filled = new Int32Array(count.length);
  for (let row = 0; row < rows.n; row += 1) {
    const code = rows.lane[row];
    lists[code][filled[code]] = row;
    filled[code] += 1;
  }
  run.placeOfLane = new Int32Array(count.length).fill(-1);
  return lists.flatMap((list, code) => {
    if (!list.length) return [];
    const { start } = rows;
    if (list.some((row, i) => i && start[row] < start[list[i - 1]])) {
      list.sort((a, b) => start[a] - start[b] || a - b);
    }
    const engine = names.engines[rows.engine[list[0]]];
    const lane = { code, name: names.lanes[code], engine, rows: list };
    lane.start = Float64Array.from(list, (row) => start[row]);
    lane.busy = sums(list, (row) => rows.busy[row]);
    lane.wait = sums(list, (row) => rows.wait[row]);
    return [lane];
  });
}

function sums(list, of) {
  const total = new Float64Array(list.length + 1);
  for (let i = 0; i < list.length; i += 1) total[i + 1] = total[i] + of(list[i]);
  return total;
}

/** The first place in an ordered list whose value is above `at`. */
function firstAbove(length, value, at) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How many rows of a lane start at or before a moment. */
function startedBy(lane, at) {
  return firstAbove(lane.start.length, (i) => lane.start[i], at);
}

/** For each of `n` equal parts of a window: shares of time at work, waiting, and at work and found. */
function shares(run, lane, { from, to }, n) {
  const { busy, wait } = run.rows;
  const { rows, start } = lane;
  const size = (to - from) / n;
  const out = { busy: new Float32Array(n), wait: new Float32Array(n), hit: new Float32Array(n) };
  let i = startedBy(lane, from);
  const worked = (total, over) => (i && over > 0 && total[i] > total[i - 1] ? total[i] - over : total[i]);
  const before = { busy: 0, wait: 0, hit: 0 };
  for (let part = -1; part < n; part += 1) {
    const at = from + (part + 1) * size;
    while (i < start.length && start[i] <= at) i += 1;
    const over = i ? start[i - 1] + busy[rows[i - 1]] - at : 0;
    const begun = i < start.length ? Math.max(0, at - start[i] + wait[rows[i]]) : 0;
    const now = { busy: worked(lane.busy, over), wait: lane.wait[i] + begun,
      hit: run.match ? worked(lane.hit, over) : 0 };
    for (const name in now) {
      if (part >= 0) out[name][part] = Math.min(1, Math.max(0, (now[name] - before[name]) / size));
      before[name] = now[name];
    }
  }
  return out;
}

/** The level of a counter at a moment. */
function levelAt(counter, at) {
  const i = firstAbove(counter.n, (k) => counter.at[k], at);
  return i ? counter.level[i - 1] : 0;
}

function didWait(run, row) {
  return run.rows.wait[row] > 0 && run.rows.wait_kind[row] !== 0;
}

function laneTitle(run, row) {
  const name = run.names.lanes[run.rows.lane[row]];
  if (name.startsWith("dma q")) return `DMA queue ${name.slice(5)}`;
  if (name === "tensor_load") return "TensorE (weights)";
  if (name === "gpsimd_dge") return "GpSimdE (descriptors)";
  return ENGINE_NAMES[run.names.engines[run.rows.engine[row]]];
}

function rowWords(run, row) {
  const { rows, names } = run;
  const tile = names.tiles[rows.tile[row]];
  const moved = rows.bytes[row] > 0 ? `, ${bytes(rows.bytes[row])}` : "";
  return `${laneTitle(run, row)}: ${names.ops[rows.op[row]]}${tile ? ` to ${tile}` : ""}${moved}, ${
    time(rows.busy[row])} from ${time(rows.start[row])}; line ${rows.line[row]}, call ${
    rows.call[row]}.`;
}

function rowWait(run, row) {
  if (!didWait(run, row)) return "It did not wait.";
  const { rows, names } = run;
  const on = rows.wait_on[row] >= 0 ? ` for ${laneTitle(run, rows.wait_on[row])}` : "";
  return `It waited ${time(rows.wait[row])}${on} (${names.wait_kinds[rows.wait_kind[row]]}).`;
}
