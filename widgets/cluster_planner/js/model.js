// Which model: of the gallery, or the learner's config.json, read as data and shown as text.

const MOST_FILE_BYTES = 1000000;
const MOST_SENT = 20000;
const MOST_LIST = 500;
const FEW = "a config.json has a few thousand";

/** Of a configuration what a model is built from: scalars and short lists; nothing nested else. */
function slimConfig(value) {
  const scalar = (item) => item === null || typeof item !== "object";
  return Object.fromEntries(Object.entries(value).filter(([name, item]) => scalar(item)
    || name === "text_config"
    || (Array.isArray(item) && item.length <= MOST_LIST && item.every(scalar)))
    .map(([name, item]) => [name, name === "text_config" && !scalar(item) && !Array.isArray(item)
      ? slimConfig(item) : item]));
}

/** The text to send: slim if it is JSON with names and values, else its beginning as it is. */
function configText(text) {
  try {
    const parsed = JSON.parse(text);
    if (parsed && typeof parsed === "object" && !Array.isArray(parsed)) {
      return JSON.stringify(slimConfig(parsed));
    }
  } catch {
    // the kernel says what is wrong
  }
  return text.slice(0, 2000);
}

function modelView(app) {
  const model = pickView(app, "model", "Model", "wide");
  model.select.onchange = () => {
    if (model.select.value === "own") fold.open = true;
    app.change({ model: model.select.value, ...whole() });
  };
  const text = h("textarea", { rows: 6, spellcheck: "false", "data-name": "config",
    "aria-label": "config.json",
    placeholder: '{"model_type": "llama", "hidden_size": 4096, …}' });
  const file = h("input", { type: "file", accept: ".json,application/json,text/plain",
    "aria-label": "A config.json file", onchange: () => read(file.files[0]) });
  const told = h("p", { class: "problem", role: "alert", hidden: true });
  const use = h("button", { type: "button", "data-act": "config", onclick: () => send(text.value) },
    "Place this model");
  const fold = h("details", { class: "fold" },
    h("summary", {}, "A model of your own: its config.json"),
    h("p", { class: "quiet" }, "Paste the config.json of a model from Hugging Face, or choose the "
      + "file. It is read as data; nothing in it is run."),
    text, h("div", { class: "controls" }, file, use), told);

  /** Plans of another model start uncut where the old cut does not divide. */
  function whole() {
    return { ep: 1, virtual_stages: 1 };
  }

  function complain(words) {
    told.hidden = !words;
    say(told, words);
  }

  async function read(chosen) {
    if (!chosen) return;
    if (chosen.size > MOST_FILE_BYTES) {
      const name = chosen.name.slice(0, 60);
      complain(`${name} has ${count(chosen.size)} bytes; ${FEW}, so this is another file.`);
      return;
    }
    const content = await chosen.text();
    text.value = content.slice(0, MOST_SENT);
    send(content);
  }

  function send(content) {
    const slim = configText(content);
    if (slim.length > MOST_SENT) {
      complain(`This text has ${count(content.length)} characters; ${FEW}.`);
      return;
    }
    complain("");
    app.change({ model: "own", config: slim, ...whole() });
  }

  return {
    element: model.element, fold,
    draw() {
      const params = app.params();
      const named = app.trait("models").map((name) => [name, name]);
      model.draw([...named, ["own", "your config.json"]], params.model);
      if (!text.value && params.config) text.value = params.config;
    },
  };
}

/** A model in one line. */
function modelWords(model) {
  const active = model.active < model.parameters ? `, ${billions(model.active)} at work on a token`
    : "";
  const experts = model.experts ? `, ${model.experts} experts in a layer` : "";
  return `${model.name}: ${count(model.parameters)} parameters${active}; ${
    plural(model.layers, "layer")} of ${count(model.hidden)}, ${
    plural(model.heads, "head")}${experts}. ${model.source}`;
}

function billions(value) {
  return value >= 1e9 ? `${(value / 1e9).toFixed(1)} B` : `${(value / 1e6).toFixed(0)} M`;
}
