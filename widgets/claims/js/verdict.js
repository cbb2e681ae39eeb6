// The verdict, what was guessed, and how the factor comes about.

function verdictView(app) {
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  const text = h("strong", { "data-number": "verdict" });
  const found = h("span", { "data-number": "found" });
  const claimed = h("span", { "data-number": "claimed" });
  const how = h("p", { class: "how" });
  const note = h("p", { class: "note" });
  const guessed = h("p", { class: "guessed" });
  const again = h("button", { type: "button", "data-act": "again",
    onclick: () => app.guess("") }, "Guess again");
  const figures = h("dl", { class: "figures" },
    h("div", {}, h("dt", {}, "Claimed"), h("dd", {}, claimed)),
    h("div", {}, h("dt", {}, "Found"), h("dd", {}, found)));
  const live = h("div", { class: "verdict", role: "status" }, mark, text);
  const chart = chartView();
  const root = h("div", { class: "answer" }, live, figures, how, chart.element, note,
    h("div", { class: "guessline" }, guessed, again));
  return {
    element: root,
    stop: chart.stop,
    draw(card) {
      root.hidden = !card.guess;
      if (root.hidden) return;
      live.className = `verdict ${card.kind}`;
      say(mark, card.mark);
      say(text, card.verdict);
      say(found, card.found ?? "no figure");
      say(claimed, card.claimed);
      say(how, card.found === null ? "" : card.how);
      say(note, card.note);
      say(guessed, card.guess === card.meant
        ? `You predicted: ${app.kinds[card.guess].toLowerCase()}. So it is, as it was meant.`
        : `You predicted: ${app.kinds[card.guess].toLowerCase()}. As it was meant: ${
          app.kinds[card.meant].toLowerCase()}.`);
      chart.draw(card);
    },
  };
}
