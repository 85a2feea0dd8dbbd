// A slider for each latent, the most used first; what is decoded follows each move.
import { button, exposed, field, fill, h, newest, trouble } from "./dom.js";
import { form } from "./form.js";
import { card, picture, rangesOf } from "./rows.js";

export const latents = { id: "latents", title: "Latents", line: "Move a latent, see the row change" };
const SPAN = 3.5; // spreads of the training rows to either side
const fine = (value) => Number(value.toFixed(3)); // what the address holds
const FIRST = 12; // sliders shown at once

latents.show = async (root, app) => {
  const { model, state } = app;
  const given = state.json("z", null);
  const z = Array.isArray(given) && given.length === model.centre.length ? given.map(Number) : model.centre.map(fine);
  const most = Math.max(...model.latents.map((each) => each.kl_nats), 1e-9);
  const decoded = card(model, "latents-decoded", app.data ? rangesOf(model, app.data.items) : {});
  const time = h("span", { className: "muted", testid: "decode-time" });
  const told = h("div");
  const numbers = exposed("latents-data");
  const walk = h("section", {});
  const sliders = new Map();

  const decode = newest(async () => {
    const began = performance.now();
    try {
      const from = [...z];
      const [row] = await model.decode([from]);
      decoded.show(row);
      numbers.show({ z: from, row: model.kind === "table" ? row : undefined });
      fill(told);
      time.textContent = `decoded in ${(performance.now() - began).toFixed(0)} ms`;
      time.dataset.ms = (performance.now() - began).toFixed(2);
    } catch (error) { fill(told, trouble(error)); }
  });
  const keep = () => state.set({ z });
  const moved = (latent, value) => { z[latent] = fine(value); decode(); };
  const put = (values) => { values.map(fine).forEach((value, i) => { z[i] = value; sliders.get(i)?.put(value); }); keep(); decode(); };

  const line = (each, rank) => {
    const low = each.centre - SPAN * (each.spread || 1);
    const high = each.centre + SPAN * (each.spread || 1);
    const out = h("output", { testid: `latent-${each.latent}-value` }, z[each.latent].toFixed(2));
    const input = h("input", {
      type: "range", min: low, max: high, step: (high - low) / 200, value: z[each.latent], testid: `latent-${each.latent}`, "aria-label": `latent ${each.latent}`,
      oninput: () => { out.textContent = Number(input.value).toFixed(2); moved(each.latent, Number(input.value)); }, onchange: keep,
      ondblclick: () => { input.value = each.centre; input.dispatchEvent(new Event("input")); keep(); },
    });
    sliders.set(each.latent, { put: (value) => { input.value = value; out.textContent = value.toFixed(2); } });
    const use = h("span", { className: "use", title: "nats a row" }, h("span", { style: { width: `${(100 * each.kl_nats) / most}%` } }));
    return h("div", { className: "slider", testid: "slider", hidden: rank >= FIRST && state.get("all") !== "1" },
      h("label", {}, `latent ${each.latent}`, each.kl_nats !== null && h("small", {}, `${each.kl_nats.toFixed(2)} nats`)), use, input, out);
  };
  const rows = h("div", { className: "sliders" }, model.latents.map(line));
  const rest = model.latents.length - FIRST;
  const all = rest > 0 && button("latents-all", state.get("all") === "1" ? "Show the most used only" : `Show ${rest} less used`, () => { state.set({ all: state.get("all") === "1" ? null : "1" }); app.render(); }, "quiet");
  const actions = h("div", { className: "bar" }, h("h3", {}, "Latents, the most used first"),
    button("latents-centre", "Centre", () => put(model.centre)),
    button("latents-random", "Random", () => put(model.latents.reduce((found, each) => { found[each.latent] = each.centre + gauss() * each.spread; return found; }, []))),
    rowOf(app, put), app.point && button("latents-point", app.point.row === null ? "From the map" : `Row ${app.point.row}`, () => put(app.point.z)));
  const conditions = form(model, model.conditions, "cond", () => { Object.assign(model.given, conditions.values()); state.set({ cond: conditions.known() }); decode(); });
  conditions.put(model.given);
  const under = model.conditions.length > 0 && h("div", { className: "conditions" }, h("h4", {}, "Under these conditions"), conditions);
  fill(root, h("div", { className: "split" }, h("div", { className: "surface" }, actions, under, rows, all),
    h("aside", { className: "side" }, h("div", { className: "bar" }, h("h3", {}, "Decoded"), time), told, decoded)), walk, numbers);
  if (model.kind === "image") traversal(walk, app, z);
  await decode();
};

// The latents of one of the rows that are open.
function rowOf(app, put) {
  if (!app.data?.items.length) return null;
  const pick = h("input", { type: "number", min: 0, step: 1, value: 0, testid: "latents-row-number", "aria-label": app.model.kind === "stream" ? "first row of a window" : "row" });
  return [field("Row", pick), button("latents-row", "Take this row", async () => {
    const { Z, at } = await app.encoded();
    const i = at.reduce((best, each, k) => (Math.abs(each - pick.value) < Math.abs(at[best] - pick.value) ? k : best), 0);
    pick.value = at[i];
    put(Z[i]);
  })];
}

// Each latent a line of pictures, from low to high, all others where the sliders stand.
async function traversal(node, { model }, z) {
  const steps = 11;
  const used = model.latents.slice(0, 10);
  const grid = h("div", { className: "traversal", testid: "traversal" });
  const draw = async () => {
    const points = used.flatMap((each) => Array.from({ length: steps }, (_, i) => {
      const moved = [...z];
      moved[each.latent] = each.centre + (2 * (i / (steps - 1)) - 1) * 3 * each.spread;
      return moved;
    }));
    const rows = await model.decode(points);
    fill(grid, used.map((each, line) => h("div", { className: "strip-line", testid: "traversal-line" }, h("small", {}, `latent ${each.latent}`),
      rows.slice(line * steps, (line + 1) * steps).map((row) => picture(model, row, "traversal-picture")))));
  };
  fill(node, h("div", { className: "bar" }, h("h3", {}, "Traversal: one latent a line, −3 to +3 spreads"), button("traversal-again", "From the sliders", draw)), grid);
  await draw();
}

function gauss() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
