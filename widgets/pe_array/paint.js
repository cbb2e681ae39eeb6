// The whole array on a canvas: one pixel per processing element, scaled up without smoothing.

const INKS = {
  empty: "color-mix(in srgb, var(--trn-muted) 9%, var(--trn-surface))",
  unused: "color-mix(in srgb, var(--trn-muted) 22%, var(--trn-surface))",
  held: "color-mix(in srgb, var(--trn-tensor) 24%, var(--trn-surface))",
  loading: "color-mix(in srgb, var(--trn-sbuf) 70%, var(--trn-surface))",
  even: "var(--trn-tensor)",
  odd: "color-mix(in srgb, var(--trn-tensor) 60%, var(--trn-text))",
  passing: "color-mix(in srgb, var(--trn-psum) 45%, var(--trn-surface))",
  sbuf: "var(--trn-sbuf)",
  psum: "var(--trn-psum)",
  surface: "var(--trn-surface)",
  border: "var(--trn-border)",
  muted: "var(--trn-muted)",
  text: "var(--trn-text)",
  focus: "var(--trn-focus)",
};

// The theme's colors as [r, g, b], read through a hidden element.
function readInks(el) {
  const probe = document.createElement("span");
  probe.hidden = true;
  el.append(probe);
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const inks = {};
  for (const [name, color] of Object.entries(INKS)) {
    probe.style.color = color;
    dot.fillStyle = getComputedStyle(probe).color;
    dot.fillRect(0, 0, 1, 1);
    inks[name] = [...dot.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }
  probe.remove();
  return inks;
}

const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

// What one processing element is doing: the name of its ink.
function peState(wave, row, column, cycle) {
  const used = row < wave.k && column < wave.m;
  if (cycle < wave.load) {
    if (!used) return "unused";
    return wave.weightColumn(column, cycle) === null ? "empty" : "loading";
  }
  const moving = wave.movingColumn(row, column, cycle);
  if (used) return moving ? (moving[0] % 2 ? "odd" : "even") : "held";
  return moving && column < wave.m ? "passing" : "unused";
}

function paintArray(wave, cycle, inks, pixels) {
  const data = pixels.data;
  let at = 0;
  for (let row = 0; row < wave.rows; row++) {
    for (let column = 0; column < wave.columns; column++) {
      const [r, g, b] = inks[peState(wave, row, column, cycle)];
      data[at++] = r;
      data[at++] = g;
      data[at++] = b;
      data[at++] = 255;
    }
  }
}

// Left of the array: how much of what each partition must send is still to come.
function paintFeed(ctx, wave, cycle, inks, cell, strip) {
  const gap = 3;
  const loading = cycle < wave.load;
  ctx.fillStyle = css(inks.empty);
  ctx.fillRect(0, 0, strip - gap, cell * wave.rows);
  ctx.fillStyle = css(loading ? inks.loading : inks.sbuf);
  for (let row = 0; row < wave.k; row++) {
    const left = loading
      ? 1 - Math.min(1, ((cycle + 1) * wave.loadSpeedup) / wave.m)
      : 1 - fedShare(wave, row, cycle);
    const width = left * (strip - gap);
    ctx.fillRect(strip - gap - width, row * cell, width, cell);
  }
}

function fedShare(wave, row, cycle) {
  const since = cycle - wave.load - row;
  const matmul = Math.min(Math.max(Math.floor(since / wave.pitch), 0), wave.matmuls - 1);
  return Math.min(Math.max(since - matmul * wave.pitch + 1, 0), wave.n) / wave.n;
}

// Below the array: how many of its results each column has delivered to its PSUM partition.
function paintResults(ctx, wave, cycle, inks, cell, strip, left) {
  const top = wave.rows * cell + 3;
  ctx.fillStyle = css(inks.empty);
  ctx.fillRect(left, top, cell * wave.columns, strip - 3);
  ctx.fillStyle = css(inks.psum);
  for (let column = 0; column < wave.m; column++) {
    const share = wave.results(column, cycle) / (wave.n * wave.matmuls);
    ctx.fillRect(left + column * cell, top, cell, share * (strip - 3));
  }
}

function hatch(ctx, inks, x, y, width, height) {
  if (width <= 0 || height <= 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.strokeStyle = css(inks.muted);
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let d = 0; d < width + height; d += 8) {
    ctx.moveTo(x + d, y);
    ctx.lineTo(x + d - height, y + height);
  }
  ctx.stroke();
  ctx.restore();
}

// The unused corner is hatched, so that it is told apart without color.
function paintUnused(ctx, wave, inks, cell, left) {
  const used = { width: wave.m * cell, height: wave.k * cell };
  hatch(ctx, inks, left + used.width, 0, (wave.columns - wave.m) * cell, wave.rows * cell);
  hatch(ctx, inks, left, used.height, used.width, (wave.rows - wave.k) * cell);
}

function paintGrid(ctx, wave, inks, cell, left) {
  if (cell < 10) return;
  ctx.fillStyle = css(inks.surface);
  for (let row = 1; row < wave.rows; row++) {
    ctx.fillRect(left, row * cell - 1, wave.columns * cell, 2);
  }
  for (let column = 1; column < wave.columns; column++) {
    ctx.fillRect(left + column * cell - 1, 0, 2, wave.rows * cell);
  }
}

function paintLens(ctx, lens, inks, cell, left) {
  const size = [lens.columns * cell, lens.rows * cell];
  const at = [left + lens.column * cell, lens.row * cell];
  ctx.lineWidth = 4;
  ctx.strokeStyle = css(inks.surface);
  ctx.strokeRect(at[0] - 1, at[1] - 1, size[0] + 2, size[1] + 2);
  ctx.lineWidth = 2;
  ctx.strokeStyle = css(inks.text);
  ctx.strokeRect(at[0] - 1, at[1] - 1, size[0] + 2, size[1] + 2);
}

// A canvas that fits the space it is given; cells are whole pixels.
function makeArrayCanvas() {
  const canvas = document.createElement("canvas");
  const small = document.createElement("canvas");
  const box = { cell: 3, strip: 32, left: 32 };

  function fit(wave, width, height) {
    const strip = width < 420 ? 22 : 36;
    const room = Math.min((width - strip - 4) / wave.columns, (height - strip - 4) / wave.rows);
    Object.assign(box, { cell: Math.max(1, Math.min(64, Math.floor(room))), strip, left: strip });
    const css = [strip + box.cell * wave.columns + 2, strip + box.cell * wave.rows + 2];
    const ratio = window.devicePixelRatio || 1;
    canvas.width = css[0] * ratio;
    canvas.height = css[1] * ratio;
    canvas.style.width = `${css[0]}px`;
    canvas.style.height = `${css[1]}px`;
    small.width = wave.columns;
    small.height = wave.rows;
  }

  function draw(wave, cycle, lens, inks) {
    const { cell, strip, left } = box;
    const ctx = canvas.recorder || canvas.getContext("2d");
    const tiny = small.getContext("2d");
    const pixels = tiny.createImageData(wave.columns, wave.rows);
    paintArray(wave, cycle, inks, pixels);
    tiny.putImageData(pixels, 0, 0);
    const ratio = window.devicePixelRatio || 1;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(small, left, 0, wave.columns * cell, wave.rows * cell);
    paintUnused(ctx, wave, inks, cell, left);
    paintGrid(ctx, wave, inks, cell, left);
    paintFeed(ctx, wave, cycle, inks, cell, strip);
    paintResults(ctx, wave, cycle, inks, cell, strip, left);
    paintLens(ctx, lens, inks, cell, left);
  }

  // The processing element under a pointer, or null.
  function at(event, wave) {
    const rect = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - rect.left - box.left) / box.cell);
    const row = Math.floor((event.clientY - rect.top) / box.cell);
    const inside = row >= 0 && row < wave.rows && column >= 0 && column < wave.columns;
    return inside ? { row, column } : null;
  }

  return { canvas, fit, draw, at };
}
