// The map: points in a plane, coloured; a click names a place, a drag is a lasso, the arrow keys walk.
import { axes, chart, colour } from "./charts.js";
import { fill, h } from "./dom.js";

const NEAR = 9; // pixels

// points: {x, y, colours, shown (flags), titles}; pictures: [{x, y, canvas, size}] behind them; marks: [{x, y, label}]
export function scatter(node, testid, { title, height, xLabel, yLabel, onplace, onlasso, describe }) {
  const state = { points: { x: [], y: [], colours: [], shown: [] }, pictures: [], marks: [], chosen: new Set(), range: null, lasso: [], version: 0, layer: null };
  const options = () => ({
    scales: { x: { time: false, range: () => state.range?.x ?? [-3, 3] }, y: { range: () => state.range?.y ?? [-3, 3] } },
    axes: axes(xLabel, yLabel), series: [{}, { paths: () => null, points: { show: false } }],
    cursor: { show: false }, hooks: { draw: [(u) => paint(u, state)] },
  });
  const made = chart(node, testid, title, height, options, [[0, 1], [null, null]]);
  const tip = h("div", { className: "tip", hidden: true });
  made.wrap.tabIndex = 0;
  made.wrap.setAttribute("role", "application");
  made.box.append(tip);
  const self = {
    made, state,
    labels(x, y) { [xLabel, yLabel] = [x, y]; made.remake(); listen(); },
    show(changes) {
      Object.assign(state, changes, changes.points ? { points: { ...changes.points } } : {});
      if (changes.points || changes.chosen || changes.pictures) state.version += 1;
      if (changes.points) {
        state.range = rangeOf(changes.points);
        for (const axis of ["x", "y"]) {
          const [low, high] = state.range[axis];
          const edge = 0.012 * (high - low);
          state.points[axis] = changes.points[axis].map((value) => Math.min(Math.max(value, low + edge), high - edge));
        }
      }
      if (changes.points) made.plot.setScale("x", { min: state.range.x[0], max: state.range.x[1] });
      made.plot.redraw(false, true);
    },
  };
  const place = (event) => {
    const box = made.plot.over.getBoundingClientRect();
    return { px: event.clientX - box.left, py: event.clientY - box.top };
  };
  const valueAt = ({ px, py }) => ({ x: made.plot.posToVal(px, "x"), y: made.plot.posToVal(py, "y") });
  function listen() {
    made.box.append(tip);
    const over = made.plot.over;
    over.classList.add("lassoing");
    over.addEventListener("pointermove", (event) => {
      const at = place(event);
      if (state.drawing) { state.lasso.push(valueAt(at)); made.plot.redraw(false, true); return; }
      const near = nearest(made.plot, state, at);
      tip.hidden = near < 0;
      if (near >= 0) { fill(tip, describe(near)); put(tip, at, made.plot); }
    });
    over.addEventListener("pointerleave", () => { tip.hidden = true; });
    over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      over.setPointerCapture(event.pointerId);
      Object.assign(state, { drawing: true, lasso: [valueAt(place(event))], from: place(event) });
      tip.hidden = true;
    });
    over.addEventListener("pointerup", (event) => {
      if (!state.drawing) return;
      state.drawing = false;
      const at = place(event);
      const far = Math.hypot(at.px - state.from.px, at.py - state.from.py) > 5 || state.lasso.length > 12;
      const lasso = state.lasso;
      state.lasso = [];
      if (far && lasso.length > 2) onlasso(inside(state.points, lasso));
      else onplace({ ...valueAt(at), row: nearest(made.plot, state, at) });
      made.plot.redraw(false, true);
    });
  }
  made.wrap.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || !state.range) return;
    event.preventDefault();
    const from = state.marks[0] ?? { x: 0, y: 0 };
    const step = event.shiftKey ? 10 : 50;
    const to = (axis, i) => Math.min(Math.max(from[axis] + (way[i] * (state.range[axis][1] - state.range[axis][0])) / step, state.range[axis][0]), state.range[axis][1]);
    onplace({ x: to("x", 0), y: to("y", 1), row: -1 });
  });
  made.onmade = (plot, resized) => { if (!resized) listen(); };
  listen();
  return self;
}

function put(tip, { px, py }, plot) {
  const left = plot.bbox.left / devicePixelRatio + px;
  const flip = left > plot.width * 0.6;
  tip.style.left = flip ? "" : `${left + 14}px`;
  tip.style.right = flip ? `${plot.width - left + 14}px` : "";
  tip.style.top = `${plot.bbox.top / devicePixelRatio + py - 8}px`;
}

function rangeOf(points) {
  const span = (values) => {
    const known = values.filter(Number.isFinite).sort((a, b) => a - b);
    if (!known.length) return [-3, 3];
    const [from, to] = [known[Math.floor(0.02 * known.length)], known[Math.ceil(0.98 * (known.length - 1))]]; // what lies far outside is shown at the edge
    const [low, high] = [Math.max(known[0], from - 0.7 * (to - from)), Math.min(known.at(-1), to + 0.7 * (to - from))];
    const room = 0.06 * (high - low || 1);
    return [low - room, high + room];
  };
  return { x: span([...points.x]), y: span([...points.y]) };
}

