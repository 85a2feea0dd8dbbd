// Charts on uPlot: sizes follow the page, colours its scheme, and each exposes what it shows as data.
import { exposed, fill, h, number } from "./dom.js";

const uPlot = window.uPlot;
export const PALETTE = ["--c0", "--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8", "--c9"];

// A colour of the page as a canvas takes it: the scheme chooses which of its two.
const probe = document.body.appendChild(h("i", { hidden: true }));
export const colour = (name) => {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
};

// viridis from its second to its last eighth: both ends stand out on light and on dark
const VIRIDIS = [[70, 50, 127], [57, 86, 140], [41, 120, 142], [31, 152, 139], [53, 183, 121], [122, 209, 81], [200, 225, 60]];
export function ramp(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return `rgb(${VIRIDIS[low].map((each, i) => Math.round(each + (at - low) * (VIRIDIS[low + 1][i] - each))).join(",")})`;
}

export function axes(x, y, extra = {}) {
  const line = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelGap: 2 };
  const values = (u, ticks) => ticks.map((each) => (each === null ? "" : number(each)));
  return [
    { ...line, label: x, labelSize: x ? 18 : 0, size: 26, values, ...extra.x },
    { ...line, label: y, labelSize: y ? 18 : 0, size: 46, space: 26, values, ...extra.y },
  ];
}

// A chart in `node`; options are made anew when the scheme changes.
export function chart(node, testid, title, height, options, data) {
  const box = h("div", { className: "plot" });
  const numbers = exposed(`${testid}-data`);
  const wrap = h("figure", { className: "chart", testid, role: "img", "aria-label": title }, box, numbers);
  fill(node, wrap);
  const self = { wrap, box, numbers, plot: null, data };
  const size = () => ({ width: Math.max(160, Math.floor(box.clientWidth || node.clientWidth || 300)), height });
  const make = () => {
    self.plot?.destroy();
    self.plot = new uPlot({ ...size(), legend: { show: false }, padding: [10, 12, 0, 0], ...options() }, self.data, box);
    self.onmade?.(self.plot);
  };
  self.update = (next) => { self.data = next; self.plot.setData(next); };
  self.remake = make;
  make();
  let width = size().width;
  new ResizeObserver(() => {
    const now = size();
    if (!box.isConnected || Math.abs(now.width - width) < 2) return;
    width = now.width;
    self.plot.setSize(now);
    self.onmade?.(self.plot, true);
  }).observe(box);
  const again = () => (box.isConnected ? make() : removeEventListener("schemechange", again));
  addEventListener("schemechange", again);
  return self;
}

export function legend(entries) {
  return h("ul", { className: "legend" }, entries.map(([label, shade, kind]) =>
    h("li", {}, h("span", { className: `swatch ${kind ?? ""}`, style: { background: shade } }), label)));
}

// Several series over one x. series: [{label, values, colour, dash, width}]; shades: [[from, to]] in units of x; marks: [x].
// names: the levels of a column of names, in order, which are drawn as steps. band: [upper, lower], the series between which is filled. ticks: what to write at an x; within: [low, high] that y shows at least.
export function lines(node, testid, { title, x, series, height = 200, xLabel, yLabel, shades = [], ticks, sync, within, band, names, more = {} }) {
  const coded = (values) => (names ? values.map((value) => { const at = names.indexOf(value); return at < 0 ? null : at; }) : values);
  const levels = names && { range: [-0.4, names.length - 0.6], splits: names.length <= 8 ? names.map((_, i) => i) : [], values: (u, at) => at.map((i) => brief(names[i])) };
  const wide = (low, high) => (within && low !== null ? [Math.min(low, within[0]), Math.max(high, within[1])] : [low, high]);
  const options = () => ({
    ...(sync ? { padding: [10, 40, 0, 0] } : {}), // room for half of the last time, on every chart of a column
    scales: { x: { time: false }, y: levels ? { range: levels.range } : { range: (u, a, b) => { const [low, high] = wide(a, b); return low === high ? [low - 1, high + 1] : uPlot.rangeNum(low, high, 0.08, true); } } },
    axes: axes(xLabel, yLabel, {
      x: ticks === undefined ? {} : ticks === null ? { values: () => [], size: 8 } : { values: (u, at) => at.map(ticks), space: 90 },
      y: levels ? { splits: () => levels.splits, values: levels.values } : {},
    }),
    series: [{}, ...series.map((each) => ({
      label: each.label, stroke: () => colour(each.colour), width: each.width ?? 1.75, dash: each.dash, points: { show: x.length < 3 }, spanGaps: each.spanGaps ?? false,
      ...(names ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    }))],
    bands: band ? [{ series: band, fill: () => colour("--band") }] : [],
    cursor: { drag: { x: false, y: false }, points: { size: 6 }, ...(sync ? { sync: { key: sync } } : {}) },
    hooks: { drawClear: [(u) => paintShades(u, shades)] },
  });
  const made = chart(node, testid, title, height, options, [x, ...series.map((each) => coded(each.values))]);
  made.put = (places, lists) => made.update([places, ...lists.map(coded)]);
  made.numbers.show({ title, x, series: Object.fromEntries(series.map((each) => [each.label, each.values])), shaded: shades, ...more });
  return made;
}

const brief = (name) => { const text = typeof name === "boolean" ? (name ? "yes" : "no") : String(name); return text.length > 7 ? `${text.slice(0, 6)}…` : text; };

function paintShades(u, shades) {
  u.ctx.save();
  u.ctx.fillStyle = colour("--alarm-soft");
  for (const [from, to] of shades) {
    const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
    const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
    if (right >= u.bbox.left && left <= u.bbox.left + u.bbox.width) u.ctx.fillRect(left, u.bbox.top, Math.max(right - left, 2), u.bbox.height);
  }
  u.ctx.restore();
}

export function bins(values, count = 40) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return { edges: [0, 1], counts: [0] };
  let low = known.reduce((a, b) => Math.min(a, b));
  let high = known.reduce((a, b) => Math.max(a, b));
  if (known.every(Number.isInteger) && high - low < 60) { [low, high] = [low - 0.5, high + 0.5]; count = high - low; }
  if (low === high) { low -= 0.5; high += 0.5; }
  const counts = new Array(count).fill(0);
  for (const value of known) counts[Math.min(count - 1, Math.floor(((value - low) / (high - low)) * count))] += 1;
  return { edges: Array.from({ length: count + 1 }, (_, i) => low + (i * (high - low)) / count), counts };
}

