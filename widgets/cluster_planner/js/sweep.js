// More requests at once: every one of them slower, all of them together faster.

const SWEEP_INKS = ["vector", "tensor", "scalar"];

function sweepView(app) {
  const canvas = h("canvas", { role: "img", "aria-label": "Batch against time" });
  const stage = h("div", { class: "stage scaling-stage" }, canvas);
  const words = h("p", { class: "quiet" });
  const body = h("tbody", {});
  const table = h("details", { class: "fold" }, h("summary", {}, "As a table"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Batches" },
      h("table", {}, h("thead", {}, h("tr", {}, ...["prompt", "requests", "first token",
        "each further", "tokens/s", "memory"]
        .map((text) => h("th", { scope: "col" }, text)))), body)));

  behind(body.parentElement, canvas);
  let points = [];
  tipOver(canvas, (x, y) => nearestOf(points, x, y));

  function rowsOf(found) {
    return found.batch.map((batch, i) => ({ batch, prompt: found.prompt[i], tpot: found.tpot_s[i],
      ttft: found.ttft_s[i], rate: found.tokens_per_s[i] / found.chips,
        total: found.tokens_per_s[i],
      fits: found.fits[i] > 0, memory: found.memory_bytes[i] }));
  }

  function draw() {
    const found = app.trait("sweep");
    const { pen, width, height } = prepare(canvas);
    if (found.id !== app.scene().id || width < 50) return;
    app.root.dataset.sweep = found.id;
    const rows = rowsOf(found);
    const shown = rows.filter(({ fits }) => fits);
    body.replaceChildren(...shown.map((row) => h("tr", {}, ...[count(row.prompt), count(row.batch),
      secondsWords(row.ttft), secondsWords(row.tpot), shortCount(row.total), gib(row.memory)]
      .map((text) => h("td", { class: "figure" }, text)))));
    if (!shown.length) {
      say(words, "No batch fits this plan.");
      return;
    }
    const { theme } = app;
    const [left, right, top, bottom] = [3.7 * theme.em, width - 7.8 * theme.em, 14,
      height - 32];
    const waits = shown.map(({ tpot }) => tpot);
    const [low, high] = [Math.min(...waits), Math.max(...waits)];
    const most = Math.max(...shown.map(({ rate }) => rate));
    const decades = Math.max(0.1, Math.log(high / low));
    const x = (tpot) => left + (Math.log(tpot / low) / decades) * (right - left);
    const y = (rate) => bottom - (rate / most) * (bottom - top);
    pen.strokeStyle = theme.border;
    pen.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      stroke(pen, [[left, y(most * part)], [right, y(most * part)]]);
      write(pen, shortCount(most * part), left - 5, y(most * part), theme.muted, theme.font(0.75),
        "right");
    }
    write(pen, secondsWords(low), left, bottom + 11, theme.muted, theme.font(0.75));
    write(pen, secondsWords(high), right, bottom + 11, theme.muted, theme.font(0.75), "right");
    write(pen, "tokens/s a chip, against time of a further token (logarithmic)", left, bottom + 25,
      theme.muted, theme.font(0.75));
    [...new Set(rows.map(({ prompt }) => prompt))].forEach((prompt, i) => {
      const line = shown.filter((row) => row.prompt === prompt);
      if (!line.length) return;
      pen.strokeStyle = theme[SWEEP_INKS[i % 3]];
      pen.fillStyle = pen.strokeStyle;
      pen.lineWidth = prompt === found.prompt_now ? 3 : 1.6;
      pen.setLineDash([[6, 3], [], [2, 3]][i % 3]);
      stroke(pen, line.map(({ tpot, rate }) => [x(tpot), y(rate)]));
      pen.setLineDash([]);
      for (const { tpot, rate, batch } of line) {
        pen.beginPath();
        const isNow = batch === found.batch_now && prompt === found.prompt_now;
        pen.arc(x(tpot), y(rate), isNow ? 6 : 3, 0, 7);
        pen.fill();
      }
      const { tpot, rate, batch } = line.at(-1);
      write(pen, `prompt ${count(prompt)}`, x(tpot) + 8, y(rate) - 6, theme.text, theme.font(0.75));
      write(pen, `${count(batch)} at once`, x(tpot) + 8, y(rate) + 7, theme.muted,
        theme.font(0.72));
    });
    points = shown.map((row) => [x(row.tpot), y(row.rate), `${
      plural(row.batch, "request")}, prompt ${count(row.prompt)}: ${
      secondsWords(row.tpot)} for a further token, ${shortCount(row.total)} tokens/s`]);
    const own = shown.filter(({ prompt }) => prompt === found.prompt_now);
    const text = own.length
      ? `With a prompt of ${count(found.prompt_now)}: one request alone waits ${
      secondsWords(own[0].tpot)} for each token; ${count(own.at(-1).batch)} at once wait ${
      secondsWords(own.at(-1).tpot)} and get ${shortCount(own.at(-1).total)} tokens/s together.${
        own.length < rows.filter(({ prompt }) => prompt === found.prompt_now).length
          ? " More do not fit." : ""}`
      : "With this prompt no batch fits.";
    say(words, text);
    canvas.setAttribute("aria-label", text);
  }

  return {
    element: h("section", { class: "panel", "aria-label": "More requests at once" },
      h("header", {}, h("h3", {}, "More requests at once"), h("p", { class: "how" },
        "Each point doubles the requests; lines end where memory does.")), stage, words, table),
    draw,
  };
}
