// Anomaly triage: rows by score, a threshold to drag, why a row is strange, and what was decided about it.
import { histogram } from "./charts.js";
import { button, download, during, exposed, field, fill, h, later, number, percent, plural, select, shown, trouble } from "./dom.js";
import { grid, picture } from "./rows.js";
import { toCsv } from "./table.js";

export const triage = { id: "triage", title: "Triage", line: "The strangest rows first, and why", kinds: ["table", "image"] };
export const VERDICTS = { anomaly: "Anomaly", ordinary: "Ordinary", unsure: "Unsure" };
const WAYS = { default: "default", likelihood: "likelihood", reconstruction: "reconstruction", latent: "latent" };

triage.show = async (root, app) => {
  if (!app.data) return void fill(root, app.noRows("Triage ranks your rows by how strange they are to the model."));
  const way = app.state.get("by", "default");
  const found = await during(root, "Scoring rows…", async (told) => [await app.scored(told, way), await app.verdicts()]);
  if (!found) return;
  new Triage(root, app, ...found).begin();
};

class Triage {
  constructor(root, app, scores, verdicts) {
    Object.assign(this, { root, app, verdicts, model: app.model, state: app.state, way: app.state.get("by", "default") });
    this.ranked = scores.filter((each) => each.score !== null).sort((a, b) => b.score - a.score);
    this.list = h("div", { className: "surface" });
    this.count = h("strong", { testid: "triage-count" });
    this.side = h("aside", { className: "side", testid: "triage-detail", "aria-live": "polite" });
    this.drawList = later(() => this.listNow(), 60);
  }

  usual() {
    const flagged = this.ranked.filter((each) => each.p_value !== null && each.p_value <= 0.01);
    return (flagged.at(-1) ?? this.ranked[Math.min(9, this.ranked.length - 1)])?.score ?? 0;
  }

  begin() {
    const { state } = this;
    this.cut = state.number("cut", this.usual());
    const chart = h("div");
    const ways = select("triage-by", Object.entries(WAYS), this.way, (value) => { state.set({ by: value, cut: null, row: null }); this.app.render(); });
    const open = h("input", { type: "checkbox", testid: "triage-open", checked: state.get("open") === "1", onchange: (event) => { state.set({ open: event.target.checked ? "1" : null }); this.listNow(); } });
    const byVerdict = h("div", { className: "row" },
      button("triage-csv", "Ranked rows as CSV", () => this.download()), button("verdicts-csv", "Verdicts as CSV", () => this.export()));
    fill(this.root, h("div", { className: "surface" },
      h("div", { className: "bar" }, h("h3", {}, "Scores of all rows"), field("Score by", ways), h("span", { className: "grow" }), byVerdict),
      chart, h("p", { className: "tight" }, this.count, h("span", { className: "muted" }, " · drag the line, or focus it and use the arrow keys"))),
    h("div", { className: "split" }, h("div", {}, h("label", { className: "check" }, open, "without a verdict only"), this.list), this.side));
    const moved = later(() => state.set({ cut: Number(this.cut.toPrecision(6)) }));
    histogram(chart, "triage-histogram", {
      title: "Histogram of anomaly scores", values: this.ranked.map((each) => each.score), threshold: this.cut, roots: true, xLabel: "score, higher is stranger",
      onmove: (value) => { this.cut = value; this.told(); this.drawList(); moved(); },
    });
    this.told();
    this.listNow();
    const row = state.number("row", this.above()[0]?.row ?? this.ranked[0]?.row);
    if (row !== undefined && row < this.app.data.items.length) this.look(row, false);
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.app.leave = () => document.removeEventListener("keydown", this.keys);
  }

  above() {
    const open = this.state.get("open") === "1";
    return this.ranked.filter((each) => each.score >= this.cut && !(open && this.verdict(each.row)));
  }

  told() {
    const count = this.ranked.filter((each) => each.score >= this.cut).length;
    this.count.textContent = `${plural(count, "row")} of ${this.ranked.length.toLocaleString("en")} at or above ${number(this.cut)}`;
  }

  verdict(row) { return this.verdicts.get(this.app.keyOf(this.app.data.items[row])); }

