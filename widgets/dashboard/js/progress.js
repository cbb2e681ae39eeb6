// Long work: how far it is, about how long it will still take, and a button that stops it.

/** {element, draw}: hidden while `share` is null. */
function progressView(name, stop) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": name });
  const words = h("span", { class: "quiet" });
  const element = h("div", { class: "trn-long", hidden: true }, bar, words,
    h("button", { type: "button", "data-act": "stop", onclick: stop }, "Stop"));
  let began = 0;
  return {
    element,
    draw(share, text) {
      const isOn = share !== null;
      if (isOn && element.hidden) began = performance.now();
      element.hidden = !isOn;
      if (!isOn) return;
      bar.value = share;
      const left_s = ((performance.now() - began) / 1000) * (1 / share - 1);
      const wait = left_s >= 1 && left_s < 3600 ? `, about ${count(left_s)} s left` : "";
      say(words, `${text}${wait}.`);
    },
  };
}
