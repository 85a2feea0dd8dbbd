// The map of the latents: where rows lie, by colour and filter; a lasso makes a table, a click a row.
import { PALETTE, colour, legend, ramp } from "./charts.js";
import { busy, button, download, during, empty, field, fill, h, newest, number, plural, select, shown, trouble } from "./dom.js";
import { nats, Plane } from "./model.js";
import { card, grid, picture, rangesOf } from "./rows.js";
import { scatter } from "./scatter.js";
import { toCsv } from "./table.js";

export const map = { id: "map", title: "Map", line: "Where rows lie in the latents" };

map.show = async (root, app) => {
  const { model, state } = app;
  if (!app.data) return void fill(root, app.noRows("The map shows where rows lie in the latents of the model."));
  const found = await during(root, "Finding each row's place…", (told) => app.encoded(told));
  if (!found) return;
  if (!found.Z.length) return void fill(root, empty("No place to show", "These rows are too few for a window of this model."));
  const view = new Map_(app, found);
  fill(root, view.node);
  await view.begin();
};

// What is no column but asked of the model, for each row.
const ASKED = {
  "(score)": { mode: "score", text: "anomaly score", ask: (app) => app.scored(), of: (row) => row.score },
  "(cluster)": { mode: "cluster", text: "cluster", ask: (app) => app.once("cluster", () => app.model.ask("cluster", app.data.items)), of: (row) => (row.cluster === null ? null : `cluster ${row.cluster}`) },
  "(class)": { mode: "classify", text: "predicted class", ask: (app) => app.once("classify", () => app.model.ask("classify", app.data.items)), of: (row) => row.label },
};

class Map_ {
  constructor(app, { Z, at }) {
    Object.assign(this, { app, Z, at, model: app.model, state: app.state, chosen: [], answers: {} });
    this.items = at.map((i) => app.data.items[i]);
    this.byLatent = [...app.model.latents].map((each) => each.latent);
    this.controls = h("div", { className: "controls" });
    this.place = h("div");
    this.key = h("div", { testid: "map-legend" });
    this.side = h("aside", { className: "side" });
    this.below = h("section", { testid: "map-selection" });
    this.decoded = card(app.model, "map-decoded", rangesOf(app.model, app.data.items));
    this.node = h("div", {}, this.controls, h("div", { className: "split" }, h("div", { className: "surface" }, this.place, this.key,
      h("p", { className: "muted tight" }, "Click to decode a place · drag to lasso rows · arrow keys walk when the map has focus")), this.side), this.below);
    this.decode = newest((x, y, row) => this.decodeNow(x, y, row));
  }

  async begin() {
    this.drawControls();
    this.sheet = scatter(this.place, "map", {
      title: "Map of the latents", height: Math.max(360, Math.min(560, innerHeight - 330)), xLabel: "", yLabel: "",
      onplace: ({ x, y, row }) => this.go(x, y, row), onlasso: (rows) => this.choose(rows), describe: (i) => this.describe(i),
    });
    this.replane();
    const again = () => (this.node.isConnected ? this.recolour() : removeEventListener("schemechange", again));
    addEventListener("schemechange", again);
    const [x, y] = this.state.json("at", []);
    const first = Number.isFinite(x) ? { x, y } : this.plane.at(this.model.centre);
    this.go(first.x, first.y, -1, false);
    const lasso = this.state.json("pick", null);
    if (Array.isArray(lasso) && lasso.every((i) => i < this.items.length)) this.choose(lasso, false);
  }

  drawControls() {
    const { state, model } = this;
    const pair = (which) => [["", which === "x" ? "principal plane" : "principal plane"], ...model.latents.map((each, i) => [each.latent, `latent ${each.latent}${nats(each)}`])];
    const axis = (which) => select(`map-${which}`, pair(which), state.get(which, ""), (value) => {
      const other = which === "x" ? "y" : "x";
      const free = this.byLatent.find((each) => String(each) !== value);
      this.state.set(value === "" ? { x: null, y: null, at: null, pick: null } : { [which]: value, [other]: this.state.get(other) ?? free, at: null });
      this.drawControls();
      this.replane();
      const at = this.plane.at(this.model.centre);
      this.go(at.x, at.y, -1);
    });
    const columns = [["", "nothing"], ...model.fields.map(({ name }) => [name, name]), ...this.asideNames().map((name) => [name, name]), ...Object.entries(ASKED).filter(([, each]) => model.can(each.mode)).map(([name, each]) => [name, each.text])];
    const colouring = select("map-colour", columns, state.get("colour", this.usual()), (value) => { state.set({ colour: value || "-" }); this.recolour(); });
    const filter = select("map-filter", columns, state.get("filter", ""), (value) => { state.set({ filter: value, low: null, high: null, is: null }); this.drawControls(); this.recolour(); });
    fill(this.controls, field("Horizontal", axis("x")), field("Vertical", axis("y")), field("Colour", colouring), field("Filter", filter), this.filterControls(),
      model.kind === "image" && field("Pictures", h("input", { type: "checkbox", testid: "map-pictures", checked: state.get("pictures", "1") === "1", onchange: (event) => { state.set({ pictures: event.target.checked ? "1" : "0" }); this.pictures(); } })));
  }

