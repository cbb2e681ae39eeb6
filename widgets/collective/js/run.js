// A collective as the kernel sent it, and what every rank holds at any step.

function readRun(scene) {
  const columns = (table) => Object.fromEntries(Object.entries(table)
    .filter(([, value]) => value?.data).map(([name, value]) => [name, columnOf(value)]));
  const run = { ...scene, sends: columns(scene.sends), first: columns(scene.first),
    timed: { ...scene.timed, ...columns(scene.timed) } };
  const { steps } = scene.plan;
  run.sendFrom = bounds(run.sends.step, steps);
  run.loadFrom = bounds(run.timed.load_step, steps);
  run.ends = [scene.timed.start_s];
  run.timed.busy_s.forEach((busy) => run.ends.push(run.ends.at(-1) + busy));
  return run;
}

/** Where each step's rows begin in a sorted column. */
function bounds(step, steps) {
  const from = new Int32Array(steps + 1);
  let row = 0;
  for (let s = 0; s <= steps; s += 1) {
    while (row < step.length && step[row] < s) row += 1;
    from[s] = row;
  }
  return from;
}

/** Where the chunks of a cell (rank, origin) are counted; lanes carry pieces of one part. */
function cellsOf({ plan }, rank, origin) {
  const first = plan.kind.startsWith("all_to_all") ? origin * plan.ranks + rank
    : origin * plan.lanes;
  return Array.from({ length: plan.lanes }, (_, lane) => rank * plan.chunks + first + lane);
}

/** How many ranks' values a part holds; pieces of it that came, if not all have. */
function countOf(run, held, rank, origin) {
  const cells = cellsOf(run, rank, origin);
  return cells.reduce((sum, cell) => sum + held.counts[cell], 0) / cells.length;
}

/** How full a cell is drawn: the part of a sum, or a part's size beside the largest one's. */
function shareOf({ plan }, rank, n) {
  if (plan.reduces) return n / plan.ranks;
  return plan.shares.length ? n * (plan.shares[rank] / Math.max(...plan.shares)) : n;
}

/** "62.5 kB", or from the smallest to the largest. */
function chunkWords({ plan }) {
  if (!plan.shares.length) return sizeWords(plan.chunk_bytes);
  const sizes = [Math.min(...plan.shares), Math.max(...plan.shares)]
    .map((share) => sizeWords(share * plan.ranks * plan.chunk_bytes));
  return sizes[0] === sizes[1] ? sizes[0] : sizes.join(" to ");
}

/** After so many steps: count, low and high of every (rank, chunk). */
function heldAt(run, step) {
  const { plan, sends, first } = run;
  const counts = new Int16Array(plan.ranks * plan.chunks);
  const sets = new Map();
  for (let i = 0; i < first.rank.length; i += 1) {
    const cell = first.rank[i] * plan.chunks + first.chunk[i];
    counts[cell] = 1;
    const rank = plan.kind.startsWith("all_to_all") ? Math.floor(first.chunk[i] / plan.ranks)
      : plan.reduces || plan.kind === "broadcast" ? first.rank[i]
        : Math.floor(first.chunk[i] / plan.lanes);
    const bit = (1 << (rank % 32)) >>> 0;
    sets.set(cell, [rank < 32 ? bit : 0, rank >= 32 && rank < 64 ? bit : 0]);
  }
  for (let row = 0; row < run.sendFrom[step]; row += 1) {
    const cell = sends.target[row] * plan.chunks + sends.chunk[row];
    counts[cell] = sends.count[row];
    sets.set(cell, [sends.low[row], sends.high[row]]);
  }
  return { counts, sets };
}

/** How much of what it needs a rank has: 0 to 1. */
function progressOf(run, held, rank) {
  const { plan } = run;
  if (plan.kind === "permute") {
    for (let row = 0; row < run.sends.target.length; row += 1) {
      if (run.sends.target[row] !== rank) continue;
      return held.counts[rank * plan.chunks + run.sends.chunk[row]] ? 1 : 0;
    }
    return 1;
  }
  if (plan.kind === "reduce_scatter") return countOf(run, held, rank, rank) / plan.ranks;
  let sum = 0;
  for (let origin = 0; origin < plan.ranks; origin += 1) {
    sum += countOf(run, held, rank, origin);
  }
  return sum / plan.ranks / (plan.reduces ? plan.ranks : 1);
}

