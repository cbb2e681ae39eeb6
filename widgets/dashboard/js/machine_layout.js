// Where the chips of one scale-up domain stand, and how each of their links runs.

const PORTS = 13;
const [SERVER_OUT, SERVER_IN, RACK_OUT, RACK_IN, TWIN, NET_OUT, NET_IN] = [6, 7, 8, 9, 10, 11, 12];
const BAR = 9;

/** Rows and columns of n things in a box, as square as possible. */
function gridOf(n, width, height) {
  let columns = Math.max(1, Math.round(Math.sqrt((n * width) / Math.max(1, height))));
  columns = Math.min(n, columns);
  return { columns, rows: Math.ceil(n / columns) };
}

/**
 * The layout of a machine's domain in a box: {size, at(chip), bars, wire(port, chip), cells}.
 * `machine`: kind, x, y, z or chips_per_server, servers, halves; domain_chips, devices_per_chip.
 */
function layoutOf(machine, box) {
  const layout = machine.kind === "torus" ? torusLayout(machine, box)
    : machine.chips_per_server === 1 || machine.servers === 1 ? starLayout(machine, box)
      : rackLayout(machine, box);
  const across = Math.ceil(Math.sqrt(machine.devices_per_chip));
  const down = Math.ceil(machine.devices_per_chip / across);
  /** Left, top, width, height of a device of the domain. */
  layout.deviceBox = (device) => {
    const [x, y] = layout.at(Math.floor(device / machine.devices_per_chip));
    const place = device % machine.devices_per_chip;
    const [w, high] = [layout.width / across, layout.height / down];
    return [x - layout.width / 2 + (place % across) * w,
      y - layout.height / 2 + Math.floor(place / across) * high, w, high];
  };
  const near = layout.size < 16 ? 4 : 0; // small chips are hit beside them too
  layout.deviceAt = (px, py) => {
    for (let chip = 0; chip < machine.domain_chips; chip += 1) {
      const [x, y] = layout.at(chip);
      const [dx, dy] = [px - x + layout.width / 2, py - y + layout.height / 2];
      if (dx >= -near && dy >= -near && dx < layout.width + near && dy < layout.height + near) {
        const cell = (at, size, n) => Math.min(n - 1, Math.max(0, Math.floor((at / size) * n)));
        const place = cell(dx, layout.width, across) + across * cell(dy, layout.height, down);
        return chip * machine.devices_per_chip + Math.min(place, machine.devices_per_chip - 1);
      }
    }
    return -1;
  };
  return layout;
}

function torusLayout({ x: nx, y: ny, z: nz }, box) {
  const stepWith = (n) =>
    Math.min(box.width / n / (nx + 0.6), box.height / Math.ceil(nz / n) / (ny + 0.6));
  let columns = 1;
  for (let n = 2; n <= nz; n += 1) if (stepWith(n) > stepWith(columns)) columns = n;
  const rows = Math.ceil(nz / columns);
  const [pw, ph] = [box.width / columns, box.height / rows];
  const step = stepWith(columns);
  const size = step * (nx * ny * nz > 1000 ? 0.86 : 0.66);
  const at = (chip) => {
    const [x, y, z] = [chip % nx, Math.floor(chip / nx) % ny, Math.floor(chip / nx / ny)];
    const left = box.left + (z % columns) * pw + (pw - step * nx) / 2;
    const top = box.top + Math.floor(z / columns) * ph + (ph - step * ny) / 2;
    return [left + (x + 0.5) * step, top + (y + 0.5) * step];
  };
  const wire = (port, chip) => {
    const [px, py] = at(chip);
    if (port >= NET_OUT) return netWire(px, py, size, size, port);
    const axis = port >> 1;
    const sign = port % 2 ? -1 : 1;
    const shift = sign * Math.min(3, size / 8);
    const reach = size / 2;
    if (axis === 2) {
      const [dx, dy] = [sign * reach, -sign * reach];
      return [[px + dx * 0.7, py + dy * 0.7], [px + dx * 1.25, py + dy * 1.25]];
    }
    const place = axis ? Math.floor(chip / nx) % ny : chip % nx;
    const wraps = place + sign < 0 || place + sign >= (axis ? ny : nx);
    const far = wraps ? reach + (step - size) * 0.6 : step - reach;
    return axis ? [[px + shift, py + sign * reach], [px + shift, py + sign * far]]
      : [[px + sign * reach, py - shift], [px + sign * far, py - shift]];
  };
  const planes = Array.from({ length: nz > 1 ? nz : 0 }, (_, z) => {
    const [x, y] = at(z * nx * ny);
    return { x: x - size / 2, y: y - size / 2 - step * 0.42, words: `z ${z}` };
  });
  return { at, wire, size, width: size, height: size, bars: [], planes };
}

