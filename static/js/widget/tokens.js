/**
 * Gets the tokens of an embedded channel: from the page's own function or URL, or on the site's own pages from the site.
 * Nothing outside can read the token that it keeps.
 *
 * @typedef {{token: string, expires?: number}} IssuedToken  `expires` in Unix ms
 * @typedef {() => Promise<IssuedToken | string> | IssuedToken | string} TokenFunction
 */

/** A token is replaced this long before it ends. */
const MARGIN_MS = 60_000;
/** The life of a token whose end is unknown. */
const ASSUMED_LIFE_MS = 540_000;
const MIN_DELAY_MS = 1000;
/** Statuses of a server that may give a token a little later. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/**
 * The page got no token. `reason` and `message` are those of the server that refused it, else empty. `unreachable`: nothing
 * has answered, so there may be one later.
 */
export class TokenError extends Error {
  /** @param {"noToken" | "tokenFailed" | "unreachable"} kind @param {string} [message] @param {string} [reason] */
  constructor(kind, message = "", reason = "") {
    super(message);
    this.kind = kind;
    this.reason = reason;
  }
}

export class TokenSource {
  /** @type {IssuedToken | null} */ #given = null;
  /** @type {TokenFunction | null} */ #fetchToken;
  /** The last one that was used. @type {IssuedToken | null} */ #last = null;
  #expires = 0;

  /** @param {TokenFunction | null} fetchToken  null: the page passes tokens by `give` only */
  constructor(fetchToken) {
    this.#fetchToken = fetchToken;
  }

  /** Use this token for the next log-in. @param {IssuedToken | string} token */
  give(token) {
    this.#given = asIssued(token);
  }

  /** Use the last token for the next log-in as well, unless there is a newer one. */
  reuse() {
    this.#given ??= this.#last;
  }

  /** True if there can be another token after the present one. */
  get canFetch() {
    return this.#fetchToken !== null;
  }

  /** The token of the last log-in or renewal; "" before. */
  get current() {
    return this.#last?.token ?? "";
  }

  /** Return a token that has not been used yet. Throws TokenError. */
  async next() {
    const issued = this.#given ?? (await this.#fetch());
    this.#given = null;
    this.#last = issued;
    this.#expires = issued.expires ?? Date.now() + ASSUMED_LIFE_MS;
    return issued.token;
  }

  /** Milliseconds until the present token should be replaced. */
  get renewalDelayMs() {
    const left = this.#expires - Date.now();
    return Math.max(MIN_DELAY_MS, left > 2 * MARGIN_MS ? left - MARGIN_MS : left / 2);
  }

  async #fetch() {
    if (!this.#fetchToken) throw new TokenError("noToken");
    try {
      const issued = asIssued(await this.#fetchToken());
      if (!issued.token) throw new TokenError("noToken");
      return issued;
    } catch (error) {
      throw error instanceof TokenError ? error : new TokenError("tokenFailed");
    }
  }
}

/** Return a function that gets tokens from a URL of the page's own site, with the cookies of that site only. @param {string} url @returns {TokenFunction} */
export function tokensFrom(url) {
  return async () => {
    const options = /** @type {const} */ ({ credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
    const response = await fetch(url, options).catch(() => null);
    if (!response || PASSING.has(response.status)) throw new TokenError("unreachable");
    const body = await response.json();
    if (!response.ok) throw new TokenError("tokenFailed", String(body.error ?? body.detail ?? ""), String(body.reason ?? ""));
    return body;
  };
}

/** @param {IssuedToken | string} token @returns {IssuedToken} */
function asIssued(token) {
  return typeof token === "string" ? { token } : { token: String(token?.token ?? ""), expires: token?.expires };
}
