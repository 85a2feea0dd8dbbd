// CSV in and out, and its cells as the fitted columns have them.

// Bytes as text: UTF-8, or what Excel writes in its place.
export function textOf(bytes) {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return new TextDecoder("windows-1252").decode(bytes); }
}

export function parse(text) {
  text = text.replace(/^\ufeff/, "");
  const head = text.slice(0, (text.indexOf("\n") + 1 || text.length + 1) - 1);
  const mark = [",", ";", "\t"].reduce((best, each) => (head.split(each).length > head.split(best).length ? each : best), ",");
  const lines = [];
  let line = [], cell = "", quoted = false, was = false;
  const push = () => { line.push({ text: cell, quoted: was }); cell = ""; was = false; };
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') { cell += '"'; i += 1; } else quoted = false;
    } else if (c === '"' && cell === "") { quoted = true; was = true; } else if (c === mark) push();
    else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[i + 1] === "\n") i += 1;
      push(); lines.push(line); line = [];
    } else cell += c;
  }
  if (cell !== "" || line.length) { push(); lines.push(line); }
  const names = (lines.shift() ?? []).map((each) => each.text.trim());
  return { names, mark, lines: lines.filter((each) => each.length > 1 || each[0].text !== "") };
}

const GONE = new Set(["", "NA", "NaN", "nan", "null", "NULL", "None"]);
const isNumber = (type) => /^(u?int|float|double|halffloat|decimal)/.test(type) || /values=u?int/.test(type);

const COMMA = /^\s*[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*$/;
const pointed = (text) => (COMMA.test(text) ? text.replaceAll(".", "").replace(",", ".") : text);

// A cell's text as JSON has it, for a column's Arrow type; what does not fit stays text, and the service says what is wrong.
// commas: cells are set apart by another mark, so that 1,5 is a number.
export function cellOf(text, column, quoted = false, commas = false) {
  if ((GONE.has(text.trim()) && !quoted) || text === "") return null;
  const type = column?.type ?? "";
  if (type === "bool") return { true: true, yes: true, 1: true, false: false, no: false, 0: false }[text.trim().toLowerCase()] ?? text;
  if (isNumber(type)) { const value = Number(commas ? pointed(text) : text); return Number.isNaN(value) ? text : value; }
  return text;
}

export function rowsOf(text, columns) {
  const { names, lines, mark } = parse(text);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw Object.assign(new Error(`The column ${twice || "without a name"} stands twice in the first line.`), { title: "Columns must differ in their names", hint: "rename or drop one of them" });
  const by = Object.fromEntries(columns.map((column) => [column.name, column]));
  const items = lines.map((line) => Object.fromEntries(names.map((name, i) => [name, line[i] ? cellOf(line[i].text, by[name], line[i].quoted, mark !== ",") : null])));
  return { names, items };
}

const quote = (value) => {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function toCsv(rows, names = Object.keys(rows[0] ?? {})) {
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => line.map(quote).join(",")).join("\n") + "\n";
}
