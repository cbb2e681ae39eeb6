// Widgets without a kernel: models from the state that the page carries, views from their modules.
{
  const { models: saved, texts } = JSON.parse(document.getElementById("trn-models").textContent);
  const NOTE = "This copy has no kernel, so it cannot compute that. What is shown stays; "
    + "in the workbench (make lab) it works.";
  const modules = new Map();
  const models = new Map();

  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

  function stateOf({ state, buffers }) {
    const whole = structuredClone(state);
    for (const { path, data } of buffers) {
      const place = path.slice(0, -1).reduce((node, name) => node[name], whole);
      place[path.at(-1)] = bytes(data);
    }
    return whole;
  }

  /** What a widget's JavaScript expects of its model. */
  class Model {
    constructor(record) {
      this.record = record;
      this.state = stateOf(record);
      this.kept = { ...this.state };
      this.listeners = [];
      this.dirty = new Set();
      this.notes = new Set(); // one for each view
      this.widget_manager = { get_model: async (id) => models.get(id.replace("IPY_MODEL_", "")) };
    }

    get(name) { return this.state[name]; }

    set(name, value) {
      if (typeof name === "object") {
        for (const [each, of] of Object.entries(name)) this.set(each, of);
        return;
      }
      if (this.state[name] === value) return;
      this.state[name] = value;
      this.dirty.add(name);
      this.emit(`change:${name}`, this, value);
      this.emit("change", this);
    }

    on(names, listener) {
      for (const name of names.split(/\s+/)) this.listeners.push({ name, listener });
    }

    off(names, listener) {
      const dropped = names ? names.split(/\s+/) : null;
      this.listeners = this.listeners.filter((entry) => (dropped && !dropped.includes(entry.name))
        || (listener && entry.listener !== listener));
    }

    emit(name, ...what) {
      for (const entry of [...this.listeners]) if (entry.name === name) entry.listener(...what);
    }

    /** Keep what the browser can answer; take back what only Python could. */
    save_changes() {
      const asked = [...this.dirty].filter((name) => this.record.asks.includes(name));
      for (const name of this.dirty) if (!asked.includes(name)) this.kept[name] = this.state[name];
      this.dirty.clear();
      if (!asked.length) return;
      this.refuse();
      setTimeout(() => {
        for (const name of asked) this.set(name, this.kept[name]);
        this.dirty.clear();
        if ("problem" in this.state) this.emit("change:problem", this, this.state.problem);
      });
    }

    send(message) {
      const { kind } = message || {};
      setTimeout(() => {
        if (kind === "ping") this.emit("msg:custom", { kind: "pong" }, []);
        else this.emit("msg:custom", { ...message, problem: NOTE }, []);
      });
      if (!["ping", "wait", "values"].includes(kind)) this.refuse();
    }

    refuse() { for (const note of this.notes) note.textContent = NOTE; }
  }

  function moduleOf(place) {
    if (!modules.has(place)) {
      const url = URL.createObjectURL(new Blob([texts[place]], { type: "text/javascript" }));
      modules.set(place, import(url));
    }
    return modules.get(place);
  }

  async function show(id, place) {
    const model = models.get(id);
    const { record } = model;
    if (record.kind === "VBoxModel" || record.kind === "HBoxModel") {
      place.classList.toggle("trn-row-of", record.kind === "HBoxModel");
      for (const child of model.get("children")) {
        const inner = place.appendChild(document.createElement("div"));
        await show(child.replace("IPY_MODEL_", ""), inner);
      }
      return;
    }
    if (record._esm === undefined) {
      place.textContent = "This control needs the workbench.";
      return;
    }
    const note = place.appendChild(document.createElement("p"));
    note.className = "trn-note-static";
    note.setAttribute("role", "status");
    model.notes.add(note);
    const view = place.appendChild(document.createElement("div"));
    const { default: widget } = await moduleOf(record._esm);
    const made = typeof widget === "function" ? await widget() : widget;
    await made.initialize?.({ model });
    await made.render?.({ model, el: view });
  }

  const style = document.head.appendChild(document.createElement("style"));
  const sheets = new Set(Object.values(saved).map((record) => record._css));
  style.textContent = [...sheets].filter((place) => place !== undefined)
    .map((place) => texts[place]).join("\n");
  for (const [id, record] of Object.entries(saved)) models.set(id, new Model(record));
  const shown = [...document.querySelectorAll("[data-model]")].map((place) =>
    show(place.dataset.model, place).catch((error) => {
      place.textContent = `This widget could not be shown: ${error.message}`;
    }));
  Promise.all(shown).then(() => { document.documentElement.dataset.ready = ""; });
}
