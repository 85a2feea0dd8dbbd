// A served model: its card, its columns, and questions about rows.
import { written } from "./clock.js";
import { cellOf } from "./table.js";

export class Model {
  static async open(api, name) {
    const at = `/v1/models/${encodeURIComponent(name)}`;
    const [card, latents, levels] = await Promise.all([api.get(at), api.get(`${at}/latents`), api.get(`${at}/levels`)]);
    return new Model(api, name, at, card, latents.rows, levels.rows);
  }

  constructor(api, name, at, card, latents, levels) {
    Object.assign(this, { api, name, at, card, latents });
    const all = Object.values(card.schema);
    this.columns = all.filter((column) => column.role !== "ignored");
    this.aside = all.filter((column) => column.role === "ignored");
    this.fields = this.columns.filter((column) => !["image", "constant", "identifier"].includes(column.kind));
    this.image = this.columns.find((column) => column.kind === "image") ?? null;
    this.kind = card.windows ? "stream" : this.image ? "image" : "table";
    if (this.image) this.shape = card.columns[this.image.name].shape;
    this.by = Object.fromEntries(all.map((column) => [column.name, column]));
    this.levels = {};
    for (const { column, level } of levels) (this.levels[column] ??= []).push(cellOf(level, this.by[column], true));
    this.conditions = this.columns.filter((column) => column.role === "given");
    this.given = {};
    this.centre = Array(latents.length);
    for (const each of latents) this.centre[each.latent] = each.centre;
  }

  can(mode) { return this.card.modes[mode]?.startsWith("available") ?? false; }
  whyNot(mode) { return this.can(mode) ? null : this.card.modes[mode]; }
  get wide() { return this.kind === "image" ? 200 : 2000; } // rows of one request

  // A row as the routes take it: every fitted column, missing where it has none.
  row(item) { return Object.fromEntries(this.columns.map(({ name }) => [name, item[name] ?? null])); }
  // What a verdict is about: a row; of a stream a stretch of steps.
  marked(item) { return this.kind === "stream" ? item : this.row(item); }
  asked(items) {
    const keep = (item) => (this.kind === "stream" ? { ...Object.fromEntries(this.aside.map(({ name }) => [name, item[name] ?? null])), ...this.row(item) } : this.row(item));
    return items.map(keep);
  }

  async ask(mode, items, options = {}, told = undefined) {
    const lot = this.kind === "stream" ? Infinity : this.wide;
    return this.api.rows(`${this.at}/${mode}`, this.asked(items), options, told, lot);
  }

  // The given columns of a row, under which its latents are decoded.
  givenOf(item) { return Object.fromEntries(this.conditions.map(({ name }) => [name, item[name] ?? null])); }

  async decode(points, given = this.given) {
    const rows = points.map((z) => Object.fromEntries(Array.from(z, (value, i) => [`mean_${i}`, value])));
    const known = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
    const answer = await this.api.rows(`${this.at}/decode`, rows, known.length ? { given: Object.fromEntries(known) } : {});
    return this.lots(answer);
  }

  // What is shown as one: a row, or the steps of a window.
  lots(rows) {
    const size = this.kind === "stream" ? this.card.windows.size : 1;
    return Array.from({ length: Math.floor(rows.length / size) }, (_, i) => (size === 1 ? rows[i] : rows.slice(i * size, (i + 1) * size)));
  }

  async encode(items, told) {
    const rows = await this.ask("encode", items, {}, told);
    const L = this.latents.length;
    return { Z: rows.map((row) => Array.from({ length: L }, (_, i) => row[`mean_${i}`])), at: rows.map((row, i) => row.start ?? i) };
  }

  score(items, told) { return this.ask("score", items, { reasons: 0 }, told); }

  async reasons(item) {
    const [row] = await this.ask("score", [item], { reasons: Math.min(100, this.fields.length + 60) });
    return reasonsOf(row);
  }

