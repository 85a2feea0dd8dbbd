// The service's JSON routes; every mistake is a Problem with a hint.

export class Problem extends Error {
  constructor(status, title, detail, hint) {
    super(detail);
    Object.assign(this, { status, title, hint });
  }
}

const KEY = "vaekit-token";
const AT_ONCE = 2000; // rows of one request: progress shows, and no limit is near

// A message about a row of a lot, told of all rows.
function moved(error, at) {
  const found = /^rows\.(\d+)\.([^:]+): ([\s\S]*)$/.exec(error.message);
  if (!found) return error;
  const [, row, column, text] = found;
  return new Problem(error.status, "These rows do not fit", `Row ${Number(row) + at}, column ${column}: ${text}`, "leave a cell empty where its value is not known");
}

export class Api {
  constructor(asksToken) {
    this.token = sessionStorage.getItem(KEY);
    this.asksToken = asksToken;
  }

  // One question for the token, however many requests were refused; none where it has been given meanwhile.
  async ask(sent) {
    if (this.token && sent !== `Bearer ${this.token}`) return;
    this.asking ??= this.asksToken(Boolean(this.token)).finally(() => { this.asking = null; });
    this.token = await this.asking;
    sessionStorage.setItem(KEY, this.token);
  }

  async request(path, options = {}, tries = 3) {
    const headers = { ...(options.body ? { "content-type": "application/json" } : {}), ...(this.token ? { authorization: `Bearer ${this.token}` } : {}) };
    let answer;
    try {
      answer = await fetch(path, { ...options, headers });
    } catch {
      throw new Problem(0, "The service does not answer", "No connection to the server.", "is `vaekit serve` still running?");
    }
    if (answer.status === 401) { await this.ask(headers.authorization); return this.request(path, options); }
    if (answer.status === 503 && tries > 0) { // others are asking: it says when to come again
      await new Promise((next) => setTimeout(next, 1000 * Number(answer.headers.get("retry-after") ?? 1)));
      return this.request(path, options, tries - 1);
    }
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, told.title ?? `Error ${answer.status}`, told.detail ?? answer.statusText, told.hint);
  }

  get = async (path) => (await this.request(path)).json();
  text = async (path) => (await this.request(path)).text();
  post = async (path, body) => (await this.request(path, { method: "POST", body: JSON.stringify(body) })).json();

  // Rows of any number, a lot after the other.
  async rows(path, rows, options = {}, told = () => {}, atOnce = AT_ONCE) {
    const found = [];
    for (let at = 0; at < rows.length; at += atOnce) {
      if (rows.length > atOnce) told(`${at.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`);
      const answer = await this.post(path, { rows: rows.slice(at, at + atOnce), ...options }).catch((error) => { throw moved(error, at); });
      for (const row of answer.rows) found.push("row" in row ? { ...row, row: row.row + at } : row);
    }
    return found;
  }
}
