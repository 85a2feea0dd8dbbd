// Elements, numbers as people read them, and what a chart shows as data.

export function h(tag, props = {}, ...children) {
  const svg = ["svg", "path", "circle", "rect", "line", "g"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else if (name === "testid") node.dataset.testid = value;
    else if (name in node && !svg && !["list", "form", "for"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// A chart's numbers, for programs and for people who cannot see it: <script type="application/json" data-testid="map-data">.
export function exposed(testid) {
  const node = h("script", { type: "application/json", testid });
  node.show = (data) => { node.textContent = JSON.stringify(data); };
  return node;
}

const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, useGrouping: false });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value)) return Math.abs(value) < 10000 ? String(value) : whole.format(value);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2);
  return size >= 10000 ? whole.format(value) : fine.format(value);
}

export function shown(value, column) {
  if (value === null || value === undefined || value === "") return "missing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return /year/i.test(column?.name ?? "") ? String(value) : number(value);
  if (column?.kind === "datetime" && typeof value === "string") return value.replace("T", " ").replace(/ 00:00:00$/, "");
  return Array.isArray(value) ? "…" : String(value);
}

export const percent = (share) => (share === null || share === undefined ? "–" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`);
export const plural = (count, what) => `${whole.format(count)} ${what}${count === 1 ? "" : "s"}`;

export function later(run, wait = 150) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), wait);
  };
}

// Only the newest call matters: one is under way, the latest of those that came meanwhile follows.
export function newest(run) {
  let busy = false;
  let waiting = null;
  return async function call(...args) {
    if (busy) { waiting = args; return; }
    busy = true;
    try { await run(...args); } finally {
      busy = false;
      if (waiting) { const next = waiting; waiting = null; call(...next); }
    }
  };
}

export function download(name, content, type = "text/csv") {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

let labels = 0;
// Draw anew without taking the focus from whoever walks with the keyboard.
export function redrawn(node, ...children) {
  const held = node.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  fill(node, children);
  if (held) node.querySelector(`[data-testid="${held}"]`)?.focus();
  return node;
}

export function field(label, control, hint) {
  control.id ||= `c${(labels += 1)}`;
  return h("div", { className: "field" }, h("label", { htmlFor: control.id }, label), control, hint && h("small", {}, hint));
}

export function select(testid, options, value, onchange, label) {
  const node = h("select", { testid, "aria-label": label, onchange: () => onchange(node.value) });
  fill(node, options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, text)));
  return node;
}

export const button = (testid, text, onclick, kind = "", props = {}) =>
  h("button", { type: "button", testid, className: `button ${kind}`, onclick, ...props }, text);

export function empty(title, text, ...actions) {
  return h("div", { className: "empty", testid: "empty" }, h("h3", {}, title), h("p", {}, text), h("div", { className: "row" }, actions));
}

export function trouble(error) {
  return h("div", { className: "trouble", role: "alert", testid: "error" },
    h("strong", {}, error.title ?? "That did not work"), h("p", {}, error.message), error.hint && h("p", { className: "muted" }, `Hint: ${error.hint}`));
}

export const busy = (text) => h("div", { className: "busy", role: "status", testid: "loading" }, h("span", { className: "spinner" }), text);

// Show that something is under way, then what came of it or why not.
export async function during(node, text, work) {
  fill(node, busy(text));
  node.setAttribute("aria-busy", "true");
  try {
    const found = await work((more) => { const line = node.querySelector(".busy"); if (line) line.lastChild.textContent = more; });
    if (node.querySelector(":scope > .busy")) fill(node);
    return found;
  } catch (error) {
    console.warn(error);
    fill(node, trouble(error));
    return null;
  } finally { node.removeAttribute("aria-busy"); }
}
