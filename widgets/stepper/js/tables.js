// What the drawings that follow the cursor show, as tables.

/** Device instructions of a window, in time order. */
function instructionsIn(scene, { from, to }) {
  const { rows, names } = scene;
  return Array.from(scene.byTime)
    .filter((row) => rows.start_us[row] <= to && rows.start_us[row] + rows.busy_us[row] >= from)
    .map((row) => [time(rows.start_us[row]), laneWords(scene, row), deed(scene, row),
      time(rows.busy_us[row]), waited(scene, row) ? time(rows.wait_us[row]) : "",
      waited(scene, row) ? names.wait_kinds[rows.wait_kind[row]] : ""]);
}

/** Every tile of the three matrices: how often it has crossed HBM by now, and in all. */
function crossingsAt(scene, at_us) {
  return Object.values(scene.grids).flatMap((grid) => {
    const now = countTransfers(scene, grid, at_us);
    const all = countTransfers(scene, grid, Infinity);
    return Array.from(now, (n, cell) => [cellName(scene, grid, cell), n, all[cell]]);
  });
}

function heldAt(scene, at_us) {
  const { tiles } = scene;
  return tilesAt(scene, at_us).map((tile) => {
    const inSbuf = tiles.bank[tile] < 0;
    return [tileWords(scene, tile, at_us), inSbuf ? "SBUF" : `PSUM bank ${tiles.bank[tile]}`,
      inSbuf ? tiles.address_bytes[tile] : "", tiles.bytes_per_partition[tile],
      tiles.partitions[tile]];
  });
}

/** Tables behind the drawings of these elements: timeline, tiles, memory. */
function tablesView(app, timeline, drawings) {
  const at_us = () => momentOf(app.scene, app.row);
  const tables = [
    tableFold("Timeline in sight", ["start", "lane", "does", "at work", "waited", "for"],
      () => instructionsIn(app.scene, timeline.window)),
    tableFold("Tiles of the product", ["tile", "crossed HBM so far", "in all"],
      () => crossingsAt(app.scene, at_us())),
    tableFold("On the chip now", ["tile", "where", "address, bytes", "bytes a partition",
      "partitions"], () => heldAt(app.scene, at_us())),
  ];
  drawings.forEach((element, i) =>
    behind(tables[i].table, element.querySelector("canvas[role=img]")));
  return {
    element: h("div", { class: "tables" }, ...tables.map(({ element }) => element)),
    draw() {
      if (!app.playing) for (const table of tables) table.draw();
    },
  };
}
