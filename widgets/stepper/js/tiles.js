// Where the current tiles lie in A, B and C, and how often each tile has crossed from HBM so far.

/** Cut a matrix into cells: as high and wide as the boxes that operands take from it. */
function gridOf(scene, matrix) {
  const { tensors } = scene;
  let high = tensors.rows[matrix];
  let wide = tensors.cols[matrix];
  for (const place of scene.places) {
    if (place.matrix !== matrix) continue;
    high = Math.min(high, place.box[1] - place.box[0]);
    wide = Math.min(wide, place.box[3] - place.box[2]);
  }
  return { matrix, high, wide, rows: Math.ceil(tensors.rows[matrix] / high),
    cols: Math.ceil(tensors.cols[matrix] / wide) };
}

/** For each cell of a grid: how many transfers have touched it by `at_us`. */
function countTransfers(scene, { matrix, high, wide, rows, cols }, at_us) {
  const counts = new Int32Array(rows * cols);
  const { operand, at_us: ends } = scene.transfers;
  for (let i = 0; i < operand.length; i += 1) {
    const moved = scene.places[operand[i]];
    if (ends[i] > at_us || moved.matrix !== matrix) continue;
    const [r0, r1, c0, c1] = moved.box;
    for (let r = Math.floor(r0 / high); r < Math.min(rows, Math.ceil(r1 / high)); r += 1) {
      for (let c = Math.floor(c0 / wide); c < Math.min(cols, Math.ceil(c1 / wide)); c += 1) {
        counts[r * cols + c] += 1;
      }
    }
  }
  return counts;
}

/** The three matrices as the product shows them: stationary left (turned), moving above, result. */
function matricesOf(scene) {
  const { operands, places } = scene;
  const found = {};
  for (let operand = 0; operand < operands.n; operand += 1) {
    const role = roleOf(scene, operand);
    if (!(role in found) && places[operand].matrix >= 0) found[role] = places[operand].matrix;
    if (found.stationary !== undefined && found.moving !== undefined) break;
  }
  const result = scene.tensors.output.indexOf(1);
  return { left: found.stationary, above: found.moving, result };
}

/** Pixel boxes for the three matrices, which share the sides M, N and K; the area is filled. */
function layoutMatrices({ K, M, N }, width, height) {
  const gap = 20;
  const left = 22;
  const top = 17;
  const across = width - left - gap - 1;
  const down = height - top - gap - 17;
  const share = (part, rest) => Math.min(0.6, Math.max(0.3, part / (part + rest)));
  const k_x = across * share(K, N);
  const k_y = down * share(K, M);
  const above = { x: left + k_x + gap, y: top, w: across - k_x, h: k_y };
  const beside = { x: left, y: top + k_y + gap, w: k_x, h: down - k_y };
  return { left: beside, above, result: { ...above, y: beside.y, h: beside.h } };
}

/** The rectangle of a matrix box inside its picture; `turned` swaps rows and columns. */
function place(picture, scene, matrix, [r0, r1, c0, c1], turned) {
  const rows = scene.tensors.rows[matrix];
  const cols = scene.tensors.cols[matrix];
  const [x0, x1, y0, y1] = turned
    ? [r0 / rows, r1 / rows, c0 / cols, c1 / cols] : [c0 / cols, c1 / cols, r0 / rows, r1 / rows];
  return [picture.x + x0 * picture.w, picture.y + y0 * picture.h,
    (x1 - x0) * picture.w, (y1 - y0) * picture.h];
}

function timesWords(n) {
  return n === 1 ? "once" : n === 2 ? "twice" : `${count(n)} times`;
}

