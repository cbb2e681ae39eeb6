// Which part of which HBM matrix an operand or a tile stands for: followed through loads, copies.
// A box is [r0, r1, c0, c1] in elements, a place is {matrix, box}.

function meets(a, b) {
  return a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3];
}

function equals(a, b) {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

function union(a, b) {
  if (!a) return b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3])];
}

/**
 * `part` of `from`, carried over to `to`. A load may fold a high box of HBM into a wide tile: every
 * `high` rows follow those before them in the free dimension. All of `to` where the shapes differ.
 */
function carry(part, from, to) {
  const high = from[1] - from[0];
  const wide = to[3] - to[2];
  if (((to[1] - to[0]) / high) * wide !== from[3] - from[2]) return to;
  const [r0, r1] = [Math.max(part[0], from[0]), Math.min(part[1], from[1])];
  const [c0, c1] = [Math.max(part[2], from[2]), Math.min(part[3], from[3])];
  const first = Math.floor((c0 - from[2]) / wide);
  const last = Math.floor((c1 - 1 - from[2]) / wide);
  if (first !== last) return [to[0] + first * high, to[0] + (last + 1) * high, to[2], to[3]];
  const down = to[0] + first * high - from[0];
  const right = to[2] - first * wide - from[2];
  return [r0 + down, r1 + down, c0 + right, c1 + right];
}

const NOWHERE = { matrix: -1, box: null };

/** What is known of a tile: parts of it, newest first, each with its place in an HBM matrix. */
function note(known, part, place) {
  if (place.matrix < 0) return;
  const same = known.findIndex((entry) => equals(entry.part, part));
  if (same >= 0) known.splice(same, 1);
  known.unshift({ part, ...place });
}

function lookUp(known, part) {
  if (known.length === 1 && equals(known[0].part, part)) return known[0];
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
 * by following the copies back from the stores. Each list of 10,000 small things that is not made
 * here is a pause less while a slider moves.
 */
function placeOperands(scene) {
  const { calls, operands, tensors, codes, hbm } = scene;
  const places = new Array(operands.n).fill(NOWHERE);
  const boxes = Array.from({ length: operands.n }, (_, operand) => boxOf(operands, operand));
  const holds = new Map();
  const goes = new Map();
  const tensorOf = (operand) => operands.tensor[operand];
  const isHbm = (operand) => tensors.memory[tensorOf(operand)] === hbm;
  const targets = targetsOf(scene);

  for (let call = 0; call < calls.n; call += 1) {
    const [first, end] = spanOf(scene, call);
    const target = targets[call];
    let source = -1;
    for (let operand = first; operand < end; operand += 1) {
      if (operand === target) continue;
      source = operand;
      places[operand] = isHbm(operand) ? { matrix: tensorOf(operand), box: boxes[operand] }
        : lookUp(knownOf(holds, tensorOf(operand)), boxes[operand]);
    }
    if (end - first !== 2) continue;
    note(knownOf(holds, tensorOf(target)), boxes[target], places[source]);
    if (isHbm(source)) places[target] = places[source];
  }
  for (let call = calls.n - 1; call >= 0; call -= 1) {
    const [first, end] = spanOf(scene, call);
    const target = targets[call];
    if (isHbm(target)) places[target] = { matrix: tensorOf(target), box: boxes[target] };
    else if (places[target].matrix < 0) {
      places[target] = lookUp(knownOf(goes, tensorOf(target)), boxes[target]);
    }
    if (codes.calls[calls.op[call]] === "nc_matmul") continue;
    for (let operand = first; operand < end; operand += 1) {
      if (operand === target || isHbm(operand)) continue;
      note(knownOf(goes, tensorOf(operand)), boxes[operand], places[target]);
      if (places[operand].matrix < 0) places[operand] = places[target];
    }
  }
  return places;
}

function knownOf(tiles, tensor) {
  if (!tiles.has(tensor)) tiles.set(tensor, []);
  return tiles.get(tensor);
}

/** By call: the operand that it writes. */
function targetsOf(scene) {
  const { calls, operands, codes } = scene;
  const dst = codes.roles.indexOf("dst");
  return Int32Array.from({ length: calls.n }, (_, call) => {
    let [operand] = spanOf(scene, call);
    while (operands.role[operand] !== dst) operand += 1;
    return operand;
  });
}

/** The three matrices as the product shows them: stationary left (turned), moving above, result. */
function matricesOf(program) {
  const { operands, places, tensors } = program;
  const found = {};
  for (let operand = 0; operand < operands.n; operand += 1) {
    const role = roleOf(program, operand);
    if (!(role in found) && places[operand].matrix >= 0) found[role] = places[operand].matrix;
    if (found.stationary !== undefined && found.moving !== undefined) break;
  }
  return { left: found.stationary, above: found.moving, result: tensors.output.indexOf(1) };
}

/** Each matrix cut into cells: as high and wide as the least that operands take from it. */
function gridsOf({ tensors, places, matrices }) {
  const grids = {};
  for (const [name, matrix] of Object.entries(matrices)) {
    const [rows, cols] = [tensors.rows[matrix], tensors.cols[matrix]];
    grids[name] = { matrix, high: rows, wide: cols };
    for (const { matrix: of, box } of places) {
      if (of !== matrix) continue;
      grids[name].high = Math.min(grids[name].high, box[1] - box[0]);
      grids[name].wide = Math.min(grids[name].wide, box[3] - box[2]);
    }
    grids[name].rows = Math.ceil(rows / grids[name].high);
    grids[name].cols = Math.ceil(cols / grids[name].wide);
  }
  return grids;
}

/** Transfers between HBM and the chip, in time order, by the operand in HBM: {operand, at_us}. */
function listTransfers(scene) {
  const { rows, operands, tensors, names, hbm } = scene;
  const dma = names.engines.indexOf("dma");
  const found = { operand: [], at_us: [] };
  for (const row of scene.byTime) {
    if (rows.engine[row] !== dma) continue;
    const [first, end] = spanOf(scene, rows.call[row]);
    for (let operand = first; operand < end; operand += 1) {
      if (tensors.memory[operands.tensor[operand]] !== hbm) continue;
      found.operand.push(operand);
      found.at_us.push(rows.end_us[row]);
    }
  }
  return found;
}

/** For every tensor, in time order, what was written to it: [{at_us, place}]. */
function listContents(scene) {
  const { rows, operands, codes } = scene;
  const dst = codes.roles.indexOf("dst");
  const contents = new Map();
  for (const row of scene.byTime) {
    const [first, end] = spanOf(scene, rows.call[row]);
    for (let operand = first; operand < end; operand += 1) {
      const place = scene.places[operand];
      if (operands.role[operand] !== dst || place.matrix < 0) continue;
      knownOf(contents, operands.tensor[operand]).push({ at_us: rows.start_us[row], place });
    }
  }
  return contents;
}

/** What a tile holds at a moment: the part of an HBM matrix, else its name in the kernel. */
function tileWords(scene, tile, at_us) {
  const written = scene.contents.get(scene.tiles.tensor[tile]);
  if (!written) return scene.tileNames[tile];
  const next = firstAfter(written, (event) => event.at_us > at_us);
  const { matrix, box } = written[Math.max(0, next - 1)].place;
  return region(nameOf(scene, matrix), box, ",");
}
