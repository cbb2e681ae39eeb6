// Where the current tiles lie in A, B and C, and how often each tile has crossed from HBM so far.

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
  let boxes = {};
  tipOver(canvas, (x, y) => wordsAt(app.scene, x, y));

  /** The tile under a place: which it is, and how often it has crossed HBM. */
  function wordsAt(scene, x, y) {
    const inside = ({ x: left, y: top, w, h: high }) =>
      x >= left && x < left + w && y >= top && y < top + high;
    const name = Object.keys(boxes).find((each) => inside(boxes[each]));
    if (!name) return "";
    const [grid, box] = [scene.grids[name], boxes[name]];
    const [rows, cols] = [scene.tensors.rows[grid.matrix], scene.tensors.cols[grid.matrix]];
    const [across, down] = [(x - box.x) / box.w, (y - box.y) / box.h];
    const turned = name === "left";
    const r = Math.floor(((turned ? across : down) * rows) / grid.high);
    const c = Math.floor(((turned ? down : across) * cols) / grid.wide);
    const cell = r * grid.cols + c;
    const times = (at_us) => countTransfers(scene, grid, at_us)[cell];
    return `${cellName(scene, grid, cell)}: crossed HBM ${
      timesWords(times(momentOf(scene, app.row)))} so far, ${timesWords(times(Infinity))} in all`;
  }

  /** How often a tile of each matrix moves in the whole run. */
  function mostMoves(scene) {
    if (known.scene === scene) return known.most;
    const most = {};
    for (const [name, grid] of Object.entries(scene.grids)) {
      most[name] = Math.max(1, ...countTransfers(scene, grid, Infinity));
    }
    known = { scene, most };
    return most;
  }

  function drawMatrix(pen, name, picture, scene, most, at_us) {
    const { theme } = app;
    const grid = scene.grids[name];
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
        pen.globalAlpha = 0.14 + 0.5 * (times / most);
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

  function drawCurrent(pen, row, boxes, scene) {
    const { matrices } = scene;
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
      const most = mostMoves(scene);
      const { matrices } = scene;
      boxes = layoutMatrices(scene.params, width, height);
      const names = { left: `${nameOf(scene, matrices.left)}ᵀ`,
        above: nameOf(scene, matrices.above), result: nameOf(scene, matrices.result) };
      const text = Object.keys(boxes).map((name) => {
        const counts = drawMatrix(pen, name, boxes[name], scene, most[name], momentOf(scene, row));
        const moved = plural(counts.reduce((sum, n) => sum + n, 0), "tile");
        return `${names[name]}: ${moved} ${name === "result" ? "stored" : "loaded"}, each ${
          timesWords(most[name])} in all`;
      });
      drawNames(pen, scene, boxes, names);
      drawCurrent(pen, row, boxes, scene);
      say(legend, `${text.slice(0, 2).join("; ")}.`);
      canvas.setAttribute("aria-label", `${text.join("; ")}.`);
    },
  };
}
