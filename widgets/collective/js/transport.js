// First, back, play, forward, last: buttons, a slider and keys.

const PACES = [0.25, 0.5, 1, 2, 4]; // steps in a second
const CALM_PACE = 1; // at most, for readers who asked for less motion
const STEP_KEYS = { ArrowRight: "next", ArrowLeft: "back", Home: "start", End: "end", " ": "play",
  ArrowDown: "nextRank", ArrowUp: "backRank" };

/** `move(step)` shows a step; `at()` and `last()` say where we are. */
function transportView({ move, at, last }) {
  let timer = 0;
  const button = (act, words, mark) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick: () => view.act(act) }, mark);
  const play = button("play", "Play", "▶");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pace = h("select", { "aria-label": "Speed", "data-name": "speed", onchange: () => {
    if (timer) view.start();
  } }, ...PACES.map((steps) => h("option", { value: steps }, `${steps}/s`)));
  pace.value = "1";
  const scrub = h("input", { type: "range", min: 0, step: 1, "aria-label": "Step",
    "data-name": "step",
    oninput: () => { view.stop(); move(scrub.valueAsNumber); } });
  const view = {
    element: h("div", { class: "transport" },
      h("div", { class: "steps", role: "group", "aria-label": "Steps" },
        button("start", "To the start", "|◀"), button("back", "Step back", "‹"), play,
        button("next", "Step forward", "›"), button("end", "To the end", "▶|")), scrub, pace),
    act(action) {
      if (action === "play") return timer ? view.stop() : view.start();
      view.stop();
      const to = { start: 0, back: at() - 1, next: at() + 1, end: last() }[action];
      return move(Math.min(last(), Math.max(0, to)));
    },
    start() {
      clearInterval(timer);
      if (at() >= last()) move(0);
      const steps = calm.matches ? Math.min(CALM_PACE, Number(pace.value)) : Number(pace.value);
      timer = setInterval(() => {
        if (!play.isConnected || at() >= last()) view.stop();
        else move(at() + 1);
      }, 1000 / steps);
      view.draw();
    },
    stop() {
      clearInterval(timer);
      timer = 0;
      view.draw();
    },
    draw() {
      scrub.max = last();
      scrub.value = at();
      scrub.setAttribute("aria-valuetext", `step ${at()} of ${last()}`);
      say(play, timer ? "II" : "▶");
      play.setAttribute("aria-label", timer ? "Pause" : "Play");
    },
  };
  return view;
}
