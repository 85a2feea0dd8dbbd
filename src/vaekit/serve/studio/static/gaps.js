// Gaps of a stream: what belongs into its missing steps, between which values, and what would be filled into steps hidden on purpose.
import { colour, legend, lines } from "./charts.js";
import { button, download, during, empty, field, fill, h, number, plural, select, shown } from "./dom.js";
import { grid } from "./rows.js";
import { Stream } from "./stream.js";
import { toCsv } from "./table.js";

export const gaps = { id: "gaps", title: "Fill gaps", line: "What belongs where the sensors said nothing", kinds: ["stream"] };
const LEVEL = 0.9;

gaps.show = async (root, app) => {
  if (!app.data) return void fill(root, app.noRows("Gaps of your stream are filled from the steps around them and from the other channels."));
  if (!app.model.can("impute")) return void fill(root, empty("This model fills no gaps", app.model.whyNot("impute")));
  const hidden = app.state.json("hide", null);
  const items = hide(app, hidden);
  const interval = app.model.can("impute_interval") ? { interval: LEVEL } : {};
  const filled = await during(root, "Filling gaps…", () => app.once(`gaps ${JSON.stringify(hidden)}`, () => app.model.ask("impute", items, interval)));
  if (filled) new Gaps(root, app, items, filled).begin();
};

// The rows, without the steps that are hidden: {column, rows: [...]}.
function hide(app, hidden) {
  if (!hidden?.rows?.length) return app.data.items;
  const gone = new Set(hidden.rows);
  return app.data.items.map((item, i) => (gone.has(i) ? { ...item, [hidden.column]: null } : item));
}

class Gaps {
  constructor(root, app, items, filled) {
    Object.assign(this, { root, app, items, filled, model: app.model, state: app.state, stream: new Stream(app) });
    this.fields = app.model.fields.filter(({ role }) => role !== "given");
    this.found = this.fields.flatMap((column) => this.stream.stretches((i) => this.gone(i, column)).map((each) => ({ ...each, column })));
    this.found.sort((a, b) => b.rows.length - a.rows.length);
  }

  gone(i, { name }) { return (this.items[i][name] ?? null) === null; }

  begin() {
    this.charts = h("div", { className: "surface", testid: "gaps-series" });
    this.controls = h("div", { className: "controls" });
    this.side = h("aside", { className: "side", testid: "gap", "aria-live": "polite" });
    const count = this.found.reduce((sum, each) => sum + each.rows.length, 0);
    fill(this.root, this.controls, h("div", { className: "split wide" }, this.charts, h("div", { className: "stack" },
      h("div", { className: "surface" }, h("div", { className: "bar" }, h("h3", { testid: "gaps-count" }, count ? `${plural(count, "missing cell")} in ${plural(this.found.length, "gap")}` : "No gap in these rows"),
        button("gaps-csv", "Filled rows as CSV", () => this.download())), this.list()), this.side, this.hider())));
    const hidden = this.state.json("hide", null);
    const [fresh, seen] = [this.state.get("from") === null, new Set(this.stream.shown())];
    const here = this.found.find((each) => each.column.name === hidden?.column && hidden.rows?.includes(each.rows[0])) ?? (fresh ? null : this.found.find(({ rows }) => rows.some((i) => seen.has(i))));
    const first = here ?? this.found[0];
    if (first && (!here || fresh)) return void this.pick(first);
    this.column = first?.column;
    this.about(first);
    this.draw(true);
  }

  list() {
    if (!this.found.length) return h("p", { className: "muted" }, "Hide some steps below to see what would be filled in.");
    const rows = this.found.map((each) => ({ machine: each.owner, column: each.column.name, from: this.stream.short(this.stream.clock(each.rows[0])), steps: each.rows.length }));
    const columns = [...(this.stream.names.length > 1 ? [{ name: "machine", title: this.stream.title }] : []), { name: "column", title: "channel" }, { name: "from", title: "from" }, { name: "steps", title: "steps", right: true }];
    return grid("gaps", rows, columns, { onrow: (i) => this.pick(this.found[i]), most: 500 });
  }

  // Steps that are there, taken away to be compared with what is filled in.
  hider() {
    const name = h("select", { testid: "gaps-hide-column", "aria-label": "channel" }, this.fields.map((column) => h("option", { value: column.name }, column.name)));
    const count = h("input", { type: "number", min: 1, max: 1000, step: 1, value: this.model.card.windows.size >> 1 || 1, testid: "gaps-hide-steps", "aria-label": "steps" });
    const go = () => {
      const steps = this.stream.shown();
      const known = steps.filter((i) => (this.app.data.items[i][name.value] ?? null) !== null);
      const some = Math.max(1, Math.min(Math.round(Number(count.value)) || 1, known.length));
      const start = Math.floor((known.length - some) / 2);
      this.again({ column: name.value, rows: known.slice(start, start + some) });
    };
    return h("div", { className: "surface" }, h("h3", {}, "Try it: hide steps in the middle of what is shown"), h("div", { className: "controls" }, field("Channel", name), field("Steps", count),
      button("gaps-hide", "Hide and fill", go, "primary"), this.state.get("hide") !== null && button("gaps-hide-none", "Hide none", () => this.again(null), "quiet")));
  }

