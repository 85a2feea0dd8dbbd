// What the model is: its data, columns, and which questions it answers.
import { fill, h, number } from "./dom.js";

export const about = { id: "about", title: "Model", line: "What was fitted, and what it can answer" };

about.show = async (root, { model }) => {
  const { card } = model;
  const facts = [["preset", card.preset], ["rows", number(card.rows)], ["held out", number(card.held_out_rows)], ["latents", model.latents.length], ["parameters", number(card.parameters)],
    ["fitted", card.created?.slice(0, 10)], ["seconds", number(card.seconds)], ["training rows kept in the file", number(card.kept_training_rows)]];
  const columns = [...model.columns, ...model.aside];
  fill(root, h("div", { className: "facts-grid", testid: "about-facts" }, facts.map(([name, value]) => h("div", {}, h("strong", {}, String(value ?? "–")), h("span", {}, name)))),
    h("div", { className: "split" },
      h("div", { className: "surface" }, h("h3", {}, "Columns"), h("div", { className: "scroll" }, h("table", { testid: "about-columns" },
        h("thead", {}, h("tr", {}, ["column", "kind", "role", "why"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, columns.map((column) => h("tr", {}, [column.name, column.kind, column.role, column.reason].map((each) => h("td", {}, each)))))))),
      h("aside", { className: "side" }, h("h3", {}, "Questions"), h("dl", { className: "modes", testid: "about-modes" },
        Object.entries(card.modes).map(([name, state]) => h("div", { className: "line" }, h("dt", {}, name), h("dd", { className: state.startsWith("available") ? "ok" : "missing" }, state)))))));
};
