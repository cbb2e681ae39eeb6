// The state of a dashboard as an address, as JSON and as code; its pictures and tables as files.

const MOST_ADDRESS = 4000; // characters of a state; a larger one is shared as a file

/** Dictionary -> URL-safe base64 of its JSON, and back (null if it is not one). */
function packState(state) {
  const text = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function unpackState(text) {
  try {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes_read = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
    const state = JSON.parse(new TextDecoder().decode(bytes_read));
    return state && typeof state === "object" && !Array.isArray(state) ? state : null;
  } catch {
    return null;
  }
}

/** The page's address with this state; a page's main dashboard has the parameter "s". */
function linkTo(state, key = "s") {
  const url = new URL(window.location.href);
  url.searchParams.set(key, packState(state));
  return url;
}

/** Whether a state is short enough for an address. */
function fitsAddress(state) {
  return packState(state).length <= MOST_ADDRESS;
}

/** The address follows the state; one that is too large for it is left out, never an older one. */
function putInAddress(state, key = "s") {
  const url = linkTo(state, key);
  if (!fitsAddress(state)) url.searchParams.delete(key);
  window.history.replaceState(null, "", url);
}

function pythonOf(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  return `{${Object.entries(value).map(([name, inner]) =>
    `${JSON.stringify(name)}: ${pythonOf(inner)}`).join(", ")}}`;
}

/** A cell that leads to the same moment. */
function asCode(state, module = "widgets.stepper") {
  const items = Object.entries(state).map(([name, value]) =>
    `    ${JSON.stringify(name)}: ${pythonOf(value)},`);
  return [`from ${module} import lesson`, "", "lesson(state={", ...items, "})"].join("\n");
}

/**
 * A fold to save, load, share and export; `draw(state, inPage)` while it is open.
 * `app` has restore(state) and state(); where they differ from the default, also code(state), the
 * address's key, and the root whose pictures and tables are offered.
 */
function stateView(app) {
  const json = h("textarea", { rows: 8, spellcheck: "false", "aria-label": "State as JSON" });
  const code = h("textarea", { rows: 8, readonly: true, "aria-label": "State as code" });
  const link = h("input", { type: "text", readonly: true, "aria-label": "Link to this moment" });
  const done = h("span", { class: "done", role: "status" });
  const copy = (field, what) => h("button", { type: "button",
    onclick: async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy");
      }
      say(done, `Copied the ${what}.`);
    } }, `Copy ${what}`);
  const button = (words, act, onclick) =>
    h("button", { type: "button", "data-act": act, onclick }, words);

  let loading = null;
  function confirmLoaded(shown) {
    const same = ([name, value]) =>
      name === "view" || JSON.stringify(shown[name]) === JSON.stringify(value);
    if (!loading || !Object.entries(loading).every(same)) return;
    loading = null;
    say(done, "Loaded.");
  }

  function read(text) {
    try {
      const state = JSON.parse(text);
      if (!state || typeof state !== "object" || Array.isArray(state)) {
        throw new Error("not a dictionary");
      }
      loading = state;
      say(done, "");
      app.restore(state);
      confirmLoaded(app.state());
    } catch (error) {
      say(done, `This is not a state: ${error.message}.`);
    }
  }
  const picker = h("input", { type: "file", accept: ".json,application/json",
    onchange: async () => {
      const [file] = picker.files;
      picker.value = "";
      if (!file) return;
      if (file.size > 65536) say(done, "This is not a state: the file is larger than 64 KiB.");
      else read(await file.text());
    } });
  const address = h("div", { class: "trn-address" }, link, copy(link, "link"));
  const files = exportsView(app.root || document.createElement("div"));
  const root = h("details", { class: "fold trn-share" },
    h("summary", {}, "Save, share, download"),
    h("p", { class: "how" }, "A link, a file and a cell that lead to exactly this moment."),
    address,
    h("div", { class: "trn-split" },
      h("div", {}, json, copy(json, "JSON"),
        button("Load this JSON", "load", () => read(json.value)),
        button("Save as a file", "save", () =>
          download("trnlab-state.json", JSON.stringify(app.state(), null, 1), "application/json")),
        button("Open a file", "open", () => picker.click())),
      h("div", {}, code, copy(code, "code"))), done,
    h("p", { class: "how" }, "Pictures and tables:"), files.element);
  const view = {
    element: root,
    draw(state, inPage) {
      address.hidden = !inPage;
      confirmLoaded(state);
      if (!root.open || document.activeElement === json) return;
      json.value = JSON.stringify(state, null, 1);
      code.value = (app.code || asCode)(state);
      link.value = fitsAddress(state) ? linkTo(state, app.key).href
        : "This state is too large for a link: save it as a file.";
    },
  };
  root.addEventListener("toggle", () => {
    files.draw();
    view.draw(app.state(), "voila" in document.body.dataset);
  });
  return view;
}
