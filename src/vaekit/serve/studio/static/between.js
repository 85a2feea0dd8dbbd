// From one anchor to the other: rows, pictures or windows on the way.
import { lines } from "./charts.js";
import { button, during, exposed, field, fill, h, select, shown } from "./dom.js";
import { card, picture, rangesOf } from "./rows.js";

export const between = { id: "between", title: "Between", line: "Two anchors, and what lies between them" };

between.show = async (root, app) => {
  const { model, state } = app;
  if (!app.data) return void fill(root, app.noRows("Two of your rows are the anchors of a way through the latents."));
  const found = await during(root, "Finding each row's place…", (told) => app.encoded(told));
  if (!found) return;
  const count = found.at.length;
  const legal = (value, usual) => (Number.isInteger(value) && value >= 0 && value < count ? value : usual);
  const indexOf = (row) => { const at = found.at.indexOf(row); return at < 0 ? null : at; };
  let a = legal(indexOf(state.number("a")), 0);
  let b = legal(indexOf(state.number("b")), farthest(found.Z, a));
  const out = h("div");
  const draw = () => { state.set({ a: found.at[a], b: found.at[b] }); return strip(app, out, found.at[a], found.at[b]); };
  const anchor = (which, value, put) => field(`Anchor ${which.toUpperCase()}, ${model.kind === "stream" ? "first row of its window" : "row"}`, h("input", {
    type: "number", min: 0, step: 1, value: found.at[value], testid: `between-${which}`, onchange: (event) => {
      const row = Number(event.target.value);
      put(legal(indexOf(row) ?? nearest(found.at, row), value));
      between.show(root, app);
    },
  }));
  fill(root, h("div", { className: "controls" }, anchor("a", a, (value) => { a = value; state.set({ a: found.at[a] }); }), anchor("b", b, (value) => { b = value; state.set({ b: found.at[b] }); }),
    field("Steps", select("between-steps", [5, 7, 9, 11, 15].map((each) => [each, each]), state.get("steps", 9), (value) => { state.set({ steps: value, stop: null }); draw(); })),
    field("Way", select("between-path", [["linear", "straight"], ["spherical", "along the arc"]], state.get("path", "linear"), (value) => { state.set({ path: value }); draw(); })),
    button("between-swap", "Swap", () => { [a, b] = [b, a]; state.set({ a: found.at[a], b: found.at[b] }); between.show(root, app); }),
    button("between-random", "Another pair", () => { a = Math.floor(Math.random() * count); b = farthest(found.Z, a); state.set({ a: found.at[a], b: found.at[b], stop: null }); between.show(root, app); })), out);
  await draw();
};

const nearest = (rows, row) => rows.reduce((best, each, i) => (Math.abs(each - row) < Math.abs(rows[best] - row) ? i : best), 0);

function farthest(Z, from) {
  const far = (z) => z.reduce((sum, each, i) => sum + (each - Z[from][i]) ** 2, 0);
  let best = from === 0 ? Math.min(1, Z.length - 1) : 0;
  for (let i = 0; i < Math.min(Z.length, 400); i += 1) if (far(Z[i]) > far(Z[best])) best = i;
  return best;
}

async function strip(app, node, a, b) {
  const { model, state } = app;
  const size = model.kind === "stream" ? model.card.windows.size : 1;
  const { items } = app.data;
  const steps = state.number("steps", 9);
  const rows = await during(node, "On the way…", () => model.ask("interpolate", [...items.slice(a, a + size), ...items.slice(b, b + size)], { steps, path: state.get("path", "linear") }));
  if (!rows) return;
  const stops = model.lots(rows);
  const detail = card(model, "between-decoded", rangesOf(model, items));
  const numbers = exposed("between-data");
  numbers.show({ a, b, where: stops.map((stop) => (size > 1 ? stop[0] : stop).where), rows: stops.map((stop) => (model.image ? Object.fromEntries(model.fields.map(({ name }) => [name, stop[name]])) : stop)) });
  const slide = h("input", { type: "range", min: 0, max: steps - 1, step: 1, value: Math.min(state.number("stop", Math.floor(steps / 2)), steps - 1), testid: "between-stop", "aria-label": "stop on the way", oninput: () => { state.set({ stop: slide.value }); look(); } });
  const head = h("h3");
  const body = h("div", { className: "surface" });
  const look = () => {
    const at = Number(slide.value);
    head.textContent = at === 0 ? "Anchor A" : at === steps - 1 ? "Anchor B" : `${Math.round((100 * at) / (steps - 1))} % of the way`;
    detail.show(stops[at]);
    body.querySelectorAll("[data-stop]").forEach((each) => each.classList.toggle("here", Number(each.dataset.stop) === at));
  };
  fill(node, h("div", { className: "split" }, body, h("aside", { className: "side" }, head, detail)), numbers);
  const views = { image: pictures, table: table, stream: series };
  fill(body, h("div", { className: "way" }, h("strong", {}, "A"), slide, h("strong", {}, "B")));
  views[model.kind](model, stops, body, (at) => { slide.value = at; state.set({ stop: at }); look(); });
  look();
}

const stopAt = (node, at, go) => { node.dataset.stop = at; node.addEventListener("click", () => go(at)); return node; };

function pictures(model, stops, body, go) {
  body.append(h("div", { className: "film", testid: "between-strip" }, stops.map((stop, i) => stopAt(h("figure", {}, picture(model, stop, "between-picture"), h("figcaption", {}, model.fields.map(({ name }) => shown(stop[name])).join(" "))), i, go))));
}

// A line a column, a cell a stop: numbers by height, names by where they change.
function table(model, stops, body, go) {
  const line = (column) => {
    const values = stops.map((stop) => stop[column.name]);
    const numbers = values.filter((value) => typeof value === "number");
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    return h("tr", {}, h("th", { scope: "row" }, column.name), values.map((value, i) => {
      const bar = typeof value === "number" && h("span", { className: "level", style: { height: `${3 + (19 * (value - low)) / (high - low || 1)}px` } });
      return stopAt(h("td", { className: i && values[i - 1] !== value ? "turns" : "" }, bar, h("span", { className: value === null ? "missing" : "" }, shown(value, column))), i, go);
    }));
  };
  body.append(h("div", { className: "scroll tall" }, h("table", { className: "way-table", testid: "between-strip" }, h("tbody", {}, model.fields.map(line)))));
}

function series(model, stops, body) {
  const box = h("div", { className: "small-multiples", testid: "between-strip" });
  body.append(box);
  for (const column of model.fields) {
    const place = h("div");
    box.append(h("div", {}, h("h4", {}, column.name, column.unit && h("small", {}, ` ${column.unit}`)), place));
    const own = stops.map((stop, i) => ({ label: i === 0 ? "A" : i === stops.length - 1 ? "B" : `${i}`, values: stop.map((step) => step[column.name]), colour: i === 0 ? "--c0" : i === stops.length - 1 ? "--c1" : "--gone", width: i === 0 || i === stops.length - 1 ? 2.2 : 1 }));
    lines(place, `between-${column.name}`, { title: `${column.name} from A to B`, x: stops[0].map((_, i) => i), series: [...own.slice(1, -1), own[0], own.at(-1)], height: 130, names: model.levels[column.name] });
  }
}
