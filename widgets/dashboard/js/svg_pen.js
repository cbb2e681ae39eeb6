// A canvas's drawing as SVG: a pen with the calls of a canvas's own, which writes them down.

const PEN_STYLE = { fillStyle: "black", strokeStyle: "black", lineWidth: 1, globalAlpha: 1,
  font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic", lineJoin: "miter" };
const PEN_ANCHORS = { center: "middle", right: "end", end: "end" };
const PEN_BASELINES = { middle: "central", top: "text-before-edge", hanging: "hanging",
  bottom: "text-after-edge" };
const PEN_ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const penText = (text) => String(text).replace(/[&<>"]/g, (sign) => PEN_ESCAPES[sign]);
const penNumber = (value) => +value.toFixed(2);
let penNames = 0; // of clips and patterns, in all files of a page

class SvgPen {
  constructor() {
    this.measuring = document.createElement("canvas").getContext("2d");
    this.clearRect();
  }

  clearRect() {
    Object.assign(this, PEN_STYLE);
    Object.assign(this, { definitions: [], marks: [], kept: [], dash: [], clipped: "", path: "",
      patterns: new Map(), matrix: new DOMMatrix() });
  }

  // Before it stands the screen's resolution alone, which a file of vectors has not.
  setTransform() { this.matrix = new DOMMatrix(); }

  save() {
    const { dash, clipped, matrix } = this;
    const style = Object.fromEntries(Object.keys(PEN_STYLE).map((name) => [name, this[name]]));
    this.kept.push({ ...style, dash, clipped, matrix });
  }

  restore() { Object.assign(this, this.kept.pop()); }

  translate(x, y) { this.matrix = this.matrix.translate(x, y); }

  rotate(angle) { this.matrix = this.matrix.rotate((180 * angle) / Math.PI); }

  setLineDash(dash) { this.dash = dash; }

  measureText(text) {
    this.measuring.font = this.font;
    return this.measuring.measureText(text);
  }

  at(x, y) {
    const point = this.matrix.transformPoint(new DOMPoint(x, y));
    return `${penNumber(point.x)} ${penNumber(point.y)}`;
  }

  beginPath() { this.path = ""; }

  moveTo(x, y) { this.path += `M${this.at(x, y)}`; }

  lineTo(x, y) { this.path += `${this.path ? "L" : "M"}${this.at(x, y)}`; }

  bezierCurveTo(...numbers) {
    const points = [0, 2, 4].map((i) => this.at(numbers[i], numbers[i + 1]));
    this.path += `C${points.join(" ")}`;
  }

  closePath() { this.path += "Z"; }

  rect(x, y, width, height) { this.path += this.box(x, y, width, height); }

  box(x, y, width, height) {
    const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
    return `M${corners.map((corner) => this.at(...corner)).join("L")}Z`;
  }

  arc(x, y, radius, from, to) {
    const turn = Math.min(Math.abs(to - from), 2 * Math.PI);
    const on = (angle) => this.at(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    const [r, sweep] = [penNumber(radius), to > from ? 1 : 0];
    const stops = [1, 2].map((half) => from + (to > from ? half : -half) * (turn / 2));
    this.path += `${this.path ? "L" : "M"}${on(from)}`;
    this.path += stops.map((angle) => `A${r} ${r} 0 0 ${sweep} ${on(angle)}`).join("");
  }

  clip() {
    penNames += 1;
    this.definitions.push(`<clipPath id="pen${penNames}"${this.clipped}><path d="${
      this.path}"/></clipPath>`);
    this.clipped = ` clip-path="url(#pen${penNames})"`;
  }

  fill() { this.mark(`<path d="${this.path}"`, `fill="${this.paint(this.fillStyle)}"`); }

  fillRect(...box) {
    this.mark(`<path d="${this.box(...box)}"`, `fill="${this.paint(this.fillStyle)}"`);
  }

  stroke() { this.mark(`<path d="${this.path}"`, this.line()); }

  strokeRect(...box) { this.mark(`<path d="${this.box(...box)}"`, this.line()); }

  line() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    return `fill="none" stroke="${this.paint(this.strokeStyle)}" stroke-width="${
      this.lineWidth}" stroke-linejoin="${this.lineJoin}"${dash}`;
  }

  fillText(text, x, y) {
    const { a, b, c, d, e, f } = this.matrix;
    const turned = [a, b, c, d, e, f].map(penNumber).join(" ");
    this.mark(`<text x="${penNumber(x)}" y="${penNumber(y)}" transform="matrix(${turned})"`,
      `fill="${this.paint(this.fillStyle)}" style="font:${penText(this.font)}" text-anchor="${
        PEN_ANCHORS[this.textAlign] || "start"}" dominant-baseline="${
        PEN_BASELINES[this.textBaseline] || "auto"}"`, `>${penText(text)}</text>`);
  }

  drawImage(image, x, y, width, height) {
    this.mark(`<image href="${image.toDataURL()}" x="${penNumber(x)}" y="${penNumber(y)}"`,
      `width="${penNumber(width)}" height="${penNumber(height)}" preserveAspectRatio="none"`
      + ' style="image-rendering:pixelated"');
  }

  createPattern(...asked) { return this.measuring.createPattern(...asked); }

  /** A color, or the name of a pattern whose tile `drawStripes` has left on it. */
  paint(style) {
    if (typeof style === "string") return penText(style);
    if (!this.patterns.has(style)) {
      penNames += 1;
      const { tile, ratio } = style;
      const size = `width="${tile.width / ratio}" height="${tile.height / ratio}"`;
      this.definitions.push(`<pattern id="pen${penNames}" ${size} patternUnits="userSpaceOnUse">`
        + `<image href="${tile.toDataURL()}" ${size}/></pattern>`);
      this.patterns.set(style, `url(#pen${penNames})`);
    }
    return this.patterns.get(style);
  }

  mark(start, style, end = "/>") {
    const opacity = this.globalAlpha === 1 ? "" : ` opacity="${this.globalAlpha}"`;
    this.marks.push(`${start} ${style}${opacity}${this.clipped}${end}`);
  }
}

/** Canvases that lie on each other as one SVG: each view draws once more, on a pen like this. */
async function svgOfCanvases(layers) {
  for (const canvas of layers) canvas.recorder = new SvgPen();
  window.dispatchEvent(new Event("trn-redraw"));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const pens = layers.map((canvas) => canvas.recorder);
  for (const canvas of layers) delete canvas.recorder;
  if (!pens.some((pen) => pen.marks.length)) throw new Error("nothing was drawn");
  const { clientWidth: width, clientHeight: height } = layers[0];
  const paper = getComputedStyle(layers[0]).getPropertyValue("--trn-bg").trim() || "white";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${
    [0, 0, width, height].join(" ")}" style="background:${penText(paper)}">${
    pens.map((pen) => `<defs>${pen.definitions.join("")}</defs>${pen.marks.join("")}`).join("")
  }</svg>`;
}
