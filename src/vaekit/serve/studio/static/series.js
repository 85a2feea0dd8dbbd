// A stream: what was observed over what the model makes of it, with the strange steps shaded.
import { colour, histogram, legend, lines } from "./charts.js";
import { button, download, during, empty, fill, h, later, number, plural, shown, trouble } from "./dom.js";
import { grid } from "./rows.js";
import { Stream } from "./stream.js";
import { toCsv } from "./table.js";
import { VERDICTS } from "./triage.js";

export const series = { id: "series", title: "Series", line: "Observed and reconstructed, strange steps shaded", kinds: ["stream"] };

series.show = async (root, app) => {
  if (!app.data) return void fill(root, app.noRows("The series show your stream beside what the model makes of it."));
  const found = await during(root, "Scoring and reconstructing…", async () => [await app.explained(), await app.rebuilt(), await app.verdicts()]);
  if (!found) return;
  if (!found[0].some((each) => each.score !== null)) return void fill(root, empty("No step has a score", `Pieces of the stream are shorter than a window of ${app.model.card.windows.size} steps.`));
  new Series(root, app, ...found).begin();
};

class Series {
  constructor(root, app, scores, rebuilt, verdicts) {
    Object.assign(this, { root, app, scores, rebuilt, verdicts, model: app.model, state: app.state, items: app.data.items, stream: new Stream(app) });
  }

  begin() {
    const flagged = this.scores.filter((each) => each.p_value !== null && each.p_value <= 0.01).map((each) => each.score).sort((a, b) => a - b);
    const all = this.scores.map((each) => each.score).filter((score) => score !== null).sort((a, b) => b - a);
    this.cut = this.state.number("cut", flagged.length ? flagged[0] : all[Math.floor(0.02 * all.length)]);
    this.charts = h("div", { className: "surface", testid: "series" });
    this.list = h("div");
    this.side = h("aside", { className: "side", testid: "stretch" });
    this.count = h("strong", { testid: "series-count" });
    this.controls = h("div", { className: "controls" });
    const chart = h("div");
    fill(this.root, this.controls, h("div", { className: "split wide" }, this.charts, h("div", { className: "stack" },
      h("div", { className: "surface" }, h("h3", {}, "Scores of all steps"), chart, h("p", { className: "tight" }, this.count)),
      h("div", { className: "surface" }, h("div", { className: "bar" }, h("h3", {}, "Strange stretches"), button("series-csv", "CSV", () => this.download()), button("verdicts-csv", "Verdicts", () => this.export())), this.list), this.side)));
    const again = later(() => { this.state.set({ cut: Number(this.cut.toPrecision(6)) }); this.told(); this.draw(); }, 60);
    histogram(chart, "series-histogram", { title: "Histogram of scores", values: all, threshold: this.cut, roots: true, height: 120, yLabel: "steps", onmove: (value) => { this.cut = value; again(); } });
    this.told();
    const first = this.stretches[0];
    if (this.state.get("machine") === null && first) this.stream.machine = first.owner;
    this.pick(first && this.state.get("from") === null ? first : null);
  }

  told() {
    const strange = (i) => this.scores[i].score !== null && this.scores[i].score >= this.cut;
    this.stretches = this.stream.stretches(strange).map((each) => {
      const peak = each.rows.reduce((best, i) => (this.scores[i].score > this.scores[best].score ? i : best), each.rows[0]);
      return { ...each, peak, score: this.scores[peak].score, from: this.stream.clock(each.rows[0]), to: this.stream.clock(each.rows.at(-1)) };
    }).sort((a, b) => b.score - a.score);
    const steps = this.stretches.reduce((sum, each) => sum + each.rows.length, 0);
    this.count.textContent = `${plural(steps, "step")} in ${this.stretches.length} stretches at or above ${number(this.cut)}`;
    this.listNow();
  }

  item(stretch) { return { ...(this.stream.names.length > 1 || this.stream.names[0] ? { [(this.stream.cutting.by ?? ["machine"]).join(" ")]: stretch.owner } : {}), from: stretch.from, to: stretch.to }; }
  verdict(stretch) { return this.verdicts.get(this.app.keyOf(this.item(stretch))); }

  listNow() {
    const rows = this.stretches.map((each) => ({ machine: each.owner, from: this.stream.short(each.from), steps: each.rows.length, score: each.score, why: this.scores[each.peak].reason_1_column, verdict: this.verdict(each)?.verdict ?? null }));
    const columns = [...(this.stream.names.length > 1 ? [{ name: "machine", title: this.stream.title }] : []), { name: "from", title: "from" }, { name: "steps", title: "steps", right: true }, { name: "score", title: "peak", right: true }, { name: "why", title: "why" }, { name: "verdict", title: "verdict" }];
    const cell = (row, column) => (column.name === "verdict" ? h("span", row.verdict ? { className: `chip ${row.verdict}` } : { className: "muted" }, VERDICTS[row.verdict] ?? "open") : null);
    fill(this.list, rows.length ? grid("stretches", rows, columns, { onrow: (i) => this.pick(this.stretches[i]), cell, most: 60 }) : h("p", { className: "muted" }, "No step is above the threshold."));
  }

