// The steps of a stream: whose they are, when, and which of them are shown.
import { moment } from "./clock.js";
import { field, h, later, select } from "./dom.js";

const SPANS = [100, 200, 400, 1000, 4000];
export const SHOWN = 400; // steps at once

export class Stream {
  constructor(app) {
    Object.assign(this, { state: app.state, items: app.data.items, cutting: app.model.card.windows });
    this.owners = this.items.map((item) => (this.cutting.by ?? []).map((name) => item[name]).join(" · "));
    this.names = [...new Set(this.owners)];
    this.times = this.items.map((item, i) => (this.cutting.time ? moment(item[this.cutting.time], this.cutting.dated, this.cutting.format) : i));
    this.ordered = new Map(this.names.map((name) => [name, []]));
    this.owners.forEach((owner, i) => this.ordered.get(owner).push(i));
    for (const rows of this.ordered.values()) rows.sort((a, b) => this.times[a] - this.times[b]);
    this.machine = this.names.includes(this.state.get("machine")) ? this.state.get("machine") : this.names[0];
  }

  // Steps of one machine in the order of time.
  steps(owner = this.machine) { return this.ordered.get(owner) ?? []; }

  clock(i) {
    const value = this.cutting.time ? this.items[i][this.cutting.time] : `step ${i}`;
    return this.cutting.dated ? String(value).replace("T", " ").slice(0, 16) : String(value);
  }
  short(text) { return /^\d{4}-/.test(text) ? text.slice(5) : text; }
  get title() { return (this.cutting.by ?? []).join(", "); }

  // Show these steps of a machine, with some before and behind them.
  go(owner, rows) {
    this.machine = owner;
    const steps = this.steps();
    const middle = steps.indexOf(rows[Math.floor(rows.length / 2)]);
    this.state.set({ machine: owner, from: Math.max(0, Math.min(middle - SHOWN / 4, steps.length - SHOWN / 2)), span: SHOWN / 2 });
  }

  controls(draw) {
    const again = (values) => { this.state.set(values); draw(true); };
    const span = Math.min(this.state.number("span", SHOWN), this.steps().length);
    const from = h("input", { type: "range", min: 0, max: Math.max(this.steps().length - span, 0), step: 1, value: this.state.number("from", 0), testid: "series-from", "aria-label": "first step", oninput: later(() => { this.state.set({ from: from.value }); draw(); }, 25) });
    return [this.names.length > 1 && field(this.title, select("series-machine", this.names.map((name) => [name, name]), this.machine, (name) => { this.machine = name; again({ machine: name, from: 0 }); })),
      field("Steps at once", select("series-span", SPANS.map((each) => [each, each]), this.state.number("span", SHOWN), (value) => again({ span: value }))),
      h("div", { className: "field grow" }, h("label", {}, "From"), from)];
  }

  shown() {
    const all = this.steps();
    const start = Math.min(this.state.number("from", 0), Math.max(all.length - 2, 0));
    return all.slice(start, start + Math.min(this.state.number("span", SHOWN), 4000));
  }

  // Places on the axis: a line breaks where time does, by a few steps however long the hole is.
  places(steps) {
    const [x, at] = [[], []];
    const hole = this.cutting.hole || Infinity;
    let place = 0;
    steps.forEach((i, k) => {
      if (k && this.times[i] - this.times[steps[k - 1]] > hole) { x.push(place + 2); at.push(null); place += 4; }
      x.push(place);
      at.push(i);
      place += 1;
    });
    return { x, at, ticks: (k) => { const i = at[x.indexOf(Math.round(k))] ?? null; return i === null ? "" : this.short(this.clock(i)); } };
  }

  // Stretches of steps, of every machine, for which it holds.
  stretches(holds) {
    return this.names.flatMap((owner) => {
      const found = [];
      let open = null;
      for (const i of this.steps(owner)) {
        if (!holds(i)) { open = null; continue; }
        if (!open) found.push((open = { owner, rows: [] }));
        open.rows.push(i);
      }
      return found;
    });
  }
}
