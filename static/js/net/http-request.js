/**
 * HTTP requests to the site, and their replies. No DOM.
 *
 * @typedef {{status: number, header: (name: string) => string | null, data: Record<string, unknown> | null}} HttpReply
 *   `data`: the JSON object of the body, or null
 * @typedef {{headers?: Record<string, string>, body?: Blob | FormData | null, signal: AbortSignal,
 *   onProgress?: (bytes: number) => void}} RequestOptions  `onProgress`: called with the bytes of the body sent so far
 * @typedef {(method: string, path: string, options: RequestOptions) => Promise<HttpReply>} SendRequest
 *   Sends a request as the user and resolves with its reply, whatever its status. Rejects with DisconnectedError if there
 *   is none, and with the signal's reason if it is aborted.
 */
import { Code, DisconnectedError, RequestError } from "./protocol.js";

/** A request that takes longer counts as lost. */
const TIMEOUT_MS = 300_000;

/**
 * Return a function that sends requests to a site. It reports progress only at the end of each request.
 * @param {{url: string, token?: string, csrfToken?: () => string, fetch?: typeof globalThis.fetch}} options
 *   `url`: of the site; `token`: of the user; without it, the session cookie identifies them, and `csrfToken` is needed
 * @returns {SendRequest}
 */
export function fetchRequests({ url, token, csrfToken, fetch = globalThis.fetch }) {
  /** @returns {Record<string, string>} */
  const userHeaders = () => {
    if (token) return { Authorization: `Token ${token}` };
    return csrfToken ? { "X-CSRFToken": csrfToken() } : {};
  };
  return async (method, path, { headers = {}, body = null, signal, onProgress }) => {
    signal.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, TIMEOUT_MS);
    signal.addEventListener("abort", abort);
    try {
      const allHeaders = { Accept: "application/json", ...userHeaders(), ...headers };
      const options = { method, headers: allHeaders, body, signal: controller.signal };
      const response = await fetch(new URL(path, url), options);
      const text = await response.text();
      if (body instanceof Blob) onProgress?.(body.size);
      return { status: response.status, header: (name) => response.headers.get(name), data: jsonObject(text) };
    } catch {
      signal.throwIfAborted();
      throw new DisconnectedError("The request got no reply.");
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  };
}

/** Return the error that a reply stands for, as if it had come over the connection. @param {HttpReply} reply */
export function replyError({ status, data }) {
  const { detail, code, reason } = data ?? {};
  const retryAfter = data?.retryAfter === undefined ? {} : { retryAfter: data.retryAfter };
  if (typeof code === "number") {
    return new RequestError(code, String(detail), { ...data, ...retryAfter, error: detail }, String(reason ?? ""));
  }
  // A proxy has answered in place of the site.
  if (status === 413) return new RequestError(Code.TOO_MUCH, "", { limit: 0 }, "upload_too_large");
  return new RequestError(status >= 500 || status === 429 ? Code.SERVER_ERROR : Code.FAILED, "", {}, "");
}

/** Return the JSON object of a body, or null if it is something else. @param {string} text @returns {Record<string, unknown> | null} */
export function jsonObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
