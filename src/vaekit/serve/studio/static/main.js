// The studio: which model, which rows, which panel; all of it in the address.
import { Api } from "./api.js";
import { about } from "./about.js";
import { between } from "./between.js";
import { busy, button, empty, fill, h, plural, redrawn, select, trouble } from "./dom.js";
import { gaps } from "./gaps.js";
import { impute } from "./impute.js";
import { inpaint } from "./inpaint.js";
import { latents } from "./latents.js";
import { map } from "./map.js";
import { Model } from "./model.js";
import { picturesOf, pixelsOf } from "./pixels.js";
import { sample } from "./sample.js";
import { series } from "./series.js";
import { State } from "./state.js";
import { rowsOf, textOf } from "./table.js";
import { training } from "./training.js";
import { triage } from "./triage.js";

const PANELS = [series, map, latents, between, triage, impute, gaps, inpaint, sample, training, about];
const SAMPLED = { table: 600, image: 300, stream: 60 };
const OF_ROWS = ["pick", "at", "row", "cut", "filter", "low", "high", "is", "a", "b", "stop", "machine", "from", "span", "picture", "fill", "hide"]; // means nothing for other rows
const SCHEMES = ["auto", "light", "dark"];

class App {
  constructor() {
    this.api = new Api((wrong) => this.askToken(wrong));
    this.state = new State(() => this.route());
    this.main = document.getElementById("panel");
    this.nav = document.getElementById("nav");
    this.top = document.getElementById("top");
    this.notice = document.getElementById("notice");
  }