/** "0 to 3, 6": the ranks in a set of bits. */
function setWords([low, high]) {
  const ranks = [];
  for (let rank = 0; rank < 64; rank += 1) {
    const bit = rank < 32 ? (low >>> rank) & 1 : (high >>> (rank - 32)) & 1;
    if (bit) ranks.push(rank);
  }
  const parts = [];
  for (let i = 0; i < ranks.length; i += 1) {
    const from = ranks[i];
    while (ranks[i + 1] === ranks[i] + 1) i += 1;
    parts.push(from === ranks[i] ? `${from}` : `${from} to ${ranks[i]}`);
  }
  return parts.join(", ");
}

/** Ranks that are in any of several sets. */
function unionOf(sets) {
  return sets.filter(Boolean).reduce(([low, high], set) => [low | set[0], high | set[1]], [0, 0]);
}

/** What a step does, in one sentence or two. */
function stepWords(run, step) {
  const { plan, timed } = run;
  if (!plan.steps) return "One rank alone: nothing is sent.";
  if (!step) {
    return `Before the first step, after ${secondsWords(timed.start_s)} of start: ${
      startWords(run)}`;
  }
  const s = step - 1;
  const sent = run.sendFrom[step] - run.sendFrom[s];
  const parts = [["latency", timed.latency_s[s]], ["the busiest link", timed.link_s[s]],
    ["the busiest memory", timed.memory_s[s]]].map(([name, value]) => `${name} ${
      secondsWords(value)}`);
  return `Step ${step} of ${plan.steps}: ${plural(sent, "send")} of ${
    chunkWords(run)}, ${
    exampleWords(run, s)}. It takes ${secondsWords(timed.busy_s[s])}: ${
      parts.join(", ")}. Ends at ${
    secondsWords(run.ends[step])}.`;
}

function startWords({ plan }) {
  return { all_reduce: "every rank holds its own values of every part.",
    reduce_scatter: "every rank holds its own values of every part.",
    all_gather: "every rank holds its own part.",
    all_to_all: "every rank holds a part for every other.",
    all_to_all_v: "every rank holds a part for every other, the largest one for rank 0.",
    permute: "every rank holds its own tensor.",
    broadcast: "rank 0 holds the tensor." }[plan.kind];
}

function exampleWords(run, s) {
  const row = run.sendFrom[s];
  const { source, target } = run.sends;
  return `rank ${source[row]} sends ${partWords(run, row)} to rank ${target[row]}${
    run.sendFrom[s + 1] - row > 1 ? ", and so on" : ""}`;
}

function partWords({ plan, sends }, row) {
  const chunk = sends.chunk[row];
  return plan.kind.startsWith("all_to_all")
    ? `what rank ${Math.floor(chunk / plan.ranks)} has for rank ${chunk % plan.ranks}`
    : plan.kind === "permute" ? "its tensor"
      : `part ${Math.floor(chunk / plan.lanes)}${
        plan.lanes > 1 ? `, on cycle ${(chunk % plan.lanes) + 1} of ${plan.lanes}` : ""}`;
}

/** What a rank holds of one origin, in words. */
function cellWords(run, held, rank, origin) {
  const { plan } = run;
  const n = countOf(run, held, rank, origin);
  if (plan.reduces) {
    const named = n && plan.ranks <= 64 ? `: ${n > 1 ? "ranks" : "rank"} ${
      setWords(unionOf(cellsOf(run, rank, origin).map((cell) => held.sets.get(cell))))}` : "";
    const sum = Number.isInteger(n) ? n : `about ${+n.toFixed(1)}`;
    return n ? `part ${origin}: sum of ${sum} of ${plan.ranks}${named}` : `part ${origin}: nothing`;
  }
  const what = plan.kind === "broadcast" ? `part ${origin}` : `from rank ${origin}`;
  if (n > 0 && n < 1) return `${what}: ${percent(n)} of it`;
  return n ? `${what}: here` : `${what}: not here`;
}
