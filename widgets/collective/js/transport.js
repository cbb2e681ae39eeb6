// First, back, play, forward, last: buttons, a slider and keys.

const BEAT_MS = 900;
const STEP_KEYS = { ArrowRight: "next", ArrowLeft: "back", Home: "start", End: "end", " ": "play",
  ArrowDown: "nextRank", ArrowUp: "backRank" };

/** `move(step)` shows a step; `at()` and `last()` say where we are. */
function transportView({ move, at, last }) {
  let timer = 0;
  const button = (act, words, mark) => h("button", { type: "button", "data-act": act,
    "aria-label": words, title: words, onclick: () => view.act(act) }, mark);
  const play = button("play", "Play", "▶");
  const scrub = h("input", { type: "range", min: 0, step: 1, "aria-label": "Step",
    "data-name": "step",
    oninput: () => { view.stop(); move(scrub.valueAsNumber); } });
  const view = {
    element: h("div", { class: "transport" },
      h("div", { class: "steps", role: "group", "aria-label": "Steps" },
        button("start", "To the start", "|◀"), button("back", "Step back", "‹"), play,
        button("next", "Step forward", "›"), button("end", "To the end", "▶|")), scrub),
    act(action) {
      if (action === "play") return timer ? view.stop() : view.start();
      view.stop();
      const to = { start: 0, back: at() - 1, next: at() + 1, end: last() }[action];
      return move(Math.min(last(), Math.max(0, to)));
    },
    start() {
      if (at() >= last()) move(0);
      timer = setInterval(() => {
        if (!play.isConnected || at() >= last()) view.stop();
        else move(at() + 1);
      }, BEAT_MS);
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
