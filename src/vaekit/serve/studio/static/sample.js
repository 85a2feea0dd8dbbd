// New rows: how many, under which conditions; as a table or pictures, and as CSV.
import { histogram } from "./charts.js";
import { button, download, during, empty, field, fill, h, later, plural, select } from "./dom.js";
import { form } from "./form.js";
import { shares } from "./impute.js";
import { card, grid, picture, rangesOf } from "./rows.js";
import { toCsv } from "./table.js";

export const sample = { id: "sample", title: "Sample", line: "New rows like the fitted ones, under conditions of yours" };

const SEEN = 6; // windows

sample.show = async (root, app) => {
  const { model, state } = app;
  if (!model.can("sample")) return void fill(root, empty("This model draws no rows", model.whyNot("sample")));
  const number = (testid, label, name, usual, props) => field(label, h("input", { type: "number", testid, value: state.get(name, usual), ...props, onchange: (event) => state.set({ [name]: event.target.value }) }));
  const given = form(model, model.fields, "given", later(() => state.set({ given: given.known() })));
  const out = h("div", { testid: "sample-rows" });
  const draw = () => drawn(app, out, given.known());
  const conditions = Object.keys(state.json("given", {})).length;
  fill(root, h("div", { className: "surface" }, h("div", { className: "controls" },
    number("sample-n", "Rows", "n", model.kind === "table" ? 200 : 24, { min: 1, max: 100000, step: 1 }), number("sample-temperature", "Temperature", "temp", 1, { min: 0, max: 9, step: 0.1 }), number("sample-seed", "Seed", "seed", 0, { min: 0, step: 1 }),
    button("sample-draw", "Draw", draw, "primary")),
  h("details", { open: conditions > 0 || model.fields.length < 7, testid: "sample-conditions" }, h("summary", {}, `Conditions${model.kind === "stream" ? ", held at every step of a window" : ""}: leave blank what may be anything`), given)), out);
  given.put(state.json("given", {}));
  await draw();
};

async function drawn(app, node, given) {
  const { model, state } = app;
  const n = Math.max(1, Math.round(state.number("n", model.kind === "table" ? 200 : 24)));
  const options = { temperature: state.number("temp", 1), seed: state.number("seed", 0), ...(Object.keys(given).length ? { given } : {}) };
  const rows = await during(node, `Drawing ${plural(n, "row")}…`, async () => (await model.api.post(`${model.at}/sample`, { n, ...options })).rows);
  if (!rows) return;
  const names = Object.keys(rows[0] ?? {});
  const bar = h("div", { className: "bar" }, h("h3", { testid: "sample-count" }, plural(model.kind === "stream" ? n : rows.length, model.kind === "stream" ? "window" : "row")),
    button("sample-csv", "Download CSV", () => download(`${model.name}-sample.csv`, toCsv(rows, names))),
    button("sample-use", "Use these rows", () => { const items = model.kind === "stream" ? model.clocked(rows) : rows; app.use({ source: "sampled from the model", sampled: true, items, names: Object.keys(items[0] ?? {}) }); }));
  fill(node, h("div", { className: "surface" }, bar, pictures(model, rows)));
  if (model.kind !== "stream") node.append(distribution(app, rows));
}

function pictures(model, rows) {
  if (model.kind === "image") return h("div", { className: "gallery" }, rows.slice(0, 120).map((row) => picture(model, row, "sample-picture", 72)));
  if (model.kind === "table") return grid("sample-table", rows, model.fields);
  const ranges = rangesOf(model, rows);
  const all = model.lots(rows);
  return [all.length > SEEN && h("p", { className: "muted tight" }, `The first ${SEEN}; the CSV has all.`), h("div", { className: "windows" }, all.slice(0, SEEN).map((steps, i) => {
    const node = card(model, `sample-window-${i}`, ranges);
    requestAnimationFrame(() => node.show(steps));
    return h("div", {}, h("h3", {}, `window ${i}`), node);
  }))];
}

// One column of the new rows, beside the same of the rows that are open.
function distribution(app, rows) {
  const { model, state } = app;
  const sides = h("div", { className: "two" });
  const node = h("section", { className: "surface" }, h("div", { className: "bar" }, h("h3", {}, "Distribution of a column"),
    select("sample-column", model.fields.map(({ name }) => [name, name]), state.get("column", model.fields[0]?.name), (name) => { state.set({ column: name }); show(name); }, "column")), sides);
  const show = (name) => {
    const column = model.by[name];
    const sets = [["sample-new", "new rows", rows], ...(app.data && !app.data.sampled ? [["sample-own", app.data.source, app.data.items]] : [])];
    fill(sides, sets.map(([testid, text, items]) => {
      const place = h("div");
      const values = items.map((item) => item[name]).filter((value) => value !== null && value !== undefined);
      const gaps = items.length - values.length;
      if (model.levels[name] || typeof values[0] !== "number") fill(place, shares(testid, values, column));
      else requestAnimationFrame(() => histogram(place, testid, { title: `${name} of ${text}`, values, height: 150, xLabel: name }));
      return h("div", {}, h("h4", {}, text, h("small", {}, gaps ? ` ${((100 * gaps) / items.length).toFixed(0)} % missing` : "")), place);
    }));
  };
  if (model.fields.length) show(model.by[state.get("column")] ? state.get("column") : model.fields[0].name);
  return model.fields.length ? node : "";
}
