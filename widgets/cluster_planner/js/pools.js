// Prompts on some chips, further tokens on others: two pools, and what moves between them.

function poolsView(app) {
  const names = { prefill_tp: "tp of a group that reads prompts",
    decode_tp: "tp of a group that writes tokens" };
  const picks = Object.entries(names).map(([name, words]) => {
    const pick = pickView(app, name, words);
    pick.select.onchange = () => app.change({ [name]: Number(pick.select.value) });
    return [name, pick];
  });
  const bar = h("div", { class: "pools-bar", role: "img" });
  const words = h("p", { class: "now" });
  const rows = h("tbody", {});
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...["", "two pools", "together"]
    .map((text) => h("th", { scope: "col" }, text)))), rows);

  /** One pool: as wide as its share of the chips, never narrower than its words. */
  function segment(kind, chips, title, note) {
    const element = h("div", { class: `pool ${kind}` }, h("strong", {}, title),
      h("span", {}, note));
    element.style.flexGrow = chips;
    return element;
  }

  function sentence(found) {
    const [reads, writes] = found.groups;
    const rate = found.tokens_per_s / found.together.tokens_per_s - 1;
    const gain = Math.abs(rate) < 0.005 ? "as many tokens/s as together"
      : `${percent(Math.abs(rate))} ${rate > 0 ? "more" : "fewer"} tokens/s than together`;
    const tight = found.fits.every(Boolean) ? ""
      : ` It does not fit: the group that ${found.fits[0] ? "writes" : "reads"} lacks memory.`;
    return `${plural(reads, "group")} of ${plural(found.group_chips[0], "chip")} read prompts, ${
      plural(writes, "group")} of ${plural(found.group_chips[1], "chip")} write tokens, ${
      plural(found.batch, "request")} each; ${plural(found.idle, "chip")} ${
      found.idle === 1 ? "is" : "are"} left over. Each request moves ${gib(found.cache_bytes)} in ${
      secondsWords(found.handover_s)}: ${gain}.${tight}`;
  }

  function draw() {
    const { prefill_tp: reads, decode_tp: writes } = app.params();
    for (const [name, pick] of picks) {
      const now = name === "prefill_tp" ? reads : writes;
      const offered = [...new Set([...app.scene().options.tp, now])].filter(Boolean);
      offered.sort((a, b) => a - b);
      pick.draw([[0, `as the plan (${app.scene().plan.tp})`], ...offered.map((n) => [n, `${n}`])],
        now);
    }
    const found = app.trait("pools");
    if (found.id !== app.scene().id) return;
    app.root.dataset.pools = found.id;
    for (const part of [bar, table]) part.hidden = Boolean(found.problem);
    if (found.problem) {
      say(words, found.problem);
      return;
    }
    const [chips, groups] = [found.group_chips, found.groups];
    const used = groups.map((count_, i) => count_ * chips[i]);
    bar.replaceChildren(
      segment("reads", used[0], "prompts", `${count(groups[0])} x ${count(chips[0])}`),
      h("div", { class: "handover", "aria-hidden": "true" }, "\u2192"),
      segment("writes", used[1], "tokens", `${count(groups[1])} x ${count(chips[1])}`),
      ...(found.idle ? [segment("idle", found.idle, "idle", count(found.idle))] : []));
    const text = sentence(found);
    bar.setAttribute("aria-label", text);
    say(words, text);
    const both = (name, key, told) => h("tr", {}, h("th", { scope: "row" }, name),
      h("td", { class: "figure" }, told(found[key])),
      h("td", { class: "figure" }, told(found.together[key])));
    rows.replaceChildren(both("first token", "ttft_s", secondsWords),
      both("each further token", "tpot_s", secondsWords),
      both("tokens/s, all chips", "tokens_per_s", shortCount));
    Object.assign(app.root.dataset, { reads: groups[0], writes: groups[1] });
  }

  return {
    element: h("section", { class: "panel pools", "aria-label": "Prompts here, tokens there" },
      h("header", {}, h("h3", {}, "Prompts here, tokens there"), h("p", { class: "how" },
        "Some chips only read prompts, the others only write; the cache moves between them.")),
      h("div", { class: "pools-picks" }, ...picks.map(([, pick]) => pick.element)), bar, words,
      table),
    draw,
  };
}
