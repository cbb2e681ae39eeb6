// What a cycle means, in sentences and counters.

const count = (number) => number.toLocaleString("en-US");
const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function nanoseconds(cycles, clock) {
  const ns = (cycles / clock) * 1e9;
  return `${ns.toLocaleString("en-US", { maximumSignificantDigits: 3 })} ns`;
}

// Moments worth a stop: [cycle, what happens in it].
function events(wave) {
  const found = [[0, "the first weights enter"]];
  for (let i = 0; i < wave.matmuls; i++) {
    const start = wave.start(i);
    const name = wave.matmuls > 1 ? `matmul ${i + 1}: ` : "";
    found.push([start, `${name}the first moving number meets its weight`]);
    if (wave.n >= wave.k + wave.m - 1) {
      found.push([start + wave.k + wave.m - 2, `${name}the wave reaches the last element in use`]);
    }
    found.push([start + wave.rows, `${name}the first result is in PSUM`]);
    found.push([start + wave.n, `${name}row 0 has seen the whole moving tile`]);
    found.push([start + wave.latency - 1, `${name}the last result is in PSUM`]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}

function phase(wave, cycle) {
  if (cycle < wave.load) {
    const columns = Math.min((cycle + 1) * wave.loadSpeedup, wave.m);
    return `LoadStationary: ${count(columns)} of ${plural(wave.m, "column")} of weights are in.`;
  }
  const running = Math.min(Math.floor((cycle - wave.load) / wave.pitch), wave.matmuls - 1);
  const active = wave.active(cycle);
  const name = wave.matmuls > 1 ? `MultiplyMoving ${running + 1}` : "MultiplyMoving";
  if (active === wave.k * wave.m) return `${name}: every processing element in use is busy.`;
  if (cycle >= wave.total - 1) return "Done: every result is in PSUM.";
  if (active === 0) return `${name}: the last sums flow down to PSUM.`;
  const fills = active >= wave.active(cycle - 1);
  return `${name}: ${fills ? "the wave fills the array" : "the wave leaves the array"}.`;
}

// Why this shape uses the array well or badly.
function waste(wave, machine) {
  const used = (wave.k * wave.m) / (wave.rows * wave.columns);
  if (used < 1) {
    const idle = [];
    if (wave.k < wave.rows) idle.push(`K = ${wave.k} leaves ${count(wave.rows - wave.k)} rows`);
    if (wave.m < wave.columns) {
      idle.push(`M = ${wave.m} leaves ${count(wave.columns - wave.m)} columns`);
    }
    return `${idle.join(" and ")} of the array idle: at most ${percent(used)} of it can work.`;
  }
  if (wave.interval > wave.n) {
    return `N = ${wave.n}: only ${plural(wave.n, "column")} of the moving tile pass, but the next `
      + `matmul can start no sooner than after ${count(wave.interval)} cycles `
      + `(the smallest interval is ${machine.min_interval_cycles}).`;
  }
  return "K and M fill the array: in the steady state every processing element works.";
}

// Why the loads of the later matmuls cost nothing.
function background(wave) {
  if (wave.matmuls < 2) {
    return "Choose 2 matmuls or more to see the next weights load behind the running matmul.";
  }
  const serial = wave.matmuls * (wave.load + wave.interval);
  const hidden = wave.load + wave.matmuls * wave.pitch;
  return `The next weights load behind the running matmul: ${plural(wave.matmuls, "matmul")} `
    + `start within ${count(hidden)} cycles. One after the other, loads and matmuls would take `
    + `${count(serial)}.`;
}

function latencyRemark(wave, machine) {
  const drawn = `N + ${count(wave.latency - wave.n)} in this drawing`;
  if (wave.rows !== machine.rows) return drawn;
  return `${drawn}; N + ${count(machine.latency_cycles)} ${machine.latency_status}`;
}

// The counters: [name, value, remark].
function counters(wave, cycle, machine) {
  const size = wave.rows * wave.columns;
  const active = wave.active(cycle);
  const rule = `max(min(${machine.min_interval_cycles}, ${wave.m}), ${wave.n})`;
  const cost = `${count(wave.interval)} cycles`;
  const latency = `${count(wave.latency)} cycles`;
  return [
    ["Cycle", `${count(cycle)} of ${count(wave.total - 1)}`, nanoseconds(cycle, machine.clock_hz)],
    ["Active elements", count(active), `${percent(active / size)} of ${count(size)}`],
    ["Useful work so far", percent(wave.utilization(cycle)),
      `${count(wave.work(cycle))} multiply-adds`],
    ["Cost of one matmul", cost, `${rule}, ${nanoseconds(wave.interval, machine.clock_hz)}`],
    ["First number in, last result out", latency, latencyRemark(wave, machine)],
  ];
}