/** Chips around one switch. */
function starLayout({ domain_chips: n }, box) {
  const inner = { ...box, left: box.left + 4 * BAR, width: box.width - 4 * BAR };
  const { columns, rows } = gridOf(n, inner.width, inner.height);
  const step = Math.min(inner.width / columns, inner.height / rows, 130);
  const size = step * 0.62;
  const top = box.top + (box.height - rows * step) / 2;
  const at = (chip) => [inner.left + (chip % columns + 0.5) * step,
    top + (Math.floor(chip / columns) + 0.5) * step];
  const bar = { x: box.left + 2.5 * BAR, top, bottom: top + rows * step, words: "switch" };
  const wire = (port, chip) => {
    const [x, y] = at(chip);
    if (port >= NET_OUT) return netWire(x, y, size, size, port);
    const shift = port % 2 ? 3 : 0;
    return busWire(port, x + shift, y, size, bar.x, size / 2 + 5 + shift, 1);
  };
  return { at, wire, size, width: size, height: size, bars: [bar] };
}

/** Servers with a switch each, halves with another one, twins joined across the middle. */
function rackLayout({ chips_per_server: each, servers, halves }, box) {
  const columns = each > 8 ? 4 : each;
  const lines = Math.ceil(each / columns); // of chips in a server
  const perHalf = servers / halves;
  const gap = halves > 1 ? Math.min(110, box.width * 0.1) : 0;
  const half = (box.width - gap * (halves - 1)) / halves;
  const pad = Math.min(18, (box.height / perHalf) * 0.16);
  const server = box.height / perHalf;
  const line = (server - pad) / lines;
  const room = half - 5 * BAR;
  const stepX = room / columns;
  const height = line * (line > 60 ? 0.64 : 0.56);
  const width = Math.min(stepX * 0.86, height * 5);
  const spread = Math.min(stepX, width * 1.22);
  const block = spread * columns;
  const atOf = (chip) => {
    const h_ = Math.floor(chip / (each * perHalf));
    const s = Math.floor(chip / each) % perHalf;
    const place = chip % each;
    return { h_, s, column: place % columns, row: Math.floor(place / columns), place };
  };
  const mirrored = (h_) => halves > 1 && h_ === halves - 1;
  const left = (h_) => box.left + h_ * (half + gap);
  const at = (chip) => {
    const { h_, s, column, row } = atOf(chip);
    const x = mirrored(h_) ? left(h_) + (column + 0.5) * spread
      : left(h_) + half - block + (column + 0.5) * spread;
    return [x, box.top + s * server + pad / 2 + (row + 0.5) * line];
  };
  const switchX = (h_) => (mirrored(h_) ? left(h_) + block + BAR : left(h_) + half - block - BAR);
  const rackX = (h_) => switchX(h_) + (mirrored(h_) ? 2 : -2) * BAR;
  const bars = [];
  for (let h_ = 0; h_ < halves; h_ += 1) {
    bars.push({ x: rackX(h_), top: box.top + 3, bottom: box.top + box.height - 3,
      words: halves > 1 ? `switch of half ${h_ + 1}` : "rack switch", wide: true,
      side: mirrored(h_) ? 1 : -1 });
    for (let s = 0; s < perHalf; s += 1) {
      const top = box.top + s * server + pad / 2;
      bars.push({ x: switchX(h_), top: top + 1, bottom: top + lines * line - 1, words: "" });
    }
  }
  const wire = (port, chip) => {
    const [x, y] = at(chip);
    if (port >= NET_OUT) return netWire(x, y, width, height, port);
    const { h_, place } = atOf(chip);
    const channel = line * (line > 60 ? 0.11 : 0.16);
    if (port === TWIN) {
      const offset = ((place % columns) - (columns - 1) / 2) * Math.min(3, line * 0.12);
      const inset = (spread - width) / 2;
      const [from, to] = [left(0) + half - inset, left(1) + inset];
      return mirrored(h_) ? [[to, y + offset + 1], [from, y + offset + 1]]
        : [[from, y + offset], [to, y + offset]];
    }
    const shift = port % 2 ? 1.5 : -1.5;
    const isServer = port === SERVER_OUT || port === SERVER_IN;
    return busWire(port, x + shift, y, height, isServer ? switchX(h_) : rackX(h_),
      height / 2 + channel + shift / 3, isServer ? 1 : -1);
  };
  return { at, wire, size: height, width, height, bars };
}

/** Between a chip and a bar, along a channel below (or above) the chip; odd ports lead in. */
function busWire(port, x, y, height, bar, reach, down) {
  const out = [[x, y + (down * height) / 2], [x, y + down * reach], [bar, y + down * reach]];
  return port % 2 ? out.reverse() : out;
}

/** A short arrow at a chip: to and from the network between domains. */
function netWire(x, y, width, height, port) {
  const out = port === NET_OUT;
  const at = x + (out ? 1 : -1) * width * 0.3;
  const [near, far] = [y - height / 2, y - height / 2 - Math.max(3, height * 0.28)];
  return out ? [[at, near], [at, far]] : [[at, far], [at, near]];
}
