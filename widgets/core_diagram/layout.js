// Where the boxes stand: side by side on a screen, stacked on a phone. No hardware number is here.

const ROWS = ["tensor", "vector", "scalar", "gpsimd", "sync"];

function wideLayout() {
  const row = (i) => 48 + i * 92;
  const boxes = {
    hbm: [8, 48, 112, 356],
    dma: [170, 48, 124, 356],
    sbuf: [352, 48, 128, 356],
    psum: [764, 48, 100, 264],
  };
  ROWS.forEach((name, i) => { boxes[name] = [526, row(i), 192, 80]; });
  return {
    width: 876,
    height: 518,
    boxes,
    axis: 0,
    frame: [148, 8, 724, 504],
    title: [[162, 33]],
    control: `M526 ${row(4) + 40} H232 V412`,
    controlText: [380, row(4) + 32],
  };
}

function narrowLayout() {
  const pitch = 65;
  const boxes = {
    hbm: [4, 4, 332, 90],
    dma: [12, 138, 316, 64],
    sbuf: [12, 250, 252, 70],
    psum: [12, 470, 190, 70],
  };
  ROWS.forEach((name, i) => { boxes[name] = [9 + i * pitch, 362, pitch - 5, 60]; });
  return {
    width: 340,
    height: 556,
    boxes,
    axis: 1,
    frame: [2, 124, 336, 428],
    title: [[210, 500], [210, 518]],
    control: "M299 362 V210",
    short: true,
  };
}

// The ends of an arrow between two boxes, along the axis on which they are neighbors.
function arrowEnds(layout, start, end) {
  const along = layout.axis;
  const across = 1 - along;
  const [a, b] = [layout.boxes[start], layout.boxes[end]];
  const middle = Math.max(a[across], b[across])
    + Math.min(a[across] + a[across + 2], b[across] + b[across + 2]);
  const gap = 4;
  const from = a[along] + a[along + 2] + gap;
  const to = b[along] - gap;
  return along === 0
    ? [[from, middle / 2], [to, middle / 2]]
    : [[middle / 2, from], [middle / 2, to]];
}
