// The imputation form: what is left blank comes back with its best value, its interval and random completions.
import { histogram } from "./charts.js";
import { button, busy, exposed, field, fill, h, later, newest, percent, shown, trouble } from "./dom.js";
import { form } from "./form.js";

export const impute = { id: "impute", title: "Fill gaps", line: "Leave a field blank: what belongs there?", kinds: ["table"] };
const DRAWS = 200;

impute.show = async (root, app) => {
  const { model, state } = app;
  const answer = h("div", { testid: "impute-answer", "aria-live": "polite" });
  const run = newest(() => ask(app, fields.values(), answer));
  const soon = later(() => { state.set({ row: null, fill: fields.known() }); run(); }, 220);
  const fields = form(model, model.fields, "impute", soon);
  const put = (row) => { fields.put(row); state.set({ fill: fields.known() }); run(); };
  const items = app.data?.items ?? [];
  const pick = h("input", { type: "number", min: 0, max: Math.max(items.length - 1, 0), step: 1, value: 0, testid: "impute-row-number", "aria-label": "row" });
  fill(root, h("div", { className: "split even" },
    h("div", { className: "surface" }, h("div", { className: "bar" }, h("h3", {}, "What is known"),
      items.length > 0 && [field("Row", pick), button("impute-row", "Take this row", () => put(items[Math.min(Number(pick.value), items.length - 1)]))],
      button("impute-clear", "Clear", () => put({}), "quiet")), fields),
    h("aside", { className: "side" }, h("h3", {}, "What belongs in the blanks"), answer)));
  fields.put(state.json("fill", null) ?? blanked(model, items[0]));
  await run();
};

// A first row with two gaps shows what the panel is for.
function blanked(model, row) {
  if (!row) return {};
  const numbers = model.fields.filter(({ name }) => !model.levels[name]).at(-1)?.name;
  const names = model.fields.filter(({ name }) => model.levels[name]).at(-1)?.name;
  return { ...row, ...(numbers ? { [numbers]: null } : {}), ...(names ? { [names]: null } : {}) };
}

async function ask({ model }, row, node) {
  const gaps = model.fields.filter(({ name, role }) => row[name] === null && role !== "given");
  if (!gaps.length) return void fill(node, h("p", { className: "muted", testid: "impute-none" }, "Every field is filled: clear the one you want to ask about."));
  if (!node.firstChild) fill(node, busy("Filling…"));
  try {
    const interval = model.can("impute_interval") ? { interval: 0.9 } : {};
    const [best] = await model.ask("impute", [row], interval);
    const draws = model.can("impute_interval") ? await model.ask("impute", Array(DRAWS).fill(row), { draws: 1 }) : [];
    fill(node, gaps.map((column) => gap(model, column, best, draws)));
  } catch (error) { fill(node, trouble(error)); }
}

function gap(model, column, best, draws) {
  const { name } = column;
  const unit = column.unit ? ` ${column.unit}` : "";
  const [low, high] = [best[`${name}_low`] ?? null, best[`${name}_high`] ?? null];
  const values = draws.map((row) => row[name]);
  const place = h("div");
  const node = h("section", { className: "gap", testid: `gap-${name}` }, h("div", { className: "bar" }, h("h4", {}, name), h("strong", { className: "best", testid: `gap-${name}-best` }, shown(best[name], column) + unit)),
    low !== null && h("p", { className: "muted tight", testid: `gap-${name}-interval` }, low === high ? `${shown(low, column)}${unit} in at least nine of ten cases; the best value is the mean` : `90 % between ${shown(low, column)} and ${shown(high, column)}${unit}`), place);
  if (values.length && typeof best[name] === "number" && !model.levels[name]) requestAnimationFrame(() => histogram(place, `gap-${name}-draws`, { title: `Random completions of ${name}`, values, height: 110, count: 30, yLabel: "draws" }));
  else if (values.length) fill(place, shares(`gap-${name}-draws`, values, column));
  return node;
}

export function shares(testid, values, column) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const often = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const numbers = exposed(`${testid}-data`);
  numbers.show(Object.fromEntries([...counts].map(([value, count]) => [String(value), count / values.length])));
  return h("div", { className: "shares", testid }, numbers, often.map(([value, count]) => h("div", { className: "line" },
    h("span", {}, shown(value, column)), h("span", { className: "share cool" }, h("span", { style: { width: `${(100 * count) / values.length}%` } })), h("span", { className: "right muted" }, percent(count / values.length)))));
}