  pick(stretch) {
    if (stretch) {
      this.stream.go(stretch.owner, stretch.rows);
      this.about(stretch);
    } else if (!this.side.firstChild) fill(this.side, h("p", { className: "muted" }, "Choose a stretch to decide about it."));
    this.draw(true);
  }

  draw(controls = false) {
    if (controls) fill(this.controls, this.stream.controls((more) => this.draw(more)));
    const steps = this.stream.shown();
    const { x, at, ticks } = this.stream.places(steps);
    const { machine } = this.stream;
    const own = new Set(this.stretches.filter((each) => each.owner === machine).flatMap((each) => each.rows));
    const shades = [];
    at.forEach((i, k) => {
      if (i === null || !own.has(i)) return;
      if (k && shades.length && own.has(at[k - 1])) shades.at(-1)[1] = x[k] + 0.5;
      else shades.push([x[k] - 0.5, x[k] + 0.5]);
    });
    const take = (of) => at.map((i) => (i === null ? null : of(i)));
    fill(this.charts, legend([["observed", colour("--text"), "line"], ["reconstructed", colour("--c1"), "line"], ["strange", colour("--alarm-soft"), "area"]]));
    const add = (title, testid, list, unit, height, timed, names) => {
      const place = h("div");
      this.charts.append(h("h4", { className: "close" }, title, unit && h("small", {}, ` ${unit}`)), place);
      lines(place, testid, { title, x, series: list, names, height: timed ? height : height - 16, shades, ticks: timed ? ticks : null, sync: "series", more: { machine, from: steps.length ? this.stream.clock(steps[0]) : null, to: steps.length ? this.stream.clock(steps.at(-1)) : null, strange: steps.filter((i) => own.has(i)).length } });
    };
    add("Score", "series-score", [{ label: "score", values: take((i) => this.scores[i].score), colour: "--alarm", width: 1.4 }], "", 104, true);
    this.model.fields.forEach((column, k) => add(column.name, `series-${column.name}`, [
      { label: "observed", values: take((i) => this.items[i][column.name]), colour: "--text", width: 1.3 },
      { label: "reconstructed", values: take((i) => this.rebuilt[i]?.[column.name] ?? null), colour: "--c1", width: 1.5 },
    ], column.unit, 108, k === this.model.fields.length - 1, this.model.levels[column.name]));
  }

  about(stretch) {
    const kept = this.verdict(stretch);
    const why = this.scores[stretch.peak];
    const note = h("input", { type: "text", testid: "verdict-note", placeholder: "Note", "aria-label": "note", value: kept?.note ?? "", maxLength: 2000 });
    const wrong = h("div");
    const told = (value) => (value === null || Number.isNaN(Number(value)) ? shown(value) : number(Number(value)));
    const say = async (verdict) => {
      try {
        await this.app.decide(this.item(stretch), { verdict, note: note.value, score: stretch.score, p_value: why.p_value });
        this.listNow();
        this.about(stretch);
      } catch (error) { fill(wrong, trouble(error)); }
    };
    const reasons = [1, 2, 3].filter((k) => why[`reason_${k}_column`]).map((k) => h("div", { className: "reason", testid: "reason" }, h("div", { className: "bar" }, h("strong", {}, why[`reason_${k}_column`]), h("span", { className: "muted" }, `${Math.round(100 * why[`reason_${k}_share`])} %`)),
      h("div", { className: "share" }, h("span", { style: { width: `${100 * why[`reason_${k}_share`]}%` } })), h("div", { className: "told" }, h("span", { className: "observed" }, told(why[`reason_${k}_observed`])), h("span", { className: "muted" }, "expected"), told(why[`reason_${k}_expected`]))));
    fill(this.side, h("h3", { testid: "stretch-title" }, `${stretch.owner} ${stretch.from}`), h("p", { className: "muted tight" }, `${plural(stretch.rows.length, "step")}, strangest at ${this.stream.clock(stretch.peak)} · score ${number(stretch.score)}`),
      h("div", { className: "verdict", testid: "verdict" }, h("div", { className: "row" }, Object.entries(VERDICTS).map(([key, text]) => button(`verdict-${key}`, text, () => say(kept?.verdict === key ? null : key), `${key} ${kept?.verdict === key ? "pressed" : ""}`, { ariaPressed: String(kept?.verdict === key) }))), note, wrong), reasons);
  }

  download() {
    const rows = this.stretches.map((each) => ({ ...this.item(each), steps: each.rows.length, score: each.score, channel: this.scores[each.peak].reason_1_column, verdict: this.verdict(each)?.verdict ?? "", note: this.verdict(each)?.note ?? "" }));
    download(`${this.model.name}-stretches.csv`, toCsv(rows));
  }

  async export() {
    try { download(`${this.model.name}-verdicts.csv`, await this.app.api.text(`${this.model.at}/verdicts.csv`)); } catch (error) { fill(this.side, trouble(error)); }
  }
}
