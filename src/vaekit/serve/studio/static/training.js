// How the training went: loss epoch by epoch, and what each latent came to tell.
import { PALETTE, colour, legend, lines } from "./charts.js";
import { during, empty, fill, h, number } from "./dom.js";

export const training = { id: "training", title: "Training", line: "Loss by epoch, and the nats of each latent" };

training.show = async (root, app) => {
  const { model } = app;
  const found = await during(root, "Reading the history…", () => app.once("history", () => app.api.get(`${model.at}/history`)));
  if (!found) return;
  if (!found.rows.length) return void fill(root, empty("No history", "The file of this model keeps none."));
  const [first, prior, ratio] = [["model", "pretrain"], ["prior"], ["ratio"]].map((stages) => found.rows.filter((row) => stages.includes(row.stage)));
  const places = h("div", { className: "two" });
  fill(root, places);
  const add = (title, text, testid, rows, series, yLabel) => {
    const place = h("div");
    places.append(h("section", { className: "surface" }, h("h3", {}, title), text && h("p", { className: "muted tight" }, text), place, legend(series.map((each) => [each.label, colour(each.colour), "line"]))));
    lines(place, testid, { title, x: rows.map((_, i) => i + 1), series, height: 230, xLabel: "epoch", yLabel });
  };
  const of = (rows, name) => rows.map((row) => row[name] ?? null);
  if (first.length) {
    add("Loss of the model", "Where the held-out line rises while the other falls, rows are being learned by heart.", "training-loss", first, [{ label: "rows that train", values: of(first, "loss"), colour: "--gone" }, { label: "held-out rows", values: of(first, "validation"), colour: "--accent", width: 2.4 }], "loss");
    add("Reconstruction and rate", "Nats of a row: what the latents do not tell, and what they do.", "training-parts", first, [{ label: "reconstruction", values: of(first, "reconstruction"), colour: "--c1" }, { label: "rate (KL)", values: of(first, "kl"), colour: "--c2" }], "nats");
    const used = model.latents.slice(0, 8).map((each, i) => ({ label: `latent ${each.latent}`, values: of(first, `kl_${each.latent}`), colour: PALETTE[i] }));
    add("Rate of each latent, the most used eight", "A latent at zero tells nothing.", "training-latents", first, used, "nats");
  }
  if (prior.length) add("Loss of the prior", "The second stage learns where the latents of rows lie.", "training-prior", prior, [{ label: "rows that train", values: of(prior, "prior_loss"), colour: "--gone" }, { label: "held-out rows", values: of(prior, "validation"), colour: "--accent", width: 2.4 }], "loss");
  if (ratio.length) add("Loss of the correction of new rows", "The third stage learns which of the rows so drawn to keep.", "training-ratio", ratio, [{ label: "rows that train", values: of(ratio, "loss"), colour: "--gone" }, { label: "held-out rows", values: of(ratio, "validation"), colour: "--accent", width: 2.4 }], "loss");
  if (first.length) root.prepend(h("p", { className: "muted tight", testid: "training-summary" }, `${first.length} epochs of the model and ${prior.length} of the prior in ${number(model.card.seconds)} s; it ended by ${Object.values(model.card.ended ?? {})[0] ?? "itself"}.`));
};
