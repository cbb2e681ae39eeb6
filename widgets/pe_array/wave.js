// Closed forms of a weight-stationary array: the same as wave.py, which explains them.

const triangle = (s) => (s >= 0 ? ((s + 1) * (s + 2)) / 2 : 0);
const pyramid = (s) => (s >= 0 ? ((s + 1) * (s + 2) * (s + 3)) / 6 : 0);

// Sum of a figurate number over the k x m corner of the array.
const corner = (f, s, k, m) => f(s) - f(s - k) - f(s - m) + f(s - k - m);

function makeWave({ rows, columns, k, m, n, matmuls, loadSpeedup, minInterval }) {
  const load = Math.ceil(m / loadSpeedup);
  const interval = Math.max(Math.min(minInterval, m), n);
  const pitch = Math.max(interval, load);
  const latency = n + m + rows - 1;
  const start = (i) => load + i * pitch;
  const overMatmuls = (f, cycle) => {
    let sum = 0;
    for (let i = 0; i < matmuls; i++) {
      const since = cycle - start(i);
      sum += corner(f, since, k, m) - corner(f, since - n, k, m);
    }
    return sum;
  };
  const work = (cycle) => overMatmuls(pyramid, cycle);
  return {
    rows, columns, k, m, n, matmuls, loadSpeedup, load, interval, pitch, latency, start, work,
    total: start(matmuls - 1) + latency,
    active: (cycle) => overMatmuls(triangle, cycle),
    utilization: (cycle) => work(cycle) / (rows * columns * (cycle + 1)),
    movingColumn(row, col, cycle) {
      const since = cycle - load - row - col;
      const matmul = Math.min(Math.floor(since / pitch), matmuls - 1);
      if (matmul < 0) return null;
      const column = since - matmul * pitch;
      return column < n ? [matmul, column] : null;
    },
    weightColumn(col, cycle) {
      const column = col + Math.max(load - 1 - cycle, 0) * loadSpeedup;
      return col < (cycle + 1) * loadSpeedup && column < m ? column : null;
    },
    results(col, cycle) {
      let sum = 0;
      for (let i = 0; i < matmuls; i++) {
        const landed = cycle - start(i) - rows - col + 1;
        sum += Math.min(Math.max(landed, 0), n);
      }
      return sum;
    },
  };
}
