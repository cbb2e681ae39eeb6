// Bars in a list: a name, how long, in words; a tick where the last plan was.

const CAUSE_WORDS = { matmul: "matrix products", attention: "attention", elementwise: "elementwise",
  all_gather: "all_gather", reduce_scatter: "reduce_scatter", all_reduce: "all_reduce",
  all_to_all: "all_to_all", permute: "sends, cp ring", bubble: "pipeline bubble",
  recompute: "recomputed", optimizer: "optimizer", overhead: "overhead", host: "wait for the host",
  straggle: "wait for pods",
  weights: "weights",
  gradients: "gradients", activations: "activations", logits: "logits", cache: "KV cache" };
const CAUSE_INKS = { matmul: "tensor", attention: "psum", elementwise: "vector",
  recompute: "scalar", bubble: "muted", straggle: "muted", host: "muted", optimizer: "sbuf",
  overhead: "sync",
  weights: "tensor",
  gradients: "dma",
  activations: "vector", logits: "scalar", cache: "sbuf" };

/** Communication has one color and a pattern; its names tell the kinds apart. */
const inkOfCause = (cause) => CAUSE_INKS[cause] || "dma";
const PATTERNS = { bubble: "rise", straggle: "fall", host: "dots", all_gather: "rise",
  reduce_scatter: "fall", all_reduce: "rows",
  all_to_all: "dots", permute: "columns", gradients: "fall", optimizer: "rows" };

/** `draw(rows, words, whole)`: rows are [cause, amount]; `whole` is the length of a full bar. */
function barsView(label) {
  const list = h("ul", { class: "bars", "aria-label": label });
  let before = new Map();
  let now = new Map();
  return {
    element: list,
    draw(rows, words, whole, isNew) {
      if (isNew) before = now;
      now = new Map(rows);
      const shown = rows.filter(([cause, amount]) => amount > 0 || before.get(cause) > 0);
      const most = whole || Math.max(...shown.map(([, amount]) => amount), 1e-30);
      const place = (amount) => `${Math.min(100, (100 * amount) / most)}%`;
      list.replaceChildren(...shown.map(([cause, amount]) => {
        const pattern = PATTERNS[cause] ? `var(--trn-pattern-${PATTERNS[cause]})` : "none";
        const was = before.get(cause);
        return h("li", { "data-cause": cause, "data-amount": amount },
          h("span", { class: "name" }, CAUSE_WORDS[cause] || cause),
          h("span", { class: "meter" },
            h("span", { class: "fill",
              style: `width:${place(amount)};background:${pattern},var(--trn-${
              inkOfCause(cause)})` }),
            was === undefined || was === amount ? null
              : h("span", { class: "was", style: `left:${place(was)}` })),
          h("span", { class: "figure" }, words(amount)));
      }));
    },
  };
}
