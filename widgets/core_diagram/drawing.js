// The diagram as SVG, drawn from the counts and texts that Python sent.

const NS = "http://www.w3.org/2000/svg";

function svg(tag, attrs = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const text = (x, y, words, kind) => {
  const node = svg("text", { x, y, class: kind });
  node.textContent = `${words} `; // the space parts the words of a name read aloud
  return node;
};

// Parallel lines in a rectangle: `count` stripes, down or across.
function stripes([x, y, width, height], count, across) {
  let path = "";
  for (let i = 1; i < count; i++) {
    path += across
      ? `M${x} ${y + (i * height) / count}h${width}`
      : `M${x + (i * width) / count} ${y}v${height}`;
  }
  return path;
}

// A grid of `count` cells that fills a rectangle in `columns` columns.
function cells([x, y, width, height], count, columns) {
  const rows = Math.ceil(count / columns);
  const cell = [width / columns - 5, height / rows - 5];
  let path = "";
  for (let i = 0; i < count; i++) {
    const left = x + (i % columns) * (width / columns);
    const top = y + Math.floor(i / columns) * (height / rows);
    path += `M${left + 2.5} ${top + 2.5}h${cell[0]}v${cell[1]}h${-cell[0]}z`;
  }
  return path;
}

// What tells a part apart besides its color and name: its own count of lines or squares.
function texture(name, [x, y, width, height], counts) {
  const tall = height > width;
  const area = tall
    ? [x + 16, y + 92, width - 26, height - 130]
    : [x + width - 72, y + 28, 62, height - 36];
  if (name === "hbm") return [["cd-lines", cells(area, counts.stacks, tall ? 1 : counts.stacks)]];
  if (name === "sbuf") return [["cd-lines", stripes(area, counts.partitions, true)]];
  if (name === "dma") return [["cd-fill", cells(area, counts.engines, tall ? 2 : 8)]];
  if (name !== "psum") return [];
  const [left, top, across, down] = area;
  return [["cd-lines", stripes(area, counts.banks, false)],
    ["cd-lines", `M${left} ${top}h${across}v${down}h${-across}z`]];
}

function arrow(layout, flow, rate) {
  const [[x1, y1], [x2, y2]] = arrowEnds(layout, flow.start, flow.end);
  const group = svg("g", { class: "cd-flow", "data-flow": `${flow.start}-${flow.end}` });
  const line = svg("line", { x1, y1, x2, y2, "marker-end": "url(#cd-head)" });
  if (flow.both) line.setAttribute("marker-start", "url(#cd-head)");
  group.append(line);
  if (rate) {
    const [value, unit] = rate.split(" ");
    if (layout.axis === 0) {
      const middle = (x1 + x2) / 2;
      group.append(text(middle, y1 - 24, value, "cd-rate"), text(middle, y1 - 9, unit, "cd-rate"));
    } else {
      group.append(text(x1 + 46, (y1 + y2) / 2 + 5, rate, "cd-rate"));
    }
  }
  return group;
}

function partBox(name, part, layout, counts) {
  const box = layout.boxes[name];
  const [x, y, width, height] = box;
  const changes = part.facts.concat(part.more).filter((fact) => fact.before).length;
  const group = svg("g", {
    class: "cd-part", role: "button", tabindex: 0, "data-part": name,
    style: `--part: var(--trn-${name})`,
  });
  group.append(svg("rect", { class: "cd-box", x, y, width, height, rx: 6 }));
  group.append(svg("rect", { class: "cd-edge", x, y, width: 6, height, rx: 3 }));
  for (const [kind, path] of texture(name, box, counts)) {
    group.append(svg("path", { class: kind, d: path }));
  }
  const slim = layout.short && width < 100;
  const title = part.title.replace(slim ? " engine" : " engines", "");
  group.append(text(x + (slim ? 8 : 14), y + 23, title, slim ? "cd-name cd-slim" : "cd-name"));
  if (!slim) {
    part.summary.forEach((line, i) => {
      group.append(text(x + 14, y + 44 + i * 19, line, "cd-line"));
    });
  }
  if (changes) group.append(changeMark(box, changes, width > height && !slim));
  group.setAttribute("aria-label", group.textContent + (changes ? "changed" : ""));
  return group;
}

// How many numbers changed: below, or beside the name where a texture is below.
function changeMark([x, y, width, height], changes, beside) {
  return text(x + width - 9, beside ? y + 22 : y + height - 12, `▲ ${changes}`, "cd-changed");
}

function titleLines(chip, layout) {
  const lines = [chip.core, `one of ${chip.cores}`];
  const words = layout.title.length > 1 ? lines : [lines.join(", ")];
  const kind = `cd-title cd-title-${words.length}`;
  return words.map((line, i) => text(...layout.title[i], line, kind));
}

function drawCore(chip, flows, layout) {
  const root = svg("svg", {
    class: "cd-svg", viewBox: `0 0 ${layout.width} ${layout.height}`, role: "group",
    "aria-label": `${chip.core} of ${chip.product}`,
  });
  const head = svg("marker", {
    id: "cd-head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 10, markerHeight: 10,
    markerUnits: "userSpaceOnUse",
    orient: "auto-start-reverse",
  }, svg("path", { d: "M0 0L8 4L0 8z" }));
  const [fx, fy, fw, fh] = layout.frame;
  root.append(svg("defs", {}, head),
    svg("rect", { class: "cd-frame", x: fx, y: fy, width: fw, height: fh, rx: 10 }),
    ...titleLines(chip, layout),
    svg("path", { class: "cd-control", d: layout.control, "marker-end": "url(#cd-head)" }));
  if (layout.controlText) root.append(text(...layout.controlText, "starts transfers", "cd-rate"));
  for (const flow of flows) {
    root.append(arrow(layout, flow, chip.flows[`${flow.start}-${flow.end}`]));
  }
  for (const [name, part] of Object.entries(chip.parts)) {
    root.append(partBox(name, part, layout, chip.counts));
  }
  return root;
}
