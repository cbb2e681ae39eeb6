// Numbers with their units, and short names.

const GROUPED = new Intl.NumberFormat("en-US"); // making one takes longer than using it

function count(value) {
  return GROUPED.format(Math.round(value));
}

function time(us) {
  if (us >= 10000) return `${(us / 1000).toFixed(1)} ms`;
  if (us >= 1000) return `${(us / 1000).toFixed(2)} ms`;
  if (us >= 100) return `${us.toFixed(1)} µs`;
  return `${us.toFixed(2)} µs`;
}

function bytes(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)} kB`;
  return `${count(value)} B`;
}

function kib(value) {
  return value < 1024 ? `${value} B` : `${+(value / 1024).toFixed(1)} KiB`;
}

/** "46.4 %", and two digits below one: "0.032 %"; lessons write shares the same way. */
function percent(fraction) {
  const share = 100 * fraction;
  return `${Math.abs(share) >= 1 || !share ? share.toFixed(1) : Number(share.toPrecision(2))} %`;
}

const LANE_LABELS = { tensor: "Tensor", vector: "Vector", scalar: "Scalar", gpsimd: "GpSimd",
  sync: "Sync", dma: "DMA" };
const SECOND_LANES = { tensor_load: "T weights", gpsimd_dge: "G descript.", dma_cc: "Collectives" };

/** A lane's name where there is little room: "dma q3" is "DMA q3". */
function laneLabel(name) {
  const [lane, core] = name.split(" of core ");
  const short = SECOND_LANES[lane]
    || lane.split(/[_ ]/).map((part) => LANE_LABELS[part] || part).join(" ");
  return core ? `${short} of core ${core}` : short;
}
