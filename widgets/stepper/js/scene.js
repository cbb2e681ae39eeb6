// The columns that the kernel sent, read once into one object that every view shares.

const F32 = (view) => new Float32Array(copyBytes(view));
const I32 = (view) => new Int32Array(copyBytes(view));

function copyBytes(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/** {f32: {name: DataView}, i32: {name: DataView}} -> {name: typed array, n: rows} */
function readTable(raw) {
  const table = {};
  for (const [name, view] of Object.entries(raw.f32)) table[name] = F32(view);
  for (const [name, view] of Object.entries(raw.i32)) table[name] = I32(view);
  const first = Object.values(table)[0];
  return { ...table, n: first ? first.length : 0 };
}

/**
 * What ran: `calls`, `operands`, `tensors` as columns, what their codes stand for, and what follows
 * from them: for every operand the part of an HBM matrix that it stands for, and how those are cut.
 */
function readProgram(raw) {
  const program = { ...raw };
  for (const name of ["calls", "operands", "tensors"]) program[name] = readTable(raw[name]);
  program.hbm = raw.codes.memories.indexOf("hbm");
  program.places = placeOperands(program);
  program.matrices = matricesOf(program);
  program.grids = gridsOf(program);
  return program;
}

/**
 * The scene: a program with its `rows` (device instructions) and `tiles` as columns, what their
 * codes stand for, and what follows: the order in time, the lanes in use, how often each line ran.
 */
function readScene(program, raw) {
  const scene = { ...raw, ...program };
  for (const name of ["rows", "tiles"]) scene[name] = readTable(raw[name]);
  const { rows, tiles } = scene;
  scene.byTime = rows.order;
  scene.placeInTime = invert(scene.byTime);
  scene.lanes = lanesInUse(scene);
  scene.linesRun = countLines(rows);
  scene.transfers = listTransfers(scene);
  scene.contents = listContents(scene);
  scene.tileOf = new Map(Array.from(tiles.tensor, (tensor, tile) => [tensor, tile]));
  scene.tileNames = Array.from(tiles.tensor, (tensor) => nameOf(scene, tensor));
  const inSbuf = (tile) => tiles.bank[tile] < 0;
  scene.kinds = [...new Set(scene.tileNames.filter((_, tile) => inSbuf(tile)))];
  const ends = Array.from(tiles.address_bytes.keys()).filter(inSbuf)
    .map((tile) => tiles.address_bytes[tile] + tiles.bytes_per_partition[tile]);
  scene.sbuf_top_bytes = ends.reduce((most, end) => Math.max(most, end), 1);
  return scene;
}

function invert(order) {
  const place = new Int32Array(order.length);
  order.forEach((row, position) => { place[row] = position; });
  return place;
}

/** [{code, name, engine, rows}], in the engine's order, empty lanes left out; rows in time order. */
function lanesInUse({ rows, names, byTime }) {
  const found = new Map();
  for (const row of byTime) {
    const code = rows.lane[row];
    if (!found.has(code)) {
      found.set(code, { code, name: names.lanes[code], engine: names.engines[rows.engine[row]],
        rows: [] });
    }
    found.get(code).rows.push(row);
  }
  return [...found.values()].sort((a, b) => a.code - b.code);
}

function countLines(rows) {
  const counts = new Map();
  for (const line of rows.line) counts.set(line, (counts.get(line) || 0) + 1);
  return counts;
}

/** A call's operands: the first, and the one after the last. */
function spanOf({ calls, operands }, call) {
  return [calls.first[call], call + 1 < calls.n ? calls.first[call + 1] : operands.n];
}

/** A call's operands, as indices into the operand columns. */
function operandsOf(scene, call) {
  const [first, end] = spanOf(scene, call);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

function roleOf(scene, operand) {
  return scene.codes.roles[scene.operands.role[operand]];
}

function boxOf(table, i) {
  return [table.r0[i], table.r1[i], table.c0[i], table.c1[i]];
}

/** Did this row start late because something else was not done? */
function waited({ rows }, row) {
  return rows.wait_us[row] > 0 && rows.wait_kind[row] !== 0;
}

/** Where the run stands when `row` starts. */
function momentOf(scene, row) {
  return scene.rows.start_us[row];
}

/** Tiles alive at a moment, as indices into the tile columns. */
function tilesAt(scene, at_us) {
  const { tiles } = scene;
  const alive = [];
  for (let i = 0; i < tiles.n; i += 1) {
    if (tiles.start_us[i] <= at_us && at_us < tiles.end_us[i]) alive.push(i);
  }
  return alive;
}

/** The row that each lane is busy with, or is waiting to start, at a moment: {busy, waiting}. */
function laneAt(scene, lane, at_us) {
  const { rows } = scene;
  const next = firstAfter(lane.rows, (row) => rows.start_us[row] > at_us);
  const current = next > 0 ? lane.rows[next - 1] : -1;
  const busy = current >= 0 && at_us < rows.start_us[current] + rows.busy_us[current];
  const ahead = next < lane.rows.length ? lane.rows[next] : -1;
  const waiting = !busy && ahead >= 0 && at_us >= rows.start_us[ahead] - rows.wait_us[ahead];
  return { busy: busy ? current : -1, waiting: waiting ? ahead : -1 };
}

/** Index of the first item for which `past` holds, in a list where it holds from there on. */
function firstAfter(list, past) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (past(list[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** {id, rows, texts} -> {row: text}, if it belongs to the scene shown. */
function readWaits(waits, id) {
  if (waits.id !== id) return null;
  const texts = {};
  const rows = I32(waits.rows);
  rows.forEach((row, i) => { texts[row] = waits.texts[i]; });
  return texts;
}