function nearest(u, { points }, { px, py }) {
  let [best, at] = [NEAR * NEAR, -1];
  for (let i = 0; i < points.x.length; i += 1) {
    if (!points.shown[i]) continue;
    const far = (u.valToPos(points.x[i], "x") - px) ** 2 + (u.valToPos(points.y[i], "y") - py) ** 2;
    if (far < best) [best, at] = [far, i];
  }
  return at;
}

export function inside(points, lasso) {
  const found = [];
  for (let i = 0; i < points.x.length; i += 1) {
    if (!points.shown[i]) continue;
    let is = false;
    for (let a = 0, b = lasso.length - 1; a < lasso.length; b = a, a += 1) {
      const [p, q] = [lasso[a], lasso[b]];
      if (p.y > points.y[i] !== q.y > points.y[i] && points.x[i] < ((q.x - p.x) * (points.y[i] - p.y)) / (q.y - p.y) + p.x) is = !is;
    }
    if (is) found.push(i);
  }
  return found;
}

// Rows are painted once, on a layer of their own; what moves is painted over them.
function paint(u, state) {
  const { ctx } = u;
  const at = (x, y) => [u.valToPos(x, "x", true), u.valToPos(y, "y", true)];
  const { width, height } = ctx.canvas;
  const key = [width, height, u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height, state.version].join();
  if (state.layer?.key !== key) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    paintRows(canvas.getContext("2d"), u.bbox, at, state);
    state.layer = { key, canvas };
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  ctx.drawImage(state.layer.canvas, 0, 0);
  for (const mark of state.marks) paintMark(ctx, at(mark.x, mark.y), mark.label, devicePixelRatio);
  paintLasso(ctx, at, state.lasso);
  ctx.restore();
}

function paintLasso(ctx, at, lasso) {
  if (lasso.length < 2) return;
  ctx.beginPath();
  lasso.forEach((each, i) => ctx[i ? "lineTo" : "moveTo"](...at(each.x, each.y)));
  ctx.closePath();
  ctx.fillStyle = colour("--band");
  ctx.strokeStyle = colour("--accent");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.fill();
  ctx.stroke();
}

function paintRows(ctx, box, at, { points, pictures, chosen }) {
  const dot = devicePixelRatio;
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  ctx.imageSmoothingEnabled = false;
  for (const each of pictures) {
    const [x, y] = at(each.x, each.y);
    const size = each.size * dot;
    ctx.globalAlpha = 0.9;
    ctx.drawImage(each.canvas, x - size / 2, y - size / 2, size, size);
  }
  const radius = (points.x.length > 2000 ? 2 : 3.2) * dot;
  const order = [...points.x.keys()].filter((i) => points.shown[i]);
  ctx.globalAlpha = chosen.size ? 0.28 : 0.8;
  const paths = new Map();
  for (const i of order) {
    if (chosen.has(i)) continue;
    const [x, y] = at(points.x[i], points.y[i]);
    const path = paths.get(points.colours[i]) ?? paths.set(points.colours[i], new Path2D()).get(points.colours[i]);
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 7);
  }
  for (const [shade, path] of paths) {
    if (pictures.length) { ctx.strokeStyle = "#fff"; ctx.lineWidth = 1.6 * dot; ctx.stroke(path); }
    ctx.fillStyle = shade;
    ctx.fill(path);
  }
  ctx.globalAlpha = 1;
  for (const i of order) {
    if (!chosen.has(i)) continue;
    const [x, y] = at(points.x[i], points.y[i]);
    ctx.fillStyle = points.colours[i];
    ctx.strokeStyle = colour("--text");
    ctx.lineWidth = dot;
    ctx.beginPath();
    ctx.arc(x, y, radius * 1.25, 0, 7);
    ctx.fill();
    ctx.stroke();
  }
}

function paintMark(ctx, [x, y], label, dot) {
  ctx.strokeStyle = colour("--surface");
  ctx.lineWidth = 4 * dot;
  for (let turn = 0; turn < 2; turn += 1) {
    ctx.beginPath();
    ctx.arc(x, y, 7 * dot, 0, 7);
    ctx.moveTo(x - 12 * dot, y); ctx.lineTo(x - 3 * dot, y);
    ctx.moveTo(x + 3 * dot, y); ctx.lineTo(x + 12 * dot, y);
    ctx.moveTo(x, y - 12 * dot); ctx.lineTo(x, y - 3 * dot);
    ctx.moveTo(x, y + 3 * dot); ctx.lineTo(x, y + 12 * dot);
    ctx.stroke();
    ctx.strokeStyle = colour("--text");
    ctx.lineWidth = 1.75 * dot;
  }
  if (!label) return;
  ctx.font = `600 ${13 * dot}px system-ui, sans-serif`;
  ctx.fillStyle = colour("--text");
  ctx.fillText(label, x + 11 * dot, y - 9 * dot);
}
