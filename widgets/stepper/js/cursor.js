// The cursor: one device instruction, stepped, scrubbed or played, in time or in program order.

const SPEEDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const CALM_SPEED = 2; // at most, for readers who asked for less motion

/** The methods that move `app.row`; `moved(follow)` is called after each. */
function cursorOf(app, moved) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const last = () => app.scene.rows.n - 1;
  const within = (at) => Math.max(0, Math.min(last(), at));
  let clock = 0;

  function tick(at) {
    if (!app.playing || !app.isShown()) return;
    const pace = calm.matches ? Math.min(app.speed, CALM_SPEED) : app.speed;
    if (!clock) clock = at;
    const steps = Math.floor(((at - clock) * pace) / 1000);
    if (steps > 0) {
      clock += (steps * 1000) / pace;
      cursor.goPosition(cursor.position() + steps);
      if (cursor.position() === last()) cursor.play(false);
    }
    requestAnimationFrame(tick);
  }

  const cursor = {
    position: (row = app.row) => (app.order === "time" ? app.scene.placeInTime[row] : row),
    rowAt: (position) => (app.order === "time" ? app.scene.byTime[position] : position),
    go(row, follow = true) {
      app.row = within(row);
      moved(follow);
    },
    goPosition: (position) => cursor.go(cursor.rowAt(within(position))),
    goTime(at_us) {
      const { rows, byTime } = app.scene;
      const next = firstAfter(byTime, (row) => rows.start_us[row] > at_us);
      cursor.go(byTime[Math.max(0, next - 1)], false);
    },
    /** To the next instruction of a source line, from the start again after the last one. */
    goLine(line) {
      const { rows } = app.scene;
      for (let step = 1; step <= rows.n; step += 1) {
        const row = cursor.rowAt((cursor.position() + step) % rows.n);
        if (rows.line[row] === line) return cursor.go(row);
      }
    },
    /** To the next row that waited, or the one before; false if there is none. */
    goWait(direction) {
      for (let at = cursor.position() + direction; at === within(at); at += direction) {
        const row = cursor.rowAt(at);
        if (!waited(app.scene, row)) continue;
        cursor.go(row);
        return true;
      }
      return false;
    },
    play(on) {
      if (on && cursor.position() === last()) cursor.goPosition(0);
      app.playing = on;
      clock = 0;
      if (on) requestAnimationFrame(tick);
      app.redraw();
    },
    setSpeed(speed) {
      app.speed = speed;
      app.redraw();
    },
    pace(step) {
      const at = SPEEDS.indexOf(app.speed) + step;
      cursor.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at))]);
    },
    setOrder(order) {
      app.order = order;
      moved(false);
    },
  };
  return cursor;
}