  async begin() {
    this.scheme(localStorage.getItem("vaekit-scheme") ?? "auto");
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("schemechange")));
    this.dropping();
    addEventListener("keydown", (event) => { if (event.key === "Escape") fill(this.notice); });
    try {
      this.models = (await this.api.get("/v1/models")).models;
      await this.route();
    } catch (error) { fill(this.main, trouble(error)); }
  }

  async route() {
    const name = this.models.some((each) => each.name === this.state.get("m")) ? this.state.get("m") : this.models[0].name;
    if (this.model?.name !== name) await this.choose(name);
    this.render();
  }

  async choose(name) {
    fill(this.main, busy(`Opening ${name}…`));
    this.model = await Model.open(this.api, name);
    Object.assign(this, { data: null, cache: {}, point: null });
    this.state.values.m = name;
    this.restore();
    if (!this.data && this.model.can("sample")) await this.useSample();
  }

  panels() { return PANELS.filter((panel) => !panel.kinds || panel.kinds.includes(this.model.kind)); }

  render() {
    this.leave?.();
    this.leave = null;
    const panels = this.panels();
    const panel = panels.find((each) => each.id === this.state.get("tab")) ?? panels[0];
    this.drawTop();
    redrawn(this.nav, panels.map((each) => h("a", {
      href: "#", testid: `tab-${each.id}`, "aria-current": each === panel ? "page" : null,
      onclick: (event) => { event.preventDefault(); this.open(each.id); },
    }, each.title)));
    const [here, room] = [this.nav.querySelector("[aria-current]"), this.nav.clientWidth];
    this.nav.scrollLeft = here.offsetLeft + here.offsetWidth > room ? here.offsetLeft - (room - here.offsetWidth) / 2 : 0; // on a narrow screen
    document.title = `${panel.title} · ${this.model.name} · vaekit studio`;
    for (const { name } of this.model.conditions) this.model.given[name] = this.state.json("cond", this.data?.items[0] ?? {})[name] ?? null;
    const root = h("div", { testid: `panel-${panel.id}` });
    const draw = async () => {
      const title = typeof panel.title === "function" ? panel.title(this.model) : panel.title;
      fill(this.main, h("header", { className: "head" }, h("h2", {}, title), h("p", { className: "muted" }, panel.line)), root);
      try { await panel.show(root, this); } catch (error) { console.warn(error); fill(root, trouble(error)); }
      root.dataset.ready = "1";
    };
    draw();
  }

  open(tab, values = {}) { this.state.set({ ...values, tab }, true); this.render(); scrollTo(0, 0); }

  drawTop() {
    const { model } = this;
    const count = this.data ? `${this.data.items.length.toLocaleString("en")} ${this.data.items.length === 1 ? "row" : "rows"}` : "no rows";
    redrawn(this.top, h("div", { className: "brand" }, h("strong", {}, "vaekit"), " studio"),
      select("model", this.models.map(({ name }) => [name, name]), model.name, (name) => { this.state.values = { m: name, tab: this.state.get("tab") }; this.state.set({}, true); this.route(); }, "model"),
      h("span", { className: "muted facts", testid: "model-facts" }, `${model.card.preset} · ${plural(model.card.rows, "row")} fitted · ${plural(model.latents.length, "latent")}`),
      h("span", { className: "grow" }),
      h("span", { className: `source ${this.data && !this.data.sampled ? "own" : ""}`, testid: "rows-source" }, this.data ? `${this.data.source} · ${count}` : count),
      this.chooser(), model.can("sample") && button("rows-sample", "Sample rows", () => this.useSample(true), "quiet"),
      button("scheme", { auto: "◐", light: "☀", dark: "☾" }[this.schemed], () => { this.scheme(SCHEMES[(SCHEMES.indexOf(this.schemed) + 1) % 3]); this.drawTop(); }, "quiet", { ariaLabel: `colour scheme: ${this.schemed}`, title: `Colour scheme: ${this.schemed}` }));
  }

  chooser() {
    const accept = this.model.kind === "image" ? ".csv,image/png,image/jpeg" : ".csv,text/csv,.tsv,.txt";
    const input = h("input", { type: "file", hidden: true, accept, multiple: this.model.kind === "image", testid: "rows-file", onchange: () => this.take([...input.files]) });
    return h("span", {}, input, button("rows-choose", this.model.kind === "image" ? "Open pictures or CSV" : "Open CSV", () => input.click(), "primary"));
  }

  noRows(text) { return empty("No rows yet", `${text} Drop a CSV file anywhere on this page, or choose one.`, this.chooser(), this.model.can("sample") && button("empty-sample", "Sample rows from the model", () => this.useSample(true))); }

  dropping() {
    const veil = document.getElementById("veil");
    addEventListener("dragover", (event) => { event.preventDefault(); veil.hidden = false; });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) veil.hidden = true; });
    addEventListener("drop", (event) => { event.preventDefault(); veil.hidden = true; this.take([...event.dataTransfer.files]); });
  }

  async take(files) {
    if (!files.length || !this.model) return;
    try {
      const { names, items } = await this.read(files);
      const absent = this.model.columns.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
      if (!items.length) throw Object.assign(new Error(`${files[0].name} holds no rows.`), { title: "No rows in this file", hint: "a header line, then one line a row" });
      if (absent.length === this.model.columns.length) throw Object.assign(new Error(`No column of ${files[0].name} is one of this model's.`), { title: "These rows do not fit", hint: `columns: ${absent.slice(0, 8).join(", ")}` });
      this.use({ source: files.length > 1 ? `${files.length} files` : files[0].name, sampled: false, items, names });
      if (absent.length) this.tell(`${absent.length === 1 ? "Column" : "Columns"} ${absent.join(", ")} ${absent.length === 1 ? "is" : "are"} absent in the file and taken as missing.`);
    } catch (error) { fill(this.notice, trouble(error), button("notice-close", "Close", () => fill(this.notice), "quiet")); }
  }

  async read(files) {
    if (this.model.kind === "image" && files[0].type.startsWith("image/")) return picturesOf(this.model, files);
    const text = textOf(await files[0].arrayBuffer());
    if (text.includes("\0")) throw Object.assign(new Error(`${files[0].name} is no text.`), { title: "This page reads CSV", hint: "save a sheet or a Parquet file as CSV, or ask on the command line: vaekit score MODEL FILE" });
    const found = rowsOf(text, Object.values(this.model.by));
    return this.model.kind === "image" ? pixelsOf(this.model, found) : found;
  }

  tell(text, more = null) { fill(this.notice, h("p", { className: "told-notice", role: "status", testid: "notice" }, text), more, button("notice-close", "Close", () => fill(this.notice), "quiet")); }

  use(data) {
    fill(this.notice);
    Object.assign(this, { data, cache: {}, point: null });
    this.state.set(Object.fromEntries(OF_ROWS.map((name) => [name, null])));
    this.remember();
    this.render();
  }

  async useSample(draw = false) {
    try {
      this.seed = draw ? (this.seed ?? 0) + 1 : 0;
      const items = await this.model.sample(SAMPLED[this.model.kind], { seed: this.seed });
      const data = { source: "sampled from the model", sampled: true, items, names: Object.keys(items[0] ?? {}) };
      if (draw) return void this.use(data);
      Object.assign(this, { data, cache: {} });
    } catch (error) { fill(this.notice, trouble(error)); }
  }

  // Rows stay in this tab over a reload, where they are few enough.
  remember() {
    try {
      if (this.data.sampled) sessionStorage.removeItem(`vaekit-rows-${this.model.name}`);
      else sessionStorage.setItem(`vaekit-rows-${this.model.name}`, JSON.stringify(this.data));
    } catch { sessionStorage.removeItem(`vaekit-rows-${this.model.name}`); }
  }

  restore() {
    try { this.data = JSON.parse(sessionStorage.getItem(`vaekit-rows-${this.model.name}`)); } catch { this.data = null; }
  }

  once(key, make) {
    this.cache[key] ??= make().catch((error) => { delete this.cache[key]; throw error; });
    return this.cache[key];
  }

  explained(told) { return this.once("explained", () => this.model.ask("score", this.data.items, { reasons: 3 }, told)); }
  rebuilt(told) { return this.once("rebuilt", () => this.model.ask("reconstruct", this.data.items, {}, told)); }
  encoded(told) { return this.once("encoded", () => this.model.encode(this.data.items, (more) => told?.(`Finding each row's place: ${more}`))); }
  scored(told, by = "default") { return this.once(`score ${by}`, () => this.model.ask("score", this.data.items, { reasons: 0, by }, (more) => told?.(`Scoring: ${more}`))); }

  keyOf(item) { return JSON.stringify(this.model.marked(item)); }
  async verdicts() {
    const { rows } = await this.api.get(`${this.model.at}/verdicts`);
    this.kept = new Map(rows.map((each) => [this.keyOf(each.row), each]));
    return this.kept;
  }

  async decide(item, said) {
    await this.api.post(`${this.model.at}/verdicts`, { row: this.model.marked(item), ...said });
    if (said.verdict) this.kept.set(this.keyOf(item), { ...said, row: item });
    else this.kept.delete(this.keyOf(item));
  }

  anchor(which, row) {
    this.state.set({ [which]: row });
    const both = this.state.get("a") !== null && this.state.get("b") !== null;
    this.tell(`Row ${row} is anchor ${which.toUpperCase()}.`, both && button("notice-between", "Show the way", () => { fill(this.notice); this.open("between"); }));
  }

  scheme(name) {
    this.schemed = name;
    localStorage.setItem("vaekit-scheme", name);
    if (name === "auto") delete document.documentElement.dataset.scheme;
    else document.documentElement.dataset.scheme = name;
    dispatchEvent(new Event("schemechange"));
  }

  askToken(wrong) {
    const dialog = document.getElementById("token");
    const input = h("input", { type: "password", testid: "token-input", autocomplete: "off", required: true, "aria-label": "token" });
    return new Promise((done) => {
      const form = h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); dialog.close(); done(input.value.trim()); } },
        h("h2", {}, "This service asks for a token"), wrong && h("p", { className: "trouble", testid: "token-wrong" }, "That was not the token."),
        h("p", { className: "muted" }, "It is kept in this tab only."), input, h("div", { className: "row" }, h("button", { type: "submit", className: "button primary", testid: "token-send" }, "Continue")));
      fill(dialog, form);
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      if (!dialog.open) dialog.showModal();
    });
  }
}

window.studio = new App();
window.studio.begin();