  asideNames() { return this.model.kind === "stream" ? this.model.aside.map(({ name }) => name) : []; }
  usual() { return this.model.kind === "image" ? this.model.fields[0]?.name ?? "" : this.model.fields.find(({ name }) => this.model.levels[name]?.length <= 12)?.name ?? this.model.fields[0]?.name ?? ""; }

  filterControls() {
    const name = this.state.get("filter");
    if (!name) return null;
    const values = this.values(name);
    if (values.every((value) => value === null || typeof value === "number") && !this.model.levels[name]) {
      const end = (which) => field(which === "low" ? "from" : "to", h("input", { type: "number", step: "any", testid: `map-filter-${which}`, value: this.state.get(which, ""), oninput: (event) => { this.state.set({ [which]: event.target.value }); this.recolour(); } }));
      return [end("low"), end("high")];
    }
    const levels = [...new Set(values.map((value) => shown(value)))].sort();
    return field("is", select("map-filter-is", [["", "anything"], ...levels.map((level) => [level, level])], this.state.get("is", ""), (value) => { this.state.set({ is: value }); this.recolour(); }));
  }

  values(name) {
    if (ASKED[name]) return this.answers[name] ?? this.items.map(() => null);
    return this.items.map((item) => item[name] ?? null);
  }

  replane() {
    const [x, y] = [this.state.number("x"), this.state.number("y")];
    const legal = (i) => i !== null && i >= 0 && i < this.model.latents.length;
    this.plane = legal(x) && legal(y) && x !== y ? Plane.latents(this.Z, x, y) : Plane.principal(this.Z);
    this.sheet.labels(...this.plane.labels);
    const places = this.Z.map((z) => this.plane.at(z));
    this.places = { x: places.map((p) => p.x), y: places.map((p) => p.y) };
    this.sheet.show({ points: { ...this.places, colours: this.Z.map(() => colour("--gone")), shown: this.Z.map(() => true) } }); // until their colours are known
    this.told(this.Z.map(() => true), []);
    this.recolour();
    this.pictures();
  }

  async recolour() {
    const name = this.state.get("colour", this.usual());
    const wanted = [name, this.state.get("filter")];
    for (const each of wanted.filter((one) => ASKED[one] && !this.answers[one])) {
      fill(this.key, busy(`Asking for the ${ASKED[each].text}…`));
      try {
        const rows = await ASKED[each].ask(this.app);
        this.answers[each] = this.at.map((i) => ASKED[each].of(rows[i]));
      } catch (error) { return void fill(this.key, trouble(error)); }
      if (each === wanted[1]) this.drawControls();
    }
    const { colours, key } = colouring(this.values(name === "-" ? "" : name), this.model.levels[name]);
    const flags = this.flags();
    const points = { ...this.places, colours, shown: flags };
    this.sheet.show({ points, chosen: new Set(this.chosen) });
    fill(this.key, legend(key));
    this.told(flags, key);
  }

  told(flags, key) {
    const round = (values) => values.map((value) => Math.round(value * 1e4) / 1e4);
    this.sheet.made.numbers.show({
      axes: this.plane.labels, colour: this.state.get("colour", this.usual()), points: this.Z.length, shown: flags.filter(Boolean).length, selected: this.chosen.length,
      x: round(this.places.x), y: round(this.places.y), visible: flags, key: key.map(([label]) => label),
    });
  }

  flags() {
    const name = this.state.get("filter");
    if (!name) return this.items.map(() => true);
    const [low, high, is] = [this.state.number("low", -Infinity), this.state.number("high", Infinity), this.state.get("is")];
    const ranged = this.state.get("low") || this.state.get("high");
    return this.values(name).map((value) => (is ? shown(value) === is : !ranged || (value !== null && value >= low && value <= high)));
  }

  describe(i) {
    const item = this.items[i];
    const names = [...new Set([this.state.get("colour", this.usual()), ...this.asideNames(), ...this.model.fields.slice(0, 5).map(({ name }) => name)])].filter((name) => name in item);
    return [h("strong", {}, `row ${this.at[i]}`), this.model.image && picture(this.model, item, "map-tip", 56),
      names.map((name) => h("div", {}, h("span", { className: "muted" }, `${name} `), shown(item[name], this.model.by[name])))];
  }

  go(x, y, row, keep = true) {
    if (row >= 0) ({ x, y } = this.plane.at(this.Z[row]));
    if (keep) this.state.set({ at: [Number(x.toFixed(3)), Number(y.toFixed(3))] });
    this.sheet.show({ marks: [{ x, y }] });
    this.decode(x, y, row);
  }

