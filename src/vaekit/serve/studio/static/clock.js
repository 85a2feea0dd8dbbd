// Times of a stream as its column has them, and as seconds.
const DIGITS = { Y: 4, m: 2, d: 2, H: 2, M: 2, S: 2 };
const TOKEN = /%(-?)([YmdHMSbB])|%([369])f/g;

// Seconds since the beginning of 2000, as the fitted clock writes them: in a zone, without one, or as text in a format.
export function written(seconds, clock, format = null) {
  const at = new Date(Date.UTC(2000, 0, 1) + seconds * 1000);
  const iso = at.toISOString().slice(0, 19);
  const type = clock?.type ?? "";
  if (!format) return /^date/.test(type) ? iso.slice(0, 10) : /tz=/.test(type) ? `${iso}Z` : iso;
  const [Y, m, d, H, M, S] = iso.split(/[-T:]/);
  const name = (month) => at.toLocaleString("en", { month, timeZone: "UTC" });
  const parts = { Y, m, d, H, M, S, b: name("short"), B: name("long") };
  return format.replace(TOKEN, (_, loose, part, fraction) => (fraction ? "0".repeat(fraction) : loose ? String(Number(parts[part])) : parts[part]));
}

// Seconds of a moment; clocks without a zone are taken as they stand.
export function moment(value, dated, format = null) {
  if (typeof value === "number") return value;
  if (!dated) return Number(value);
  const text = String(value);
  if (format) return read(text, format);
  const iso = text.replace(" ", "T");
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(iso) || iso.length < 11 ? iso : `${iso}Z`) / 1000;
}

function read(text, format) {
  const names = [];
  const plain = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = format.split(/(%-?[YmdHMSbB]|%[369]f)/).map((part, i) => {
    if (i % 2 === 0) return plain(part);
    names.push(part.at(-1));
    return part.endsWith("f") ? `(\\d{${part[1]}})` : DIGITS[part.at(-1)] ? `(\\d{1,${DIGITS[part.at(-1)]}})` : "([A-Za-z]+)";
  }).join("");
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (!found) return NaN;
  const at = Object.fromEntries(names.map((name, i) => [name, found[i + 1]]));
  const month = at.b ?? at.B ? new Date(`1 ${at.b ?? at.B} 2000`).getMonth() : Number(at.m ?? 1) - 1;
  const fraction = at.f ? Number(`0.${at.f}`) : 0;
  return Date.UTC(Number(at.Y), month, Number(at.d ?? 1), Number(at.H ?? 0), Number(at.M ?? 0), Number(at.S ?? 0)) / 1000 + fraction;
}