  listNow() {
    const { model } = this;
    const items = this.above().map((each, i) => ({ ...this.app.data.items[each.row], "(rank)": i + 1, "(row)": each.row, "(score)": each.score, "(p)": each.p_value, "(verdict)": this.verdict(each.row)?.verdict ?? null }));
    this.shownRows = items.map((item) => item["(row)"]);
    const columns = [{ name: "(rank)", title: "#", right: true }, { name: "(row)", title: "row", right: true }, { name: "(score)", title: "score", right: true },
      { name: "(p)", title: "p-value", right: true }, { name: "(verdict)", title: "verdict" }, ...(model.image ? [{ name: "(picture)", title: "" }] : []), ...model.fields.slice(0, 12)];
    const cell = (row, column) => {
      if (column.name === "(verdict)") return row["(verdict)"] ? h("span", { className: `chip ${row["(verdict)"]}` }, VERDICTS[row["(verdict)"]]) : h("span", { className: "muted" }, "open");
      if (column.name === "(picture)") return picture(model, row, "triage-picture", 28);
      return column.name === "(row)" || column.name === "(rank)" ? String(row[column.name]) : null;
    };
    fill(this.list, items.length ? grid("triage-table", items, columns, { onrow: (i, row) => this.look(row["(row)"]), marked: this.shownRows.indexOf(this.row), cell, most: 100 })
      : h("p", { className: "muted", testid: "triage-none" }, this.state.get("open") === "1" ? "Every row above the threshold has a verdict." : "No row is above the threshold: drag it to the left."));
  }

  async look(row, keep = true) {
    this.row = row;
    if (keep) this.state.set({ row });
    this.list.querySelectorAll("tr[aria-selected]").forEach((line) => line.removeAttribute("aria-selected"));
    const at = this.shownRows.indexOf(row);
    this.list.querySelectorAll("tbody tr")[at]?.setAttribute("aria-selected", "true");
    const item = this.app.data.items[row];
    const score = this.ranked.find((each) => each.row === row);
    const place = h("div", {});
    fill(this.side, h("h3", { testid: "triage-row" }, `Row ${row}`),
      h("p", { className: "muted tight" }, `score ${number(score?.score)} · p-value ${number(score?.p_value)}`), this.decide(row, score), place);
    const why = await during(place, "Asking why…", () => this.model.reasons(item));
    if (!why || this.row !== row) return;
    fill(place, this.model.image && await this.pictures(item, why), reasons(this.model, why));
  }

  // Observed, with the tiles that make it strange, and as the model sees it.
  async pictures(item, why) {
    const [back] = await this.model.ask("reconstruct", [item]);
    const [H, W] = this.model.shape;
    const most = Math.max(...why.map((each) => each.share), 1e-9);
    const tiles = why.map((each) => [each, /\[(\d+):(\d+),\s*(\d+):(\d+)\]/.exec(each.column)]).filter(([, found]) => found).map(([each, found]) => {
      const [top, bottom, left, right] = found.slice(1).map(Number);
      return h("span", { className: "tile", title: `${each.column} ${percent(each.share)}`, style: {
        left: `${(100 * left) / W}%`, top: `${(100 * top) / H}%`, width: `${(100 * (right - left)) / W}%`, height: `${(100 * (bottom - top)) / H}%`, opacity: 0.75 * (each.share / most),
      } });
    });
    const one = (row, text, testid, over) => h("figure", { className: "pair" }, h("div", { className: "under" }, picture(this.model, row, testid), over), h("figcaption", {}, text));
    return h("div", { className: "pairs" }, one(item, "observed, strange where red", "triage-observed", tiles), one(back, "reconstructed", "triage-reconstructed"));
  }

