// What is under the pointer, in words beside it; the table behind a drawing says the same.

const TIP_REACH = 14; // pixels from a point that count as on it

/** `find(x, y)` gives the words for a place in the drawing, in its CSS pixels, or nothing. */
function tipOver(drawing, find) {
  const tip = h("div", { class: "trn-tip", "aria-hidden": "true", hidden: true });
  drawing.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!tip.isConnected) drawing.after(tip);
    const { left, top } = drawing.getBoundingClientRect();
    const text = find(clientX - left, clientY - top) || "";
    tip.hidden = !text;
    say(tip, text);
    if (!text) return;
    const frame = (tip.offsetParent || document.body).getBoundingClientRect();
    const most = Math.max(4, frame.width - tip.offsetWidth - 4);
    tip.style.left = `${Math.min(most, clientX - frame.left + 14)}px`;
    tip.style.top = `${clientY - frame.top + 18}px`;
  });
  drawing.addEventListener("pointerleave", () => { tip.hidden = true; });
}

/** The nearest of [[x, y, words]] within reach of a place. */
function nearestOf(points, x, y) {
  const far = ([px, py]) => Math.hypot(px - x, py - y);
  const near = points.reduce((best, each) => (far(each) < far(best) ? each : best),
    [Infinity, Infinity, ""]);
  return far(near) < TIP_REACH ? near[2] : "";
}
