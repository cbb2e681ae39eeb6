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
 * The scene: `rows` (device instructions), `calls`, `operands`, `tensors`, `tiles` as columns, the
 * names their codes stand for, and what follows from them: the order in time, the lanes in use, how
 * often each line ran, and for every operand the part of an HBM matrix that it stands for.
 */
function readScene(raw) {
  const scene = { ...raw };
  for (const name of ["rows", "calls", "operands", "tensors", "tiles"]) {
    scene[name] = readTable(raw[name]);
  }
  const { rows, tiles, names } = scene;
  scene.byTime = Int32Array.from(rows.start_us.keys())
    .sort((a, b) => rows.start_us[a] - rows.start_us[b] || a - b);
  scene.placeInTime = invert(scene.byTime);
  scene.lanes = lanesInUse(scene);
  scene.linesRun = countLines(rows);
  scene.hbm = names.memories.indexOf("hbm");
  scene.places = placeOperands(scene);
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

/** [{code, name, engine, rows}], in the engine's order, empty lanes left out. */
function lanesInUse({ rows, names }) {
  const found = new Map();
  for (let row = 0; row < rows.n; row += 1) {
    const code = rows.lane[row];
    if (!found.has(code)) {
      found.set(code, { code, name: names.lanes[code], engine: names.engines[rows.engine[row]],
        rows: [] });
    }
    found.get(code).rows.push(row);
  }
  const lanes = [...found.values()].sort((a, b) => a.code - b.code);
  for (const lane of lanes) lane.rows.sort((a, b) => rows.start_us[a] - rows.start_us[b] || a - b);
  return lanes;
}

function countLines(rows) {
  const counts = new Map();
  for (const line of rows.line) counts.set(line, (counts.get(line) || 0) + 1);
  return counts;
}

/** The operands of a call as indices into the operand columns. */
function operandsOf(scene, call) {
  const { first } = scene.calls;
  const end = call + 1 < scene.calls.n ? first[call + 1] : scene.operands.n;
  return Array.from({ length: end - first[call] }, (_, i) => first[call] + i);
}

function roleOf(scene, operand) {
  return scene.names.roles[scene.operands.role[operand]];
}

function boxOf(table, i) {
  return [table.r0[i], table.r1[i], table.c0[i], table.c1[i]];
}

function meets(a, b) {
  return a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3];
}

function union(a, b) {
  if (!a) return b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3])];
}

/** `part` of `from`, carried over to `to`; all of `to` where the two differ in shape. */
function carry(part, from, to) {
  const same = from[1] - from[0] === to[1] - to[0] && from[3] - from[2] === to[3] - to[2];
  if (!same) return to;
  const clip = [Math.max(part[0], from[0]), Math.min(part[1], from[1]),
    Math.max(part[2], from[2]), Math.min(part[3], from[3])];
  const down = to[0] - from[0];
  const right = to[2] - from[2];
  return [clip[0] + down, clip[1] + down, clip[2] + right, clip[3] + right];
}

const NOWHERE = { matrix: -1, box: null };

/** What is known of a tile: parts of it, newest first, each with its place in an HBM matrix. */
function note(known, part, place) {
  if (place.matrix < 0) return;
  const same = known.findIndex((entry) => entry.part.every((edge, i) => edge === part[i]));
  if (same >= 0) known.splice(same, 1);
  known.unshift({ part, ...place });
}

function lookUp(known, part) {
  let found = NOWHERE;
  for (const entry of known) {
    if (!meets(entry.part, part)) continue;
    if (found.matrix >= 0 && found.matrix !== entry.matrix) continue;
    const box = union(found.box, carry(part, entry.part, entry.box));
    found = { matrix: entry.matrix, box };
  }
  return found;
}

/**
 * For every operand its place {matrix, box} in HBM: sources by following the loads forward, results
 * by following the copies back from the stores.
 */
function placeOperands(scene) {
  const { calls, operands, tensors, names, hbm } = scene;
  const places = new Array(operands.n).fill(NOWHERE);
  const holds = Array.from({ length: tensors.n }, () => []);
  const goes = Array.from({ length: tensors.n }, () => []);
  const tensorOf = (operand) => operands.tensor[operand];
  const isHbm = (operand) => tensors.memory[tensorOf(operand)] === hbm;
  const split = (call) => {
    const list = operandsOf(scene, call);
    const target = list.find((operand) => roleOf(scene, operand) === "dst");
    return { target, sources: list.filter((operand) => operand !== target) };
  };

  for (let call = 0; call < calls.n; call += 1) {
    const { target, sources } = split(call);
    for (const source of sources) {
      const box = boxOf(operands, source);
      places[source] = isHbm(source) ? { matrix: tensorOf(source), box }
        : lookUp(holds[tensorOf(source)], box);
    }
    if (sources.length !== 1) continue;
    note(holds[tensorOf(target)], boxOf(operands, target), places[sources[0]]);
    if (isHbm(sources[0])) places[target] = places[sources[0]];
  }
  for (let call = calls.n - 1; call >= 0; call -= 1) {
    const { target, sources } = split(call);
    const box = boxOf(operands, target);
    if (isHbm(target)) places[target] = { matrix: tensorOf(target), box };
    else if (places[target].matrix < 0) places[target] = lookUp(goes[tensorOf(target)], box);
    if (names.calls[calls.op[call]] === "nc_matmul") continue;
    for (const source of sources.filter((operand) => !isHbm(operand))) {
      note(goes[tensorOf(source)], boxOf(operands, source), places[target]);
      if (places[source].matrix < 0) places[source] = places[target];
    }
  }
  return places;
}

/** Transfers between HBM and the chip, in time order: [{row, matrix, box, at_us}]. */
function listTransfers(scene) {
  const { rows, operands, tensors, names, hbm } = scene;
  const dma = names.engines.indexOf("dma");
  const transfers = [];
  for (const row of scene.byTime) {
    if (rows.engine[row] !== dma) continue;
    for (const operand of operandsOf(scene, rows.call[row])) {
      const matrix = operands.tensor[operand];
      if (tensors.memory[matrix] !== hbm) continue;
      transfers.push({ row, matrix, box: boxOf(operands, operand), at_us: rows.end_us[row] });
    }
  }
  return transfers;
}

/** For every tensor, in time order, what was written to it: [{at_us, matrix, box}]. */
function listContents(scene) {
  const { rows, operands } = scene;
  const contents = new Map();
  for (const row of scene.byTime) {
    for (const operand of operandsOf(scene, rows.call[row])) {
      const place = scene.places[operand];
      if (roleOf(scene, operand) !== "dst" || place.matrix < 0) continue;
      const tensor = operands.tensor[operand];
      if (!contents.has(tensor)) contents.set(tensor, []);
      contents.get(tensor).push({ at_us: rows.start_us[row], ...place });
    }
  }
  return contents;
}

/** What a tile holds at a moment: the part of an HBM matrix, else its name in the kernel. */
function tileWords(scene, tile, at_us) {
  const written = scene.contents.get(scene.tiles.tensor[tile]);
  if (!written) return scene.tileNames[tile];
  const next = firstAfter(written, (event) => event.at_us > at_us);
  const { matrix, box } = written[Math.max(0, next - 1)];
  return region(nameOf(scene, matrix), box, ",");
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