// A histogram; with `threshold` and `onmove` a line that is dragged, or moved with the arrow keys.
export function histogram(node, testid, { title, values, height = 150, xLabel, yLabel = "rows", threshold = null, onmove, count = 40, roots = false }) {
  const { edges, counts } = bins(values, count);
  const width = edges[1] - edges[0];
  const middles = counts.map((_, i) => edges[i] + width / 2);
  const root = (each) => (roots ? Math.sqrt(each) : each); // a few strange rows stay visible beside a thousand usual ones
  const state = { threshold };
  const options = () => ({
    scales: { x: { time: false, range: [edges[0] - width / 2, edges.at(-1) + width / 2] }, y: { range: (u, low, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: axes(xLabel, yLabel, { y: { values: (u, ticks) => ticks.map((each) => number(roots ? Math.round(each * each) : each)) } }),
    series: [{}, { stroke: null, width: 0, points: { show: false }, fill: () => colour("--accent"), paths: () => null }],
    cursor: { show: false },
    hooks: { draw: [(u) => paintBars(u, edges, counts.map(root), state.threshold), () => made?.place?.()] },
  });
  let made = null;
  made = chart(node, testid, title, height, options, [middles, counts.map(root)]);
  const tell = () => made.numbers.show({ title, edges, counts, threshold: state.threshold });
  tell();
  if (onmove) grip(made, testid, edges, state, (value) => { tell(); onmove(value); });
  made.threshold = (value) => { state.threshold = value; made.plot.redraw(); made.place?.(); tell(); };
  return made;
}

function paintBars(u, edges, heights, threshold) {
  const bottom = u.valToPos(0, "y", true);
  heights.forEach((each, i) => {
    if (!each) return;
    const left = u.valToPos(edges[i], "x", true);
    const right = u.valToPos(edges[i + 1], "x", true);
    const top = u.valToPos(each, "y", true);
    u.ctx.fillStyle = colour(threshold !== null && edges[i] + (edges[1] - edges[0]) / 2 >= threshold ? "--alarm" : "--accent");
    u.ctx.fillRect(left + 0.5, top, Math.max(right - left - 1, 1), bottom - top);
  });
}

function grip(made, testid, edges, state, moved) {
  const [low, high] = [edges[0], edges.at(-1)];
  const bar = h("div", { className: "grip", testid: `${testid}-threshold`, role: "slider", tabIndex: 0, "aria-label": "threshold", "aria-valuemin": low, "aria-valuemax": high });
  made.place = () => {
    const u = made.plot;
    const at = Math.min(Math.max(state.threshold, low), high);
    bar.style.left = `${u.bbox.left / devicePixelRatio + u.valToPos(at, "x")}px`;
    bar.style.top = `${u.bbox.top / devicePixelRatio}px`;
    bar.style.height = `${u.bbox.height / devicePixelRatio}px`;
    bar.setAttribute("aria-valuenow", state.threshold);
    bar.setAttribute("aria-valuetext", number(state.threshold));
  };
  const to = (value) => { state.threshold = Math.min(Math.max(value, low), high); made.plot.redraw(); made.place(); moved(state.threshold); };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    const move = (each) => to(made.plot.posToVal(each.clientX - made.plot.over.getBoundingClientRect().left, "x"));
    bar.addEventListener("pointermove", move);
    bar.addEventListener("pointerup", () => bar.removeEventListener("pointermove", move), { once: true });
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!step) return;
    event.preventDefault();
    to(state.threshold + (step * (high - low)) / 100);
  });
  made.box.append(bar);
  made.onmade = () => made.box.append(bar);
}
