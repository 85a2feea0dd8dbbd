// A row as people look at it: a card of columns, a picture, or the series of a window.
import { lines, PALETTE } from "./charts.js";
import { fill, h, shown } from "./dom.js";

export function picture(model, row, testid, size = null) {
  const [H, W, C = 1] = model.shape;
  const canvas = h("canvas", { width: W, height: H, className: "picture", testid, role: "img", "aria-label": "picture" });
  if (size) canvas.style.width = `${size}px`;
  draw(canvas, model, row?.[model.image.name], H, W, C);
  return canvas;
}

export function draw(canvas, model, value, H, W, C = 1) {
  const ctx = canvas.getContext("2d");
  const data = ctx.createImageData(W, H);
  const flat = (value ?? []).flat(3);
  const bright = /uint8|int/.test(model.image.type) ? 1 : 255;
  for (let i = 0; i < H * W; i += 1) {
    for (let c = 0; c < 3; c += 1) data.data[4 * i + c] = (flat[i * C + (C >= 3 ? c : 0)] ?? 0) * bright;
    data.data[4 * i + 3] = 255;
  }
  ctx.putImageData(data, 0, 0);
}

// Where the middle 98 % of a column's values lie.
export function rangesOf(model, items) {
  const found = {};
  for (const { name, type } of model.fields) {
    if (!/int|float|double|decimal/.test(type) || model.levels[name]) continue;
    const known = items.map((item) => item[name]).filter((value) => typeof value === "number").sort((a, b) => a - b);
    if (known.length > 3) found[name] = [known[Math.floor(0.01 * known.length)], known[Math.ceil(0.99 * (known.length - 1))]];
  }
  return found;
}

// A live card: `show(row)` changes values in place and marks those that changed.
export function card(model, testid, ranges = {}) {
  if (model.kind === "stream") return windowCard(model, testid, ranges);
  const node = h("div", { className: "card-of-columns", testid });
  const canvas = model.image ? picture(model, null, `${testid}-picture`) : null;
  const places = {};
  const list = h("dl", {}, model.fields.map((column) => {
    const value = h("dd", { testid: `${testid}-${column.name}` });
    const needle = h("span", { className: "needle" });
    const bar = ranges[column.name] ? h("span", { className: "range", "aria-hidden": "true" }, needle) : null;
    places[column.name] = { value, needle, bar, column };
    return h("div", { className: "line" }, h("dt", {}, column.name), bar ?? h("span"), value);
  }));
  fill(node, canvas, list);
  node.show = (row) => {
    node.row = row;
    if (canvas) draw(canvas, model, row[model.image.name], ...model.shape);
    for (const [name, { value, needle, bar, column }] of Object.entries(places)) {
      const text = shown(row[name], column) + (column.unit && row[name] !== null ? ` ${column.unit}` : "");
      value.classList.toggle("changed", value.textContent !== "" && value.textContent !== text);
      value.classList.toggle("missing", row[name] === null || row[name] === undefined);
      if (value.textContent !== text) value.textContent = text;
      if (!bar) continue;
      const [low, high] = ranges[name];
      bar.hidden = typeof row[name] !== "number";
      needle.style.left = `${100 * Math.min(Math.max((row[name] - low) / (high - low || 1), 0), 1)}%`;
    }
  };
  return node;
}

function windowCard(model, testid, ranges) {
  const node = h("div", { className: "small-multiples", testid });
  const made = model.fields.map((column) => {
    const place = h("div");
    node.append(h("div", {}, h("h4", {}, column.name, column.unit && h("small", {}, ` ${column.unit}`)), place));
    return { column, place, chart: null };
  });
  node.show = (steps) => {
    node.row = steps;
    const x = steps.map((_, i) => i);
    for (const each of made) {
      const values = steps.map((step) => step[each.column.name]);
      if (each.chart) { each.chart.put(x, [values]); each.chart.numbers.show({ x, series: { [each.column.name]: values } }); continue; }
      each.chart = lines(each.place, `${testid}-${each.column.name}`, { title: each.column.name, x, series: [{ label: each.column.name, values, colour: PALETTE[0] }], height: 112, within: ranges[each.column.name], names: model.levels[each.column.name] });
    }
  };
  return node;
}

// The arrow keys go from row to row: a table is one stop of the Tab key.
function walk(event, line) {
  const next = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling, Home: line.parentNode.firstElementChild, End: line.parentNode.lastElementChild }[event.key];
  if (!next) return;
  event.preventDefault();
  line.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// A table of rows; a click, or Enter, names one.
export function grid(testid, rows, columns, { onrow, most = 200, marked = null, cell } = {}) {
  const part = rows.slice(0, most);
  const heads = columns.map((column) => h("th", { scope: "col", className: numeric(column) ? "right" : "" }, column.title ?? column.name, column.unit && h("small", {}, ` ${column.unit}`)));
  const body = h("tbody", {}, part.map((row, i) => {
    const line = h("tr", { testid: `${testid}-row`, tabIndex: onrow ? (i === Math.max(marked ?? 0, 0) ? 0 : -1) : null, "aria-selected": marked === i ? "true" : null },
      columns.map((column) => h("td", { className: `${numeric(column) ? "right" : ""} ${(row[column.name] ?? null) === null && !column.title ? "missing" : ""}` }, cell?.(row, column) ?? shown(row[column.name], column))));
    if (onrow) {
      line.addEventListener("click", () => onrow(i, row));
      line.addEventListener("keydown", (event) => { walk(event, line); if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onrow(i, row); } });
    }
    return line;
  }));
  const more = rows.length > most ? h("p", { className: "muted" }, `The first ${most} of ${rows.length.toLocaleString("en")} rows; the CSV has all.`) : null;
  return h("div", {}, h("div", { className: "scroll" }, h("table", { testid }, h("thead", {}, h("tr", {}, heads)), body)), more);
}

const numeric = (column) => column.right ?? /^(u?int|float|double|halffloat|decimal)/.test(column.type ?? "");
