// In-painting: a rectangle dragged on a picture is taken as missing, and filled in.
import { button, empty, exposed, field, fill, h, newest, trouble } from "./dom.js";
import { picture } from "./rows.js";

export const inpaint = { id: "inpaint", title: "In-paint", line: "Drag over a picture: what belongs there?", kinds: ["image"] };
const DRAWS = 7;

inpaint.show = async (root, app) => {
  const { model, state } = app;
  if (!app.data) return void fill(root, app.noRows("In-painting fills in a part of one of your pictures."));
  const { items } = app.data;
  const index = Math.min(Math.max(state.number("picture", 0), 0), items.length - 1);
  const item = items[index];
  if (!item?.[model.image.name]) return void fill(root, empty("No picture in this row", "Choose another row."));
  const [H, W] = model.shape;
  let box = state.json("box", null);
  if (!Array.isArray(box) || box.length !== 4) box = [Math.floor(W / 4), Math.floor(H / 2), Math.ceil((3 * W) / 4), H];
  const found = h("div", { testid: "inpaint-answer", "aria-live": "polite" });
  const numbers = exposed("inpaint-data");
  const { node, show } = easel(model, item, () => box, (next, done) => { box = next; if (done) { state.set({ box }); run(); } });
  const run = newest(() => paint(model, item, box, found, numbers));
  const go = (row) => { state.set({ picture: Math.min(Math.max(row, 0), items.length - 1) }); inpaint.show(root, app); };
  const pick = h("input", { type: "number", min: 0, max: items.length - 1, value: index, testid: "inpaint-row", onchange: () => go(Number(pick.value)) });
  fill(root, h("div", { className: "split even" },
    h("div", { className: "surface" }, h("div", { className: "bar" }, field("Row", pick), button("inpaint-previous", "Previous", () => go(index - 1)), button("inpaint-next", "Next", () => go(index + 1)), h("span", { className: "grow" })),
      node, h("p", { className: "muted tight" }, "Drag a rectangle. With the picture in focus, arrow keys move it and Shift with arrows resizes it.")),
    h("aside", { className: "side" }, h("h3", {}, "Filled in"), found)), numbers);
  show();
  await run();
};

// The picture, large, with the rectangle over it.
function easel(model, item, box, moved) {
  const [H, W] = model.shape;
  const canvas = picture(model, item, "inpaint-picture");
  const veil = h("div", { className: "box", testid: "inpaint-box" });
  const node = h("div", { className: "easel", testid: "inpaint-easel", tabIndex: 0, role: "application", "aria-label": "picture with a rectangle to fill in" }, canvas, veil);
  const show = () => {
    const [left, top, right, bottom] = box();
    Object.assign(veil.style, { left: `${(100 * left) / W}%`, top: `${(100 * top) / H}%`, width: `${(100 * (right - left)) / W}%`, height: `${(100 * (bottom - top)) / H}%` });
  };
  const at = (event) => {
    const area = canvas.getBoundingClientRect();
    const part = (value, size, most) => Math.min(Math.max((value / size) * most, 0), most);
    return [part(event.clientX - area.left, area.width, W), part(event.clientY - area.top, area.height, H)];
  };
  let from = null;
  const span = ([x, y]) => [Math.floor(Math.min(from[0], x)), Math.floor(Math.min(from[1], y)), Math.ceil(Math.max(from[0], x)), Math.ceil(Math.max(from[1], y))];
  node.addEventListener("pointerdown", (event) => { event.preventDefault(); node.focus(); node.setPointerCapture(event.pointerId); from = at(event); });
  node.addEventListener("pointermove", (event) => { if (from) { moved(span(at(event)), false); show(); } });
  node.addEventListener("pointerup", (event) => {
    if (!from) return;
    const next = span(at(event));
    from = null;
    if (next[2] > next[0] && next[3] > next[1]) { moved(next, true); show(); }
  });
  node.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const [left, top, right, bottom] = box();
    const [x, y] = way;
    const next = event.shiftKey ? [left, top, Math.min(Math.max(right + x, left + 1), W), Math.min(Math.max(bottom + y, top + 1), H)]
      : [left + x, top + y, right + x, bottom + y];
    if (next[0] >= 0 && next[1] >= 0 && next[2] <= W && next[3] <= H) { moved(next, true); show(); }
  });
  return { node, show };
}

async function paint(model, item, box, node, numbers) {
  const [H, W] = model.shape;
  const [left, top, right, bottom] = box;
  const missing = Array.from({ length: H }, (_, y) => Array.from({ length: W }, (_, x) => x >= left && x < right && y >= top && y < bottom));
  const row = { ...item };
  try {
    const [best] = await model.ask("impute", [row], { missing });
    const draws = model.can("impute_interval") ? await model.ask("impute", Array(DRAWS).fill(row), { draws: 1, missing }) : [];
    const one = (text, each, testid) => h("figure", { className: "pair" }, picture(model, each, testid), h("figcaption", {}, text));
    fill(node, h("div", { className: "pairs" }, one("observed", item, "inpaint-observed"), one("best single picture", best, "inpaint-best")),
      draws.length > 0 && h("h4", {}, "Random completions"), h("div", { className: "pairs four" }, draws.map((each, i) => one(`draw ${i + 1}`, each, "inpaint-draw"))));
    const flat = (each) => each[model.image.name].flat(3);
    numbers.show({ box, filled: missing.flat().filter(Boolean).length, observed: flat(item), best: flat(best) });
  } catch (error) { fill(node, trouble(error)); }
}
