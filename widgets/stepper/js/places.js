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
  const dst = names.roles.indexOf("dst");
  const parts = scene.operandsOf.map((list) => {
    const target = list.find((operand) => operands.role[operand] === dst);
    return { target, sources: list.filter((operand) => operand !== target) };
  });

  for (const { target, sources } of parts) {
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
    const { target, sources } = parts[call];
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
    for (const operand of scene.operandsOf[rows.call[row]]) {
      const matrix = operands.tensor[operand];
      if (tensors.memory[matrix] !== hbm) continue;
      transfers.push({ row, matrix, box: boxOf(operands, operand), at_us: rows.end_us[row] });
    }
  }
  return transfers;
}

/** For every tensor, in time order, what was written to it: [{at_us, matrix, box}]. */
function listContents(scene) {
  const { rows, operands, names } = scene;
  const dst = names.roles.indexOf("dst");
  const contents = new Map();
  for (const row of scene.byTime) {
    for (const operand of scene.operandsOf[rows.call[row]]) {
      const place = scene.places[operand];
      if (operands.role[operand] !== dst || place.matrix < 0) continue;
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
