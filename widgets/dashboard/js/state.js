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

function linkTo(state) {
  const url = new URL(window.location.href);
  url.searchParams.set("s", packState(state));
  return url;
}

function asCode(state) {
  const items = Object.entries(state).map(([name, value]) => {
    const json = JSON.stringify(value);
    return `    "${name}": ${{ null: "None", true: "True", false: "False" }[json] || json},`;
  });
  return ["from widgets.stepper import lesson", "", "lesson(state={", ...items, "})"].join("\n");
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
      code.value = asCode(state);
      link.value = linkTo(state).href;
    },
  };
}
