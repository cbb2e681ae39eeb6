// A few processing elements with their numbers, and the PSUM partitions under them.

const LENS = 4; // processing elements on a side
const SHOWN_RESULTS = 6;

// The operands of the example: the small arrays, repeated over the whole tile.
function operands(model) {
  const pick = (array, row, column) => {
    const line = array[row % array.length];
    return line[column % line.length];
  };
  return {
    weight: (k, m) => pick(model.get("stationary"), k, m),
    moving: (k, n) => pick(model.get("moving"), k, n),
  };
}

// The sum over rows 0..rows-1, as it leaves row rows - 1 of a column.
function partialSum(values, rows, m, n) {
  let sum = 0;
  for (let k = 0; k < rows; k++) sum += values.weight(k, m) * values.moving(k, n);
  return sum;
}

// What one processing element holds and computes in this cycle.
function peNumbers(wave, values, row, column, cycle) {
  const state = peState(wave, row, column, cycle);
  const held = row < wave.k ? wave.weightColumn(column, cycle) : null;
  const weight = held === null ? null : values.weight(row, held);
  const passes = state === "even" || state === "odd" || state === "passing";
  if (state === "loading" && held !== column) return { state, weight, passingColumn: held };
  if (!passes) return { state, weight };
  const [matmul, n] = wave.movingColumn(row, column, cycle);
  const before = partialSum(values, Math.min(row, wave.k), column, n);
  if (state === "passing") return { state, weight, n, matmul, before };
  const moving = values.moving(row, n);
  return { state, weight, n, matmul, before, moving, after: before + weight * moving };
}

const STATE_WORDS = {
  empty: "waits for its weight",
  unused: "not used",
  held: "holds its weight",
  loading: "a weight passes through",
  passing: "passes the sum on",
};

// One cell: weight and moving number on top, the running sum below.
function fillCell(cell, pe) {
  cell.className = `pe-cell pe-${pe.state}`;
  const [top, bottom] = cell.children;
  if (pe.moving !== undefined) {
    top.textContent = `${pe.weight} × ${pe.moving}`;
    bottom.textContent = `+ ${pe.before} = ${pe.after}`;
  } else if (pe.state === "passing") {
    top.textContent = "·";
    bottom.textContent = `${pe.before} ↓`;
  } else {
    top.textContent = pe.weight ?? "·";
    bottom.textContent = pe.passingColumn === undefined ? "" : `of m ${pe.passingColumn}`;
  }
}

function describePe(pe, row, column) {
  const where = `Row ${row}, column ${column}`;
  if (pe.moving === undefined) return `${where}: ${STATE_WORDS[pe.state]}.`;
  return `${where}: weight ${pe.weight} times moving ${pe.moving} (column ${pe.n} of the moving `
    + `tile) plus ${pe.before} from above gives ${pe.after}.`;
}

// A table of LENS x LENS processing elements, framed by what flows in and out.
function makeLens() {
  const grid = el("table", { className: "pe-lens-grid" });
  const caption = el("caption");
  const body = el("tbody");
  const head = el("tr");
  grid.append(caption, el("thead", {}, head), body);

  function shape(rows, columns) {
    head.replaceChildren(el("td"));
    for (let j = 0; j < columns; j++) head.append(el("th", { scope: "col" }));
    body.replaceChildren();
    for (let i = 0; i < rows; i++) {
      const line = el("tr", {}, el("th", { scope: "row" }));
      for (let j = 0; j < columns; j++) {
        const top = el("span", { className: "pe-top" });
        const bottom = el("span", { className: "pe-bottom" });
        line.append(el("td", {}, top, bottom));
      }
      body.append(line);
    }
  }

  function draw(wave, values, lens, cycle) {
    if (body.rows.length !== lens.rows || head.cells.length !== lens.columns + 1) {
      shape(lens.rows, lens.columns);
    }
    caption.textContent = `Rows ${lens.row} to ${lens.row + lens.rows - 1}, columns `
      + `${lens.column} to ${lens.column + lens.columns - 1}: `
      + "weight × moving + sum from above = sum passed down";
    for (let j = 0; j < lens.columns; j++) {
      head.cells[j + 1].textContent = `m ${lens.column + j}`;
    }
    for (let i = 0; i < lens.rows; i++) {
      const row = body.rows[i];
      row.cells[0].textContent = `k ${lens.row + i}`;
      for (let j = 0; j < lens.columns; j++) {
        const pe = peNumbers(wave, values, lens.row + i, lens.column + j, cycle);
        fillCell(row.cells[j + 1], pe);
        row.cells[j + 1].title = describePe(pe, lens.row + i, lens.column + j);
      }
    }
  }
  return { grid, draw };
}

// The results of the lens's columns in PSUM: one line per partition, the newest few columns.
function makeResults() {
  const table = el("table", { className: "pe-results" });

  function draw(wave, values, lens, cycle) {
    const last = (wave.results(lens.column, cycle) - 1) % wave.n;
    const first = Math.min(Math.max(last - SHOWN_RESULTS + 2, 0),
      Math.max(wave.n - SHOWN_RESULTS, 0));
    const shown = Math.min(SHOWN_RESULTS, wave.n);
    const head = el("tr", {}, el("th", { scope: "col", textContent: "PSUM" }));
    for (let j = 0; j < shown; j++) {
      head.append(el("th", { scope: "col", textContent: `n ${first + j}` }));
    }
    const lines = [];
    for (let i = 0; i < lens.columns; i++) {
      const column = lens.column + i;
      const line = el("tr", {}, el("th", { scope: "row", textContent: `m ${column}` }));
      for (let j = 0; j < shown; j++) {
        line.append(resultCell(wave, values, column, first + j, cycle));
      }
      lines.push(line);
    }
    const caption = "In PSUM, below the array (partition m, column n): " + (wave.matmuls > 1
      ? "each matmul adds to what is there" : "the finished sums");
    table.replaceChildren(el("caption", { textContent: caption }),
      el("thead", {}, head), el("tbody", {}, ...lines));
  }
  return { table, draw };
}

function resultCell(wave, values, column, n, cycle) {
  if (column >= wave.m) return el("td", { textContent: "" });
  const landed = wave.results(column, cycle);
  const times = Math.floor(landed / wave.n) + (landed % wave.n > n ? 1 : 0);
  if (!times) return el("td", { className: "pe-pending", textContent: "·" });
  return el("td", { textContent: times * partialSum(values, wave.k, column, n) });
}
