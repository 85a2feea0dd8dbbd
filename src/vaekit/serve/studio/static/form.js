// A form made from the schema: one control a column, blank is missing.
import { field, h } from "./dom.js";
import { cellOf } from "./table.js";

const LISTED = 40; // levels of one column in a list; more are typed, with suggestions

// control.value: the cell as JSON has it, null when blank; control.put(value).
export function control(model, column, testid, onchange) {
  const levels = model.levels[column.name];
  const node = levels && levels.length <= LISTED ? choice(levels, testid) : text(column, levels, testid);
  node.cell = () => (node.value === "" ? null : node.levels ? node.levels[Number(node.value)] : cellOf(node.value, column, true));
  node.put = (value) => {
    if (node.levels) { const at = node.levels.indexOf(value); node.value = at < 0 ? "" : String(at); } else node.value = value === null || value === undefined ? "" : String(value);
  };
  node.addEventListener(node.tagName === "SELECT" ? "change" : "input", onchange);
  return node;
}

function choice(levels, testid) {
  const node = h("select", { testid }, h("option", { value: "" }, ""), levels.map((level, i) => h("option", { value: String(i) }, typeof level === "boolean" ? (level ? "yes" : "no") : String(level))));
  node.levels = levels;
  return node;
}

let lists = 0;
function text(column, levels, testid) {
  const number = /^(u?int|float|double|halffloat|decimal)/.test(column.type) && !levels;
  const node = h("input", { testid, type: number ? "number" : "text", step: "any", autocomplete: "off", placeholder: column.kind === "datetime" ? "2026-01-31T12:00:00" : "" });
  if (levels) {
    const list = h("datalist", { id: `levels${(lists += 1)}` }, levels.map((level) => h("option", { value: String(level) })));
    node.setAttribute("list", list.id);
    node.list_ = list;
  }
  return node;
}

export function form(model, columns, prefix, onchange) {
  const controls = Object.fromEntries(columns.map((column) => [column.name, control(model, column, `${prefix}-${column.name}`, onchange)]));
  const node = h("div", { className: "form" }, columns.map((column) => {
    const each = controls[column.name];
    return [field(column.unit ? `${column.name} (${column.unit})` : column.name, each), each.list_];
  }));
  node.values = () => Object.fromEntries(columns.map(({ name }) => [name, controls[name].cell()]));
  node.known = () => Object.fromEntries(Object.entries(node.values()).filter(([, value]) => value !== null));
  node.put = (row) => columns.forEach(({ name }) => controls[name].put(row?.[name]));
  return node;
}
