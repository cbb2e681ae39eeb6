// What is in SBUF, by address and partition, and in each PSUM bank, at the cursor's moment.

const LISTED = 8;

/** A list of fixed length whose lines are rewritten in place: [{item, what}]. */
function lines(list, n, mark) {
  const made = Array.from({ length: n }, (_, i) => {
    const what = h("span", { class: "what" });
    return { what, item: h("li", {}, mark ? h("span", { class: "mark" }, mark(i)) : null, what) };
  });
  list.replaceChildren(...made.map(({ item }) => item));
  return made;
}

function memoryView(app) {
  const canvas = h("canvas", { role: "img" });
  const use = h("p", { class: "use" });
  const tileList = h("ol", { class: "held", "aria-label": "Tiles in SBUF" });
  const bankList = h("ol", { class: "held banks", "aria-label": "PSUM banks" });
  const root = panel("memory", "On the chip now",
    "Left SBUF by address (up) and partition (across), its tiles, then PSUM's banks.",
    h("div", { class: "places" }, h("div", { class: "map" }, canvas), tileList, bankList), use);
  const tileLines = lines(tileList, LISTED);
  tipOver(canvas, (x, y) => {
    const { scene } = app;
    const { tiles } = scene;
    const at_us = momentOf(scene, app.row);
    const bottom = canvas.clientHeight - 14;
    const address = ((bottom - y) * scene.sbuf_top_bytes) / (bottom - 1);
    const partition = Math.floor((x * scene.partitions) / canvas.clientWidth);
    const tile = tilesAt(scene, at_us).find((each) => tiles.bank[each] < 0
      && partition >= tiles.partition[each]
      && partition < tiles.partition[each] + tiles.partitions[each]
      && address >= tiles.address_bytes[each]
      && address < tiles.address_bytes[each] + tiles.bytes_per_partition[each]);
    return tile === undefined ? "" : `${tileWords(scene, tile, at_us)}: from address ${
      kib(tiles.address_bytes[tile])}, ${kib(tiles.bytes_per_partition[tile])} in each of ${
      plural(tiles.partitions[tile], "partition")}`;
  });
  let bankLines = [];

  function drawMap(scene, alive) {
    const { theme } = app;
    const { pen, width, height } = prepare(canvas);
    const { tiles } = scene;
    const bottom = height - 14;
    const y = (address) => bottom - ((bottom - 1) * address) / scene.sbuf_top_bytes;
    pen.fillStyle = theme.bg;
    pen.fillRect(0, 0, width, bottom);
    const fills = tileFills(pen, scene, theme);
    for (const tile of alive) {
      const low = y(tiles.address_bytes[tile]);
      const high = y(tiles.address_bytes[tile] + tiles.bytes_per_partition[tile]);
      for (const fill of fills(tile, low - high)) {
        if (!fill) continue;
        pen.fillStyle = fill;
        const lane = width / scene.partitions;
        pen.fillRect(lane * tiles.partition[tile], Math.min(high, low - 2),
          lane * tiles.partitions[tile], Math.max(2, low - high - 0.5));
      }
    }
    pen.strokeStyle = theme.muted;
    pen.strokeRect(0.5, 0.5, width - 1, bottom - 1);
    write(pen, kib(scene.sbuf_top_bytes), 0, height - 6, theme.muted, theme.font(0.7));
  }

  function listTiles(scene, alive, at_us) {
    const more = alive.length > LISTED ? alive.length - LISTED + 1 : 0;
    const shown = more ? alive.slice(-(LISTED - 1)) : alive;
    tileLines.forEach(({ item, what }, i) => {
      const tile = shown[shown.length - 1 - i];
      item.classList.toggle("full", tile !== undefined);
      const rest = more && i === LISTED - 1 ? `and ${count(more)} more` : "";
      say(what, tile === undefined ? rest : tileWords(scene, tile, at_us));
    });
  }

  function listBanks(scene, alive, at_us) {
    const { psum_banks } = scene;
    if (bankLines.length !== psum_banks) bankLines = lines(bankList, psum_banks, String);
    const held = new Map(alive.map((tile) => [scene.tiles.bank[tile], tile]));
    bankLines.forEach(({ item, what }, bank) => {
      const tile = held.get(bank);
      item.classList.toggle("full", tile !== undefined);
      say(what, tile === undefined ? "free" : tileWords(scene, tile, at_us));
    });
    return held.size;
  }

  return {
    element: root,
    draw(scene, row) {
      const { tiles } = scene;
      const at_us = momentOf(scene, row);
      const alive = tilesAt(scene, at_us);
      const inSbuf = alive.filter((tile) => tiles.bank[tile] < 0);
      drawMap(scene, inSbuf);
      listTiles(scene, inSbuf, at_us);
      const banks = listBanks(scene, alive.filter((tile) => tiles.bank[tile] >= 0), at_us);
      const used = inSbuf.reduce((sum, tile) => sum + tiles.bytes_per_partition[tile], 0);
      const text = `SBUF: ${plural(inSbuf.length, "tile")}, ${kib(used)} of ${
        kib(scene.sbuf_bytes)} a partition. PSUM: ${banks} of ${scene.psum_banks} banks.`;
      say(use, text);
      canvas.setAttribute("aria-label", text);
    },
  };
}