function tilesView(app) {
  const canvas = h("canvas", { role: "img", "data-title": "Tiles of the product" });
  const legend = h("p", { class: "legend" });
  const root = panel("tiles", "Tiles of the product",
    "A number counts how often that tile has crossed HBM so far.", canvas, legend);
  let known = {};

  /** What a scene's matrices are, how they are cut, and how often a tile moves in the whole run. */
  function learn(scene) {
    if (known.scene === scene) return known;
    const matrices = matricesOf(scene);
    const grids = {};
    const most = {};
    for (const [name, matrix] of Object.entries(matrices)) {
      grids[name] = gridOf(scene, matrix);
      most[name] = Math.max(1, ...countTransfers(scene, grids[name], Infinity));
    }
    known = { scene, matrices, grids, most };
    return known;
  }

  function drawMatrix(pen, name, picture, { scene, grids, most }, at_us) {
    const { theme } = app;
    const grid = grids[name];
    const turned = name === "left";
    const counts = countTransfers(scene, grid, at_us);
    let roomy = false;
    pen.fillStyle = theme.bg;
    pen.fillRect(picture.x, picture.y, picture.w, picture.h);
    counts.forEach((times, cell) => {
      const r = Math.floor(cell / grid.cols) * grid.high;
      const c = (cell % grid.cols) * grid.wide;
      const [x, y, w, high] = place(picture, scene, grid.matrix,
        [r, r + grid.high, c, c + grid.wide], turned);
      if (times) {
        pen.globalAlpha = 0.14 + 0.5 * (times / most[name]);
        pen.fillStyle = name === "result" ? theme.psum : theme.sbuf;
        pen.fillRect(x, y, w, high);
        pen.globalAlpha = 1;
      }
      pen.strokeStyle = theme.border;
      pen.lineWidth = 1;
      if (w > 3 && high > 3) pen.strokeRect(x, y, w, high);
      roomy = w > 15 && high > 0.72 * theme.em;
      if (times && roomy) {
        write(pen, String(times), x + w / 2, y + high / 2 + 0.5, theme.text, theme.font(0.76),
          "center");
      }
    });
    pen.strokeStyle = theme.muted;
    pen.strokeRect(picture.x + 0.5, picture.y + 0.5, picture.w - 1, picture.h - 1);
    const reached = Math.max(...counts);
    if (reached > 1 && !roomy) drawMost(pen, picture, `up to ${reached}`);
    return counts;
  }

  /** Where the tiles are too small for numbers of their own: the largest of them. */
  function drawMost(pen, { x, y, w, h: high }, text) {
    const font = app.theme.font(0.76);
    pen.font = font;
    const wide = pen.measureText(text).width + 8;
    pen.fillStyle = app.theme.bg;
    pen.fillRect(x + w - wide - 2, y + high - 18, wide, 16);
    write(pen, text, x + w - 6, y + high - 9.5, app.theme.text, font, "right");
  }

  function drawNames(pen, scene, { left, above, result }, names) {
    const { theme } = app;
    const { M, N, K } = scene.params;
    const name = (text, x, y) => write(pen, text, x, y - 9, theme.text,
      theme.font(0.82, "mono", 600));
    name(names.left, left.x, left.y);
    name(names.above, above.x, above.y);
    name(names.result, result.x, result.y);
    const formula = [theme.muted, theme.font(0.76, "mono")];
    const middle = above.y + above.h / 2;
    write(pen, `${names.result} =`, left.x, middle - 0.5 * theme.em, ...formula);
    write(pen, `${names.left} × ${names.above}`, left.x, middle + 0.5 * theme.em, ...formula);
    const side = (text, x, y, turn) => {
      pen.save();
      pen.translate(x, y);
      pen.rotate(turn);
      write(pen, text, 0, 0, theme.muted, theme.font(0.76), "center");
      pen.restore();
    };
    side(`K ${K}`, left.x + left.w / 2, left.y + left.h + 10, 0);
    side(`N ${N}`, result.x + result.w / 2, result.y + result.h + 10, 0);
    side(`M ${M}`, left.x - 12, left.y + left.h / 2, -Math.PI / 2);
    side(`K ${K}`, above.x - 12, above.y + above.h / 2, -Math.PI / 2);
  }

  function drawCurrent(pen, row, boxes, { scene, matrices }) {
    for (const operand of operandsOf(scene, scene.rows.call[row])) {
      const { matrix, box } = scene.places[operand];
      const name = Object.keys(matrices).find((key) => matrices[key] === matrix);
      if (!name) continue;
      for (const [color, width] of [[app.theme.bg, 5], [app.theme.accent, 2.5]]) {
        pen.strokeStyle = color;
        pen.lineWidth = width;
        pen.strokeRect(...place(boxes[name], scene, matrix, box, name === "left"));
      }
    }
  }

  return {
    element: root,
    draw(scene, row) {
      const { pen, width, height } = prepare(canvas);
      const facts = learn(scene);
      const boxes = layoutMatrices(scene.params, width, height);
      const names = { left: `${nameOf(scene, facts.matrices.left)}ᵀ`,
        above: nameOf(scene, facts.matrices.above), result: nameOf(scene, facts.matrices.result) };
      const text = Object.keys(boxes).map((name) => {
        const counts = drawMatrix(pen, name, boxes[name], facts, momentOf(scene, row));
        const moved = plural(counts.reduce((sum, n) => sum + n, 0), "tile");
        return `${names[name]}: ${moved} ${name === "result" ? "stored" : "loaded"}, each ${
          timesWords(facts.most[name])} in all`;
      });
      drawNames(pen, scene, boxes, names);
      drawCurrent(pen, row, boxes, facts);
      say(legend, `${text.slice(0, 2).join("; ")}.`);
      canvas.setAttribute("aria-label", `${text.join("; ")}.`);
    },
  };
}
