// The state of the lesson as an address, as JSON and as code.

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

/** `parameter`: the dashboard's own place in an address that several share. */
function linkTo(state, parameter = "s") {
  const url = new URL(window.location.href);
  url.searchParams.set(parameter, packState(state));
  return url;
}

function pythonOf(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, inner]) =>
    `${JSON.stringify(name)}: ${pythonOf(inner)}`).join(", ")}}`;
}

/** A cell that leads to this moment; `module` is where the dashboard's `lesson` stands. */
function asCode(state, module = "widgets.stepper") {
  const items = Object.entries(state).map(([name, value]) => `    "${name}": ${pythonOf(value)},`);
  return [`from ${module} import lesson`, "", "lesson(state={", ...items, "})"].join("\n");
}

function stateView(app) {
  const json = h("textarea", { rows: 8, spellcheck: "false", "aria-label": "State as JSON" });
  const code = h("textarea", { rows: 8, readonly: true, "aria-label": "State as code" });
  const link = h("input", { type: "text", readonly: true, "aria-label": "Link to this moment" });
  const done = h("span", { class: "done", "aria-live": "polite" });
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
  const load = h("button", { type: "button", onclick: () => {
    try {
      app.restore(JSON.parse(json.value));
      say(done, "Loaded.");
    } catch (error) {
      say(done, `This is not JSON: ${error.message}`);
    }
  } }, "Load this JSON");
  const address = h("label", { class: "address" }, "Link ", link, copy(link, "link"));
  const root = h("details", { class: "fold state" },
    h("summary", {}, "Save this moment, share it, open it in a notebook"),
    h("p", { class: "how" }, "A link, a dictionary and a cell that lead to exactly this moment."),
    address,
    h("div", { class: "split" },
      h("div", {}, json, copy(json, "JSON"), load),
      h("div", {}, code, copy(code, "code"))), done);
  root.addEventListener("toggle", () => app.refresh());
  return {
    element: root,
    draw(state, inPage) {
      address.hidden = !inPage;
      if (!root.open || document.activeElement === json) return;
      json.value = JSON.stringify(state, null, 1);
      code.value = asCode(state, app.module);
      link.value = linkTo(state, app.parameter).href;
    },
  };
}
