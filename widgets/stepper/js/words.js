// Sentences. Everything a picture shows can also be read here.

function times(ratio) {
  return `${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(1)}×`;
}

/** lhsT[0:128, 128:256] */
function region(name, [r0, r1, c0, c1], comma = ", ") {
  return `${name}[${r0}:${r1}${comma}${c0}:${c1}]`;
}

/** A tile of a matrix: "lhsT[0:128, 128:256]". */
function cellName(scene, grid, cell) {
  const { matrix, cols, high, wide } = grid;
  const r = Math.floor(cell / cols) * high;
  const c = (cell % cols) * wide;
  return region(nameOf(scene, matrix), [r, Math.min(scene.tensors.rows[matrix], r + high),
    c, Math.min(scene.tensors.cols[matrix], c + wide)]);
}

function nameOf(scene, tensor) {
  return scene.codes.tensors[scene.tensors.name[tensor]];
}

/** An operand by what it means: the part of the HBM matrix that it holds, else the tile itself. */
function operandWords(scene, operand) {
  const place = scene.places[operand];
  if (place.matrix < 0) return nameOf(scene, scene.operands.tensor[operand]);
  return region(nameOf(scene, place.matrix), place.box);
}

function bankOf(scene, operand) {
  return scene.tiles.bank[scene.tileOf.get(scene.operands.tensor[operand])];
}

/** What a row does, on what: "moves lhsT[0:128, 0:128] from HBM to SBUF". */
function deed(scene, row) {
  const call = scene.rows.call[row];
  const list = operandsOf(scene, call);
  const by = (role) => list.find((operand) => roleOf(scene, operand) === role);
  const memory = (operand) => {
    const code = scene.tensors.memory[scene.operands.tensor[operand]];
    return scene.codes.memories[code].toUpperCase();
  };
  const op = scene.names.ops[scene.rows.op[row]];
  const target = by("dst");
  if (op === "LoadStationary") {
    return `loads ${operandWords(scene, by("stationary"))} into its array`;
  }
  if (op === "MultiplyMoving") {
    return `multiplies ${operandWords(scene, by("stationary"))} by ${
      operandWords(scene, by("moving"))} into PSUM bank ${bankOf(scene, target)}`;
  }
  const [source] = list.filter((operand) => operand !== target);
  if (op === "DmaTrigger") {
    return `tells DMA to move ${operandWords(scene, source)} from ${memory(source)} to ${
      memory(target)}`;
  }
  if (source === undefined) return `runs ${op} on ${operandWords(scene, target)}`;
  const from = memory(source);
  const to = memory(target);
  if (from !== to) return `moves ${operandWords(scene, source)} from ${from} to ${to}`;
  return `runs ${op} on ${operandWords(scene, target)}`;
}

function laneWords(scene, row) {
  return scene.names.lane_titles[scene.rows.lane[row]];
}

/** Why a row started late, in the engine's own words once they have arrived. */
function waitWords(scene, row) {
  const { rows, names } = scene;
  if (!waited(scene, row)) return "It did not wait.";
  const told = scene.waits && scene.waits[row];
  if (told) return told;
  const what = names.wait_kinds[rows.wait_kind[row]];
  const whom = rows.wait_on[row] >= 0 ? ` for ${laneWords(scene, rows.wait_on[row])}` : "";
  return `It waited ${time(rows.wait_us[row])}${whom} (${what}).`;
}

/** The sentence under the cursor, for eyes and for screen readers. */
function describe(scene, row) {
  return `${laneWords(scene, row)} ${deed(scene, row)}; ${time(scene.rows.busy_us[row])}.`;
}

/** When a row runs, for the place where its picture cannot say so. */
function whenWords({ rows }, row) {
  return `Starts at ${time(rows.start_us[row])}, readable at ${time(rows.end_us[row])}.`;
}
