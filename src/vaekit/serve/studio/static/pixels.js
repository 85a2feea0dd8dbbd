// Pictures of files: PNG or JPEG, or a CSV with a column a pixel.

export async function picturesOf(model, files) {
  const items = [];
  for (const file of files) items.push({ file: file.name, [model.image.name]: await pixels(model, file) });
  return { names: [model.image.name, "file"], items };
}

// Scaled to the fitted size, grey where the model knows grey only, in the fitted units.
async function pixels(model, file) {
  const [H, W, C = 1] = model.shape;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: W, height: H });
  const ctx = canvas.getContext("2d");
  ctx.drawImage(await createImageBitmap(file), 0, 0, W, H);
  const { data } = ctx.getImageData(0, 0, W, H);
  const unit = /uint8|int/.test(model.image.type) ? (value) => Math.round(value) : (value) => value / 255;
  const grey = (at) => 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  return rowsOfPixels(H, W, C, (y, x, c) => unit(C === 1 ? grey(4 * (y * W + x)) : data[4 * (y * W + x) + c]));
}

// The columns that are no fitted column are the pixels, line by line.
export function pixelsOf(model, { names, items }) {
  const [H, W, C = 1] = model.shape;
  if (names.includes(model.image.name)) return { names, items: items.map((item) => ({ ...item, [model.image.name]: JSON.parse(item[model.image.name]) })) };
  const beside = new Set(model.columns.map(({ name }) => name));
  const cells = names.filter((name) => !beside.has(name));
  if (cells.length !== H * W * C) {
    throw Object.assign(new Error(`${cells.length} columns of pixels, expected ${H * W * C}.`), { title: "These pictures do not fit", hint: `a header, then a picture a line: ${H} x ${W}${C > 1 ? ` x ${C}` : ""} values, and columns beside by their names` });
  }
  const made = items.map((item) => ({
    ...Object.fromEntries([...beside].filter((name) => name in item).map((name) => [name, item[name]])),
    [model.image.name]: rowsOfPixels(H, W, C, (y, x, c) => Number(item[cells[(y * W + x) * C + c]])),
  }));
  return { names: [model.image.name, ...names.filter((name) => beside.has(name))], items: made };
}

const rowsOfPixels = (H, W, C, of) => Array.from({ length: H }, (_, y) => Array.from({ length: W }, (__, x) => Array.from({ length: C }, (___, c) => of(y, x, c))));
