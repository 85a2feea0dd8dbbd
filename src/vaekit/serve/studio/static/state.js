// What is shown lives in the address, so that a link or the back button shows it again.

export class State {
  constructor(onchange) {
    this.read();
    addEventListener("popstate", () => { this.read(); onchange(); });
    addEventListener("hashchange", () => { if (`#${this.text()}` !== location.hash) { this.read(); onchange(); } });
  }

  read() { this.values = Object.fromEntries(new URLSearchParams(location.hash.slice(1))); }
  text() { return new URLSearchParams(this.values).toString(); }
  get(name, usual = null) { return this.values[name] ?? usual; }
  number(name, usual = null) { const value = Number(this.values[name]); return this.values[name] === undefined || Number.isNaN(value) ? usual : value; }
  json(name, usual) { try { return JSON.parse(this.values[name]); } catch { return usual; } }

  // step: a place to come back to with the browser's back button
  set(values, step = false) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === "") delete this.values[name];
      else this.values[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
    }
    history[step ? "pushState" : "replaceState"](null, "", `#${this.text()}`);
  }
}