  async decodeNow(x, y, row) {
    const z = row >= 0 ? this.Z[row] : this.plane.z(x, y);
    const began = performance.now();
    try {
      const [found] = await this.model.decode([z], row >= 0 ? this.model.givenOf(this.items[row]) : undefined);
      this.decoded.show(found);
      const time = performance.now() - began;
      this.app.point = { z, row: row >= 0 ? this.at[row] : null };
      fill(this.side, h("h3", {}, row >= 0 ? `Row ${this.at[row]}, as the model sees it` : "Decoded here"),
        h("p", { className: "muted tight", testid: "map-place" }, `${number(x)}, ${number(y)} · ${time.toFixed(0)} ms`), this.decoded,
        h("div", { className: "row" }, button("map-to-sliders", "Move its latents", () => this.app.open("latents", { z: z.map((each) => Number(each.toFixed(3))) })),
          row >= 0 && button("map-to-a", "Anchor A", () => this.app.anchor("a", this.at[row])), row >= 0 && button("map-to-b", "Anchor B", () => this.app.anchor("b", this.at[row]))));
    } catch (error) { fill(this.side, trouble(error)); }
  }

  choose(rows, keep = true) {
    this.chosen = rows;
    if (keep) this.state.set({ pick: rows.length && rows.length <= 200 ? rows : null });
    this.recolour();
    this.below.className = rows.length ? "surface" : "";
    if (!rows.length) return void fill(this.below);
    const items = rows.map((i) => ({ "#": this.at[i], ...this.items[i] }));
    const columns = [{ name: "#", title: "row", right: true }, ...(this.model.kind === "stream" ? this.model.aside : []), ...this.model.fields];
    const names = columns.map(({ name }) => name);
    fill(this.below, h("div", { className: "bar" }, h("h3", { testid: "map-selected" }, `${plural(rows.length, "row")} in the lasso`),
      button("map-csv", "Download CSV", () => download(`${this.model.name}-selection.csv`, toCsv(items, names))), button("map-clear", "Clear", () => this.choose([]), "quiet")),
    this.model.kind === "image" && h("div", { className: "gallery" }, rows.slice(0, 60).map((i) => picture(this.model, this.items[i], "map-chosen", 56))),
    grid("map-table", items, columns, { onrow: (i) => { const at = this.plane.at(this.Z[rows[i]]); this.go(at.x, at.y, rows[i]); } }));
  }

  // Decoded pictures on a grid over the plane, behind the points.
  async pictures() {
    if (this.model.kind !== "image") return;
    if (this.state.get("pictures", "1") !== "1") return void this.sheet.show({ pictures: [] });
    const { x, y } = this.sheet.state.range;
    const [across, down] = [13, 9];
    const at = (range, i, count) => range[0] + ((i + 0.5) / count) * (range[1] - range[0]);
    const places = Array.from({ length: across * down }, (_, i) => ({ x: at(x, i % across, across), y: at(y, Math.floor(i / across), down) }));
    const plane = this.plane;
    const rows = await this.model.decode(places.map((place) => plane.z(place.x, place.y)));
    if (plane !== this.plane) return;
    this.sheet.show({ pictures: places.map((place, i) => ({ ...place, canvas: picture(this.model, rows[i], "map-cell"), size: 36 })) });
  }
}

// A colour for each value, and the key: levels by colour, numbers along a ramp.
export function colouring(values, levels) {
  const numbers = values.filter((value) => typeof value === "number");
  const gone = colour("--gone");
  if (!levels && numbers.length && numbers.length === values.filter((value) => value !== null).length) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const [low, high] = [sorted[Math.floor(0.02 * sorted.length)], sorted[Math.ceil(0.98 * (sorted.length - 1))]];
    const shade = (value) => (typeof value === "number" ? ramp(Math.round(((value - low) / (high - low || 1)) * 24) / 24) : gone);
    const key = [0, 0.25, 0.5, 0.75, 1].map((share) => [number(low + share * (high - low)), ramp(share)]);
    return { colours: values.map(shade), key: numbers.length < values.length ? [...key, ["missing", gone]] : key };
  }
  const counts = new Map();
  for (const value of values) if (value !== null && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  const often = [...counts].sort((a, b) => b[1] - a[1]).slice(0, PALETTE.length).map(([value]) => value);
  if (!often.length) return { colours: Array(values.length).fill(colour("--accent")), key: [] };
  const own = levels ? levels.filter((level) => often.includes(level)) : often;
  const shades = new Map(own.map((value, i) => [value, colour(PALETTE[i % PALETTE.length])]));
  const others = counts.size > own.length;
  const key = [...shades].map(([value, each]) => [shown(value), each]);
  const other = colour("--other");
  if (others) key.push(["other", other]);
  if (values.includes(null)) key.push(["missing", gone]);
  return { colours: values.map((value) => (value === null ? gone : shades.get(value) ?? other)), key };
}