  async sample(n, options = {}) {
    const { rows } = await this.api.post(`${this.at}/sample`, { n, ...options });
    return this.kind === "stream" ? this.clocked(rows) : rows;
  }

  // New windows as a stream: each is a machine of its own, or far from the others in time.
  clocked(rows) {
    const { time, by, interval, size, dated, format } = this.card.windows;
    const gap = (interval || 1) * 50;
    const clock = this.by[time];
    return rows.map(({ window, step, ...row }) => {
      const at = (step + window * (by?.length ? 0 : size)) * (interval || 1) + (by?.length ? 0 : window * gap);
      const owner = Object.fromEntries((by ?? []).map((name) => [name, /int/.test(this.by[name]?.type) ? window : `sample ${window}`]));
      const moment = dated ? written(at, clock, format) : /int/.test(clock?.type ?? "") ? Math.round(at) : at;
      return { ...owner, ...(time ? { [time]: moment } : {}), ...row };
    });
  }
}

export function reasonsOf(row) {
  const found = [];
  for (let i = 1; row[`reason_${i}_column`] !== undefined; i += 1) {
    if (row[`reason_${i}_column`] === null) break;
    found.push(Object.fromEntries(["column", "observed", "expected", "low", "high", "share"].map((name) => [name, row[`reason_${i}_${name}`]])));
  }
  return found;
}

export const nats = (latent) => (latent.kl_nats === null ? "" : ` · ${latent.kl_nats.toFixed(2)} nats`);

// The plane of a map: z = base + x·u + y·v.
export class Plane {
  constructor(base, u, v, labels) { Object.assign(this, { base, u, v, labels }); }

  static latents(Z, i, j) {
    const base = mean(Z);
    base[i] = 0;
    base[j] = 0;
    const unit = (k) => base.map((_, at) => (at === k ? 1 : 0));
    return new Plane(base, unit(i), unit(j), [`latent ${i}`, `latent ${j}`]);
  }

  static principal(Z) {
    const base = mean(Z);
    const centred = Z.map((z) => z.map((each, i) => each - base[i]));
    const u = direction(centred, []);
    const v = direction(centred, [u]);
    return new Plane(base, u, v, ["first principal direction", "second principal direction"]);
  }

  at(z) { return { x: dot(z, this.u) - dot(this.base, this.u), y: dot(z, this.v) - dot(this.base, this.v) }; }
  z(x, y) { return this.base.map((each, i) => each + x * this.u[i] + y * this.v[i]); }
}

const dot = (a, b) => a.reduce((sum, each, i) => sum + each * b[i], 0);
const mean = (Z) => Z[0].map((_, i) => Z.reduce((sum, z) => sum + z[i], 0) / Z.length);
const scaled = (a) => { const size = Math.sqrt(dot(a, a)) || 1; return a.map((each) => each / size); };

// The direction of most spread at right angles to others, by power iteration on the covariance.
function direction(Z, others) {
  const L = Z[0].length;
  const cover = Array.from({ length: L }, (_, i) => Array.from({ length: L }, (_, j) => (j < i ? 0 : Z.reduce((sum, z) => sum + z[i] * z[j], 0))));
  for (let i = 0; i < L; i += 1) for (let j = 0; j < i; j += 1) cover[i][j] = cover[j][i];
  const away = (a) => others.reduce((left, o) => { const along = dot(left, o); return left.map((each, i) => each - along * o[i]); }, a);
  let w = scaled(away(cover.map((row, i) => 1 + row[i] + 0.01 * i)));
  for (let step = 0; step < 200; step += 1) w = scaled(away(cover.map((row) => dot(row, w))));
  if (dot(w, w) < 0.5) w = scaled(away(Array.from({ length: L }, (_, i) => (i === others.length ? 1 : 0))));
  return w[w.reduce((most, each, i) => (Math.abs(each) > Math.abs(w[most]) ? i : most), 0)] < 0 ? w.map((each) => -each) : w;
}