  decide(row, score) {
    const kept = this.verdict(row);
    const note = h("input", { type: "text", testid: "verdict-note", placeholder: "Note", "aria-label": "note", value: kept?.note ?? "", maxLength: 2000 });
    const told = h("div");
    const say = async (verdict) => {
      try {
        await this.app.decide(this.app.data.items[row], { verdict, note: note.value, score: score?.score ?? null, p_value: score?.p_value ?? null });
        this.listNow();
        const held = this.side.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
        if (this.row === row) this.look(row, false);
        if (held) this.side.querySelector(`[data-testid="${held}"]`)?.focus();
      } catch (error) { fill(told, trouble(error)); }
    };
    this.say = say;
    note.addEventListener("change", () => { if (this.verdict(row)) say(this.verdict(row).verdict); });
    return h("div", { className: "verdict", testid: "verdict" }, h("div", { className: "row" },
      Object.entries(VERDICTS).map(([key, text], i) => button(`verdict-${key}`, `${i + 1} ${text}`, () => say(kept?.verdict === key ? null : key), `${key} ${kept?.verdict === key ? "pressed" : ""}`, { ariaPressed: String(kept?.verdict === key) }))),
    note, told, h("p", { className: "muted tight" }, "Keys: 1, 2, 3 decide · J and K, next and previous"));
  }

  key(event) {
    if (event.target.matches("input, select, textarea, [role=slider]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const verdict = Object.keys(VERDICTS)[Number(event.key) - 1];
    if (verdict) return void this.say?.(verdict);
    const way = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!way || !this.shownRows.length) return;
    const next = this.shownRows[Math.min(Math.max(this.shownRows.indexOf(this.row) + way, 0), this.shownRows.length - 1)];
    this.look(next);
  }

  download() {
    const rows = this.above().map((each) => ({ row: each.row, score: each.score, p_value: each.p_value, verdict: this.verdict(each.row)?.verdict ?? "", note: this.verdict(each.row)?.note ?? "", ...this.app.data.items[each.row] }));
    download(`${this.model.name}-ranked.csv`, toCsv(rows));
  }

  async export() {
    try { download(`${this.model.name}-verdicts.csv`, await this.app.api.text(`${this.model.at}/verdicts.csv`)); } catch (error) { fill(this.side, trouble(error)); }
  }
}

// What was observed against what the other columns led to expect, and each column's share of what is strange.
export function reasons(model, why) {
  const numbers = exposed("triage-reasons-data");
  numbers.show(why);
  if (!why.length) return h("div", {}, h("p", { className: "muted", testid: "triage-reasons" }, "No column of its own makes this row strange."), numbers);
  const most = Math.max(...why.map((each) => each.share));
  return h("div", { testid: "triage-reasons" }, numbers, h("h4", {}, "Observed against expected"), why.map((each) => {
    const column = model.by[each.column];
    const of = (value) => shown(textual(value, column), column);
    const ends = each.low === null ? null : `${of(each.low)} to ${of(each.high)}`;
    return h("div", { className: "reason", testid: "reason" }, h("div", { className: "bar" }, h("strong", {}, each.column), h("span", { className: "muted" }, percent(each.share))),
      h("div", { className: "share" }, h("span", { style: { width: `${(100 * each.share) / most}%` } })),
      each.observed !== null && h("div", { className: "told" }, h("span", { className: "observed" }, of(each.observed)), h("span", { className: "muted" }, "expected"), h("span", {}, of(each.expected)), ends && h("span", { className: "muted" }, `90 %: ${ends}`)),
      ends && interval(each));
  }));
}

const textual = (value, column) => (typeof value === "string" && value !== "" && column && !column.levels && /int|float|double|decimal/.test(column.type) && !Number.isNaN(Number(value)) ? Number(value) : value);

const moment = (value) => (Number.isNaN(Number(value)) ? Date.parse(value) : Number(value));

export function interval({ observed, expected, low, high }) {
  const [o, e, a, b] = [observed, expected, low, high].map((value) => (value === null || value === undefined ? NaN : moment(value)));
  const known = [o, e, a, b].filter(Number.isFinite);
  const [from, to] = [Math.min(...known), Math.max(...known)];
  const at = (value) => `${4 + (92 * (value - from)) / (to - from || 1)}%`;
  return h("div", { className: "interval", "aria-hidden": "true" },
    h("span", { className: "within", style: { left: at(a), right: `calc(100% - ${at(b)})` } }),
    Number.isFinite(e) && h("span", { className: "expected", style: { left: at(e) } }), Number.isFinite(o) && h("span", { className: `dot ${o < a || o > b ? "out" : ""}`, style: { left: at(o) } }));
}