  again(hidden) { this.state.set({ hide: hidden }); gaps.show(this.root, this.app); }

  pick(gap) {
    this.column = gap.column;
    this.stream.go(gap.owner, gap.rows);
    this.about(gap);
    this.draw(true);
  }

  draw(controls = false) {
    if (controls) fill(this.controls, this.stream.controls((more) => this.draw(more)));
    const { x, at, ticks } = this.stream.places(this.stream.shown());
    const banded = this.model.can("impute_interval");
    fill(this.charts, legend([["observed", colour("--text"), "line"], ["filled in", colour("--c1"), "line"], banded && ["where 9 of 10 would lie", colour("--band"), "area"], this.state.get("hide") !== null && ["hidden", colour("--gone"), "line"]].filter(Boolean)));
    const first = this.column ?? this.fields[0]; // the channel of the chosen gap stands above the others
    [first, ...this.fields.filter((column) => column !== first)].forEach((column, k) => {
      const place = h("div");
      this.charts.append(h("h4", { className: "close" }, column.name, column.unit && h("small", {}, ` ${column.unit}`)), place);
      const timed = k === 0 || k === this.fields.length - 1;
      lines(place, `gaps-${column.name}`, { title: `${column.name}, gaps filled in`, x, height: timed ? 124 : 108, ticks: timed ? ticks : null, sync: "gaps", band: [4, 3], names: this.model.levels[column.name], series: this.series(column, at), more: { machine: this.stream.machine } });
    });
  }

  // A filling begins and ends at the observed steps beside its gap.
  series(column, at) {
    const { name } = column;
    const here = at.map((i) => i !== null && this.gone(i, column));
    const beside = (k) => here[k] || here[k - 1] || here[k + 1];
    const of = (take) => at.map((i, k) => (i === null || !beside(k) ? null : here[k] ? take(this.filled[i]) ?? null : this.items[i][name]));
    return [
      { label: "hidden", values: at.map((i, k) => (i === null || !beside(k) ? null : this.app.data.items[i][name] ?? null)), colour: "--gone", width: 1.3 },
      { label: "filled in", values: of((row) => row[name]), colour: "--c1", width: 1.8 },
      { label: "low", values: of((row) => row[`${name}_low`]), colour: "--band", width: 0 },
      { label: "high", values: of((row) => row[`${name}_high`]), colour: "--band", width: 0 },
      { label: "observed", values: at.map((i) => (i === null ? null : this.items[i][name] ?? null)), colour: "--text", width: 1.3 },
    ];
  }

  about(gap) {
    this.side.hidden = !gap;
    if (!gap) return;
    const { name } = gap.column;
    const row = (i) => ({ when: this.stream.short(this.stream.clock(i)), best: this.filled[i][name] ?? null, low: this.filled[i][`${name}_low`] ?? null, high: this.filled[i][`${name}_high`] ?? null, was: this.app.data.items[i][name] ?? null });
    const rows = gap.rows.map(row);
    const was = rows.some((each) => each.was !== null);
    const columns = [{ name: "when", title: "when" }, ...["best", "low", "high", ...(was ? ["was"] : [])].map((each) => ({ name: each, title: each, right: true }))];
    const cell = (each, column) => (column.name === "when" ? each.when : typeof each[column.name] === "number" ? number(each[column.name]) : each[column.name] === null ? "–" : shown(each[column.name]));
    fill(this.side, h("h3", { testid: "gap-title" }, `${name}, ${gap.owner} ${this.stream.clock(gap.rows[0])}`),
      rows.every((each) => each.best === null) ? h("p", { className: "muted" }, `No filling: this piece of the stream is shorter than a window of ${this.model.card.windows.size} steps.`) : grid("gap-values", rows, columns, { cell, most: 200 }));
  }

  download() {
    const names = Object.keys(this.app.data.items[0]);
    const rows = this.items.map((item, i) => ({ ...item, ...Object.fromEntries(this.fields.map(({ name }) => [name, item[name] ?? this.filled[i][name] ?? null])) }));
    download(`${this.model.name}-filled.csv`, toCsv(rows, names));
  }
}
