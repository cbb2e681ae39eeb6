// The prediction in numbers.

function numbersView() {
  const list = h("dl", { class: "numbers" });
  const item = (name, value, note, mark) => h("div", {}, h("dt", {}, name), h("dd", {},
    h("span", { class: "value", "data-number": mark }, value), h("span", { class: "note" }, note)));
  return {
    element: list,
    draw(scene) {
      const memory = scene.memory.reduce((sum, [, bytes_]) => sum + bytes_, 0);
      const fits = scene.fits ? `fits, ${gib(scene.free)} left`
        : `does not fit: ${gib(-scene.free)} too much`;
      const cost = scene.cost;
      const standing = cost.assumed.length ? "assumed power or price" : "published price";
      const money = item("A million tokens", `${+cost.usd.toPrecision(3)} USD`,
        `${+cost.joules.toPrecision(3)} J a token; ${standing}`, "usd");
      money.title = `${cost.source}. ${count(cost.watts)} W and ${
        cost.usd_per_chip_hour.toPrecision(3)} USD an hour for a chip.`;
      const rate = item("Tokens per second", shortCount(scene.tokens_per_s), "", "tokens");
      const held = item("Memory of a device", gib(memory), fits, "memory");
      held.classList.toggle("over", !scene.fits);
      const first = scene.task === "training"
        ? [item("A step", secondsWords(scene.step_s), `${count(scene.micro_batches)} micro-batches`,
          "step"),
          item("MFU", percent(scene.mfu), "", "mfu")]
        : [item("First token", secondsWords(scene.ttft_s), "TTFT, whole batch", "ttft"),
          item("Each further token", secondsWords(scene.tpot_s),
            `batch of at most ${count(scene.max_batch)} fits`, "tpot")];
      const badge = h("span", { class: `badge ${scene.system.badge}`, title: scene.system.why },
        scene.system.badge);
      first[0].querySelector("dt").append(" ", badge);
      list.replaceChildren(...first, rate, held, money);
    },
  };
}

function gib(bytes_) {
  return `${+(bytes_ / 2 ** 30).toPrecision(3)} GiB`;
}
